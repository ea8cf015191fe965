//! What engines ask of the tables: who waits, what happened, and when.

use super::touch::{How, TIME, touch};
use super::words::mix;
use super::{ACTOR, ActorId, Blocked, Event, Kind, Object, ObjectId, Pending, Site, with};

/// The pending operation of `actor`; `None` if it announced nothing since its last one.
#[must_use]
pub fn pending(actor: ActorId) -> Option<Pending> {
    with(|w| w.pending.get(actor as usize).copied().flatten())
}

/// How often the actor of a step was not the actor of the step before.
pub(crate) fn turns() -> u64 {
    with(|w| w.turns)
}

/// Every actor with an operation announced and not done: after a deadlock, those that wait.
#[must_use]
pub fn blocked() -> Vec<Blocked> {
    with(|w| {
        let mut out = Vec::new();
        for (i, p) in w.pending.iter().enumerate() {
            let Some(p) = p else { continue };
            let held = w.slots.get(p.object as usize).map_or(&[][..], |slot| &slot.holders);
            let mut holders: Vec<_> = held.iter().map(|h| (w.names[h.0 as usize].clone(), h.2)).collect();
            if let (Kind::Join, Some(other)) = (p.kind, w.started[i].1) {
                holders.push((w.names[other as usize].clone(), w.started[other as usize].0));
            }
            out.push(Blocked {
                actor: i as ActorId,
                name: w.names[i].clone(),
                waits: *p,
                object: (p.object != 0).then(|| w.objects[p.object as usize - 1]),
                holders,
            });
        }
        out
    })
}

/// Fingerprint of the execution so far: per object, the order in which actors touched it. Two executions with the
/// same one are the same up to the order of independent operations.
#[must_use]
pub fn fingerprint() -> u64 {
    with(|w| {
        let mut all = w.pending.len() as u64;
        for (i, s) in w.slots.iter().enumerate() {
            if s.order != 0 {
                all = all.wrapping_add(mix(s.order ^ (i as u64) << 48));
            }
        }
        all
    })
}

/// The pending operations by actor, all at once: a strategy that looks at each of them at each step saves the rest.
pub fn with_pending<R>(f: impl FnOnce(&[Option<Pending>]) -> R) -> R {
    with(|w| f(&w.pending))
}

/// The actor that started `actor`; `None` for the first, and for one that there is not.
#[must_use]
pub fn parent(actor: ActorId) -> Option<ActorId> {
    with(|w| w.parents.get(actor as usize).copied().flatten())
}

/// Where `actor` was started.
#[must_use]
pub fn started_at(actor: ActorId) -> Option<Site> {
    with(|w| w.started.get(actor as usize).map(|s| s.0))
}

/// The actor whose end `actor` waited for last.
#[must_use]
pub fn joined(actor: ActorId) -> Option<ActorId> {
    with(|w| w.started.get(actor as usize).and_then(|s| s.1))
}

/// Steps of this execution that changed `object`.
pub(crate) fn writes(object: ObjectId) -> u64 {
    with(|w| w.slots.get(object as usize).map_or(0, |s| s.writes))
}

/// Operations done in this execution.
#[must_use]
pub fn steps() -> u64 {
    with(|w| w.steps)
}

/// The next moment of this execution: a later call gives a larger number, whoever makes it.
#[must_use]
pub fn tick() -> u64 {
    touch(TIME, How::Step(Kind::Write));
    with(|w| {
        w.ticks += 1;
        w.ticks
    })
}

/// The current actor begins a call.
pub fn call_begins() {
    let me = ACTOR.get() as usize;
    with(|w| {
        if w.began.len() <= me {
            w.began.resize(me + 1, u64::MAX);
        }
        w.began[me] = 0;
    });
}

/// The moment of the first step of the current actor's call; `None` if it made none. The engine lets an actor run up to
/// its first step long before that step, and what it did until then nobody could see: the call began with the step.
#[must_use]
pub fn call_began() -> Option<u64> {
    with(|w| w.began.get(ACTOR.get() as usize).copied().filter(|began| !matches!(*began, 0 | u64::MAX)))
}

/// True if `actor` is about to do something whose moment no other actor can see: [`super::offer`] gives it first.
#[must_use]
pub fn is_eager(actor: ActorId) -> bool {
    with(|w| w.is_eager(actor))
}

/// Number of actors of this execution, the first one included.
#[must_use]
pub fn actors() -> usize {
    with(|w| w.pending.len())
}

/// Names of the actors, by number.
#[must_use]
pub fn names() -> Vec<String> {
    with(|w| w.names[..w.pending.len()].to_vec())
}

/// What is known of the objects; object `n` stands at `n - 1`.
#[must_use]
pub fn objects() -> Vec<Object> {
    with(|w| w.objects.clone())
}

/// Takes the recorded events.
#[must_use]
pub fn take_events() -> Vec<Event> {
    with(|w| {
        let waiting = std::mem::take(&mut w.ahead);
        w.events.extend(waiting);
        std::mem::take(&mut w.events)
    })
}
