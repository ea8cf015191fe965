//! The clock that heartbeats, leases and looks are told by: nanoseconds that only go up.
//!
//! Workers in processes of their own write times that a monitor in another one reads, which std's `Instant` cannot
//! serve: it tells nothing outside of its process. The monotonic clock of the system is the same for all of them.

use nix::time::{ClockId, clock_gettime};
use racehunt_sync::time::Instant;

/// Where the time comes from.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// The start of the facade's; `None` for the system's.
    origin: Option<Instant>,
}

impl Clock {
    /// The facade's, from 0: virtual under a model. For workers that are threads of this process.
    #[must_use]
    pub fn of_threads() -> Self {
        Self { origin: Some(Instant::now()) }
    }

    /// The system's monotonic clock, which all processes share.
    #[must_use]
    pub fn of_processes() -> Self {
        Self { origin: None }
    }

    /// Now, in nanoseconds. No step of a model.
    #[must_use]
    pub fn now(&self) -> u64 {
        match self.origin {
            Some(origin) => origin.elapsed().as_nanos() as u64,
            None => clock_gettime(ClockId::CLOCK_MONOTONIC)
                .map_or(0, |at| at.tv_sec().cast_unsigned() * 1_000_000_000 + at.tv_nsec().cast_unsigned()),
        }
    }
}
