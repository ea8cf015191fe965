//! What a model's files can be told and asked: of one execution, set after its start, forgotten at its end.

use std::time::Duration;

pub use super::watch::{Tree, peek, watch};

use super::state;

/// The most bytes that one step writes, 64 by default and at least 1: a `write_all` of more is torn in between.
pub fn set_chunk(bytes: usize) {
    state::with(|s| s.chunk = bytes.max(1));
}

/// How coarse the times of files are, 4 ms by default: those of one tick tie. The clock of the tree is the model's
/// virtual clock plus 1 ms for each step that changed something.
pub fn set_tick(tick: Duration) {
    state::with(|s| s.tick = tick);
}

/// Picks the order in which directories are listed: a function of this and of the names alone. 0 by default.
pub fn set_salt(salt: u64) {
    state::set_salt(salt);
}
