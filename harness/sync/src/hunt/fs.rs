//! Files whose engine is chosen at run time: std's natively, an in-memory tree under a model.

use crate::model::process::Unsynced;

pub use std::fs::*;

/// `process` was killed: its locks are given up, and what it wrote and did not sync goes the way of `unsynced`.
pub(crate) fn killed(process: u32, unsynced: Unsynced) {
    let _ = (process, unsynced);
}
