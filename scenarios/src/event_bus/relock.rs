//! A re-entrant lock, as Python's `threading.RLock`: the thread that holds it may take it again.
//!
//! The outermost hold is a hold on the facade's mutex, so that a wait for it shows up in wait-for graphs with its holder.
//! Whether that holder is this very thread depends on nothing but this thread, so asking is no step.

use racehunt_sync::{Mutex, MutexGuard, PoisonError};
use std::sync::atomic::{AtomicUsize, Ordering};

racehunt_sync::thread_local! {
    static ME: u64 = const { 0 };
}

/// An even number that no other thread has while this one lives, never 0: the address of its own thread-local.
pub(super) fn me() -> usize {
    ME.with(|me| std::ptr::from_ref(me) as usize)
}

/// The lock.
pub(super) struct Relock<T> {
    outermost: Mutex<()>,
    owner: AtomicUsize,
    /// Locked for a moment at a time by the one that holds the lock, so never waited for.
    value: std::sync::Mutex<T>,
}

/// A hold. Holds of one thread are given up in the order opposite to that of their taking.
pub(super) struct Hold<'a, T> {
    lock: &'a Relock<T>,
    /// None if this thread held the lock before.
    outermost: Option<MutexGuard<'a, ()>>,
}

impl<T> Relock<T> {
    #[track_caller]
    pub(super) fn new(value: T) -> Self {
        Self { outermost: Mutex::new(()), owner: AtomicUsize::new(0), value: std::sync::Mutex::new(value) }
    }

    /// Takes the lock, again if this thread has it.
    #[track_caller]
    pub(super) fn hold(&self) -> Hold<'_, T> {
        // Relaxed will do: only this thread ever writes its own number.
        if self.owner.load(Ordering::Relaxed) == me() {
            return Hold { lock: self, outermost: None };
        }
        let outermost = self.outermost.lock().unwrap_or_else(PoisonError::into_inner);
        self.owner.store(me(), Ordering::Relaxed);
        Hold { lock: self, outermost: Some(outermost) }
    }
}

impl<T> Hold<'_, T> {
    /// Lends the value; `f` must not take a hold.
    pub(super) fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        f(&mut self.lock.value.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<T> Drop for Hold<'_, T> {
    fn drop(&mut self) {
        if self.outermost.is_some() {
            self.lock.owner.store(0, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn the_holder_takes_it_again_and_gives_it_up_with_its_outermost_hold() {
        let lock = Relock::new(1);
        let outer = lock.hold();
        {
            let inner = lock.hold();
            inner.with(|value| *value += 1);
        }
        let (send, receive) = mpsc::channel();
        std::thread::scope(|scope| {
            let other = scope.spawn(|| {
                send.send(()).unwrap();
                lock.hold().with(|value| *value += 10);
            });
            receive.recv().unwrap();
            outer.with(|value| {
                assert_eq!(*value, 2, "the other thread waits");
                *value = 5;
            });
            drop(outer);
            other.join().unwrap();
        });
        assert_eq!(lock.hold().with(|value| *value), 15);
    }

    #[test]
    fn a_panic_gives_it_up() {
        let lock = Relock::new(0);
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _outer = lock.hold();
            let _inner = lock.hold();
            panic!("inside");
        }));
        assert!(caught.is_err());
        std::thread::scope(|scope| {
            scope.spawn(|| lock.hold().with(|value| *value = 1)).join().unwrap();
        });
        assert_eq!(lock.hold().with(|value| *value), 1);
    }
}
