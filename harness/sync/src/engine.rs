//! Which engine runs the code on this OS thread: chosen at run time, looked at when an object is made.

use std::cell::Cell;

/// What executes the operations of the types made on this thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Engine {
    /// Real threads; the std types underneath.
    #[default]
    Native,
    /// One schedule at a time, picked by a strategy (sequentially consistent).
    Shuttle,
    /// Every schedule within a bound, under the C11 memory model.
    Loom,
}

impl Engine {
    /// True for the engines that control the schedule.
    #[must_use]
    pub fn is_model(self) -> bool {
        self != Self::Native
    }
}

thread_local! {
    static CURRENT: Cell<Engine> = const { Cell::new(Engine::Native) };
}

/// The engine of this OS thread. Every object remembers the one it was made under.
#[must_use]
pub fn current() -> Engine {
    CURRENT.get()
}

/// True if the engine itself ended the execution that runs on this OS thread (a deadlock, a stop): its panic is nobody
/// else's to catch.
#[must_use]
pub fn failed() -> bool {
    crate::model::failed()
}

/// Makes `engine` current on this OS thread until the guard is dropped.
#[must_use = "the engine is left when the guard is dropped"]
pub fn enter(engine: Engine) -> Entered {
    Entered(CURRENT.replace(engine))
}

/// Puts the engine back that was current before [`enter`].
#[derive(Debug)]
pub struct Entered(Engine);

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}
