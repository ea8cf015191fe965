//! The one hook: every operation of the facade announces itself here before it reaches its scheduling point.
//!
//! Under a model all actors of an execution share one OS thread, so plain thread-locals hold the tables. What is
//! announced feeds the strategies (the pending operation of each actor), `Reduce` (who holds what), the
//! fingerprint of the execution (the order in which actors touched each object) and, only when asked for,
//! the recorded interleaving. Natively the same place injects yields and pauses ([`crate::perturb`]).

mod ask;
mod marks;
mod touch;
mod words;

use std::cell::{Cell, RefCell};
use std::panic::Location;

pub use ask::*;
pub(crate) use marks::mark;
pub use marks::{Mark, Marked, take_marks};
pub use touch::*;
use words::mix;
pub use words::{Blocked, Event, Kind, Object, Pending};

/// A source location in the code under test.
pub type Site = &'static Location<'static>;
/// Number of an actor in an execution, in the order of spawning; the first is 0.
pub type ActorId = u32;
/// Number of an object in an execution, in the order of creation; 0 is "no object".
pub type ObjectId = u32;

#[derive(Clone, Debug, Default)]
struct Slot {
    /// Actors that hold the object, with the kind of hold and its place.
    holders: Vec<(ActorId, Kind, Site)>,
    /// Hash of the order in which actors touched it.
    order: u64,
    /// Steps that changed it.
    writes: u64,
    /// True once a try-lock was seen: its unlocks are then visible.
    tried: bool,
}

/// Tables of the execution that runs on this OS thread.
#[derive(Default)]
struct World {
    pending: Vec<Option<Pending>>,
    names: Vec<String>,
    /// Where each actor was started, and whose end it waited for last.
    started: Vec<(Site, Option<ActorId>)>,
    /// Who started each actor.
    parents: Vec<Option<ActorId>>,
    objects: Vec<Object>,
    slots: Vec<Slot>,
    events: Vec<Event>,
    /// Remarks that wait for their actor's next step, at most one an actor.
    ahead: Vec<Event>,
    marks: Vec<Marked>,
    seq: u64,
    steps: u64,
    /// Moments told so far by [`tick`], and for each actor the moment of its call's first step; 0 before it.
    ticks: u64,
    began: Vec<u64>,
    /// True if a process may be killed.
    killable: bool,
    /// Actor of the last step, and how often that changed.
    last: ActorId,
    turns: u64,
}

impl World {
    /// Names an actor, in memory of an earlier execution if there is some.
    fn name(&mut self, actor: ActorId, name: &str) {
        match self.names.get_mut(actor as usize) {
            Some(known) => {
                known.clear();
                known.push_str(name);
            }
            None => self.names.push(name.to_owned()),
        }
    }

    fn is_eager(&self, actor: ActorId) -> bool {
        match self.pending.get(actor as usize).and_then(Option::as_ref) {
            None => true,
            Some(p) if !p.kind.is_invisible() => false,
            // The last moment before the call answers is one at which its process may be killed.
            Some(p) if self.killable && p.kind.is_release() => !crate::model::process::is_mortal(actor),
            Some(p) => !self.slots.get(p.object as usize).is_some_and(|s| s.tried),
        }
    }

    fn would_block(&self, actor: ActorId) -> bool {
        let Some(p) = self.pending.get(actor as usize).and_then(Option::as_ref) else {
            return false;
        };
        let Some(s) = self.slots.get(p.object as usize) else {
            return false;
        };
        match p.kind {
            Kind::Lock => !s.holders.is_empty(),
            Kind::ReadLock => s.holders.iter().any(|h| h.1 == Kind::Lock),
            _ => false,
        }
    }

    fn flush_ahead(&mut self, actor: ActorId) {
        if let Some(i) = self.ahead.iter().position(|e| e.actor == actor) {
            let waiting = self.ahead.remove(i);
            self.events.push(waiting);
        }
    }
}

thread_local! {
    static WORLD: RefCell<World> = RefCell::default();
    static ACTOR: Cell<ActorId> = const { Cell::new(0) };
    static RECORDING: Cell<bool> = const { Cell::new(false) };
}

fn with<R>(f: impl FnOnce(&mut World) -> R) -> R {
    WORLD.with(|w| f(&mut w.borrow_mut()))
}

/// Starts a new execution on this OS thread: forgets everything, actor 0 is current.
pub fn reset(recording: bool) {
    ACTOR.set(0);
    RECORDING.set(recording);
    with(|w| {
        w.pending.clear();
        w.pending.push(None);
        w.name(0, "main");
        w.started.clear();
        w.started.push((Location::caller(), None));
        w.parents.clear();
        w.parents.push(None);
        w.objects.clear();
        w.slots.clear();
        w.slots.push(Slot::default());
        w.events.clear();
        w.ahead.clear();
        w.marks.clear();
        w.seq = 0;
        w.steps = 0;
        w.ticks = 0;
        w.began.clear();
        w.killable = false;
        w.last = 0;
        w.turns = 0;
    });
    touch::set_opaque(false);
    crate::model::reset();
}

/// Ends the execution, as the last thing that its first actor does: drops that actor's thread-locals and the statics
/// while their destructors can still use the engine. Without it they are dropped by the next [`reset`], quietly.
pub fn finish() {
    crate::mutant::settle();
    crate::hunt::reset();
}

/// The actor that runs now.
#[must_use]
pub fn actor() -> ActorId {
    ACTOR.get()
}

/// Makes `actor` the one that runs now; the facade calls it after every operation that may have switched.
pub fn set_actor(actor: ActorId) {
    ACTOR.set(actor);
}

/// Number for a new actor, which is about to do its first step.
pub fn new_actor(name: &str, site: Site) -> ActorId {
    with(|w| {
        let id = w.pending.len() as ActorId;
        w.seq += 1;
        let seq = w.seq;
        w.pending.push(Some(Pending { kind: Kind::Start, object: 0, site, seq, label: "" }));
        w.started.push((site, None));
        w.parents.push(Some(ACTOR.get()));
        if name.is_empty() {
            w.name(id, &format!("actor-{id}"));
        } else {
            w.name(id, name);
        }
        id
    })
}

/// Number for a new object.
pub fn new_object(type_name: &'static str, site: Site) -> ObjectId {
    with(|w| {
        w.objects.push(Object { type_name, site });
        w.slots.push(Slot::default());
        w.objects.len() as ObjectId
    })
}

/// Announces the next operation of the current actor and returns that actor, to hand to [`done`]. Once the engine has
/// ended the execution (a deadlock, a stop) the tables stay as they were then: its destructors are no steps.
pub fn announce(kind: Kind, object: ObjectId, site: Site, label: &'static str) -> ActorId {
    if crate::model::failed() {
        return ACTOR.get();
    }
    let me = ACTOR.get();
    with(|w| {
        w.seq += 1;
        let seq = w.seq;
        if let Some(p) = w.pending.get_mut(me as usize) {
            *p = Some(Pending { kind, object, site, seq, label });
        }
    });
    me
}

/// The announced operation of `me` has happened.
pub fn done(me: ActorId, kind: Kind, object: ObjectId, site: Site, label: &'static str, value: Option<u64>) {
    done_with(me, kind, object, site, || label.to_owned(), value);
}

/// As [`done`]; `text` is asked for only when recording.
pub fn done_with(
    me: ActorId,
    kind: Kind,
    object: ObjectId,
    site: Site,
    text: impl FnOnce() -> String,
    value: Option<u64>,
) {
    if crate::model::failed() {
        return;
    }
    ACTOR.set(me);
    touch(object, How::Step(kind));
    with(|w| {
        if let Some(p) = w.pending.get_mut(me as usize) {
            *p = None;
        }
        w.steps += 1;
        if let Some(began) = w.began.get_mut(me as usize).filter(|b| **b == 0) {
            w.ticks += 1;
            *began = w.ticks;
            touch(TIME, How::Begins);
        }
        if w.last != me {
            w.last = me;
            w.turns += 1;
        }
        if let Some(s) = w.slots.get_mut(object as usize) {
            match kind {
                Kind::Lock | Kind::ReadLock => s.holders.push((me, kind, site)),
                Kind::Unlock | Kind::ReadUnlock => {
                    if let Some(i) = s.holders.iter().rposition(|h| h.0 == me) {
                        s.holders.swap_remove(i);
                    }
                }
                _ => {}
            }
            if object != 0 && !kind.is_invisible() {
                s.order = mix(s.order ^ ((u64::from(me) << 8) | kind as u64));
                s.writes += u64::from(kind.is_write());
            }
        }
        // What an actor of a killed process was let do inside of its own memory nobody can see.
        if RECORDING.get() && !(w.killable && crate::model::process::is_dead_actor(me)) {
            w.flush_ahead(me);
            w.events.push(Event { actor: me, kind: Some(kind), object, site, label: text(), value });
        }
    });
}

/// A try-lock succeeded: the current actor holds `object` as if by `kind` ([`Kind::Lock`] or [`Kind::ReadLock`]).
pub fn holds(me: ActorId, kind: Kind, object: ObjectId, site: Site) {
    if crate::model::failed() {
        return;
    }
    with(|w| {
        if let Some(s) = w.slots.get_mut(object as usize) {
            s.holders.push((me, kind, site));
        }
    });
}

/// The current actor gives `object` up without an operation of its own (a condvar wait releases its mutex).
pub fn releases(me: ActorId, object: ObjectId) {
    if crate::model::failed() {
        return;
    }
    with(|w| {
        if let Some(s) = w.slots.get_mut(object as usize)
            && let Some(i) = s.holders.iter().rposition(|h| h.0 == me)
        {
            let shared = s.holders.swap_remove(i).1 == Kind::ReadLock;
            touch(object, How::Step(if shared { Kind::ReadUnlock } else { Kind::Unlock }));
        }
    });
    mark(me, Mark::GivesUp(object));
}

/// The current actor is about to wait for the end of `other`.
pub(crate) fn joins(other: ActorId) {
    let me = ACTOR.get() as usize;
    with(|w| w.started[me].1 = Some(other));
}

/// True if `actor` is about to take a lock that another one holds.
pub(crate) fn would_wait(actor: ActorId) -> bool {
    with(|w| w.would_block(actor))
}

/// From now on a process may be killed.
pub(crate) fn set_killable() {
    with(|w| w.killable = true);
}

/// `actor` will not do what it announced.
pub(crate) fn forget_pending(actor: ActorId) {
    with(|w| {
        if let Some(p) = w.pending.get_mut(actor as usize) {
            *p = None;
        }
    });
}

/// Another actor's step has changed what `actor` waits to do: a notified waiter now waits for its mutex.
pub(crate) fn repend(actor: ActorId, kind: Kind, object: ObjectId) {
    with(|w| {
        w.seq += 1;
        let seq = w.seq;
        if let Some(Some(p)) = w.pending.get_mut(actor as usize) {
            (p.kind, p.object, p.seq) = (kind, object, seq);
        }
    });
}

/// Writes a remark of the current actor into the recorded interleaving; nothing when not recording.
pub fn note(site: Site, text: impl FnOnce() -> String) {
    if let Some(remark) = remark(site, text) {
        with(|w| {
            w.flush_ahead(remark.actor);
            w.events.push(remark);
        });
    }
}

/// As [`note`], but the remark stands just before the current actor's next step or remark: a call belongs to the first
/// thing it does, and not to the moment at which the engine let the actor run up to it.
pub fn note_ahead(site: Site, text: impl FnOnce() -> String) {
    if let Some(remark) = remark(site, text) {
        with(|w| {
            w.flush_ahead(remark.actor);
            w.ahead.push(remark);
        });
    }
}

fn remark(site: Site, text: impl FnOnce() -> String) -> Option<Event> {
    let event = || Event { actor: ACTOR.get(), kind: None, object: 0, site, label: text(), value: None };
    (RECORDING.get() && !crate::model::failed()).then(event)
}

/// The first of `actors` that is about to do something whose moment no other actor can see; if there is none, fills
/// `ready` with those that are not about to wait for a lock. One call for all of them: it stands in every choice.
pub fn offer(actors: &[ActorId], ready: &mut Vec<ActorId>) -> Option<ActorId> {
    ready.clear();
    with(|w| {
        for actor in actors {
            if w.is_eager(*actor) {
                return Some(*actor);
            }
            if !w.would_block(*actor) {
                ready.push(*actor);
            }
        }
        None
    })
}

/// Whether to let `picked` run means to leave `last`, who is among `actors` and would not wait; `None` if what `picked` is
/// about to do is a step that no other actor can see the moment of.
#[must_use]
pub fn leaves(last: Option<ActorId>, actors: &[ActorId], picked: ActorId) -> Option<bool> {
    with(|w| {
        let visible = w.pending.get(picked as usize).and_then(Option::as_ref).is_some_and(|p| !p.kind.is_invisible());
        let left = |last| last != picked && actors.contains(&last) && !w.would_block(last);
        visible.then(|| last.is_some_and(left))
    })
}

/// The moments at which `object` is given up count from now on: someone takes it without waiting.
pub(crate) fn set_tried(object: ObjectId) {
    with(|w| {
        if let Some(s) = w.slots.get_mut(object as usize) {
            s.tried = true;
        }
    });
}
