//! The bus done right: one short critical section decides both orders, and no lock is held while a handler runs.
//!
//! * **One order.** In the critical section of an emit the event gets its place in the log and is put into the mailbox of
//!   every subscription that matches. So each subscription sees events in the order of the log, whoever emitted them (EB4),
//!   and what a handler emits stands behind what was there (EB6).
//! * **Nobody waits for a handler but an unsubscribe.** The emitter then delivers from those mailboxes that nobody else
//!   delivers from at the moment, its own event and what it finds there. One that another emitter is at it leaves alone:
//!   *that* emitter delivers the event, and this emit may return before it does. So a handler is never called twice at
//!   once, and no emit waits for another (EB5). Without such company, handlers have run when the emit returns.
//! * **An unsubscribe is final.** It takes the subscription out of the table, which is copied on write, and returns when
//!   all that was in the mailbox before is delivered (it helps) and no call is running (EB1). An event whose emit returned
//!   after the subscribe had and before the unsubscribe began is delivered exactly once.
//! * **Payloads are frozen.** The bus shares an event and never copies it: its type must not let anyone change it (EB3).
//! * The log and the table are only touched under the lock (EB2, EB7, EB8), and nothing of the caller's runs under it: no
//!   handler, no destructor.
//!
//! Without company an emit takes the lock once. Its first mailbox it enters there, and hands its event over without
//! putting it in; into the others it puts it, and enters each when it is done with the one before: a handler that waits
//! keeps its emitter from the next mailbox, but nobody else.
//!
//! What it asks for in return: an unsubscribe waits for the running handler, so it must not be called with a lock that
//! the handler takes, and two handlers must not take each other out. From inside of its own handler (or of one that this
//! handler's call led to in the same thread) it cannot wait for that call, and returns while it runs; what is left in the
//! mailbox is delivered before it returns, the only case in which a handler is entered again.
//!
//! Mailboxes have no bound, or an emit would have to wait or be refused. Where one is crowded, its emitters slow down: each
//! stands by for a moment, and a deliverer that has done its share hands the rest over to one that does. So nobody
//! delivers for ever, but a handler that is slower than its events come for good takes memory without end.
//!
//! A handler that panics does not keep the others from theirs: deliveries go on, the call counts as failed, and the panic
//! goes on when there is nothing left to deliver, in the thread in which it began.

mod mailbox;

use super::relock::me;
use super::tables::Audit;
use super::{BusError, Emitted, Event, EventBus, Handler, Subscription, Topic};
use mailbox::{Mailbox, Round};
use racehunt_sync::atomic::{AtomicU64, Ordering};
use racehunt_sync::{Mutex, MutexGuard, PoisonError};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One short critical section for both orders; dispatch outside of it.
pub struct Hardened<P> {
    state: Mutex<State<P>>,
    crowd: usize,
    failed: AtomicU64,
}

struct State<P> {
    /// Copied on write: an emit takes its row along.
    table: BTreeMap<Topic, Row<P>>,
    audit: Audit<P>,
    next: u64,
}

/// The subscriptions of one topic, in order.
type Row<P> = Arc<[Arc<Mailbox<P>>]>;

impl<P> State<P> {
    /// Replaces a row. The old one is to be dropped outside of the lock.
    fn change(&mut self, topic: Topic, row: impl FnOnce(&[Arc<Mailbox<P>>]) -> Row<P>) -> Option<Row<P>> {
        let row = row(self.table.get(&topic).map_or(&[], |row| row));
        if row.is_empty() { self.table.remove(&topic) } else { self.table.insert(topic, row) }
    }
}

impl<P: Send + Sync> Hardened<P> {
    /// A bus without handlers whose log keeps the last `bound` events.
    #[must_use]
    pub fn new(bound: usize) -> Self {
        Self::with_crowd(bound, Self::CROWD)
    }

    /// Undelivered events of one subscription above which emitters begin to stand by, as [`Hardened::new`] has it.
    pub const CROWD: usize = 64;

    /// As [`Hardened::new`], with another [`Hardened::CROWD`].
    #[must_use]
    pub fn with_crowd(bound: usize, crowd: usize) -> Self {
        let state = State { table: BTreeMap::new(), audit: Audit::new(bound), next: 0 };
        Self { state: Mutex::new(state), crowd, failed: AtomicU64::new(0) }
    }

    #[track_caller]
    fn state(&self) -> MutexGuard<'_, State<P>> {
        // Nothing under the lock calls out, so a panic leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<P: Send + Sync> EventBus<P> for Hardened<P> {
    fn subscribe(&self, topic: Topic, handler: Handler<P>) -> Subscription {
        let mut state = self.state();
        let number = state.next;
        state.next += 1;
        let mailbox = Arc::new(Mailbox::new(number, handler));
        let old = state.change(topic, |row| row.iter().cloned().chain([mailbox]).collect());
        drop(state);
        drop(old);
        Subscription { topic, number }
    }

    /// As the module's page says. A second one for the same subscription is told false at once.
    fn unsubscribe(&self, subscription: Subscription) -> bool {
        let Subscription { topic, number } = subscription;
        let mut state = self.state();
        let mailbox =
            state.table.get(&topic).and_then(|row| row.iter().find(|mailbox| mailbox.number == number).cloned());
        let Some(mailbox) = mailbox else { return false };
        let old = state.change(topic, |row| row.iter().filter(|mailbox| mailbox.number != number).cloned().collect());
        drop(state);
        drop(old);
        let mut round = Round::new(me(), self.crowd, &self.failed);
        mailbox.finish(&mut round);
        round.end();
        true
    }

    fn emit(&self, event: Arc<Event<P>>) -> Result<Emitted<P>, BusError> {
        let me = me();
        let mut state = self.state();
        let evicted = state.audit.append(Arc::clone(&event));
        let row = state.table.get(&event.topic).cloned();
        let mut others: &[Arc<Mailbox<P>>] = row.as_deref().unwrap_or_default();
        let mut entered = None;
        if let Some((first, rest)) = others.split_first()
            && first.enter_free(me)
        {
            (entered, others) = (Some(first), rest);
        }
        for mailbox in others {
            mailbox.put(Arc::clone(&event));
        }
        drop(state);
        let mut round = Round::new(me, self.crowd, &self.failed);
        if let Some(first) = entered {
            round.call(&first.handler, &event);
            first.deliver_rest(&mut round);
        }
        for mailbox in others {
            mailbox.deliver(&mut round);
        }
        round.end();
        Ok(Emitted { evicted })
    }

    fn audit(&self) -> Result<Vec<Arc<Event<P>>>, BusError> {
        Ok(self.state().audit.copy())
    }

    fn audit_peak(&self) -> usize {
        self.state().audit.peak()
    }

    fn failed_calls(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }
}
