//! `LazyLock`.

use std::fmt;
use std::ops::Deref;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::OnceLock;
use super::table::Key;
use crate::engine;
use crate::hook::Site;

/// [`std::sync::LazyLock`]. The initialiser is `Fn`, since a static runs it once in each execution of a model.
pub struct LazyLock<T: 'static, F = fn() -> T> {
    value: OnceLock<T>,
    init: F,
    /// True natively once the initialiser has panicked.
    poisoned: AtomicBool,
    /// The same of an execution: set once the initialiser has panicked.
    panicked: Key,
}

/// Poisons unless it is forgotten.
struct Poison<'a, T: 'static, F>(&'a LazyLock<T, F>, Site);

impl<T, F> Drop for Poison<'_, T, F> {
    fn drop(&mut self) {
        if engine::current().is_model() {
            self.0.panicked.entry::<()>("LazyLock", self.1).mark();
        } else {
            self.0.poisoned.store(true, Relaxed);
        }
    }
}

impl<T, F: Fn() -> T> LazyLock<T, F> {
    /// One whose value `init` makes on first use.
    #[track_caller]
    pub const fn new(init: F) -> Self {
        Self { value: OnceLock::new(), init, poisoned: AtomicBool::new(false), panicked: Key::new() }
    }

    /// The value, which is made if there is none.
    ///
    /// # Panics
    ///
    /// If the initialiser panicked before.
    #[track_caller]
    pub fn force(this: &Self) -> &T {
        let site = Location::caller();
        this.value.get_or_init(|| {
            let poisoned =
                if engine::current().is_model() { this.panicked.is_set() } else { this.poisoned.load(Relaxed) };
            assert!(!poisoned, "LazyLock instance has previously been poisoned");
            let poison = Poison(this, site);
            let value = (this.init)();
            std::mem::forget(poison);
            value
        })
    }
}

impl<T, F: Fn() -> T> Deref for LazyLock<T, F> {
    type Target = T;
    #[track_caller]
    fn deref(&self) -> &T {
        Self::force(self)
    }
}

impl<T: Default> Default for LazyLock<T> {
    fn default() -> Self {
        Self::new(T::default)
    }
}

impl<T, F> fmt::Debug for LazyLock<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LazyLock").finish_non_exhaustive()
    }
}
