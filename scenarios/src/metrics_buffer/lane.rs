//! Which shard an adder starts with.

use super::{BufferError, Family, MetricsBuffer};
use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A buffer in shards, with the choice of the shard left to the caller.
pub trait Lanes: MetricsBuffer<u64> {
    /// Adds `amount`, preferring the shard that belongs to `lane` (any number; lanes beyond the shards share them).
    ///
    /// # Errors
    /// As [`MetricsBuffer::increment`].
    fn add(&self, lane: usize, family: Family, metric: &str, amount: u64) -> Result<(), BufferError>;
}

/// The lane of the calling thread: threads are numbered as they come.
///
/// Under a model every actor lives on one OS thread and would get the same lane; there [`Lanes::add`] is called with
/// the actor's number. So this is std's atomic, and no scheduling point.
pub(super) fn of_thread() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static LANE: Cell<Option<usize>> = const { Cell::new(None) };
    }
    LANE.get().unwrap_or_else(|| {
        // Only distinct numbers are asked for, no order.
        let lane = THREADS.fetch_add(1, Ordering::Relaxed);
        LANE.set(Some(lane));
        lane
    })
}
