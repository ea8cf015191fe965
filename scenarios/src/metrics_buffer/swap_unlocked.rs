//! The next idea after the published fix: swap the maps for empty ones, without a lock.
//!
//! Each map adds atomically here (as a concurrent map with an entry call does), so that the reference is the only race
//! left, MB6:
//!
//! * `A: fetches the maps │ D: swaps, hands over │ A: adds to the old maps`: lost, nobody will look there again.
//! * `D: fetches the maps │ E: fetches the same maps │ both swap, both hand over`: delivered twice.
//!
//! Fetching and replacing the reference are atomic, one by one. It is the two together, and the add with its fetch,
//! that would have to be.

use super::amount::Amount;
use super::sink::{Sink, hand_over};
use super::{BufferError, Family, MetricsBuffer, Total};
use racehunt_sync::shared::Shared;
use racehunt_sync::time::{Duration, Instant};
use std::collections::BTreeMap;
use std::sync::Arc;

type Map<V> = Shared<BTreeMap<Arc<str>, V>>;

struct Maps<V> {
    timers: Map<V>,
    counters: Map<V>,
}

impl<V: Amount> Maps<V> {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            timers: Shared::new("timers", BTreeMap::new()),
            counters: Shared::new("counters", BTreeMap::new()),
        })
    }

    fn family(&self, family: Family) -> &Map<V> {
        match family {
            Family::Timer => &self.timers,
            Family::Counter => &self.counters,
        }
    }

    fn items(&self, family: Family) -> Vec<(Arc<str>, V)> {
        self.family(family).read("items", |map| map.iter().map(|(k, v)| (Arc::clone(k), v.clone())).collect())
    }
}

/// Maps behind one reference that is fetched and replaced without a lock.
pub struct SwapUnlocked<V, S> {
    current: Shared<Arc<Maps<V>>>,
    last_flush: Shared<Instant>,
    interval: Duration,
    sink: S,
}

impl<V: Amount, S: Sink<V>> SwapUnlocked<V, S> {
    /// An empty buffer that flushes by itself when the last flush is `interval` old.
    pub fn new(interval: Duration, sink: S) -> Self {
        Self {
            current: Shared::new("maps", Maps::new()),
            last_flush: Shared::new("last_flush", Instant::now()),
            interval,
            sink,
        }
    }

    fn fetch(&self) -> Arc<Maps<V>> {
        self.current.read("fetch", Arc::clone)
    }

    fn add(&self, family: Family, metric: &str, amount: &V) -> Result<(), BufferError> {
        let maps = self.fetch();
        maps.family(family).write("add", |map| match map.get_mut(metric) {
            Some(sum) => sum.add(amount),
            None => drop(map.insert(metric.into(), amount.clone())),
        });
        let last = self.last_flush.read("due?", |last| *last);
        if Instant::now().saturating_duration_since(last) >= self.interval { self.flush() } else { Ok(()) }
    }
}

impl<V: Amount, S: Sink<V>> MetricsBuffer<V> for SwapUnlocked<V, S> {
    fn increment(&self, metric: &str, amount: V) -> Result<(), BufferError> {
        self.add(Family::Counter, metric, &amount)
    }

    fn timing(&self, metric: &str, amount: V) -> Result<(), BufferError> {
        self.add(Family::Timer, metric, &amount)
    }

    /// A sink that fails costs the totals not yet handed over: they are in the old maps.
    fn flush(&self) -> Result<(), BufferError> {
        let old = self.fetch();
        let empty = Maps::new();
        self.current.write("replace", |current| *current = empty);
        for family in Family::ALL {
            for (metric, value) in old.items(family) {
                hand_over(&self.sink, family, &metric, &value)?;
            }
        }
        let now = Instant::now();
        self.last_flush.write("set-time", |last| *last = now);
        Ok(())
    }

    fn held(&self) -> Vec<Total<V>> {
        let maps = self.fetch();
        Family::ALL
            .into_iter()
            .flat_map(|family| maps.items(family).into_iter().map(move |entry| (family, entry)))
            .map(|(family, (metric, value))| Total { family, metric: metric.as_ref().to_owned(), value })
            .collect()
    }
}
