//! `spawn`, `Builder`, `JoinHandle`.

use std::fmt;
use std::io;
use std::panic::Location;

use super::Result;
use super::park::Thread;
use super::spawn::{self, Handle};
use crate::engine;
use crate::hook::{Kind, Site};
use crate::perturb;
use crate::waits::{self, Child, On};

/// [`std::thread::JoinHandle`].
pub struct JoinHandle<T>(Inner<T>);

enum Inner<T> {
    Native(std::thread::JoinHandle<T>, Thread, Child),
    Model(Handle<T>),
}

/// Starts a thread, an actor under a model.
///
/// # Panics
///
/// If the system cannot start one.
#[track_caller]
pub fn spawn<F, T>(f: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    Builder::new().spawn_at(f, Location::caller()).expect("failed to spawn thread")
}

/// [`std::thread::Builder`]. The stack size is for native threads; the engine sizes those of its actors.
#[derive(Debug, Default)]
#[must_use = "must eventually spawn the thread"]
pub struct Builder {
    name: Option<String>,
    stack_size: Option<usize>,
}

impl Builder {
    /// Neither name nor stack size.
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the thread, which is also the actor's name in an interleaving.
    pub fn name(mut self, name: String) -> Self {
        self.name = Some(name);
        self
    }

    /// Size of the stack in bytes.
    pub fn stack_size(mut self, size: usize) -> Self {
        self.stack_size = Some(size);
        self
    }

    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// If the system cannot start one.
    #[track_caller]
    pub fn spawn<F, T>(self, f: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.spawn_at(f, Location::caller())
    }

    fn spawn_at<F, T>(self, f: F, site: Site) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        if engine::current().is_model() {
            // SAFETY: `f` borrows nothing.
            let handle = unsafe { spawn::spawn(f, self.name.as_deref().unwrap_or(""), site, |_| {}) };
            return Ok(JoinHandle(Inner::Model(handle)));
        }
        perturb::point();
        let (child, begin) = waits::child(self.name_or_empty(), site);
        let handle = self.native().spawn(|| {
            begin();
            f()
        })?;
        let thread = Thread::native(handle.thread().clone());
        Ok(JoinHandle(Inner::Native(handle, thread, child)))
    }

    /// Starts a thread that may borrow from outside of `scope`.
    ///
    /// # Errors
    ///
    /// If the system cannot start one.
    #[track_caller]
    pub fn spawn_scoped<'scope, 'env, F, T>(
        self,
        scope: &'scope super::Scope<'scope, 'env>,
        f: F,
    ) -> io::Result<super::ScopedJoinHandle<'scope, T>>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        scope.spawn_named(self, f, Location::caller())
    }

    pub(super) fn name_or_empty(&self) -> &str {
        self.name.as_deref().unwrap_or("")
    }

    pub(super) fn native(self) -> std::thread::Builder {
        let mut builder = std::thread::Builder::new();
        if let Some(name) = self.name {
            builder = builder.name(name);
        }
        if let Some(size) = self.stack_size {
            builder = builder.stack_size(size);
        }
        builder
    }
}

impl<T> JoinHandle<T> {
    /// Waits for the thread's end; `Err` with the payload if it panicked.
    #[track_caller]
    pub fn join(self) -> Result<T> {
        match self.0 {
            Inner::Native(handle, _, child) => {
                perturb::point();
                waits::during(Kind::Join, On::Threads(&[child]), Location::caller(), false, || handle.join())
            }
            Inner::Model(handle) => handle.join(Location::caller()),
        }
    }

    /// The thread.
    #[must_use]
    pub fn thread(&self) -> &Thread {
        match &self.0 {
            Inner::Native(_, thread, _) => thread,
            Inner::Model(handle) => &handle.thread,
        }
    }

    /// True if the thread has ended, or is about to.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        match &self.0 {
            Inner::Native(handle, ..) => handle.is_finished(),
            Inner::Model(handle) => handle.is_finished(),
        }
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").field("thread", self.thread()).finish_non_exhaustive()
    }
}
