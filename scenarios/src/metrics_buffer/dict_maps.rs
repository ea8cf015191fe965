//! What the two Python variants have in common: the dictionaries, the add, the due-check and the reset.

use super::amount::Amount;
use super::dict::Dict;
use super::{Family, Total};
use racehunt_sync::shared::Shared;
use racehunt_sync::time::{Duration, Instant};
use std::sync::Arc;

/// Two dictionaries and the time of the last flush, none of them guarded.
pub(super) struct DictMaps<V> {
    pub(super) timers: Dict<Arc<str>, V>,
    pub(super) counters: Dict<Arc<str>, V>,
    last_flush: Shared<Instant>,
    interval: Duration,
}

impl<V: Amount> DictMaps<V> {
    pub(super) fn new(interval: Duration) -> Self {
        Self {
            timers: Dict::new("timers"),
            counters: Dict::new("counters"),
            last_flush: Shared::new("last_flush", Instant::now()),
            interval,
        }
    }

    pub(super) fn family(&self, family: Family) -> &Dict<Arc<str>, V> {
        match family {
            Family::Timer => &self.timers,
            Family::Counter => &self.counters,
        }
    }

    /// I1 and I2: `d[metric] += amount`, a read and a write.
    pub(super) fn add(&self, family: Family, metric: &str, amount: &V) {
        let dict = self.family(family);
        let mut sum = dict.get(metric).unwrap_or_default();
        sum.add(amount);
        dict.set(metric, sum);
    }

    /// I3. arroyo asks for *more* than the interval; not less is the same to the nanosecond, and makes an interval of
    /// zero mean "at every add" also where the clock stands still.
    pub(super) fn is_due(&self) -> bool {
        let last = self.last_flush.read("due?", |last| *last);
        Instant::now().saturating_duration_since(last) >= self.interval
    }

    /// F4, F5 and F6.
    pub(super) fn reset(&self) {
        self.timers.clear();
        self.counters.clear();
        let now = Instant::now();
        self.last_flush.write("set-time", |last| *last = now);
    }

    pub(super) fn held(&self) -> Vec<Total<V>> {
        Family::ALL
            .into_iter()
            .flat_map(|family| self.family(family).items().into_iter().map(move |entry| (family, entry)))
            .map(|(family, (metric, value))| Total { family, metric: metric.as_ref().to_owned(), value })
            .collect()
    }
}
