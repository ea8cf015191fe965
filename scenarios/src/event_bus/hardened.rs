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
//! What it asks for in return: an unsubscribe waits for the running handler, so it must not be called with a lock that
//! the handler takes, and two handlers must not take each other out. From inside of its own handler (or of one that this
//! handler's call led to in the same thread) it cannot wait for that call, and returns while it runs; what is left in the
//! mailbox is delivered before it returns, the only case in which a handler is entered again. Mailboxes have no bound: an
//! emitter that is handed more than it can deliver goes on delivering, and what waits takes memory.
//!
//! A handler that panics does not keep the others from theirs: deliveries go on, the call counts as failed, and the panic
//! goes on when there is nothing left to deliver, in the thread in which it began.

use super::relock::me;
use super::tables::Audit;
use super::{BusError, Emitted, Event, EventBus, Handler, Subscription, Topic};
use racehunt_sync::atomic::{AtomicU64, Ordering};
use racehunt_sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::any::Any;
use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

/// One short critical section for both orders; dispatch outside of it.
pub struct Hardened<P> {
    state: Mutex<State<P>>,
    /// Someone left a mailbox for which an unsubscribe waits.
    left: Condvar,
    failed: AtomicU64,
}

struct State<P> {
    /// Copied on write: an emit takes its row along.
    table: BTreeMap<Topic, Row<P>>,
    /// By the number of the subscription, which is never used again.
    mailboxes: BTreeMap<u64, Mailbox<P>>,
    audit: Audit<P>,
    next: u64,
    /// Unsubscribes that wait.
    waiting: usize,
}

/// The subscriptions of one topic, in order.
type Row<P> = Arc<[(u64, Handler<P>)]>;

/// What is to be delivered to one subscription.
struct Mailbox<P> {
    /// As in the row; an unsubscribe has no row.
    handler: Handler<P>,
    queue: VecDeque<Arc<Event<P>>>,
    /// The thread that delivers from it.
    deliverer: Option<usize>,
    /// Nothing will be added: it goes when it is empty and left.
    closed: bool,
}

/// The way of an emit through its row.
struct Round<P> {
    row: Row<P>,
    at: usize,
    /// True while this round delivers from the mailbox at `at`.
    here: bool,
    me: usize,
}

type Panic = Box<dyn Any + Send>;

impl<P> State<P> {
    /// The next event that is for this round to deliver. Where a mailbox is empty it is left and the next one entered.
    fn next(&mut self, round: &mut Round<P>, left: &Condvar) -> Option<Arc<Event<P>>> {
        while let Some((number, _)) = round.row.get(round.at) {
            if let Some(mailbox) = self.mailboxes.get_mut(number)
                && (round.here || mailbox.deliverer.is_none())
            {
                if let Some(event) = mailbox.queue.pop_front() {
                    mailbox.deliverer = Some(round.me);
                    round.here = true;
                    return Some(event);
                }
                mailbox.deliverer = None;
                if mailbox.closed {
                    self.mailboxes.remove(number);
                }
                if self.waiting > 0 {
                    left.notify_all();
                }
            }
            round.here = false;
            round.at += 1;
        }
        None
    }

    /// Replaces a row. The old one is to be dropped outside of the lock.
    fn change(&mut self, topic: Topic, row: impl FnOnce(&[(u64, Handler<P>)]) -> Row<P>) -> Option<Row<P>> {
        let row = row(self.table.get(&topic).map_or(&[], |row| row));
        if row.is_empty() { self.table.remove(&topic) } else { self.table.insert(topic, row) }
    }
}

impl<P: Send + Sync> Hardened<P> {
    /// A bus without handlers whose log keeps the last `bound` events.
    #[must_use]
    pub fn new(bound: usize) -> Self {
        let state =
            State { table: BTreeMap::new(), mailboxes: BTreeMap::new(), audit: Audit::new(bound), next: 0, waiting: 0 };
        Self { state: Mutex::new(state), left: Condvar::new(), failed: AtomicU64::new(0) }
    }

    #[track_caller]
    fn state(&self) -> MutexGuard<'_, State<P>> {
        // Nothing under the lock calls out, so a panic leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// E4: one call; a panic is kept for later.
    fn call(&self, handler: &Handler<P>, event: &Event<P>, panic: &mut Option<Panic>) {
        let called = catch_unwind(AssertUnwindSafe(|| handler(event)));
        if !matches!(called, Ok(Ok(()))) {
            self.failed.fetch_add(1, Ordering::Relaxed);
        }
        if let Err(payload) = called {
            panic.get_or_insert(payload);
        }
    }

    /// Delivers what is in a closed mailbox, or waits for who does, until it is empty and no call runs.
    fn finish(&self, number: u64) {
        let (me, mut panic) = (me(), None);
        let mut state = self.state();
        while let Some(mailbox) = state.mailboxes.get_mut(&number) {
            let before = mailbox.deliverer;
            if before.is_some_and(|deliverer| deliverer != me) {
                state.waiting += 1;
                state = self.left.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.waiting -= 1;
                continue;
            }
            let Some(event) = mailbox.queue.pop_front() else {
                if before.is_none() {
                    let gone = state.mailboxes.remove(&number);
                    // Another unsubscribe of the same may wait.
                    if state.waiting > 0 {
                        self.left.notify_all();
                    }
                    drop(state);
                    drop(gone);
                }
                // Or else this is inside of the handler, whose caller will find the mailbox empty.
                break;
            };
            mailbox.deliverer = Some(me);
            let handler = Arc::clone(&mailbox.handler);
            drop(state);
            self.call(&handler, &event, &mut panic);
            drop(event);
            state = self.state();
            if let Some(mailbox) = state.mailboxes.get_mut(&number) {
                mailbox.deliverer = before;
            }
        }
        if let Some(payload) = panic {
            resume_unwind(payload);
        }
    }
}

impl<P: Send + Sync> EventBus<P> for Hardened<P> {
    fn subscribe(&self, topic: Topic, handler: Handler<P>) -> Subscription {
        let mut state = self.state();
        let number = state.next;
        state.next += 1;
        let queue = VecDeque::new();
        let mailbox = Mailbox { handler: Arc::clone(&handler), queue, deliverer: None, closed: false };
        state.mailboxes.insert(number, mailbox);
        let old = state.change(topic, |row| row.iter().cloned().chain([(number, handler)]).collect());
        drop(state);
        drop(old);
        Subscription { topic, number }
    }

    /// As the module's page says. A second one for the same subscription is told false, and returns no earlier.
    fn unsubscribe(&self, subscription: Subscription) -> bool {
        let Subscription { topic, number } = subscription;
        let mut state = self.state();
        let mut old = None;
        if let Some(mailbox) = state.mailboxes.get_mut(&number)
            && !std::mem::replace(&mut mailbox.closed, true)
        {
            old = state.change(topic, |row| row.iter().filter(|entry| entry.0 != number).cloned().collect());
        }
        drop(state);
        self.finish(number);
        old.is_some()
    }

    fn emit(&self, event: Arc<Event<P>>) -> Result<Emitted<P>, BusError> {
        let mut panic = None;
        let mut state = self.state();
        let evicted = state.audit.append(Arc::clone(&event));
        if let Some(row) = state.table.get(&event.topic).cloned() {
            for (number, _) in row.iter() {
                if let Some(mailbox) = state.mailboxes.get_mut(number) {
                    mailbox.queue.push_back(Arc::clone(&event));
                }
            }
            let mut round = Round { row, at: 0, here: false, me: me() };
            while let Some(event) = state.next(&mut round, &self.left) {
                drop(state);
                self.call(&round.row[round.at].1, &event, &mut panic);
                drop(event);
                state = self.state();
            }
            drop(state);
        }
        if let Some(payload) = panic {
            resume_unwind(payload);
        }
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
