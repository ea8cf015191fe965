//! The buffer done right with one lock.
//!
//! The lock is around {add, decide whether a flush is due} and around {swap both maps}, and around nothing else:
//!
//! * An add meets either the old maps or the new ones, as a whole: nothing is written behind a flush's back (MB3,
//!   MB5, MB6), and nobody walks a map that others can reach (MB1, MB2).
//! * Whoever swaps owns what it got, alone: two flushes hand over disjoint totals (MB4).
//! * The decision to flush notes the time at once, so one interval makes one flush, not one for each adder.
//! * The sink is called outside the lock: it may be slow, and may call the buffer.
//! * What a failing sink did not take is merged back. An add whose flush fails has not failed: its amount is in the
//!   buffer, the next flush tries again, and [`Hardened::failed_flushes`] counts.

use super::amount::Amount;
use super::sink::{Sink, SinkError, hand_over};
use super::{BufferError, Family, MetricsBuffer, Total};
use racehunt_sync::atomic::{AtomicU64, Ordering};
use racehunt_sync::time::{Duration, Instant};
use racehunt_sync::{Mutex, MutexGuard, PoisonError};
use std::collections::BTreeMap;
use std::mem;

/// One lock, never held across a call of the sink.
pub struct Hardened<V, S> {
    state: Mutex<State<V>>,
    interval: Duration,
    failed: AtomicU64,
    sink: S,
}

struct State<V> {
    totals: Totals<V>,
    last_flush: Instant,
}

/// One map for each of [`Family::ALL`].
type Totals<V> = [BTreeMap<Box<str>, V>; 2];

impl<V: Amount> State<V> {
    fn add(&mut self, family: Family, metric: &str, amount: &V) {
        let map = &mut self.totals[family as usize];
        match map.get_mut(metric) {
            Some(sum) => sum.add(amount),
            None => drop(map.insert(metric.into(), amount.clone())),
        }
    }

    fn swap(&mut self, now: Instant) -> Totals<V> {
        self.last_flush = now;
        mem::take(&mut self.totals)
    }
}

impl<V: Amount, S: Sink<V>> Hardened<V, S> {
    /// An empty buffer that flushes by itself when the last flush is `interval` old.
    pub fn new(interval: Duration, sink: S) -> Self {
        let state = State { totals: Totals::default(), last_flush: Instant::now() };
        Self { state: Mutex::new(state), interval, failed: AtomicU64::new(0), sink }
    }

    /// Flushes made by adds that the sink refused; what they carried was kept.
    pub fn failed_flushes(&self) -> u64 {
        // A count for people, which orders nothing.
        self.failed.load(Ordering::Relaxed)
    }

    #[track_caller]
    fn state(&self) -> MutexGuard<'_, State<V>> {
        // Every change under the lock is one insertion or one swap, so a panic leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, family: Family, metric: &str, amount: &V) {
        // The clock stays outside the lock, which every adder waits for.
        let now = Instant::now();
        let due = {
            let mut state = self.state();
            state.add(family, metric, amount);
            let due = now.saturating_duration_since(state.last_flush) >= self.interval;
            due.then(|| state.swap(now))
        };
        if let Some(totals) = due
            && self.deliver(totals).is_err()
        {
            self.failed.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn deliver(&self, totals: Totals<V>) -> Result<(), SinkError> {
        let mut left = Family::ALL
            .into_iter()
            .zip(totals)
            .flat_map(|(family, map)| map.into_iter().map(move |(metric, value)| (family, metric, value)));
        while let Some((family, metric, value)) = left.next() {
            if let Err(refused) = hand_over(&self.sink, family, &metric, &value) {
                let mut state = self.state();
                state.add(family, &metric, &value);
                for (family, metric, value) in left {
                    state.add(family, &metric, &value);
                }
                return Err(refused);
            }
        }
        Ok(())
    }
}

impl<V: Amount, S: Sink<V>> MetricsBuffer<V> for Hardened<V, S> {
    fn increment(&self, metric: &str, amount: V) -> Result<(), BufferError> {
        self.add(Family::Counter, metric, &amount);
        Ok(())
    }

    fn timing(&self, metric: &str, amount: V) -> Result<(), BufferError> {
        self.add(Family::Timer, metric, &amount);
        Ok(())
    }

    fn flush(&self) -> Result<(), BufferError> {
        let now = Instant::now();
        let totals = self.state().swap(now);
        Ok(self.deliver(totals)?)
    }

    fn held(&self) -> Vec<Total<V>> {
        let totals = self.state().totals.clone();
        Family::ALL
            .into_iter()
            .zip(totals)
            .flat_map(|(family, map)| map.into_iter().map(move |entry| (family, entry)))
            .map(|(family, (metric, value))| Total { family, metric: metric.into(), value })
            .collect()
    }
}
