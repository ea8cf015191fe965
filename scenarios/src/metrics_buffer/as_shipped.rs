//! The buffer as arroyo ships it: live iteration, no lock.
//!
//! It shows MB1 to MB5 (see the system's table). The reported crash is the rare one: it takes a *new* metric between
//! two steps of a walk. An increment of a metric that is already there is lost without a word, at every flush that it
//! meets.

use super::amount::Amount;
use super::dict_maps::DictMaps;
use super::sink::{Sink, hand_over};
use super::{BufferError, Family, MetricsBuffer, Total};
use racehunt_sync::time::Duration;

/// Live iteration, no lock.
pub struct AsShipped<V, S> {
    maps: DictMaps<V>,
    sink: S,
}

impl<V: Amount, S: Sink<V>> AsShipped<V, S> {
    /// An empty buffer that flushes by itself when the last flush is `interval` old.
    pub fn new(interval: Duration, sink: S) -> Self {
        Self { maps: DictMaps::new(interval), sink }
    }

    fn add(&self, family: Family, metric: &str, amount: &V) -> Result<(), BufferError> {
        self.maps.add(family, metric, amount);
        if self.maps.is_due() { self.flush() } else { Ok(()) }
    }
}

impl<V: Amount, S: Sink<V>> MetricsBuffer<V> for AsShipped<V, S> {
    fn increment(&self, metric: &str, amount: V) -> Result<(), BufferError> {
        self.add(Family::Counter, metric, &amount)
    }

    fn timing(&self, metric: &str, amount: V) -> Result<(), BufferError> {
        self.add(Family::Timer, metric, &amount)
    }

    /// An error on the way leaves the maps as they are: what was handed over will be handed over again.
    fn flush(&self) -> Result<(), BufferError> {
        for family in Family::ALL {
            for entry in self.maps.family(family).iter() {
                let (metric, value) = entry?;
                hand_over(&self.sink, family, &metric, &value)?;
            }
        }
        self.maps.reset();
        Ok(())
    }

    fn held(&self) -> Vec<Total<V>> {
        self.maps.held()
    }
}
