//! `UnsafeCell` with accesses as closures. loom reports accesses that race; nowhere are they scheduling points.

use std::fmt;
use std::panic::Location;

use crate::engine::{self, Engine};
use crate::hook::{self, Kind, ObjectId};
use crate::model;

/// An `UnsafeCell` with loom's way of access, under the engine that is current when it is made.
pub struct UnsafeCell<T>(Inner<T>);

enum Inner<T> {
    Plain(std::cell::UnsafeCell<T>),
    Loom(loom::cell::UnsafeCell<T>, ObjectId),
}

/// An access that loom may end the execution at. It stands in the interleaving before it is made, and it is what the actor
/// has pending if it races.
#[track_caller]
fn access<R>(kind: Kind, object: ObjectId, f: impl FnOnce() -> R) -> R {
    let (me, site) = (hook::actor(), Location::caller());
    hook::done(me, kind, object, site, "", None);
    hook::announce(kind, object, site, "");
    let out = model::call(f);
    hook::forget_pending(me);
    out
}

impl<T> UnsafeCell<T> {
    /// Wraps `value`. (No `const fn`, see the crate's documentation.)
    #[track_caller]
    pub fn new(value: T) -> Self {
        Self(if engine::current() == Engine::Loom {
            let object = hook::new_object("UnsafeCell", Location::caller());
            Inner::Loom(model::call(|| loom::cell::UnsafeCell::new(value)), object)
        } else {
            Inner::Plain(std::cell::UnsafeCell::new(value))
        })
    }

    /// Unwraps the value.
    pub fn into_inner(self) -> T {
        match self.0 {
            Inner::Plain(cell) => cell.into_inner(),
            Inner::Loom(cell, _) => cell.into_inner(),
        }
    }

    /// Lends a pointer to read through.
    ///
    /// # Panics
    ///
    /// Under loom, if a write races with the access.
    #[track_caller]
    #[inline]
    pub fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
        match &self.0 {
            Inner::Plain(cell) => f(cell.get()),
            Inner::Loom(cell, object) => {
                // The end of the access is checked too.
                let access = access(Kind::Read, *object, || cell.get());
                let out = access.with(f);
                model::call(|| drop(access));
                out
            }
        }
    }

    /// Lends a pointer to write through.
    ///
    /// # Panics
    ///
    /// Under loom, if another access races with this one.
    #[track_caller]
    #[inline]
    pub fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        match &self.0 {
            Inner::Plain(cell) => f(cell.get()),
            Inner::Loom(cell, object) => {
                let access = access(Kind::Write, *object, || cell.get_mut());
                let out = access.with(f);
                model::call(|| drop(access));
                out
            }
        }
    }
}

impl<T> fmt::Debug for UnsafeCell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnsafeCell").finish_non_exhaustive()
    }
}
