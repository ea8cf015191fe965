//! The shuttle engine: one schedule at a time, picked by a strategy; sequentially consistent.

mod complete;
mod driver;
mod hunt;
mod lab;
mod minimise;
mod search;

pub use driver::{Budget, Driver, Execution, Judged, Seeds, Seen};
pub use minimise::{Hunted, minimise};
pub use search::{run, search};

use shuttle::{Config, FailurePersistence, MaxSteps};

/// The stack of each modelled thread, in bytes. shuttle's own 60 KiB overflow easily, and an overflow is a SIGSEGV.
const STACK: usize = 1 << 20;

/// shuttle, told to keep quiet and to leave every limit to the driver.
#[must_use]
pub fn config(max_steps: MaxSteps) -> Config {
    let mut config = Config::new();
    config.stack_size = STACK;
    config.failure_persistence = FailurePersistence::None;
    config.max_steps = max_steps;
    config.silence_warnings = true;
    config
}
