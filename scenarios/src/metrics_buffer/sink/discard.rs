//! A sink that takes everything and keeps nothing, to measure a buffer alone.

use super::{Sink, SinkError};

/// Keeps nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Discard;

impl<V> Sink<V> for Discard {
    fn increment(&self, _metric: &str, _value: &V) -> Result<(), SinkError> {
        Ok(())
    }

    fn timing(&self, _metric: &str, _value: &V) -> Result<(), SinkError> {
        Ok(())
    }
}
