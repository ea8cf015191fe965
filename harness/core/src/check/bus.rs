//! Publish and subscribe: what a history says of registrations, of events and of handlers' runs.
//!
//! Intervals decide, not points: one call comes before another only if it had answered before the other was called. A
//! registration that was being made or taken out while an event was emitted may have had it or not.

mod dispatch;
mod order;

pub(super) use dispatch::{Duplicated, LateCall, Missed, Phantom};
pub(super) use order::Misordered;

use super::items::NEVER;
use crate::history::{Answer, Event, What};
use crate::id::Id;

/// One handler's registration, whose call answered.
#[derive(Clone, Copy, Debug)]
struct Registration {
    handler: Id,
    topic: u32,
    from: u64,
    to: u64,
    /// When the call that took it out began; [`NEVER`] if none did.
    leaves: u64,
}

/// A registration's way out.
#[derive(Clone, Copy, Debug)]
struct TakenOut {
    handler: Id,
    from: u64,
    to: u64,
}

impl Registration {
    /// True if it was there throughout, so that the event must reach it.
    fn owed(&self, emitted: &Emitted) -> bool {
        self.topic == emitted.topic && self.to < emitted.from && emitted.done < self.leaves
    }
}

/// One event, whose call answered.
#[derive(Clone, Copy, Debug)]
struct Emitted {
    id: Id,
    emitter: u32,
    topic: u32,
    answer: Answer,
    from: u64,
    /// When its call had answered; of a call from inside a handler, when the outermost emit of its thread had. A bus may
    /// put off what a handler emits until it has done with the event at hand, and a handler may take itself out
    /// before: it must not be called then.
    done: u64,
}

/// One run of a handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Handled {
    handler: Id,
    id: Id,
    from: u64,
}

/// A history in the words of a bus.
#[derive(Debug, Default)]
pub(super) struct Bus {
    /// By handler, each once.
    registrations: Vec<Registration>,
    /// By handler, each once.
    taken_out: Vec<TakenOut>,
    /// By id, each once.
    emits: Vec<Emitted>,
    /// By handler, id and moment.
    handled: Vec<Handled>,
    /// Marked as about to be emitted, ascending.
    offered: Vec<Id>,
}

impl Bus {
    /// `O(n log n)` in the length of the history; a history without a word of a bus is only walked.
    pub(super) fn of(history: &[Event]) -> Self {
        let mut bus = Self::default();
        for event in history {
            let (from, to) = (event.from, event.to);
            match event.what {
                What::Subscribe { handler, topic } => {
                    bus.registrations.push(Registration { handler, topic, from, to, leaves: NEVER });
                }
                What::Unsubscribe { handler } => bus.taken_out.push(TakenOut { handler, from, to }),
                What::Emit { id, topic, answer } => {
                    bus.emits.push(Emitted { id, emitter: event.actor, topic, answer, from, done: to });
                }
                What::Handle { handler, id } => bus.handled.push(Handled { handler, id, from }),
                What::Offer(id) => bus.offered.push(id),
                _ => {}
            }
        }
        bus.taken_out.sort_unstable_by_key(|one| (one.handler, one.to));
        bus.taken_out.dedup_by_key(|one| one.handler);
        bus.registrations.sort_unstable_by_key(|one| (one.handler, one.from));
        bus.registrations.dedup_by_key(|one| one.handler);
        for at in 0..bus.registrations.len() {
            let leaves = bus.taken_out(bus.registrations[at].handler).map(|one| one.from);
            bus.registrations[at].leaves = leaves.unwrap_or(NEVER);
        }
        put_off(&mut bus.emits);
        bus.emits.sort_unstable_by_key(|one| (one.id, one.from));
        bus.emits.dedup_by_key(|one| one.id);
        bus.handled.sort_unstable();
        bus.offered.sort_unstable();
        bus
    }

    fn registration(&self, handler: Id) -> Option<&Registration> {
        self.registrations.binary_search_by_key(&handler, |one| one.handler).ok().map(|at| &self.registrations[at])
    }

    fn taken_out(&self, handler: Id) -> Option<&TakenOut> {
        self.taken_out.binary_search_by_key(&handler, |one| one.handler).ok().map(|at| &self.taken_out[at])
    }

    fn emitted(&self, id: Id) -> Option<&Emitted> {
        self.emits.binary_search_by_key(&id, |one| one.id).ok().map(|at| &self.emits[at])
    }

    /// The first run of each handler for each event, and those after it.
    fn runs(&self) -> impl Iterator<Item = (&Handled, &[Handled])> {
        let groups = self.handled.chunk_by(|a, b| (a.handler, a.id) == (b.handler, b.id));
        groups.filter_map(<[Handled]>::split_first)
    }
}

/// Lets what was emitted inside of another emit of the same actor be done with that one.
fn put_off(emits: &mut [Emitted]) {
    emits.sort_unstable_by_key(|one| (one.emitter, one.from, std::cmp::Reverse(one.done)));
    let mut outer: Option<(u32, u64)> = None;
    for one in emits {
        match outer {
            Some((emitter, done)) if emitter == one.emitter && one.done <= done => one.done = done,
            _ => outer = Some((one.emitter, one.done)),
        }
    }
}

#[cfg(test)]
mod tests;
