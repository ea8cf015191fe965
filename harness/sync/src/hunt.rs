//! The names with the feature `hunt` on: each type picks its engine when it is made.

pub mod atomic;
mod barrier;
pub mod cell;
mod condvar;
pub mod fs;
pub mod hint;
pub mod mpsc;
mod mutex;
mod once;
pub mod os;
pub mod process;
mod rwlock;
pub mod shared;
pub mod thread;
pub mod time;

pub use barrier::{Barrier, BarrierWaitResult};
pub use condvar::{Condvar, WaitTimeoutResult};
pub use mutex::{Mutex, MutexGuard};
pub use once::{LazyLock, Once, OnceLock, OnceState};
pub use rwlock::{RwLock, RwLockReadGuard, RwLockWriteGuard};
pub use std::sync::{Arc, LockResult, PoisonError, TryLockError, TryLockResult, Weak};

/// A new execution begins on this OS thread.
pub(crate) fn reset() {
    thread::reset();
    once::reset();
    fs::reset();
}
