//! A buffer that sums metrics up and flushes them to a sink, after Sentry's arroyo.
//!
//! The field report in three lines: a stream processor adds to a map of counters and a map of timers, and once a
//! second an add walks both maps, hands each total to a metrics sink and clears them. A second thread (a stuck
//! detector) began to do the same, and the processor died of `dictionary changed size during iteration`. The fix that
//! was published walks a copy of the maps: the crash is gone, and increments are lost more often than before.
//!
//! # The steps
//!
//! An add is I1 read the total (nothing if absent), I2 write the sum, I3 look whether a flush is due. A flush is F1
//! open an iterator, F2 next, F3 hand over to the sink (which may take its time), for timers and then for counters;
//! F4 clear the timers, F5 clear the counters, F6 note the time. Any other thread may run between two steps.
//!
//! # What each variant gets wrong
//!
//! | variant | interleaving (`│`: another thread runs) | effect |
//! |---|---|---|
//! | [`as_shipped`] | `D: F1 F2 F3 │ A: I1 I2 of a new metric │ D: F2` | MB1: error, and F3 is repeated later |
//! | | `D: F3 │ A: whole flush, then as many new metrics │ D: F2` | MB2: walks entries it never opened |
//! | | `D: F2 (end) │ A: I1 I2 │ D: F5` | MB3: increment lost |
//! | | `A: I1 │ B: I1 I2 │ A: I2` | MB5: B's increment lost |
//! | [`published_fix`] | `D: copies both maps │ A: I1 I2 │ D: F4 F5` | MB3, with a window as long as the hand-over |
//! | | `D: copies │ E: copies │ D: hands over │ E: hands over` | MB4: delivered twice |
//! | [`swap_unlocked`] | `A: fetches the maps │ D: swaps, hands over │ A: adds to the old maps` | MB6: lost |
//! | [`relaxed_publish`] | none that a processor with x86's ordering or any SC explorer can show | MB7: lost |
//! | [`hardened`] | none: one lock around {add, due?} and {swap}, hand-over outside it | |
//! | [`hardened_sharded`] | none: `fetch_add` and `swap(0)` cannot be cut in two | |
//!
//! # How it is judged
//!
//! By id, never by total: where increments are lost and others delivered twice, a sum may come out right. The map
//! variants sum up any [`Amount`], and hunted they sum up [`Ids`]. The sharded variants sum up a `u64`, and hunted
//! each id is one hexadecimal digit of it ([`digits`]).

pub mod amount;
mod argued;
pub mod as_shipped;
pub mod dict;
mod dict_maps;
pub mod digits;
pub mod hardened;
pub mod hardened_sharded;
mod instance;
mod interval;
pub mod lane;
mod metric_set;
mod planted;
pub mod published_fix;
pub mod relaxed_publish;
mod settings;
pub mod sink;
mod subject;
pub mod swap_unlocked;

pub use amount::{Amount, Ids};
pub use as_shipped::AsShipped;
pub use hardened::Hardened;
pub use hardened_sharded::HardenedSharded;
pub use lane::Lanes;
pub use metric_set::MetricSet;
pub use published_fix::PublishedFix;
pub use relaxed_publish::RelaxedPublish;
pub use sink::{Sink, SinkError};
pub use subject::MetricsBufferSubject;
pub use swap_unlocked::SwapUnlocked;

use dict::SizeChanged;

/// Sums metrics up, and now and then hands the totals to a sink.
pub trait MetricsBuffer<V>: Send + Sync {
    /// Adds `amount` to a counter; flushes if the last flush is long ago.
    ///
    /// # Errors
    /// Of the flush it may have made. The amount is in the buffer all the same, unless the metric is unknown.
    fn increment(&self, metric: &str, amount: V) -> Result<(), BufferError>;

    /// Adds `amount` to a timer; flushes if the last flush is long ago.
    ///
    /// # Errors
    /// As [`MetricsBuffer::increment`].
    fn timing(&self, metric: &str, amount: V) -> Result<(), BufferError>;

    /// Hands every total to the sink, timers before counters, and starts from nothing.
    ///
    /// # Errors
    /// When the sink answers with one, or the walk fails.
    fn flush(&self) -> Result<(), BufferError>;

    /// What is inside, total by total, timers before counters. For the time after the last writer: it is one look at
    /// each part, not at the whole.
    fn held(&self) -> Vec<Total<V>>;
}

/// One of the two maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Sums of durations.
    Timer,
    /// Sums of increments.
    Counter,
}

impl Family {
    /// Both, in the order in which a flush walks them; each stands at its number.
    pub const ALL: [Self; 2] = [Self::Timer, Self::Counter];
}

/// One total.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Total<V> {
    /// Which map.
    pub family: Family,
    /// The metric's name.
    pub metric: String,
    /// The sum.
    pub value: V,
}

/// Why a call of a [`MetricsBuffer`] failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BufferError {
    /// A map changed its size while a flush walked it.
    #[error(transparent)]
    Iteration(#[from] SizeChanged),
    /// The sink did not take a total.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// The buffer was built without this metric, and holds nothing of it.
    #[error("unknown metric {0:?}: the sharded buffers are built with all their metrics")]
    UnknownMetric(String),
}

impl BufferError {
    /// Stable name of the error.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Iteration(_) => "iteration",
            Self::Sink(_) => "sink",
            Self::UnknownMetric(_) => "unknown-metric",
        }
    }
}
