//! Handlers of the harness: each tells when it was called, and may do what handlers do in the field.

use super::instance::BusInstance;
use super::letter::Letter;
use super::{Event, HandlerError, Topic, lent};
use racehunt_core::history::What;
use racehunt_core::id::Id;
use racehunt_sync::shared::Shared;
use std::sync::{Arc, Weak};

/// What a handler does besides telling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Does {
    /// Nothing.
    Plain,
    /// It fails.
    Fails,
    /// It emits an event of the same topic for each that no handler emitted.
    Emits,
    /// It takes itself out when it is called first.
    Unsubscribes,
    /// It registers a plain handler of the same topic when it is called first.
    Subscribes,
    /// It waits for a `release`.
    Waits,
    /// It takes a lock of the application's for a moment.
    AppLock,
}

/// One handler, under one registration.
pub(super) struct Probe {
    pub(super) id: Id,
    pub(super) topic: Topic,
    does: Does,
    /// How often it was called.
    calls: Shared<u64>,
    bus: Weak<BusInstance>,
}

impl Probe {
    pub(super) fn new(id: Id, topic: Topic, does: Does, bus: &Weak<BusInstance>) -> Arc<Self> {
        Arc::new(Self { id, topic, does, calls: Shared::new("handler", 0), bus: Weak::clone(bus) })
    }

    /// One call. Its moment is that of its first step: until then the schedule may hold it back.
    pub(super) fn call(self: &Arc<Self>, event: &Event<Letter>) -> Result<(), HandlerError> {
        let clock = lent::actor(|actor| actor.clock());
        let (from, nth) = self.calls.write("called", |calls| {
            *calls += 1;
            (clock(), *calls)
        });
        let done = self.act(event, nth == 1);
        let id = event.payload.id;
        lent::actor(|actor| actor.note(from, What::Handle { handler: self.id, id }));
        done
    }

    fn act(self: &Arc<Self>, event: &Event<Letter>, is_first: bool) -> Result<(), HandlerError> {
        // Gone only when nobody calls any more.
        let Some(bus) = self.bus.upgrade() else { return Ok(()) };
        match self.does {
            Does::Emits if !event.payload.is_answer => {
                bus.emit(event.topic, true).map(drop).map_err(|error| HandlerError(error.to_string()))
            }
            Does::Unsubscribes if is_first => {
                bus.unsubscribe_probe(self);
                Ok(())
            }
            Does::Subscribes if is_first => {
                bus.subscribe(event.topic);
                Ok(())
            }
            Does::Waits => {
                bus.await_release();
                Ok(())
            }
            Does::AppLock => {
                drop(bus.app_lock());
                Ok(())
            }
            Does::Fails => Err(HandlerError("as it was told to".to_owned())),
            Does::Plain | Does::Emits | Does::Unsubscribes | Does::Subscribes => Ok(()),
        }
    }

    /// A step that no model may take to be independent of a call's beginning: stands after the unsubscribe that took this
    /// handler out, so that both orders of the two are explored.
    pub(super) fn was_taken_out(&self) {
        self.calls.read("taken out", |_| ());
    }
}
