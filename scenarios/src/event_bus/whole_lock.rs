//! The published fix, read the other way: one re-entrant lock around each call as a whole, handlers included.
//!
//! EB1, EB4 and EB8 are gone with EB2 and EB7: whoever returns from a call has waited for every handler. That is the new
//! race (EB5): a handler that waits for a thread which waits for the bus waits for ever, and any lock that handlers take
//! must never be held around a call of the bus. EB3 and EB6 stay: the caller's map is under no lock of the bus, and a
//! re-entrant lock lets a handler overtake its own event.

use super::relock::Relock;
use super::tables::Tables;
use super::{BusError, Emitted, Entry, Event, EventBus, Handler, Numbers, Payload, Subscription, Topic};
use racehunt_sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

/// Dispatch under the lock.
pub struct WholeLock<P> {
    tables: Relock<Tables<P>>,
    failed: AtomicU64,
    numbers: Numbers,
}

impl<P: Payload> WholeLock<P> {
    /// A bus without handlers whose log keeps the last `bound` events.
    #[must_use]
    pub fn new(bound: usize) -> Self {
        Self { tables: Relock::new(Tables::new(bound)), failed: AtomicU64::new(0), numbers: Numbers::default() }
    }
}

impl<P: Payload> EventBus<P> for WholeLock<P> {
    fn subscribe(&self, topic: Topic, handler: Handler<P>) -> Subscription {
        let subscription = self.numbers.next(topic);
        self.tables.hold().with(|tables| tables.table.add(topic, Entry { number: subscription.number, handler }));
        subscription
    }

    fn unsubscribe(&self, subscription: Subscription) -> bool {
        let removed = self.tables.hold().with(|tables| tables.table.remove(subscription));
        removed.is_some()
    }

    fn emit(&self, event: Arc<Event<P>>) -> Result<Emitted<P>, BusError> {
        let hold = self.tables.hold();
        let copy = Arc::new(event.deep_copy()?);
        let (evicted, handlers) = hold.with(|tables| (tables.audit.append(copy), tables.table.handlers(event.topic)));
        for entry in handlers {
            if (entry.handler)(&event).is_err() {
                self.failed.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(Emitted { evicted })
    }

    fn audit(&self) -> Result<Vec<Arc<Event<P>>>, BusError> {
        Ok(self.tables.hold().with(|tables| tables.audit.copy()))
    }

    fn audit_peak(&self) -> usize {
        self.tables.hold().with(|tables| tables.audit.peak())
    }

    fn failed_calls(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }
}
