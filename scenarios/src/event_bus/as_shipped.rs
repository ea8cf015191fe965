//! The bus as shipped: Python's own atomic operations, no lock.
//!
//! It shows all of the system's table but EB5. What the report names first, a crash of the emit that walks the table, it
//! does not have: the emit copies the list of handlers in one step. What walks is a reader of the log (EB7) and the
//! deep copy (EB3).

use super::python::{Deque, List};
use super::{BusError, Emitted, Entry, Event, EventBus, Handler, Numbers, Payload, Subscription, Topic};
use crate::metrics_buffer::dict::Dict;
use racehunt_sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

/// No lock.
pub struct AsShipped<P> {
    table: Dict<Topic, Arc<List<Entry<P>>>>,
    audit: Deque<Arc<Event<P>>>,
    bound: usize,
    failed: AtomicU64,
    numbers: Numbers,
}

impl<P: Payload> AsShipped<P> {
    /// A bus without handlers whose log keeps the last `bound` events.
    #[must_use]
    pub fn new(bound: usize) -> Self {
        Self {
            table: Dict::new("subscriptions"),
            audit: Deque::new("audit"),
            bound,
            failed: AtomicU64::new(0),
            numbers: Numbers::default(),
        }
    }

    /// E2: looks whether there is room, makes some, appends: up to three steps (EB8).
    fn log(&self, event: Event<P>) -> Result<Emitted<P>, BusError> {
        let mut evicted = None;
        if self.audit.len() >= self.bound {
            evicted = Some(self.audit.popleft().ok_or(BusError::NothingToEvict)?);
        }
        self.audit.append(Arc::new(event));
        Ok(Emitted { evicted })
    }
}

impl<P: Payload> EventBus<P> for AsShipped<P> {
    /// S1, S2, S3: two first subscribers may each put a list, and the second list replaces the first (EB2).
    fn subscribe(&self, topic: Topic, handler: Handler<P>) -> Subscription {
        let subscription = self.numbers.next(topic);
        let list = self.table.get(&topic).unwrap_or_else(|| {
            let list = Arc::new(List::new("handlers"));
            self.table.set(&topic, Arc::clone(&list));
            list
        });
        list.append(Entry { number: subscription.number, handler });
        subscription
    }

    fn unsubscribe(&self, subscription: Subscription) -> bool {
        let list = self.table.get(&subscription.topic);
        list.is_some_and(|list| list.remove(|entry| entry.number == subscription.number))
    }

    fn emit(&self, event: Arc<Event<P>>) -> Result<Emitted<P>, BusError> {
        let emitted = self.log(event.deep_copy()?)?;
        let handlers = self.table.get(&event.topic).map(|list| list.copy()).unwrap_or_default();
        for entry in handlers {
            if (entry.handler)(&event).is_err() {
                self.failed.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(emitted)
    }

    /// Walks the live log (EB7).
    fn audit(&self) -> Result<Vec<Arc<Event<P>>>, BusError> {
        self.audit.iter().collect::<Result<_, _>>().map_err(|_| BusError::Audit)
    }

    fn audit_peak(&self) -> usize {
        self.audit.peak()
    }

    fn failed_calls(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }
}
