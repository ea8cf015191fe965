//! Where totals go: the far end of a flush, and the natural gate into its schedule.

mod discard;
mod failing;
mod gated;
pub mod receiver;
mod recorder;
pub mod statsd;
mod wire;
mod yielding;

pub use discard::Discard;
pub use failing::Failing;
pub use gated::{Gate, Gated};
pub use recorder::Recorder;
pub use statsd::{IdStatsd, Statsd};
pub use yielding::Yielding;

use super::Family;
use std::sync::Arc;

/// Takes totals.
///
/// An error means that the total was not taken, nothing of it: the buffer may hand it over again.
pub trait Sink<V>: Send + Sync {
    /// Takes a counter's total.
    ///
    /// # Errors
    /// When the total was not taken.
    fn increment(&self, metric: &str, value: &V) -> Result<(), SinkError>;

    /// Takes a timer's total.
    ///
    /// # Errors
    /// When the total was not taken.
    fn timing(&self, metric: &str, value: &V) -> Result<(), SinkError>;
}

impl<V, S: Sink<V> + ?Sized> Sink<V> for Arc<S> {
    fn increment(&self, metric: &str, value: &V) -> Result<(), SinkError> {
        (**self).increment(metric, value)
    }

    fn timing(&self, metric: &str, value: &V) -> Result<(), SinkError> {
        (**self).timing(metric, value)
    }
}

/// A total that was not taken, in the sink's own words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sink did not take {metric}: {reason}")]
pub struct SinkError {
    /// Whose total.
    pub metric: String,
    /// Why not.
    pub reason: String,
}

impl SinkError {
    /// The total of `metric` was not taken.
    pub fn new(metric: &str, reason: &impl ToString) -> Self {
        Self { metric: metric.to_owned(), reason: reason.to_string() }
    }
}

/// F3: hands one total over, by the method of its family.
pub(super) fn hand_over<V, S: Sink<V>>(sink: &S, family: Family, metric: &str, value: &V) -> Result<(), SinkError> {
    match family {
        Family::Timer => sink.timing(metric, value),
        Family::Counter => sink.increment(metric, value),
    }
}
