//! A bus that does everything right, one call after the other, seen through intervals that overlap.

use super::super::script::{at, emit, handle, subscribe, unsubscribe};
use super::*;
use crate::history::{Answer, Event, What, account};
use proptest::prelude::*;
use std::collections::VecDeque;

/// How many events the audit log holds.
const CAP: usize = 6;

/// Time between two calls from outside: intervals reach into their neighbours'.
const TICK: u64 = 10_000;

/// Actors call in turn, so that no two calls of one overlap.
const ACTORS: u32 = 9;

/// One call: which, how long before and after its effects it lasts, and a number to draw from.
type Draw = (u8, u64, u64, u64);

#[derive(Default)]
struct Bus {
    now: u64,
    next: u64,
    /// Handlers with their topics.
    table: Vec<(u64, u32)>,
    audit: VecDeque<u64>,
    /// Events that wait for the one at hand, each with those who get it.
    queue: VecDeque<(u64, Vec<u64>)>,
    out: Observation,
}

impl Bus {
    fn run(draws: &[Draw]) -> Observation {
        let mut bus = Self::default();
        for (nth, draw) in (4_u64..).zip(draws) {
            bus.now = nth * TICK;
            bus.call((nth % u64::from(ACTORS)) as u32, *draw);
        }
        bus.out.ledger.retained = bus.audit.iter().map(|id| Id(*id)).collect();
        bus.out.seen.audit = Some(bus.out.ledger.retained.clone());
        account(&bus.out.history, &mut bus.out.ledger);
        bus.out.at_rest = true;
        bus.out
    }

    fn fresh(&mut self) -> u64 {
        self.now += 1;
        self.next += 1;
        self.next
    }

    /// Does one call from outside of any handler.
    fn call(&mut self, actor: u32, (kind, before, after, draw): Draw) {
        let from = self.now - before;
        let event = match kind % 6 {
            0 => self.subscribe((draw % 2) as u32),
            1 => match self.table.len() {
                0 => return,
                many => self.unsubscribe(self.table[draw as usize % many].0),
            },
            _ => {
                let event = self.log((draw % 2) as u32);
                let mut draw = draw;
                while let Some((id, handlers)) = self.queue.pop_front() {
                    handlers.into_iter().for_each(|handler| self.handle(actor, handler, id, &mut draw));
                }
                event
            }
        };
        self.out.history.push(Event { actor, from, to: self.now + after, ..event });
    }

    fn subscribe(&mut self, topic: u32) -> Event {
        let handler = self.fresh();
        self.table.push((handler, topic));
        subscribe(self.now, self.now, handler, topic)
    }

    fn unsubscribe(&mut self, handler: u64) -> Event {
        self.now += 1;
        self.table.retain(|one| one.0 != handler);
        unsubscribe(self.now, self.now, handler)
    }

    /// Logs a new event and puts it into the queue.
    fn log(&mut self, topic: u32) -> Event {
        let id = self.fresh();
        self.audit.push_back(id);
        if self.audit.len() > CAP {
            self.out.ledger.evicted.extend(self.audit.pop_front().map(Id));
        }
        let to = self.table.iter().filter(|one| one.1 == topic).map(|one| one.0).collect();
        self.queue.push_back((id, to));
        at(self.now, self.now, What::Emit { id: Id(id), topic, answer: Answer::Yes })
    }

    /// Runs a handler that is still there, which may call the bus.
    fn handle(&mut self, actor: u32, handler: u64, id: u64, draw: &mut u64) {
        if self.table.iter().all(|one| one.0 != handler) {
            return;
        }
        self.now += 1;
        self.out.history.push(handle(self.now, handler, id));
        *draw /= 2;
        let event = match *draw % 4 {
            1 => self.log((*draw / 4 % 2) as u32),
            2 => self.subscribe(0),
            3 => self.unsubscribe(handler),
            _ => return,
        };
        self.out.history.push(Event { actor, ..event });
    }
}

fn broken(observation: &Observation) -> Vec<(FindingKind, String)> {
    let (violations, _) = Panel::default().judge(observation);
    violations.into_iter().map(|violation| (violation.kind, violation.detail)).collect()
}

/// Far from all others, a handler of a topic of its own gets two events: 9001 of actor 0, then 9002 of actor 1.
fn tail(observation: &mut Observation) -> usize {
    let first = observation.history.len();
    let far = 1_000_000;
    let own = |event: Event| match event.what {
        What::Emit { id, answer, .. } => Event { what: What::Emit { id, topic: 7, answer }, ..event },
        _ => event,
    };
    let events = [
        subscribe(far, far + 1, 9000, 7),
        own(emit(0, far + 2, far + 20, 9001)),
        own(emit(1, far + 2, far + 20, 9002)),
        handle(far + 5, 9000, 9001),
        handle(far + 6, 9000, 9002),
        unsubscribe(far + 30, far + 31, 9000),
    ];
    observation.history.extend(events);
    observation.ledger.accepted.extend(ids(&[9001, 9002]));
    observation.ledger.retained.extend(ids(&[9001, 9002]));
    observation.seen.audit.as_mut().unwrap().extend(ids(&[9001, 9002]));
    first
}

fn mutate(observation: &mut Observation, first: usize, which: usize) -> (FindingKind, &'static str) {
    let history = &mut observation.history;
    match which {
        0 => {
            history.remove(first + 3);
            (FindingKind::Missed, "dispatch")
        }
        1 => {
            history.push(history[first + 4].clone());
            (FindingKind::Duplicated, "dispatch")
        }
        2 => {
            history[first + 4].from = history[first + 5].to + 1;
            (FindingKind::LateCall, "dispatch")
        }
        3 => {
            history[first].from += 100;
            history[first].to += 100;
            (FindingKind::Phantom, "dispatch")
        }
        4 => {
            history[first + 3].from += 2;
            (FindingKind::Misordered, "dispatch")
        }
        5 => {
            // Both are of actor 0, which emitted 9002 first.
            history[first + 2].actor = 0;
            history[first + 2].from -= 1;
            (FindingKind::Misordered, "emitter")
        }
        6 => {
            observation.ledger.retained.push(Id(9002));
            (FindingKind::Duplicated, "ids")
        }
        _ => {
            observation.ledger.retained.pop();
            (FindingKind::Lost, "ids")
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_correct_bus_is_accepted_and_each_mutation_rejected_by_the_right_one(
        draws in prop::collection::vec((any::<u8>(), 0..3 * TICK, 0..3 * TICK, any::<u64>()), 0..40),
        which in 0..8_usize,
    ) {
        let mut observation = Bus::run(&draws);
        prop_assert_eq!(broken(&observation), []);
        let first = tail(&mut observation);
        prop_assert_eq!(broken(&observation), []);
        let (kind, detail) = mutate(&mut observation, first, which);
        prop_assert_eq!(broken(&observation), [(kind, detail.to_owned())]);
    }
}
