//! A sink that refuses one hand-over.

use super::{Sink, SinkError};
use racehunt_sync::shared::Shared;

/// Refuses the `n`-th hand-over, counted from 1, and hands all others on.
///
/// The count is a shared object with a step of its own: which total is the `n`-th depends on the schedule, and an
/// engine must see that it does.
pub struct Failing<S> {
    inner: S,
    refuse: u64,
    seen: Shared<u64>,
}

impl<S> Failing<S> {
    /// Refuses hand-over number `refuse`.
    pub fn new(inner: S, refuse: u64) -> Self {
        Self { inner, refuse, seen: Shared::new("refusals", 0) }
    }

    fn count(&self, metric: &str) -> Result<(), SinkError> {
        let number = self.seen.write("count", |seen| {
            *seen += 1;
            *seen
        });
        if number == self.refuse {
            return Err(SinkError::new(metric, &format_args!("refused on purpose, hand-over {number}")));
        }
        Ok(())
    }
}

impl<V, S: Sink<V>> Sink<V> for Failing<S> {
    fn increment(&self, metric: &str, value: &V) -> Result<(), SinkError> {
        self.count(metric)?;
        self.inner.increment(metric, value)
    }

    fn timing(&self, metric: &str, value: &V) -> Result<(), SinkError> {
        self.count(metric)?;
        self.inner.timing(metric, value)
    }
}
