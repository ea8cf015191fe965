//! A sink that gives the processor away in each hand-over, as one does that releases the interpreter's lock.

use super::{Sink, SinkError};
use racehunt_sync::thread;

/// Yields, then hands on.
#[derive(Debug)]
pub struct Yielding<S>(pub S);

impl<V, S: Sink<V>> Sink<V> for Yielding<S> {
    fn increment(&self, metric: &str, value: &V) -> Result<(), SinkError> {
        thread::yield_now();
        self.0.increment(metric, value)
    }

    fn timing(&self, metric: &str, value: &V) -> Result<(), SinkError> {
        thread::yield_now();
        self.0.timing(metric, value)
    }
}
