//! A fast path that is right in every interleaving, and wrong: MB7.
//!
//! Each shard has a generation: even is free, odd is in use. Whoever turns it odd has the shard for itself, works on
//! its cells with plain relaxed loads and stores, and publishes them by turning the generation even again. An adder
//! whose shard is in use takes the next one; a flush leaves a shard in use alone, for the next flush.
//!
//! Only one can turn an even generation odd, so the cells have one user at a time, and any interleaving of these
//! steps keeps every amount. What is missing is that the next user *sees* the cells as the last one left them. The
//! flip back is a `Relaxed` store where it should be `Release`, the taking is `Relaxed` where it should be `Acquire`:
//! the order of the cells' stores and the flip is the writer's own affair. So:
//!
//! ```text
//! A: takes shard 0 (0 → 1)  cell = 0 + a  frees it (→ 2)
//! D:                                                     takes it (2 → 3)  reads the cell: 0, stale
//!                                                        stores 0: a is gone
//! ```
//!
//! Only an engine with the C11 memory model can show that. shuttle runs one thread after the other on one memory, so
//! every load reads the last store. x86 keeps each processor's stores in order and its loads too, and the taking is a
//! locked instruction: two of its threads never see it either (the compiler may still reorder, and on ARM it
//! happens). loom lets a load return any store that nothing has made obsolete *for that thread*, and finds the loss
//! at once.

use super::interval::Interval;
use super::lane::{self, Lanes};
use super::metric_set::MetricSet;
use super::sink::{Sink, hand_over};
use super::{BufferError, Family, MetricsBuffer, Total};
use racehunt_sync::atomic::{AtomicU64, Ordering};
use racehunt_sync::hint;
use racehunt_sync::time::Duration;

/// Sharded cells behind a generation that is flipped with `Relaxed`.
pub struct RelaxedPublish<S> {
    metrics: MetricSet,
    shards: Vec<Shard>,
    interval: Interval,
    sink: S,
}

struct Shard {
    generation: AtomicU64,
    cells: Vec<AtomicU64>,
}

impl Shard {
    fn new(cells: usize) -> Self {
        Self { generation: AtomicU64::new(0), cells: (0..cells).map(|_| AtomicU64::new(0)).collect() }
    }

    /// Turns the generation odd and returns the even one before; nothing if somebody else has the shard.
    fn take(&self) -> Option<u64> {
        // Wrong: `Acquire`, to see the cells as the last user left them.
        let before = self.generation.fetch_or(1, Ordering::Relaxed);
        before.is_multiple_of(2).then_some(before)
    }

    /// Turns the generation even again.
    fn publish(&self, taken: u64) {
        // Wrong: `Release`, to let the next user see the cells.
        self.generation.store(taken + 2, Ordering::Relaxed);
    }

    fn add(&self, cell: usize, amount: u64) {
        let sum = self.cells[cell].load(Ordering::Relaxed) + amount;
        self.cells[cell].store(sum, Ordering::Relaxed);
    }

    fn drain(&self, into: &mut [u64]) {
        for (cell, total) in self.cells.iter().zip(into) {
            *total += cell.load(Ordering::Relaxed);
            cell.store(0, Ordering::Relaxed);
        }
    }
}

impl<S: Sink<u64>> RelaxedPublish<S> {
    /// An empty buffer of these metrics in `shards` shards (at least one), that flushes by itself when the last flush
    /// is `interval` old.
    ///
    /// With as many shards as users at a time nobody ever waits.
    pub fn new(metrics: MetricSet, shards: usize, interval: Duration, sink: S) -> Self {
        let shards = (0..shards.max(1)).map(|_| Shard::new(metrics.len())).collect();
        Self { metrics, shards, interval: Interval::new(interval), sink }
    }

    fn put(&self, lane: usize, cell: usize, amount: u64) {
        loop {
            for i in 0..self.shards.len() {
                let shard = &self.shards[(lane + i) % self.shards.len()];
                if let Some(taken) = shard.take() {
                    shard.add(cell, amount);
                    return shard.publish(taken);
                }
            }
            hint::spin_loop();
        }
    }
}

impl<S: Sink<u64>> Lanes for RelaxedPublish<S> {
    fn add(&self, lane: usize, family: Family, metric: &str, amount: u64) -> Result<(), BufferError> {
        self.put(lane, self.metrics.cell(family, metric)?, amount);
        if self.interval.is_due() { self.flush() } else { Ok(()) }
    }
}

impl<S: Sink<u64>> MetricsBuffer<u64> for RelaxedPublish<S> {
    fn increment(&self, metric: &str, amount: u64) -> Result<(), BufferError> {
        self.add(lane::of_thread(), Family::Counter, metric, amount)
    }

    fn timing(&self, metric: &str, amount: u64) -> Result<(), BufferError> {
        self.add(lane::of_thread(), Family::Timer, metric, amount)
    }

    fn flush(&self) -> Result<(), BufferError> {
        self.interval.restart();
        let mut totals = vec![0; self.metrics.len()];
        for shard in &self.shards {
            if let Some(taken) = shard.take() {
                shard.drain(&mut totals);
                shard.publish(taken);
            }
        }
        let mut refused = None;
        for (cell, (family, metric)) in self.metrics.iter().enumerate() {
            if totals[cell] == 0 {
                continue;
            }
            if refused.is_none() {
                refused = hand_over(&self.sink, family, metric, &totals[cell]).err();
            }
            if refused.is_some() {
                self.put(0, cell, totals[cell]);
            }
        }
        refused.map_or(Ok(()), |error| Err(error.into()))
    }

    fn held(&self) -> Vec<Total<u64>> {
        let sum = |cell: usize| self.shards.iter().map(|s| s.cells[cell].load(Ordering::Relaxed)).sum::<u64>();
        self.metrics
            .iter()
            .enumerate()
            .map(|(cell, (family, metric))| Total { family, metric: metric.to_owned(), value: sum(cell) })
            .filter(|total| total.value > 0)
            .collect()
    }
}
