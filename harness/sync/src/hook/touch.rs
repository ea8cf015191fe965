//! What a step does beside what it announced, for a search that leaves out schedules which differ in the order of
//! independent steps only.
//!
//! A step is what an actor does from one scheduling point to the next. It does the operation that it announced, and what
//! comes after it up to the next announcement: the locks that an unwinding gives up, the mutex that a wait on a condvar
//! releases, a look at the time. Whoever [tracks](track) hears of all of it, after the step.

use std::cell::{Cell, RefCell};

use super::{ActorId, Kind, ObjectId};

/// One access of a step to an object, or to what is like one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Touch {
    /// The object's number in this execution, or one of the numbers below.
    pub object: ObjectId,
    /// What was done to it.
    pub how: How,
}

/// What an access does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum How {
    /// As an operation of that kind.
    Step(Kind),
    /// It ends an actor that belongs to a scope.
    Ends,
    /// It is the first step of a call: the moment at which that began.
    Begins,
    /// It poisons a lock, which the actor holds.
    Poisons,
}

/// The clock of [`super::tick`].
pub const TIME: ObjectId = ObjectId::MAX;
/// The numbers drawn from the schedule.
pub const DRAWS: ObjectId = ObjectId::MAX - 1;
/// The counters of the faults that file calls meet.
pub const FAULTS: ObjectId = ObjectId::MAX - 2;
/// All there is: no other step commutes with this one.
pub const ALL: ObjectId = ObjectId::MAX - 3;
/// Below this and above all objects: the ends of actors, by [`end_of`].
pub const ENDS: ObjectId = ObjectId::MAX - 4;

thread_local! {
    static TRACKS: Cell<bool> = const { Cell::new(false) };
    static TOUCHES: RefCell<Vec<Touch>> = const { RefCell::new(Vec::new()) };
    /// From some step of this execution on every step depends on every other.
    static OPAQUE: Cell<bool> = const { Cell::new(false) };
}

/// The end of an actor, as an object.
#[must_use]
pub fn end_of(actor: ActorId) -> ObjectId {
    ENDS - actor
}

/// Notes the accesses of steps on this OS thread from now on, or no longer. Those noted so far are forgotten.
pub fn track(on: bool) {
    TRACKS.set(on);
    TOUCHES.with_borrow_mut(Vec::clear);
}

/// Moves the accesses since the last call into `into`, in their order.
pub fn take_touches(into: &mut Vec<Touch>) {
    TOUCHES.with_borrow_mut(|t| into.append(t));
}

/// A number was drawn from the schedule.
pub fn draws() {
    touch(DRAWS, How::Step(Kind::Write));
}

/// True if every step of this execution depends on every other, from some step on.
#[must_use]
pub fn is_opaque() -> bool {
    OPAQUE.get()
}

/// Sets what [`is_opaque`] says.
pub(crate) fn set_opaque(opaque: bool) {
    OPAQUE.set(opaque);
}

/// The current step does that to the object.
#[inline]
pub(crate) fn touch(object: ObjectId, how: How) {
    if TRACKS.get() {
        TOUCHES.with_borrow_mut(|t| t.push(Touch { object, how }));
    }
}
