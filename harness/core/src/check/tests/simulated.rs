//! A bounded queue that does everything right, one call after the other, seen through intervals that overlap.

use super::super::script::{answered, at, clear, list, mark, put, replay};
use super::*;
use crate::history::{Answer, Event, What, Why, account};
use proptest::prelude::*;
use std::collections::VecDeque;

/// How many items it holds.
const CAP: usize = 4;

/// Time between two calls: intervals reach into their neighbours'.
const TICK: u64 = 10;

/// One call: which, how long before and after its moment it lasts, and a number to draw from.
type Draw = (u8, u64, u64, u8);

struct Queue {
    inside: VecDeque<u64>,
    next: u64,
    marks: bool,
    out: Observation,
}

impl Queue {
    fn run(draws: &[Draw], marks: bool) -> Self {
        let mut queue = Self { inside: VecDeque::new(), next: 0, marks, out: Observation::default() };
        for (nth, draw) in (3_u64..).zip(draws) {
            queue.call(nth * TICK, *draw);
        }
        queue
    }

    /// Does one call, whose effect is at `now`.
    fn call(&mut self, now: u64, (kind, before, after, draw): Draw) {
        let (from, to) = (now - before, now + after);
        // A mark stands anywhere between the call's beginning and its effect.
        let marked = from + u64::from(draw) % (before + 1);
        let event = match kind % 8 {
            0 => list(from, to, self.inside.make_contiguous()),
            1 => {
                let removed: Vec<u64> = self.inside.drain(..).collect();
                self.mark(marked, &removed, Why::Clear);
                clear(from, to, removed.len() as u64, &removed)
            }
            2 => self.replay(from, to, marked, draw),
            3 => {
                self.next += 1;
                answered(from, to, self.next, Answer::No, &[])
            }
            _ => {
                self.next += 1;
                let full = self.inside.len() == CAP;
                let evicted: Vec<u64> = full.then(|| self.inside.pop_front()).flatten().into_iter().collect();
                self.inside.push_back(self.next);
                self.mark(marked, &evicted, Why::Evict);
                answered(from, to, self.next, Answer::Yes, &evicted)
            }
        };
        self.out.history.push(event);
    }

    /// Sends all; some do not go through and stay.
    fn replay(&mut self, from: u64, to: u64, marked: u64, draw: u8) -> Event {
        let attempted: Vec<u64> = self.inside.iter().copied().collect();
        let goes = |id: &&u64| !(**id + u64::from(draw)).is_multiple_of(3);
        let sent: Vec<u64> = attempted.iter().filter(goes).copied().collect();
        self.inside.retain(|id| !sent.contains(id));
        self.mark(marked, &attempted, Why::Deliver);
        self.out.seen.sends.extend(sent.iter().map(|id| Sent { id: Id(*id), key: None }));
        self.out.ledger.delivered.extend(ids(&sent));
        replay(from, to, &attempted, &sent)
    }

    fn mark(&mut self, when: u64, removed: &[u64], why: Why) {
        if self.marks {
            self.out.history.extend(removed.iter().map(|id| mark(when, *id, why)));
        }
    }

    /// Comes to rest.
    fn rest(mut self) -> Observation {
        self.out.ledger.retained = self.inside.iter().map(|id| Id(*id)).collect();
        account(&self.out.history, &mut self.out.ledger);
        self.out.seen.gauges.push(Gauge { name: "files".into(), peak: CAP as u64, bound: Some(CAP as u64) });
        self.out.at_rest = true;
        self.out
    }
}

fn broken(observation: &Observation) -> Vec<(FindingKind, String)> {
    let (violations, _) = Panel::default().judge(observation);
    violations.into_iter().map(|violation| (violation.kind, violation.detail)).collect()
}

/// Three further calls, far from all others: 100 and then 101 go in, 100 is found inside and gets out again.
fn tail(observation: &mut Observation) -> usize {
    let history = &mut observation.history;
    let first = history.len();
    let end = 1_000_000;
    history.extend([put(end, end + 1, 100), put(end + 2, end + 3, 101), list(end + 4, end + 5, &[])]);
    // Without marks of its own, so that both ways of telling are tried.
    history.push(clear(end + 6, end + 7, 2, &[100, 101]));
    let inside: Vec<Id> = observation.ledger.retained.iter().copied().chain([Id(100), Id(101)]).collect();
    history[first + 2].what = What::List(inside);
    observation.ledger.accepted.extend(ids(&[100, 101]));
    observation.ledger.evicted.extend(ids(&[100, 101]));
    first
}

fn mutate(observation: &mut Observation, first: usize, which: usize) -> (FindingKind, &'static str) {
    let history = &mut observation.history;
    match which {
        0 => {
            let What::List(has) = &mut history[first + 2].what else { panic!("no listing") };
            has.retain(|id| *id != Id(100));
            (FindingKind::Missed, "list")
        }
        1 => {
            let What::Clear { counted, .. } = &mut history[first + 3].what else { panic!("no clear") };
            *counted += 1;
            (FindingKind::Miscount, "clear")
        }
        2 => {
            // 101 goes first, by a call between; 100 stays.
            let now = history[first + 2].to;
            history[first + 3].what = What::Clear { counted: 1, removed: ids(&[100]) };
            history[first + 3].from = now + 20;
            history[first + 3].to = now + 21;
            history.push(answered(now + 1, now + 2, 102, Answer::Yes, &[101]));
            observation.ledger.accepted.push(Id(102));
            observation.ledger.retained.push(Id(102));
            (FindingKind::Misordered, "evicted")
        }
        3 => {
            observation.seen.sends.extend([Sent { id: Id(103), key: None }, Sent { id: Id(103), key: None }]);
            (FindingKind::Duplicated, "sends")
        }
        4 => {
            observation.seen.gauges[0].peak += 1;
            (FindingKind::OverBound, "files")
        }
        5 => {
            // The clear took one of them; the other went for an item that was refused.
            let now = history[first + 2].to;
            history[first + 3].what = What::Clear { counted: 1, removed: ids(&[101]) };
            history[first + 3].from = now + 20;
            history[first + 3].to = now + 21;
            history.push(answered(now + 1, now + 2, 102, Answer::No, &[100]));
            (FindingKind::SideEffect, "evicted")
        }
        6 => {
            let what = What::Replay { attempted: vec![], removed: vec![], total: 0, sent: 0, failed: 0 };
            history.push(at(history[first + 2].from, history[first + 2].to, what));
            (FindingKind::Missed, "replay")
        }
        _ => {
            observation.seen.unreadable.push("torn: 100.json: EOF".into());
            (FindingKind::Unreadable, "torn")
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_correct_queue_is_accepted_and_each_mutation_rejected_by_the_right_one(
        draws in prop::collection::vec((0..8_u8, 0..3 * TICK, 0..3 * TICK, any::<u8>()), 0..40),
        marks: bool,
        which in 0..8_usize,
    ) {
        let mut observation = Queue::run(&draws, marks).rest();
        prop_assert_eq!(broken(&observation), []);
        // What is left is out of the way, or it would be older than what the mutations evict.
        let inside = std::mem::take(&mut observation.ledger.retained);
        let inside: Vec<u64> = inside.into_iter().map(|id| id.0).collect();
        observation.history.push(clear(900_000, 900_001, inside.len() as u64, &inside));
        observation.ledger.evicted.extend(ids(&inside));
        let first = tail(&mut observation);
        prop_assert_eq!(broken(&observation), []);
        let (kind, detail) = mutate(&mut observation, first, which);
        prop_assert_eq!(broken(&observation), [(kind, detail.to_owned())]);
    }
}
