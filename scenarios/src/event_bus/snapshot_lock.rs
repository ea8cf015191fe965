//! The published fix, read one way: a lock around the table and the log, handlers called outside of it.
//!
//! EB2, EB7 and EB8 are gone. A handler that an emit has copied may still be called when its unsubscribe has long returned
//! (EB1); two emits log in one order and dispatch in the other (EB4); a payload that its owner still changes fails the
//! emit (EB3), and a handler that emits overtakes its own event (EB6).
//!
//! The report asks for a re-entrant lock. Nothing that could call the bus runs under this one, so a plain one does the
//! same, and is faster.

use super::tables::Tables;
use super::{BusError, Emitted, Entry, Event, EventBus, Handler, Numbers, Payload, Subscription, Topic};
use racehunt_sync::atomic::{AtomicU64, Ordering};
use racehunt_sync::{Mutex, MutexGuard, PoisonError};
use std::sync::Arc;

/// Dispatch outside of the lock.
pub struct SnapshotLock<P> {
    tables: Mutex<Tables<P>>,
    failed: AtomicU64,
    numbers: Numbers,
}

impl<P: Payload> SnapshotLock<P> {
    /// A bus without handlers whose log keeps the last `bound` events.
    #[must_use]
    pub fn new(bound: usize) -> Self {
        Self { tables: Mutex::new(Tables::new(bound)), failed: AtomicU64::new(0), numbers: Numbers::default() }
    }

    #[track_caller]
    fn tables(&self) -> MutexGuard<'_, Tables<P>> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<P: Payload> EventBus<P> for SnapshotLock<P> {
    fn subscribe(&self, topic: Topic, handler: Handler<P>) -> Subscription {
        let subscription = self.numbers.next(topic);
        self.tables().table.add(topic, Entry { number: subscription.number, handler });
        subscription
    }

    fn unsubscribe(&self, subscription: Subscription) -> bool {
        let removed = self.tables().table.remove(subscription);
        removed.is_some()
    }

    fn emit(&self, event: Arc<Event<P>>) -> Result<Emitted<P>, BusError> {
        let copy = Arc::new(event.deep_copy()?);
        let (evicted, handlers) = {
            let mut tables = self.tables();
            (tables.audit.append(copy), tables.table.handlers(event.topic))
        };
        for entry in handlers {
            if (entry.handler)(&event).is_err() {
                self.failed.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(Emitted { evicted })
    }

    fn audit(&self) -> Result<Vec<Arc<Event<P>>>, BusError> {
        Ok(self.tables().audit.copy())
    }

    fn audit_peak(&self) -> usize {
        self.tables().audit.peak()
    }

    fn failed_calls(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }
}
