//! `Mutex`.

use std::cell::UnsafeCell;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync::{Arc, LockResult, PoisonError, TryLockError, TryLockResult};

use crate::engine;
use crate::hook::{Kind, Site};
use crate::model::{self, lock::RawLock};
use crate::mutant::{self, Operator};
use crate::perturb;
use crate::waits::{self, Info, On, Release};

/// [`std::sync::Mutex`] under the engine that is current when it is made.
pub struct Mutex<T: ?Sized> {
    pub(super) raw: Raw,
    data: UnsafeCell<T>,
}

pub(super) enum Raw {
    Native(Native),
    Model(Arc<RawLock>),
}

/// A lock of std that knows its holder.
pub(super) struct Native {
    lock: std::sync::Mutex<()>,
    pub(super) info: Info,
}

// SAFETY: a mutex hands its value to one holder at a time, so it may be shared if the value may be sent.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}
// SAFETY: owning the mutex is owning the value.
unsafe impl<T: ?Sized + Send> Send for Mutex<T> {}
impl<T: ?Sized> UnwindSafe for Mutex<T> {}
impl<T: ?Sized> RefUnwindSafe for Mutex<T> {}

/// [`std::sync::MutexGuard`].
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct MutexGuard<'a, T: ?Sized + 'a> {
    pub(super) lock: &'a Mutex<T>,
    pub(super) raw: RawGuard<'a>,
}

pub(super) enum RawGuard<'a> {
    Native(NativeGuard<'a>),
    Model(ModelGuard<'a>),
}

/// Dropped in this order.
pub(super) struct NativeGuard<'a> {
    pub(super) release: Release<'a>,
    pub(super) guard: std::sync::MutexGuard<'a, ()>,
}

impl Native {
    /// The guard of a lock just taken.
    #[inline]
    pub(super) fn taken<'a>(&'a self, guard: std::sync::MutexGuard<'a, ()>, site: Site) -> RawGuard<'a> {
        RawGuard::Native(NativeGuard { release: self.info.held.take(site), guard })
    }

    /// The lock of std. Both ways to its guard are here, in line, so that it stays in registers.
    #[inline(always)]
    fn lock(&self, site: Site) -> LockResult<std::sync::MutexGuard<'_, ()>> {
        match self.lock.try_lock() {
            Ok(guard) => Ok(guard),
            Err(TryLockError::Poisoned(e)) => Err(e),
            Err(TryLockError::WouldBlock) => {
                let _announced = waits::announce(Kind::Lock, On::Lock(&self.info), site, false);
                self.lock.lock()
            }
        }
    }
}

/// The hold on a lock of a model, which its drop gives up.
pub(super) struct ModelGuard<'a> {
    pub(super) raw: &'a Arc<RawLock>,
    /// A guard is not to be sent to another thread.
    not_send: std::marker::PhantomData<*const ()>,
}

// SAFETY: a shared guard only lends `&T`.
unsafe impl<T: ?Sized + Sync> Sync for MutexGuard<'_, T> {}

impl<'a> ModelGuard<'a> {
    /// The rest of what a guard has to know is in the lock: a small guard keeps the native path fast.
    pub(super) fn new(raw: &'a Arc<RawLock>, site: Site) -> Self {
        raw.taken(site, model::unwinding());
        Self::held(raw)
    }

    #[inline]
    pub(super) fn held(raw: &'a Arc<RawLock>) -> Self {
        Self { raw, not_send: std::marker::PhantomData }
    }

    /// The value is lent; `anew` if the guard is borrowed exclusively.
    #[inline]
    pub(super) fn lends(&self, anew: bool, site: Site) {
        if mutant::is_on() {
            self.raw.lends(anew, site);
        }
    }

    /// True if a panic began while the lock was held.
    pub(super) fn poisons(&self) -> bool {
        !self.raw.taken_unwinding() && model::unwinding()
    }
}

impl Drop for ModelGuard<'_> {
    #[inline]
    fn drop(&mut self) {
        unlock_model(self.raw);
    }
}

// The model's part of each operation is kept out of line and takes and gives what fits into registers: a guard that
// has to pass through memory makes the native path half as slow again.

#[cold]
#[inline(never)]
fn unlock_model(raw: &Arc<RawLock>) {
    if raw.is_left_out() {
        return;
    }
    raw.unlock(false, raw.taken_at(), !raw.taken_unwinding() && model::unwinding());
}

/// True if the lock is poisoned.
#[cold]
#[inline(never)]
pub(super) fn lock_model(raw: &Arc<RawLock>, site: Site) -> bool {
    raw.lock(false, site);
    raw.taken(site, model::unwinding());
    raw.is_poisoned()
}

/// As [`lock_model`], of a lock that guards nothing by its type: it can be left out.
#[cold]
#[inline(never)]
fn lock_nothing(raw: &Arc<RawLock>, site: Site) -> bool {
    if mutant::at(site, "Mutex.lock", &[Operator::Drop]).is_none() {
        return lock_model(raw, site);
    }
    mutant::differed();
    raw.leave_out();
    raw.is_poisoned()
}

fn is_nothing<T: ?Sized>() -> bool {
    std::any::type_name::<T>() == "()"
}

impl<T> Mutex<T> {
    /// A free mutex of the current engine. (No `const fn`, see the crate's documentation.)
    #[track_caller]
    pub fn new(value: T) -> Self {
        let raw = if engine::current().is_model() {
            Raw::Model(RawLock::new("Mutex", Location::caller()))
        } else {
            Raw::Native(Native { lock: std::sync::Mutex::new(()), info: Info::new(Location::caller()) })
        };
        Self { raw, data: UnsafeCell::new(value) }
    }

    /// The value, unlocked for good; `Err` if the mutex is poisoned.
    pub fn into_inner(self) -> LockResult<T> {
        let poisoned = self.poisoned();
        let value = self.data.into_inner();
        if poisoned { Err(PoisonError::new(value)) } else { Ok(value) }
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Waits for the mutex and takes it; `Err` with the guard if it is poisoned.
    #[track_caller]
    #[inline(always)]
    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        match &self.raw {
            Raw::Native(raw) => {
                perturb::point();
                let site = Location::caller();
                let guard = |guard| MutexGuard { lock: self, raw: raw.taken(guard, site) };
                match raw.lock(site) {
                    Ok(taken) => Ok(guard(taken)),
                    Err(e) => Err(PoisonError::new(guard(e.into_inner()))),
                }
            }
            Raw::Model(raw) => {
                let lock = if is_nothing::<T>() { lock_nothing } else { lock_model };
                let poisoned = lock(raw, Location::caller());
                let guard = MutexGuard { lock: self, raw: RawGuard::Model(ModelGuard::held(raw)) };
                if poisoned { Err(PoisonError::new(guard)) } else { Ok(guard) }
            }
        }
    }

    /// Takes the mutex if it is free.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if it is not, `Poisoned` with the guard if it is poisoned.
    #[track_caller]
    #[inline]
    pub fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
        match &self.raw {
            Raw::Native(raw) => {
                perturb::point();
                let site = Location::caller();
                let guard = |guard| MutexGuard { lock: self, raw: raw.taken(guard, site) };
                match raw.lock.try_lock() {
                    Ok(taken) => Ok(guard(taken)),
                    Err(TryLockError::WouldBlock) => Err(TryLockError::WouldBlock),
                    Err(TryLockError::Poisoned(e)) => {
                        Err(TryLockError::Poisoned(PoisonError::new(guard(e.into_inner()))))
                    }
                }
            }
            Raw::Model(raw) => self.try_lock_model(raw, Location::caller()),
        }
    }

    #[cold]
    #[inline(never)]
    fn try_lock_model<'a>(&'a self, raw: &'a Arc<RawLock>, site: Site) -> TryLockResult<MutexGuard<'a, T>> {
        if !raw.try_lock(false, site) {
            return Err(TryLockError::WouldBlock);
        }
        self.guard(raw, site).map_err(TryLockError::Poisoned)
    }

    /// The guard of a lock just taken.
    pub(super) fn guard<'a>(&'a self, raw: &'a Arc<RawLock>, site: Site) -> LockResult<MutexGuard<'a, T>> {
        let guard = MutexGuard { lock: self, raw: RawGuard::Model(ModelGuard::new(raw, site)) };
        if raw.is_poisoned() { Err(PoisonError::new(guard)) } else { Ok(guard) }
    }

    /// True if a panic began in an actor that held the mutex.
    #[track_caller]
    pub fn is_poisoned(&self) -> bool {
        match &self.raw {
            Raw::Native(raw) => raw.lock.is_poisoned(),
            Raw::Model(raw) => raw.look_poisoned(Location::caller()),
        }
    }

    /// The same as no operation.
    fn poisoned(&self) -> bool {
        match &self.raw {
            Raw::Native(raw) => raw.lock.is_poisoned(),
            Raw::Model(raw) => raw.is_poisoned(),
        }
    }

    /// Declares the value to be sound again.
    pub fn clear_poison(&self) {
        match &self.raw {
            Raw::Native(raw) => raw.lock.clear_poison(),
            Raw::Model(raw) => raw.set_poisoned(false),
        }
    }

    /// The value of a mutex that nobody else has.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        let poisoned = self.poisoned();
        let value = self.data.get_mut();
        if poisoned { Err(PoisonError::new(value)) } else { Ok(value) }
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;
    #[inline]
    #[track_caller]
    fn deref(&self) -> &T {
        if let RawGuard::Model(guard) = &self.raw {
            guard.lends(false, Location::caller());
        }
        // SAFETY: the guard's existence is the lock being held by it alone.
        unsafe { &*self.lock.data.get() }
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    #[inline]
    #[track_caller]
    fn deref_mut(&mut self) -> &mut T {
        if let RawGuard::Model(guard) = &self.raw {
            guard.lends(true, Location::caller());
        }
        // SAFETY: as above, and the guard is borrowed exclusively: nothing that it lent before is alive, so a mutant may
        // have given the lock up and taken it again.
        unsafe { &mut *self.lock.data.get() }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized> fmt::Debug for Mutex<T> {
    /// Without the value: looking at it would be an operation.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mutex").field("poisoned", &self.poisoned()).finish_non_exhaustive()
    }
}

impl<T: Default> Default for Mutex<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> From<T> for Mutex<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        Self::new(value)
    }
}
