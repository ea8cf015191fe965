//! `OnceLock`.

use std::fmt;
use std::panic::Location;
use std::rc::Rc;

use super::Running;
use super::table::{Entry, Key, Run};
use crate::engine;
use crate::hook::{Kind, Site};
use crate::perturb;

/// [`std::sync::OnceLock`]. The value may borrow nothing, for it lives in a table under a model.
pub struct OnceLock<T: 'static> {
    native: std::sync::OnceLock<T>,
    running: Running,
    key: Key,
    /// The value of a cell of a model that was lent exclusively.
    here: Option<T>,
}

impl<T> OnceLock<T> {
    /// An empty one.
    #[must_use]
    #[track_caller]
    pub const fn new() -> Self {
        let running = Running::new("OnceLock", Location::caller());
        Self { native: std::sync::OnceLock::new(), running, key: Key::new(), here: None }
    }

    fn entry(&self, site: Site) -> Rc<Entry<T>> {
        self.key.entry("OnceLock", site)
    }

    /// Lends the value of an entry of the table for as long as the cell is borrowed.
    fn lend(&self, entry: &Rc<Entry<T>>) -> Option<&T> {
        let value = std::ptr::from_ref(entry.value.get()?);
        // SAFETY: the table keeps the entry, and so the value in place, until the cell is dropped or borrowed
        // exclusively, which this borrow of it rules out, or until the next execution begins, beyond which nothing
        // of an execution may be kept (see the crate's documentation).
        Some(unsafe { &*value })
    }

    /// The value, if there is one.
    #[track_caller]
    pub fn get(&self) -> Option<&T> {
        if !engine::current().is_model() {
            return self.native.get();
        }
        if self.here.is_some() {
            return self.here.as_ref();
        }
        let site = Location::caller();
        let entry = self.entry(site);
        if entry.look(site) { self.lend(&entry) } else { None }
    }

    fn native_get_or_init(&self, site: Site, f: impl FnOnce() -> T) -> &T {
        if let Some(value) = self.native.get() {
            return value;
        }
        let init = || self.native.get_or_init(|| self.running.run(site, f));
        self.running.wait(Kind::Init, site, init)
    }

    /// The value of a cell that nobody else has.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        if !engine::current().is_model() {
            return self.native.get_mut();
        }
        self.here = self.take();
        self.here.as_mut()
    }

    /// Sets the value.
    ///
    /// # Errors
    ///
    /// With `value` if there was one.
    #[track_caller]
    pub fn set(&self, value: T) -> Result<(), T> {
        if !engine::current().is_model() {
            perturb::point();
            let mut value = Some(value);
            self.native_get_or_init(Location::caller(), || value.take().expect("only one is made"));
            return value.map_or(Ok(()), Err);
        }
        if self.here.is_some() {
            return Err(value);
        }
        let mut value = Some(value);
        self.init(Location::caller(), || value.take().ok_or(()));
        value.map_or(Ok(()), Err)
    }

    /// The value, which `f` makes if there is none. Waits if another thread is making it.
    #[track_caller]
    pub fn get_or_init<F: FnOnce() -> T>(&self, f: F) -> &T {
        if !engine::current().is_model() {
            perturb::point();
            return self.native_get_or_init(Location::caller(), f);
        }
        if let Some(value) = &self.here {
            return value;
        }
        let entry = self.init(Location::caller(), || Ok::<_, ()>(f()));
        self.lend(&entry).expect("the value was made")
    }

    /// Waits until there is a value.
    #[track_caller]
    pub fn wait(&self) -> &T {
        if !engine::current().is_model() {
            perturb::point();
            return match self.native.get() {
                Some(value) => value,
                None => self.running.wait(Kind::Wait, Location::caller(), || self.native.wait()),
            };
        }
        if let Some(value) = &self.here {
            return value;
        }
        let site = Location::caller();
        let entry = self.entry(site);
        entry.wait(site);
        self.lend(&entry).expect("the value was made")
    }

    /// Makes the value if there is none and `f` makes one. A panic leaves the cell empty.
    fn init<E>(&self, site: Site, f: impl FnOnce() -> Result<T, E>) -> Rc<Entry<T>> {
        let entry = self.entry(site);
        if let Run::Mine { .. } = entry.begin(true, site) {
            let attempt = entry.attempt(site);
            match f() {
                Ok(value) => attempt.succeed(value),
                Err(_) => attempt.give_up(),
            }
        }
        entry
    }

    /// Takes the value out and leaves the cell empty.
    pub fn take(&mut self) -> Option<T> {
        let modelled = self.key.remove::<T>().and_then(Rc::into_inner).and_then(|e| e.value.into_inner());
        modelled.or_else(|| self.here.take()).or_else(|| self.native.take())
    }

    /// The value, if there is one.
    pub fn into_inner(mut self) -> Option<T> {
        self.take()
    }
}

impl<T> Drop for OnceLock<T> {
    fn drop(&mut self) {
        drop(self.key.remove::<T>());
    }
}

impl<T> Default for OnceLock<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> From<T> for OnceLock<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        let cell = Self::new();
        let _ = cell.set(value);
        cell
    }
}

impl<T> fmt::Debug for OnceLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnceLock").finish_non_exhaustive()
    }
}
