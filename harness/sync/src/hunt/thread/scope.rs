//! Scoped threads.

use std::cell::UnsafeCell;
use std::fmt;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::{io, thread};

use super::park::Thread;
use super::spawn::{self, Handle};
use super::{Builder, Result};
use crate::engine;
use crate::hook::{self, Kind, Site};
use crate::model::{self, Object, Token};
use crate::perturb;
use crate::waits::{self, Child, On};

/// [`std::thread::Scope`].
pub struct Scope<'scope, 'env: 'scope> {
    inner: Inner<'scope, 'env>,
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

enum Inner<'scope, 'env: 'scope> {
    /// The std scope; it lives as long as this one is used.
    /// With what was started in it.
    Native(&'scope thread::Scope<'scope, 'env>, &'static Children),
    Model(Model),
}

/// The native threads of a scope that have not ended.
#[derive(Default)]
struct Children {
    left: Mutex<Vec<Child>>,
    fewer: Condvar,
}

/// Takes a thread out of the list, also if it is never started.
struct Ending(&'static Children, Child);

impl Children {
    fn left(&self) -> MutexGuard<'_, Vec<Child>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&'static self, child: Child) -> Ending {
        self.left().push(child);
        Ending(self, child)
    }

    /// Waits for their ends before std does, which would not say so.
    fn wait(&self, site: Site) {
        let left = self.left().clone();
        waits::during(Kind::Join, On::Threads(&left), site, false, || {
            let left = self.left();
            drop(self.fewer.wait_while(left, |left| !left.is_empty()));
        });
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.left().retain(|child| child.thread != self.1.thread);
        self.0.fewer.notify_all();
    }
}

struct Model {
    object: Object,
    running: AtomicUsize,
    /// Actors that panicked and were not joined.
    panicked: AtomicUsize,
}

/// [`std::thread::ScopedJoinHandle`].
pub struct ScopedJoinHandle<'scope, T>(Joinable<'scope, T>);

enum Joinable<'scope, T> {
    Native(thread::ScopedJoinHandle<'scope, T>, Thread, Child),
    Model(Handle<T>, &'scope Model),
}

/// Runs `f`, whose threads may borrow from outside, and waits for their end.
///
/// # Panics
///
/// If a thread panicked and was not joined, or `f` panicked.
#[track_caller]
pub fn scope<'env, F, T>(f: F) -> T
where
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> T,
{
    if engine::current().is_model() { model_scope(f, Location::caller()) } else { native_scope(f, Location::caller()) }
}

fn native_scope<'env, F, T>(f: F, site: Site) -> T
where
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> T,
{
    perturb::point();
    // Outside of the std scope, so that its threads, which may hold a reference to them, end before they do.
    let slot: UnsafeCell<MaybeUninit<Scope<'static, 'static>>> = UnsafeCell::new(MaybeUninit::uninit());
    let children = Children::default();
    // SAFETY: it stays in place until all threads of the std scope have ended, and nobody else is lent it.
    let lent = unsafe { &*std::ptr::from_ref(&children) };
    let out = thread::scope(|native| {
        let place = slot.get().cast::<Scope<'_, '_>>();
        // SAFETY: the slot is of this type but for lifetimes, nobody else knows of it yet, and it stays in place until
        // all threads of the std scope have ended. It holds references only, so it need not be dropped.
        let scope = unsafe {
            place.write(Scope { inner: Inner::Native(native, lent), scope: PhantomData, env: PhantomData });
            &*place
        };
        let out = f(scope);
        lent.wait(site);
        out
    });
    drop(children);
    out
}

fn model_scope<'env, F, T>(f: F, site: Site) -> T
where
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> T,
{
    let model =
        Model { object: Object::new("Scope", site), running: AtomicUsize::new(0), panicked: AtomicUsize::new(0) };
    let scope = Scope { inner: Inner::Model(model), scope: PhantomData, env: PhantomData };
    let result = catch_unwind(AssertUnwindSafe(|| f(&scope)));
    let Inner::Model(model) = &scope.inner else { unreachable!("made above") };
    if model::failed()
        && let Err(payload) = result
    {
        // The engine is ending the execution; its other actors never run again.
        resume_unwind(payload);
    }
    model.object.until(Kind::Join, site, || (model.running.load(Relaxed) == 0).then_some(()));
    match result {
        Err(payload) => resume_unwind(payload),
        Ok(_) if model.panicked.load(Relaxed) > 0 => panic!("a scoped thread panicked"),
        Ok(out) => out,
    }
}

impl Model {
    /// The end of an actor of the scope, in one step with the end of what it does.
    fn ended(&self, panicked: bool) {
        if let Token::Loom(_) = self.object.token {
            self.object.token.touch();
        }
        if panicked {
            self.panicked.fetch_add(1, Relaxed);
        }
        self.running.fetch_sub(1, Relaxed);
        hook::touch(self.object.id, hook::How::Ends);
        self.object.waiters.wake_all();
    }
}

impl<'scope> Scope<'scope, '_> {
    /// Starts a thread that may borrow from outside of the scope.
    #[track_caller]
    pub fn spawn<F, T>(&'scope self, f: F) -> ScopedJoinHandle<'scope, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        self.spawn_named(Builder::new(), f, Location::caller()).expect("failed to spawn thread")
    }

    pub(super) fn spawn_named<F, T>(
        &'scope self,
        builder: Builder,
        f: F,
        site: Site,
    ) -> io::Result<ScopedJoinHandle<'scope, T>>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        match &self.inner {
            Inner::Native(scope, children) => {
                perturb::point();
                let (child, begin) = waits::child(builder.name_or_empty(), site);
                let ending = children.add(child);
                let handle = builder.native().spawn_scoped(scope, || {
                    begin();
                    let _ending = ending;
                    f()
                })?;
                let thread = Thread::native(handle.thread().clone());
                Ok(ScopedJoinHandle(Joinable::Native(handle, thread, child)))
            }
            Inner::Model(model) => {
                model.running.fetch_add(1, Relaxed);
                let ended = |panicked| model.ended(panicked);
                // SAFETY: `scope` does not return before `running` is 0, which is the last thing that an actor does.
                let handle = unsafe { spawn::spawn(f, builder.name_or_empty(), site, ended) };
                Ok(ScopedJoinHandle(Joinable::Model(handle, model)))
            }
        }
    }
}

impl<T> ScopedJoinHandle<'_, T> {
    /// Waits for the thread's end; `Err` with the payload if it panicked.
    #[track_caller]
    pub fn join(self) -> Result<T> {
        match self.0 {
            Joinable::Native(handle, _, child) => {
                perturb::point();
                waits::during(Kind::Join, On::Threads(&[child]), Location::caller(), false, || handle.join())
            }
            Joinable::Model(handle, model) => {
                let result = handle.join(Location::caller());
                if result.is_err() {
                    model.panicked.fetch_sub(1, Relaxed);
                }
                result
            }
        }
    }

    /// The thread.
    #[must_use]
    pub fn thread(&self) -> &Thread {
        match &self.0 {
            Joinable::Native(_, thread, _) => thread,
            Joinable::Model(handle, _) => &handle.thread,
        }
    }

    /// True if the thread has ended, or is about to.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        match &self.0 {
            Joinable::Native(handle, ..) => handle.is_finished(),
            Joinable::Model(handle, _) => handle.is_finished(),
        }
    }
}

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for ScopedJoinHandle<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedJoinHandle").finish_non_exhaustive()
    }
}
