//! Objects that are no sync primitive and whose operations are atomic as a whole.

use std::fmt;
use std::panic::Location;
use std::sync::{Mutex, PoisonError};

use crate::engine;
use crate::hook::{self, Kind, Site};
use crate::model::{self, Object};
use crate::perturb;

/// A value whose every operation is one indivisible step with a name: a dictionary, a file tree, a sink.
///
/// A step must not use other objects of the facade: it could not stay indivisible.
pub struct Shared<T> {
    /// Of a model only.
    object: Option<Box<Object>>,
    value: Mutex<T>,
}

impl<T> Shared<T> {
    /// An object of that name, of the current engine.
    #[track_caller]
    pub fn new(name: &'static str, value: T) -> Self {
        // Outside of the closure, which has no caller of its own.
        let site = Location::caller();
        let object = engine::current().is_model().then(|| Box::new(Object::new(name, site)));
        Self { object, value: Mutex::new(value) }
    }

    /// One step that does not change the value. `label` names it in an interleaving.
    #[track_caller]
    pub fn read<R>(&self, label: &'static str, f: impl FnOnce(&T) -> R) -> R {
        self.step(Kind::Read, label, Location::caller(), |value| f(value), model::no_value)
    }

    /// As [`Shared::read`] of one part; an interleaving shows `label` and what `part` says, which only a recording
    /// asks.
    #[track_caller]
    pub fn read_part<R>(&self, label: &'static str, part: impl FnOnce() -> String, f: impl FnOnce(&T) -> R) -> R {
        let said = (label, || format!("{label} {}", part()));
        self.step_as(Kind::Read, said, Location::caller(), |value| f(value), model::no_value)
    }

    /// As [`Shared::write`] of one part, shown as [`Shared::read_part`] does.
    #[track_caller]
    pub fn write_part<R>(&self, label: &'static str, part: impl FnOnce() -> String, f: impl FnOnce(&mut T) -> R) -> R {
        let said = (label, || format!("{label} {}", part()));
        self.step_as(Kind::Write, said, Location::caller(), f, model::no_value)
    }

    /// One step that may change the value. `label` names it in an interleaving.
    #[track_caller]
    pub fn write<R>(&self, label: &'static str, f: impl FnOnce(&mut T) -> R) -> R {
        self.step(Kind::Write, label, Location::caller(), f, model::no_value)
    }

    /// As [`Shared::read`]; the result is shown as the value read.
    #[track_caller]
    pub fn read_value(&self, label: &'static str, f: impl FnOnce(&T) -> u64) -> u64 {
        self.step(Kind::Read, label, Location::caller(), |value| f(value), |v| Some(*v))
    }

    /// As [`Shared::write`]; the result is shown as the value written.
    #[track_caller]
    pub fn write_value(&self, label: &'static str, f: impl FnOnce(&mut T) -> u64) -> u64 {
        self.step(Kind::Write, label, Location::caller(), f, |v| Some(*v))
    }

    fn step<R>(
        &self,
        kind: Kind,
        label: &'static str,
        site: Site,
        f: impl FnOnce(&mut T) -> R,
        value: impl FnOnce(&R) -> Option<u64>,
    ) -> R {
        self.step_as(kind, (label, || label.to_owned()), site, f, value)
    }

    /// A step under a label, and what a recording says of it.
    fn step_as<R>(
        &self,
        kind: Kind,
        (label, text): (&'static str, impl FnOnce() -> String),
        site: Site,
        f: impl FnOnce(&mut T) -> R,
        value: impl FnOnce(&R) -> Option<u64>,
    ) -> R {
        let Some(object) = &self.object else {
            perturb::point();
            return f(&mut self.value.lock().unwrap_or_else(PoisonError::into_inner));
        };
        let me = model::begin(kind, object.id, site, label);
        model::process::expose();
        if kind == Kind::Read {
            object.token.look();
        } else {
            object.token.touch();
        }
        model::process::check();
        let out = f(&mut self.value.lock().unwrap_or_else(PoisonError::into_inner));
        hook::done_with(me, kind, object.id, site, text, value(&out));
        out
    }

    /// The value, when nobody else has the object.
    pub fn into_inner(self) -> T {
        self.value.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}
