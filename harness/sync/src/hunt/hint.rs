//! Hints.

pub use std::hint::{assert_unchecked, black_box, unreachable_unchecked};

use std::panic::Location;

use crate::engine;
use crate::hook::Kind;
use crate::{model, perturb};

/// Says that the thread spins. Under a model it yields, for nothing changes before another actor has run.
#[track_caller]
#[inline]
pub fn spin_loop() {
    if engine::current().is_model() {
        model::op((Kind::Yield, 0, Location::caller()), model::no_value, model::give_way);
    } else {
        perturb::point();
        std::hint::spin_loop();
    }
}
