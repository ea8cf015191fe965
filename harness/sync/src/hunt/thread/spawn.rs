//! The start and the end of an actor under a model.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use super::park::{self, Thread};
use super::{Result, local};
use crate::engine::{self, Engine};
use crate::hook::{self, Kind, Site};
use crate::model::{self, table};

/// What an actor leaves for the one that joins it.
pub(super) struct Packet<T> {
    result: Mutex<Option<Result<T>>>,
    finished: AtomicBool,
}

/// Permission to join an actor.
pub(super) struct Handle<T> {
    pub(super) thread: Thread,
    pub(super) packet: Arc<Packet<T>>,
    engine: EngineHandle,
}

enum EngineHandle {
    Shuttle(shuttle::thread::JoinHandle<()>),
    Loom(loom::thread::JoinHandle<()>),
}

/// Starts an actor.
///
/// # Safety
///
/// The caller joins the actor before anything that `f` or its result borrows is gone.
pub(super) unsafe fn spawn<'a, T: Send + 'a>(
    f: impl FnOnce() -> T + Send + 'a,
    name: &str,
    site: Site,
    ended: impl FnOnce(bool) + Send + 'a,
) -> Handle<T> {
    let packet = Arc::new(Packet { result: Mutex::new(None), finished: AtomicBool::new(false) });
    // The number is known only once the engine has made the actor, since others may be made before that.
    let id = Arc::new(AtomicU32::new(0));
    let body = {
        let (packet, id) = (Arc::clone(&packet), Arc::clone(&id));
        move || run(f, packet, id.load(Relaxed), site, ended)
    };
    let body: Box<dyn FnOnce() + Send + 'a> = Box::new(body);
    // SAFETY: lengthens the borrow, for the engines want `'static`. The caller keeps what is borrowed alive until the
    // actor is joined; an execution that ends before that leaks the stack which owns it, or never runs the actor.
    let body: Box<dyn FnOnce() + Send + 'static> = unsafe { std::mem::transmute(body) };
    let me = model::begin(Kind::Spawn, 0, site, "");
    let engine = match engine::current() {
        Engine::Loom => EngineHandle::Loom(model::call(|| loom::thread::spawn(body))),
        Engine::Shuttle | Engine::Native => EngineHandle::Shuttle(model::call(|| shuttle::thread::spawn(body))),
    };
    let actor = hook::new_actor(name, site);
    model::process::inherit(actor, me);
    id.store(actor, Relaxed);
    let thread = park::register(actor, (!name.is_empty()).then(|| Arc::from(name)));
    hook::done(me, Kind::Spawn, 0, site, "", Some(u64::from(actor)));
    Handle { thread, packet, engine }
}

/// What an actor does from its start to its end.
fn run<T>(f: impl FnOnce() -> T, packet: Arc<Packet<T>>, me: u32, site: Site, ended: impl FnOnce(bool)) {
    if engine::current() == Engine::Shuttle {
        assert_eq!(usize::from(shuttle::current::me()), me as usize, "every spawn goes through the facade");
    }
    hook::set_actor(me);
    hook::done(me, Kind::Start, 0, site, "", None);
    let result = catch_unwind(AssertUnwindSafe(|| {
        let out = f();
        crate::mutant::settle();
        local::drop_all(me);
        out
    }));
    if model::failed()
        && let Err(payload) = result
    {
        resume_unwind(payload);
    }
    model::settle();
    if result.is_err() {
        local::drop_all(me);
    }
    let panicked = result.is_err();
    *table(&packet.result) = Some(result);
    packet.finished.store(true, Relaxed);
    hook::touch(hook::end_of(me), hook::How::Step(Kind::Write));
    // A result that nobody can join for is dropped here, before what it may borrow from is gone.
    drop(packet);
    ended(panicked);
    model::prompt::ends();
}

impl<T> Handle<T> {
    /// True if the actor has ended: no step of its own, but whoever orders steps is told of it.
    pub(super) fn is_finished(&self) -> bool {
        hook::touch(hook::end_of(self.thread.actor()), hook::How::Step(Kind::Load));
        self.packet.finished.load(Relaxed)
    }

    /// Waits for the actor's end and takes what it left.
    pub(super) fn join(self, site: Site) -> Result<T> {
        let Self { packet, engine, thread } = self;
        model::op((Kind::Join, 0, site), model::no_value, || {
            hook::joins(thread.actor());
            model::prompt::joins(thread.actor());
            if !packet.finished.load(Relaxed) {
                hook::mark(hook::actor(), hook::Mark::Waits);
            }
            model::call(|| {
                // What the engine hands over is nothing: the result, or the panic, is in the packet.
                let _ = match engine {
                    EngineHandle::Shuttle(handle) => handle.join(),
                    EngineHandle::Loom(handle) => handle.join(),
                };
            });
        });
        let result = table(&packet.result).take();
        result.unwrap_or_else(|| Err(Box::new("the actor never ran")))
    }
}
