//! Processes: the real one natively, groups of actors under a model.

pub use crate::model::process::Unsynced;

use crate::engine;
use crate::hook::{self, ActorId};
use crate::model::process;
use std::any::Any;
use std::panic::Location;

/// The id of the process: under a model it tells the modelled processes apart, and is the same in every execution.
#[must_use]
pub fn id() -> u32 {
    if engine::current().is_model() { 1000 + process::current() } else { std::process::id() }
}

/// Puts the current actor, and those that it will start, into `process` (0 is the one that all start in).
pub fn enter(number: u32) {
    process::put(hook::actor(), number);
}

/// Puts an actor of a model into `process` before its first step.
pub fn put(actor: ActorId, number: u32) {
    process::put(actor, number);
}

/// Makes `process` of this execution one that [`kill`] may be called for.
#[track_caller]
pub fn make_mortal(number: u32) {
    process::make_mortal(number, Location::caller());
}

/// One step of a model: kills a process, which must be mortal.
#[track_caller]
pub fn kill(number: u32, unsynced: Unsynced) {
    process::kill(number, unsynced, Location::caller());
}

/// True if the process of the current actor was killed. It ends at its next step; until then nobody hears of it.
#[must_use]
pub fn is_dead() -> bool {
    process::is_dead()
}

/// True for the payload with which the actors of a killed process end.
#[must_use]
pub fn is_kill(payload: &(dyn Any + Send)) -> bool {
    process::is_kill(payload)
}
