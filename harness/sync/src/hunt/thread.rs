//! Threads: actors under a model.

mod handle;
mod local;
mod park;
mod scope;
mod spawn;

pub use handle::{Builder, JoinHandle, spawn};
pub use local::{AccessError, LocalKey};
pub use park::{Thread, ThreadId, current, park, park_timeout};
pub use scope::{Scope, ScopedJoinHandle, scope};
pub use std::thread::{Result, available_parallelism};

use std::panic::Location;
use std::time::Duration;

use crate::engine;
use crate::hook::Kind;
use crate::waits::{self, On};
use crate::{model, perturb};

pub(super) fn reset() {
    local::reset();
    park::reset();
}

/// Lets another thread run. Under a model a scheduling point that asks for another actor.
#[track_caller]
pub fn yield_now() {
    if engine::current().is_model() {
        model::op((Kind::Yield, 0, Location::caller()), model::no_value, model::give_way);
    } else {
        perturb::point();
        std::thread::yield_now();
    }
}

/// Sleeps. Under a model in virtual time (see [`crate::time`]).
#[track_caller]
pub fn sleep(duration: Duration) {
    if engine::current().is_model() {
        model::op((Kind::Sleep, 0, Location::caller()), model::no_value, || model::clock::sleep(duration));
    } else {
        perturb::point();
        waits::during(Kind::Sleep, On::Nothing, Location::caller(), true, || std::thread::sleep(duration));
    }
}

/// True if this thread unwinds, of several actors on one OS thread this one.
#[must_use]
pub fn panicking() -> bool {
    if engine::current().is_model() { model::unwinding() } else { std::thread::panicking() }
}
