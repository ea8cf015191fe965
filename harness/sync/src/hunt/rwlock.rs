//! `RwLock`.

use std::cell::UnsafeCell;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync::{Arc, LockResult, PoisonError, TryLockError, TryLockResult};

use super::mutex::{ModelGuard, lock_model};
use crate::engine;
use crate::hook::{Kind, Site};
use crate::model::lock::RawLock;
use crate::perturb;
use crate::waits::{self, On, ReadRelease, Release, Shared};

/// [`std::sync::RwLock`] under the engine that is current when it is made.
pub struct RwLock<T: ?Sized> {
    raw: Raw,
    data: UnsafeCell<T>,
}

enum Raw {
    Native(Native),
    Model(Arc<RawLock>),
}

/// A lock of std whose holders are known.
struct Native {
    lock: std::sync::RwLock<()>,
    info: Shared,
}

// SAFETY: the value is lent to several readers or to one writer, so it has to be both `Send` and `Sync`.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLock<T> {}
// SAFETY: owning the lock is owning the value.
unsafe impl<T: ?Sized + Send> Send for RwLock<T> {}
impl<T: ?Sized> UnwindSafe for RwLock<T> {}
impl<T: ?Sized> RefUnwindSafe for RwLock<T> {}

/// [`std::sync::RwLockReadGuard`].
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockReadGuard<'a, T: ?Sized + 'a> {
    lock: &'a RwLock<T>,
    /// Held for its drop.
    _raw: ReadGuard<'a>,
}

/// [`std::sync::RwLockWriteGuard`].
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockWriteGuard<'a, T: ?Sized + 'a> {
    lock: &'a RwLock<T>,
    /// Held for its drop, and told of what is lent.
    raw: WriteGuard<'a>,
}

// The native guards are dropped in the order of their fields.
enum ReadGuard<'a> {
    Native { _release: ReadRelease, _guard: std::sync::RwLockReadGuard<'a, ()> },
    Model { _guard: ModelReadGuard<'a> },
}

enum WriteGuard<'a> {
    Native { _release: Release<'a>, _guard: std::sync::RwLockWriteGuard<'a, ()> },
    Model { guard: ModelGuard<'a> },
}

/// A reader's hold in a model. A reader that panics poisons nothing, as in std.
struct ModelReadGuard<'a> {
    raw: &'a Arc<RawLock>,
    not_send: std::marker::PhantomData<*const ()>,
}

impl Drop for ModelReadGuard<'_> {
    #[inline]
    fn drop(&mut self) {
        unlock_read(self.raw);
    }
}

// Out of line and by value, for the sake of the native path: see `mutex`.

#[cold]
#[inline(never)]
fn unlock_read(raw: &Arc<RawLock>) {
    let site = raw.read_taken_at().unwrap_or_else(|| raw.taken_at());
    raw.unlock(true, site, false);
}

/// True if the lock is poisoned.
#[cold]
#[inline(never)]
fn lock_read(raw: &Arc<RawLock>, site: Site) -> bool {
    raw.lock(true, site);
    raw.read_taken(site);
    raw.is_poisoned()
}

impl Native {
    #[inline]
    fn reader<'a>(&'a self, guard: std::sync::RwLockReadGuard<'a, ()>, site: Site) -> ReadGuard<'a> {
        ReadGuard::Native { _release: self.info.read(site), _guard: guard }
    }

    #[inline]
    fn writer<'a>(&'a self, guard: std::sync::RwLockWriteGuard<'a, ()>, site: Site) -> WriteGuard<'a> {
        WriteGuard::Native { _release: self.info.writer.held.take(site), _guard: guard }
    }

    #[cold]
    #[inline(never)]
    fn wait_to_read(&self, site: Site) -> LockResult<std::sync::RwLockReadGuard<'_, ()>> {
        waits::during(Kind::ReadLock, On::Read(&self.info), site, false, || self.lock.read())
    }

    #[cold]
    #[inline(never)]
    fn wait_to_write(&self, site: Site) -> LockResult<std::sync::RwLockWriteGuard<'_, ()>> {
        waits::during(Kind::Lock, On::Write(&self.info), site, false, || self.lock.write())
    }
}

// SAFETY: a shared guard only lends `&T`.
unsafe impl<T: ?Sized + Sync> Sync for RwLockReadGuard<'_, T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Sync> Sync for RwLockWriteGuard<'_, T> {}

impl<T> RwLock<T> {
    /// A free lock of the current engine. (No `const fn`, see the crate's documentation.)
    #[track_caller]
    pub fn new(value: T) -> Self {
        let raw = if engine::current().is_model() {
            Raw::Model(RawLock::new("RwLock", Location::caller()))
        } else {
            Raw::Native(Native { lock: std::sync::RwLock::new(()), info: Shared::new(Location::caller()) })
        };
        Self { raw, data: UnsafeCell::new(value) }
    }

    /// The value, unlocked for good; `Err` if the lock is poisoned.
    pub fn into_inner(self) -> LockResult<T> {
        let poisoned = self.poisoned();
        poison_if(poisoned, self.data.into_inner())
    }
}

#[inline]
fn poison_if<T>(poisoned: bool, value: T) -> LockResult<T> {
    if poisoned { Err(PoisonError::new(value)) } else { Ok(value) }
}

/// What std's result says of poison, around our guard.
fn wrap<G, R>(result: LockResult<G>, f: impl FnOnce(G) -> R) -> LockResult<R> {
    match result {
        Ok(guard) => Ok(f(guard)),
        Err(e) => Err(PoisonError::new(f(e.into_inner()))),
    }
}

/// The lock, if need be after a wait.
fn or_wait<G>(result: TryLockResult<G>, wait: impl FnOnce() -> LockResult<G>) -> LockResult<G> {
    match result {
        Ok(guard) => Ok(guard),
        Err(TryLockError::Poisoned(e)) => Err(e),
        Err(TryLockError::WouldBlock) => wait(),
    }
}

fn try_wrap<G, R>(result: TryLockResult<G>, f: impl FnOnce(G) -> R) -> TryLockResult<R> {
    match result {
        Ok(guard) => Ok(f(guard)),
        Err(TryLockError::WouldBlock) => Err(TryLockError::WouldBlock),
        Err(TryLockError::Poisoned(e)) => Err(TryLockError::Poisoned(PoisonError::new(f(e.into_inner())))),
    }
}

impl<T: ?Sized> RwLock<T> {
    fn reader<'a>(&'a self, raw: ReadGuard<'a>) -> RwLockReadGuard<'a, T> {
        RwLockReadGuard { lock: self, _raw: raw }
    }

    fn writer<'a>(&'a self, raw: WriteGuard<'a>) -> RwLockWriteGuard<'a, T> {
        RwLockWriteGuard { lock: self, raw }
    }

    #[inline]
    fn model_reader<'a>(&'a self, raw: &'a Arc<RawLock>) -> RwLockReadGuard<'a, T> {
        let guard = ModelReadGuard { raw, not_send: std::marker::PhantomData };
        self.reader(ReadGuard::Model { _guard: guard })
    }

    #[inline]
    fn model_writer<'a>(&'a self, raw: &'a Arc<RawLock>) -> RwLockWriteGuard<'a, T> {
        self.writer(WriteGuard::Model { guard: ModelGuard::held(raw) })
    }

    /// Waits until no one writes and takes the lock to read; `Err` with the guard if it is poisoned.
    #[track_caller]
    #[inline]
    pub fn read(&self) -> LockResult<RwLockReadGuard<'_, T>> {
        match &self.raw {
            Raw::Native(raw) => {
                perturb::point();
                let site = Location::caller();
                let taken = or_wait(raw.lock.try_read(), || raw.wait_to_read(site));
                wrap(taken, |g| self.reader(raw.reader(g, site)))
            }
            Raw::Model(raw) => {
                let poisoned = lock_read(raw, Location::caller());
                poison_if(poisoned, self.model_reader(raw))
            }
        }
    }

    /// Waits until no one else has the lock and takes it to write; `Err` with the guard if it is poisoned.
    #[track_caller]
    #[inline]
    pub fn write(&self) -> LockResult<RwLockWriteGuard<'_, T>> {
        match &self.raw {
            Raw::Native(raw) => {
                perturb::point();
                let site = Location::caller();
                let taken = or_wait(raw.lock.try_write(), || raw.wait_to_write(site));
                wrap(taken, |g| self.writer(raw.writer(g, site)))
            }
            Raw::Model(raw) => {
                let poisoned = lock_model(raw, Location::caller());
                poison_if(poisoned, self.model_writer(raw))
            }
        }
    }

    /// Takes the lock to read if no one writes.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if someone does, `Poisoned` with the guard if it is poisoned.
    #[track_caller]
    #[inline]
    pub fn try_read(&self) -> TryLockResult<RwLockReadGuard<'_, T>> {
        match &self.raw {
            Raw::Native(raw) => {
                perturb::point();
                let site = Location::caller();
                try_wrap(raw.lock.try_read(), |g| self.reader(raw.reader(g, site)))
            }
            Raw::Model(raw) => {
                let site = Location::caller();
                if !raw.try_lock(true, site) {
                    return Err(TryLockError::WouldBlock);
                }
                raw.read_taken(site);
                poison_if(raw.is_poisoned(), self.model_reader(raw)).map_err(TryLockError::Poisoned)
            }
        }
    }

    /// Takes the lock to write if no one has it.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if someone has, `Poisoned` with the guard if it is poisoned.
    #[track_caller]
    #[inline]
    pub fn try_write(&self) -> TryLockResult<RwLockWriteGuard<'_, T>> {
        match &self.raw {
            Raw::Native(raw) => {
                perturb::point();
                let site = Location::caller();
                try_wrap(raw.lock.try_write(), |g| self.writer(raw.writer(g, site)))
            }
            Raw::Model(raw) => {
                let site = Location::caller();
                if !raw.try_lock(false, site) {
                    return Err(TryLockError::WouldBlock);
                }
                raw.taken(site, crate::model::unwinding());
                poison_if(raw.is_poisoned(), self.model_writer(raw)).map_err(TryLockError::Poisoned)
            }
        }
    }

    /// True if a panic began in an actor that wrote.
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

    /// The value of a lock that nobody else has.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        let poisoned = self.poisoned();
        poison_if(poisoned, self.data.get_mut())
    }
}

impl<T: ?Sized> Deref for RwLockReadGuard<'_, T> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: while the guard exists nobody writes.
        unsafe { &*self.lock.data.get() }
    }
}

impl<T: ?Sized> Deref for RwLockWriteGuard<'_, T> {
    type Target = T;
    #[inline]
    #[track_caller]
    fn deref(&self) -> &T {
        if let WriteGuard::Model { guard } = &self.raw {
            guard.lends(false, Location::caller());
        }
        // SAFETY: while the guard exists nobody else has the lock.
        unsafe { &*self.lock.data.get() }
    }
}

impl<T: ?Sized> DerefMut for RwLockWriteGuard<'_, T> {
    #[inline]
    #[track_caller]
    fn deref_mut(&mut self) -> &mut T {
        if let WriteGuard::Model { guard } = &self.raw {
            guard.lends(true, Location::caller());
        }
        // SAFETY: as above, and the guard is borrowed exclusively (see `mutex`).
        unsafe { &mut *self.lock.data.get() }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockReadGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockWriteGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized> fmt::Debug for RwLock<T> {
    /// Without the value: looking at it would be an operation.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RwLock").field("poisoned", &self.poisoned()).finish_non_exhaustive()
    }
}

impl<T: Default> Default for RwLock<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> From<T> for RwLock<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        Self::new(value)
    }
}
