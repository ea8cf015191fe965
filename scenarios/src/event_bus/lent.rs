//! The actor whose call runs in this thread, for the handlers that the call runs.

use racehunt_core::subject::Actor;
use std::cell::RefCell;

racehunt_sync::thread_local! {
    static ACTING: RefCell<Option<Actor>> = const { RefCell::new(None) };
}

/// An actor that is lent to its thread until this is dropped.
pub(super) struct Lent<'a>(&'a mut Actor);

impl<'a> Lent<'a> {
    pub(super) fn new(actor: &'a mut Actor) -> Self {
        let own = std::mem::replace(actor, Actor::new(0, 0));
        ACTING.set(Some(own));
        Self(actor)
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if let Some(own) = ACTING.take() {
            *self.0 = own;
        }
    }
}

/// Something with the actor of this thread. Not from inside of another such.
///
/// # Panics
/// In a thread that no actor's call runs in.
pub(super) fn actor<R>(f: impl FnOnce(&mut Actor) -> R) -> R {
    ACTING.with_borrow_mut(|acting| f(acting.as_mut().expect("handlers run in an actor's thread")))
}
