//! What the objects of both models are built on: scheduling points, waiting and waking.
//!
//! Under shuttle an object is plain data and a scheduling point is a plain switch, so that this crate alone decides
//! where the points are. Under loom each object has a token whose use tells loom which operations depend on
//! each other. `std::thread::panicking` is per OS thread and all actors share one, so nothing here lets another actor
//! run while one unwinds, unless it has to wait.

pub(crate) mod clock;
pub(crate) mod lock;
pub(crate) mod process;
pub(crate) mod prompt;

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use crate::engine::{self, Engine};
use crate::hook::{self, ActorId, Kind, ObjectId, Site};
use crate::mutant;
use lock::RawLock;

thread_local! {
    /// True once a panic came out of the engine itself: the execution is over, and only the engine may catch it.
    static FAILED: Cell<bool> = const { Cell::new(false) };
    /// The actor whose panic makes `std::thread::panicking` true.
    static UNWINDER: Cell<Option<ActorId>> = const { Cell::new(None) };
    /// Locks given up while unwinding that loom has not been told of.
    static DEFERRED: RefCell<Vec<Arc<RawLock>>> = const { RefCell::new(Vec::new()) };
    /// Number of the execution on this OS thread.
    static EPOCH: Cell<u64> = const { Cell::new(0) };
}

/// Forgets everything of the last execution.
pub(crate) fn reset() {
    // What is dropped here belongs to an execution that is over: no scheduling points.
    FAILED.set(true);
    drop(DEFERRED.take());
    mutant::forget();
    crate::hunt::reset();
    clock::reset();
    process::reset();
    FAILED.set(false);
    UNWINDER.set(None);
    EPOCH.set(EPOCH.get() + 1);
}

/// Number of the execution on this OS thread.
pub(crate) fn epoch() -> u64 {
    EPOCH.get()
}

/// True if a panic of the engine ended the execution.
pub(crate) fn failed() -> bool {
    FAILED.get()
}

/// True inside of a model, as opposed to a destructor that runs after the execution.
pub(crate) fn in_execution() -> bool {
    match engine::current() {
        Engine::Native => false,
        Engine::Shuttle => shuttle::current::try_get_current_task().is_some(),
        Engine::Loom => true,
    }
}

/// True if the current actor unwinds, as opposed to another one that had to wait while it did.
pub(crate) fn unwinding() -> bool {
    if !std::thread::panicking() {
        UNWINDER.set(None);
        return false;
    }
    let me = hook::actor();
    match UNWINDER.get() {
        None => {
            UNWINDER.set(Some(me));
            true
        }
        Some(actor) => actor == me,
    }
}

/// Runs an operation that has its scheduling point inside of loom. While unwinding loom is kept from switching.
pub(crate) fn quietly<R>(f: impl FnOnce() -> R) -> R {
    if !unwinding() || failed() {
        return f();
    }
    loom::stop_exploring();
    let out = f();
    loom::explore();
    out
}

/// Calls into the engine, which may let other actors run, and makes the current actor current again. A panic that
/// comes out of it is the engine's own (a deadlock, a data race, the end of a task), which no actor may swallow.
pub(crate) fn call<R>(f: impl FnOnce() -> R) -> R {
    struct Failure;
    impl Drop for Failure {
        fn drop(&mut self) {
            FAILED.set(true);
        }
    }
    let failure = Failure;
    let me = hook::actor();
    let out = f();
    hook::set_actor(me);
    std::mem::forget(failure);
    out
}

/// Locks a table of a model object; never held across a scheduling point, so never contended.
pub(crate) fn table<T>(table: &Mutex<T>) -> MutexGuard<'_, T> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells loom of the locks that were given up during an unwinding which has ended.
pub(crate) fn settle() {
    if std::thread::panicking() {
        return;
    }
    UNWINDER.set(None);
    let deferred = DEFERRED.take();
    for lock in deferred {
        lock.settle();
    }
}

/// Remembers a lock that loom must be told of when the unwinding is over.
fn defer(lock: &Arc<RawLock>) {
    DEFERRED.with_borrow_mut(|d| d.push(Arc::clone(lock)));
}

/// Announces an operation of the current actor, unless its process was killed.
pub(crate) fn begin(kind: Kind, object: ObjectId, site: Site, label: &'static str) -> ActorId {
    mutant::begins(kind);
    process::check();
    if DEFERRED.with_borrow(|d| !d.is_empty()) {
        settle();
    }
    let me = hook::announce(kind, object, site, label);
    if matches!(kind, Kind::Lock | Kind::ReadLock) {
        prompt::may_wait();
    }
    me
}

/// One announced operation; `f` contains its scheduling point.
pub(crate) fn op<R>(
    (kind, object, site): (Kind, ObjectId, Site),
    value: impl FnOnce(&R) -> Option<u64>,
    f: impl FnOnce() -> R,
) -> R {
    let me = begin(kind, object, site, "");
    let out = f();
    hook::done(me, kind, object, site, "", value(&out));
    out
}

/// No value to show.
pub(crate) fn no_value<R>(_: &R) -> Option<u64> {
    None
}

/// False while unwinding, and once the execution is over.
fn may_switch() -> bool {
    !unwinding() && !failed()
}

/// A plain scheduling point of shuttle; none while unwinding. (`yield_now` would deprioritise the actor.)
pub(crate) fn switch() {
    if may_switch() {
        call(|| shuttle::thread::sleep(Duration::ZERO));
    }
}

/// A scheduling point that asks for another actor to run.
pub(crate) fn give_way() {
    if !may_switch() {
        return;
    }
    match engine::current() {
        Engine::Native => std::thread::yield_now(),
        Engine::Shuttle => call(shuttle::thread::yield_now),
        Engine::Loom => call(loom::thread::yield_now),
    }
}

/// The scheduling points of one object.
#[derive(Debug)]
pub(crate) enum Token {
    /// A switch.
    Shuttle,
    /// An rwlock that is released at once: reads depend on writes, and what was written is visible. (A loom atomic
    /// would be the obvious choice, but must be made before all that use it.)
    Loom(loom::sync::RwLock<()>),
}

impl Token {
    /// A token of the current engine, which is a model.
    pub(crate) fn new() -> Self {
        match engine::current() {
            Engine::Loom => Self::Loom(call(|| loom::sync::RwLock::new(()))),
            Engine::Shuttle | Engine::Native => Self::Shuttle,
        }
    }

    /// Scheduling point before an operation that may change the object.
    pub(crate) fn touch(&self) {
        match self {
            Self::Shuttle => switch(),
            Self::Loom(token) if may_switch() => call(|| drop(token.write())),
            Self::Loom(_) => {}
        }
    }

    /// Scheduling point before an operation that only looks.
    pub(crate) fn look(&self) {
        match self {
            Self::Shuttle => switch(),
            Self::Loom(token) if may_switch() => call(|| drop(token.read())),
            Self::Loom(_) => {}
        }
    }
}

/// How a waiting actor is made runnable again.
#[derive(Debug)]
pub(crate) enum Wake {
    Shuttle(Waker),
    Loom(loom::thread::Thread),
}

impl Wake {
    fn wake(self) {
        if failed() {
            return;
        }
        match self {
            // Outside of an execution nobody is left to be woken, and the engine would panic.
            Self::Shuttle(waker) => {
                if shuttle::current::try_get_current_task().is_some() {
                    waker.wake();
                }
            }
            Self::Loom(thread) => call(|| thread.unpark()),
        }
    }
}

/// The actors that wait for something of one object. Waking is no scheduling point, and may be in vain.
#[derive(Debug, Default)]
pub(crate) struct WaitList(Mutex<Vec<(ActorId, Wake)>>);

impl WaitList {
    fn push(&self, me: ActorId, wake: Wake) {
        let mut list = table(&self.0);
        list.retain(|w| w.0 != me);
        list.push((me, wake));
    }

    /// Lets others run until someone wakes this actor. Nobody will, once its process was killed: then it ends here.
    pub(crate) fn block(&self) {
        process::check();
        let me = hook::actor();
        hook::mark(me, hook::Mark::Waits);
        prompt::idles();
        if engine::current() == Engine::Loom {
            self.push(me, Wake::Loom(call(loom::thread::current)));
            process::blocks(|| Wake::Loom(call(loom::thread::current)));
            call(loom::thread::park);
        } else {
            let mut registered = false;
            call(|| {
                shuttle::future::block_on(poll_fn(|cx| {
                    if std::mem::replace(&mut registered, true) {
                        return Poll::Ready(());
                    }
                    self.push(me, Wake::Shuttle(cx.waker().clone()));
                    process::blocks(|| Wake::Shuttle(cx.waker().clone()));
                    Poll::Pending
                }));
            });
        }
        process::wakes();
        prompt::wakes(me);
        process::check();
    }

    /// Wakes all.
    pub(crate) fn wake_all(&self) {
        let list = std::mem::take(&mut *table(&self.0));
        for (actor, wake) in list {
            prompt::wakes(actor);
            wake.wake();
        }
    }

    /// Wakes `actor` if it waits here.
    pub(crate) fn wake(&self, actor: ActorId) {
        let wake = {
            let mut list = table(&self.0);
            list.iter().position(|w| w.0 == actor).map(|i| list.swap_remove(i).1)
        };
        if let Some(wake) = wake {
            prompt::wakes(actor);
            wake.wake();
        }
    }
}

/// A model object whose operations are single steps that may have to wait: channels, barriers, one-time cells.
#[derive(Debug)]
pub(crate) struct Object {
    /// Its number in the hook's tables.
    pub(crate) id: ObjectId,
    pub(crate) token: Token,
    pub(crate) waiters: WaitList,
}

impl Object {
    pub(crate) fn new(type_name: &'static str, site: Site) -> Self {
        Self { id: hook::new_object(type_name, site), token: Token::new(), waiters: WaitList::default() }
    }

    /// One announced operation: `step` is tried until it gives something, waiting to be woken in between.
    pub(crate) fn until<R>(&self, kind: Kind, site: Site, mut step: impl FnMut() -> Option<R>) -> R {
        op((kind, self.id, site), no_value, || {
            self.token.touch();
            loop {
                if let Some(out) = step() {
                    return out;
                }
                self.waiters.block();
                // Under shuttle being chosen was the point; loom has to learn that the object is looked at again.
                if let Token::Loom(_) = self.token {
                    self.token.touch();
                }
            }
        })
    }

    /// One announced operation that never waits.
    pub(crate) fn once<R>(&self, kind: Kind, site: Site, step: impl FnOnce() -> R) -> R {
        op((kind, self.id, site), no_value, || {
            self.token.touch();
            step()
        })
    }
}
