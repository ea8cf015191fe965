//! A sink in memory that remembers every id it was handed.

use super::{Sink, SinkError};
use crate::metrics_buffer::Ids;
use racehunt_core::id::Id;
use racehunt_sync::shared::Shared;

/// Remembers every id, once for each delivery. A hand-over is one step, so that a schedule can be cut there.
pub struct Recorder {
    delivered: Shared<Vec<Id>>,
}

impl Default for Recorder {
    fn default() -> Self {
        Self { delivered: Shared::new("sink", Vec::new()) }
    }
}

impl Recorder {
    /// What was delivered so far, in that order; forgets it.
    pub fn take(&self) -> Vec<Id> {
        self.delivered.write("take", std::mem::take)
    }

    fn record(&self, value: &Ids) {
        self.delivered.write("hand-over", |all| all.extend_from_slice(&value.0));
    }
}

impl Sink<Ids> for Recorder {
    fn increment(&self, _metric: &str, value: &Ids) -> Result<(), SinkError> {
        self.record(value);
        Ok(())
    }

    fn timing(&self, _metric: &str, value: &Ids) -> Result<(), SinkError> {
        self.record(value);
        Ok(())
    }
}
