//! `Once`, `OnceLock`, `LazyLock`: with `const fn new`, since they are what statics are made of.
//!
//! They take no engine when made. Used under a model they live in a table of the execution, by a number that each gets
//! on its first use, so that a static starts afresh in every execution and on every OS thread.

mod cell;
mod lazy;
mod table;

pub use cell::OnceLock;
pub use lazy::LazyLock;

use std::fmt;
use std::panic::Location;

use crate::engine;
use crate::hook::{Kind, Object, Site};
use crate::perturb;
use crate::waits::{self, Held, On};
use table::{Key, Run};

pub(super) use table::reset;

/// [`std::sync::Once`].
pub struct Once {
    native: std::sync::Once,
    running: Running,
    key: Key,
}

/// Which native thread is at an initialisation, for those that wait for it.
struct Running {
    by: Held,
    object: Object,
}

impl Running {
    const fn new(type_name: &'static str, site: Site) -> Self {
        Self { by: Held::new(), object: Object { type_name, site } }
    }

    /// What waits if another thread is at it, and else does it by [`Running::run`].
    fn wait<R>(&self, kind: Kind, site: Site, f: impl FnOnce() -> R) -> R {
        waits::during(kind, On::Init(self.object, &self.by), site, false, f)
    }

    /// The initialisation itself.
    fn run<R>(&self, site: Site, f: impl FnOnce() -> R) -> R {
        waits::is_over();
        let _release = self.by.take(site);
        f()
    }
}

/// What `call_once_force` tells its closure, as [`std::sync::OnceState`].
#[derive(Debug)]
pub struct OnceState {
    poisoned: bool,
}

impl OnceState {
    /// True if an earlier attempt panicked.
    #[must_use]
    pub fn is_poisoned(&self) -> bool {
        self.poisoned
    }
}

impl Once {
    /// One that has not run.
    #[must_use]
    #[track_caller]
    pub const fn new() -> Self {
        Self { native: std::sync::Once::new(), running: Running::new("Once", Location::caller()), key: Key::new() }
    }

    /// Runs `f` if nothing has run yet; waits if another thread is at it.
    ///
    /// # Panics
    ///
    /// If an earlier attempt panicked.
    #[track_caller]
    pub fn call_once<F: FnOnce()>(&self, f: F) {
        if engine::current().is_model() {
            let done = self.run(false, Location::caller(), |_| f());
            assert!(done, "Once instance has previously been poisoned");
        } else {
            perturb::point();
            let site = Location::caller();
            if self.native.is_completed() {
                return;
            }
            self.running.wait(Kind::Init, site, || self.native.call_once(|| self.running.run(site, f)));
        }
    }

    /// As `call_once`, but also after a panic.
    #[track_caller]
    pub fn call_once_force<F: FnOnce(&OnceState)>(&self, f: F) {
        if engine::current().is_model() {
            self.run(true, Location::caller(), |poisoned| {
                f(&OnceState { poisoned });
            });
        } else {
            perturb::point();
            let site = Location::caller();
            if self.native.is_completed() {
                return;
            }
            self.running.wait(Kind::Init, site, || {
                self.native.call_once_force(|state| {
                    self.running.run(site, || f(&OnceState { poisoned: state.is_poisoned() }));
                });
            });
        }
    }

    /// Waits until something has run.
    #[track_caller]
    pub fn wait(&self) {
        if engine::current().is_model() {
            self.key.entry::<()>("Once", Location::caller()).wait(Location::caller());
        } else {
            perturb::point();
            self.running.wait(Kind::Wait, Location::caller(), || self.native.wait());
        }
    }

    /// True if something has run to its end.
    #[track_caller]
    pub fn is_completed(&self) -> bool {
        if engine::current().is_model() {
            self.key.entry::<()>("Once", Location::caller()).look(Location::caller())
        } else {
            self.native.is_completed()
        }
    }

    /// Runs `f` once; false if that is ruled out by an earlier panic.
    fn run(&self, force: bool, site: Site, f: impl FnOnce(bool)) -> bool {
        let entry = self.key.entry::<()>("Once", site);
        match entry.begin(force, site) {
            Run::Done => true,
            Run::Poisoned => false,
            Run::Mine { poisoned } => {
                let attempt = entry.attempt(site);
                f(poisoned);
                attempt.succeed(());
                true
            }
        }
    }
}

impl Default for Once {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Once").finish_non_exhaustive()
    }
}
