//! What the two readings of the published fix keep under their lock.

use super::{Entry, Event, Subscription, Topic};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// The table of handlers.
pub(super) struct Table<P>(BTreeMap<Topic, Vec<Entry<P>>>);

impl<P> Default for Table<P> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<P> Table<P> {
    pub(super) fn add(&mut self, topic: Topic, entry: Entry<P>) {
        self.0.entry(topic).or_default().push(entry);
    }

    /// To be dropped outside of the lock: what a handler owns may call the bus in its destructor.
    pub(super) fn remove(&mut self, subscription: Subscription) -> Option<Entry<P>> {
        let entries = self.0.get_mut(&subscription.topic)?;
        let at = entries.iter().position(|entry| entry.number == subscription.number)?;
        Some(entries.remove(at))
    }

    /// E3: a copy.
    pub(super) fn handlers(&self, topic: Topic) -> Vec<Entry<P>> {
        self.0.get(&topic).cloned().unwrap_or_default()
    }
}

/// The last events, oldest first.
pub(super) struct Audit<P> {
    entries: VecDeque<Arc<Event<P>>>,
    bound: usize,
    peak: usize,
}

impl<P> Audit<P> {
    pub(super) fn new(bound: usize) -> Self {
        Self { entries: VecDeque::new(), bound, peak: 0 }
    }

    /// E2: makes room and appends.
    pub(super) fn append(&mut self, event: Arc<Event<P>>) -> Option<Arc<Event<P>>> {
        let full = self.entries.len() >= self.bound;
        let evicted = if full { self.entries.pop_front() } else { None };
        self.entries.push_back(event);
        self.peak = self.peak.max(self.entries.len());
        evicted
    }

    pub(super) fn copy(&self) -> Vec<Arc<Event<P>>> {
        self.entries.iter().cloned().collect()
    }

    pub(super) fn peak(&self) -> usize {
        self.peak
    }
}

/// Both.
pub(super) struct Tables<P> {
    pub(super) table: Table<P>,
    pub(super) audit: Audit<P>,
}

impl<P> Tables<P> {
    pub(super) fn new(bound: usize) -> Self {
        Self { table: Table::default(), audit: Audit::new(bound) }
    }
}
