//! A bus that hands events to handlers and keeps an audit log, after `CleverAgents`' `ReactiveEventBus`.
//!
//! The field report in three lines: any thread subscribes, unsubscribes and emits; an emit writes a deep copy of its event
//! into a bounded audit log and then calls the handlers of the event's type in its own thread. Nothing is locked, though
//! workers, tasks and signal handlers share one bus: handlers are skipped, called after they were taken out, and a reader
//! of the log dies of its iteration. The fix that was asked for is one re-entrant lock "around all accesses"; whether
//! handlers run inside of it, the report does not say.
//!
//! # The steps
//!
//! An emit is E1 deep-copy the event, E2 make room in the audit log and append, E3 copy the list of handlers, E4.i call
//! handler i. A subscribe is S1 get the list of the type, S2 put a new one if there is none, S3 append. Any other thread
//! may run between two steps.
//!
//! # What each variant gets wrong
//!
//! S is [`as_shipped`]; L is [`snapshot_lock`] (E2 and E3 under one lock, E4 outside of it) and W is [`whole_lock`] (all of
//! the emit under it), the two readings of the fix.
//!
//! | | interleaving (`│`: another thread runs) | effect |
//! |---|---|---|
//! | S L | `E: E3 │ U: unsubscribe returns │ E: E4` | EB1: a handler is called after it was taken out |
//! | S | `A: S1 (none) │ B: S1 S2 S3 │ A: S2 S3` | EB2: B's handler is gone for good |
//! | S L W | `E: E1 walks the payload │ M: changes it │ E: E1` | EB3: an error, and the event is lost |
//! | S L | `A: E2 │ B: E2 E4 │ A: E4` | EB4: handlers see another order than the log has |
//! | W | `E: lock, E4 (waits for T) │ T: subscribe waits for the lock` | EB5: deadlock |
//! | S L W | none: handler 1 emits again before handler 2 was called | EB6: handler 2 sees the second event first |
//! | S | `R: walks the log │ E: E2 │ R: goes on` | EB7: an error |
//! | S | `A: E2 (is there room?) │ B: E2 │ A: E2` | EB8: more entries than the bound |
//!
//! [`hardened`] has none of them. Its page says what it asks of its callers in return.
//!
//! # How it is judged
//!
//! By the intervals of calls. A handler of the harness tells in its first step that it was called, so that a call which
//! the schedule holds back is judged by when it really began.

mod argued;
pub mod as_shipped;
pub mod details;
pub mod hardened;
mod instance;
mod lent;
mod letter;
mod probe;
pub mod python;
mod relock;
mod settings;
pub mod snapshot_lock;
mod subject;
mod tables;
pub mod whole_lock;

pub use as_shipped::AsShipped;
pub use details::{Details, Frozen};
pub use hardened::Hardened;
pub use snapshot_lock::SnapshotLock;
pub use subject::EventBusSubject;
pub use whole_lock::WholeLock;

use crate::metrics_buffer::dict::SizeChanged;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The type of an event: what a handler subscribes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Topic(pub u32);

impl From<&Topic> for Topic {
    fn from(topic: &Topic) -> Self {
        *topic
    }
}

/// One event.
#[derive(Debug)]
pub struct Event<P> {
    /// Its type.
    pub topic: Topic,
    /// What it carries.
    pub payload: P,
}

impl<P: Payload> Event<P> {
    /// E1: a copy that shares nothing with this one.
    ///
    /// # Errors
    /// When the payload changed while it was walked.
    pub fn deep_copy(&self) -> Result<Self, SizeChanged> {
        Ok(Self { topic: self.topic, payload: self.payload.deep_copy()? })
    }
}

/// What an event carries.
pub trait Payload: Send + Sync + Sized + 'static {
    /// A copy that shares nothing with this one.
    ///
    /// # Errors
    /// When it changed while it was walked.
    fn deep_copy(&self) -> Result<Self, SizeChanged>;
}

/// A handler's own failure: the bus counts it, and the next handler runs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct HandlerError(pub String);

/// Takes an event. It may call the bus.
pub type Handler<P> = Arc<dyn Fn(&Event<P>) -> Result<(), HandlerError> + Send + Sync>;

/// What a subscribe gives, and an unsubscribe takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Subscription {
    topic: Topic,
    number: u64,
}

/// An event was taken.
#[derive(Debug)]
pub struct Emitted<P> {
    /// The entry of the audit log that had to make room for it.
    pub evicted: Option<Arc<Event<P>>>,
}

/// Hands events to handlers. Any thread may call anything, and so may a handler.
pub trait EventBus<P>: Send + Sync {
    /// From now on events of `topic` go to `handler` too.
    fn subscribe(&self, topic: Topic, handler: Handler<P>) -> Subscription;

    /// Takes a handler out. False if it was not there (any more).
    fn unsubscribe(&self, subscription: Subscription) -> bool;

    /// Writes the event into the audit log and calls its handlers.
    ///
    /// # Errors
    /// When the event was neither logged nor handed to anyone.
    fn emit(&self, event: Arc<Event<P>>) -> Result<Emitted<P>, BusError>;

    /// The audit log, oldest first.
    ///
    /// # Errors
    /// When it changed while it was walked.
    fn audit(&self) -> Result<Vec<Arc<Event<P>>>, BusError>;

    /// The most entries that the audit log had at once.
    fn audit_peak(&self) -> usize;

    /// Calls of handlers that failed.
    fn failed_calls(&self) -> u64;
}

/// Why a call of an [`EventBus`] failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BusError {
    /// A payload changed while it was copied.
    #[error(transparent)]
    Payload(#[from] SizeChanged),
    /// The audit log changed while it was read.
    #[error("deque mutated during iteration")]
    Audit,
    /// The oldest entry of the audit log was gone when it was to make room.
    #[error("pop from an empty deque")]
    NothingToEvict,
}

impl BusError {
    /// Stable name of the error.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Payload(_) => "payload-iteration",
            Self::Audit => "audit-iteration",
            Self::NothingToEvict => "nothing-to-evict",
        }
    }
}

/// Tells registrations apart, as the address of a handler does in Python. Nothing hangs on the order, so this is no step.
#[derive(Debug, Default)]
struct Numbers(AtomicU64);

impl Numbers {
    fn next(&self, topic: Topic) -> Subscription {
        Subscription { topic, number: self.0.fetch_add(1, Ordering::Relaxed) }
    }
}

/// A handler with its registration.
struct Entry<P> {
    number: u64,
    handler: Handler<P>,
}

impl<P> Clone for Entry<P> {
    fn clone(&self) -> Self {
        Self { number: self.number, handler: Arc::clone(&self.handler) }
    }
}
