//! The loom engine: every execution within a preemption bound, under the C11 memory model.
//!
//! `SeqCst` accesses count as `AcqRel` (a fence does not), so a finding that rests on them can be a false alarm; loads
//! are never buffered past later stores. At most five threads, the first one included.

mod explore;
mod minimise;
mod once;
mod search;
mod stale;

pub use explore::{EVERY, Explorer, Judge, Stopped};
pub use once::check;
pub(crate) use once::execution;
pub use search::{run, search};
