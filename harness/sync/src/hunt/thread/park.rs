//! `Thread`, `current`, and parking.

use std::cell::RefCell;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::engine;
use crate::hook::{self, ActorId, Kind, Site};
use crate::model::{self, Object, Token, clock};
use crate::mutant::{self, Operator};
use crate::perturb;
use crate::waits::{self, On};

/// [`std::thread::Thread`]: a handle to a thread, or to an actor of an execution.
#[derive(Clone, Debug)]
pub struct Thread(Inner);

#[derive(Clone, Debug)]
enum Inner {
    Native(std::thread::Thread),
    Model(Arc<Actor>),
}

#[derive(Debug)]
struct Actor {
    id: ThreadId,
    actor: ActorId,
    name: Option<Arc<str>>,
    /// The token of `unpark`.
    token: AtomicBool,
    /// Made on first use: most actors never park.
    object: OnceLock<Object>,
}

/// [`std::thread::ThreadId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ThreadId(IdInner);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum IdInner {
    Native(std::thread::ThreadId),
    Model { execution: u64, actor: ActorId },
}

thread_local! {
    static ACTORS: RefCell<Vec<Thread>> = const { RefCell::new(Vec::new()) };
}

pub(super) fn reset() {
    drop(ACTORS.take());
}

/// Makes the handle of a new actor.
pub(super) fn register(actor: ActorId, name: Option<Arc<str>>) -> Thread {
    let thread = |actor, name| {
        let id = ThreadId(IdInner::Model { execution: model::epoch(), actor });
        let (token, object) = (AtomicBool::new(false), OnceLock::new());
        Thread(Inner::Model(Arc::new(Actor { id, actor, name, token, object })))
    };
    ACTORS.with_borrow_mut(|actors| {
        while actors.len() < actor as usize {
            let name = (actors.is_empty()).then(|| Arc::from("main"));
            actors.push(thread(actors.len() as ActorId, name));
        }
        if actors.len() == actor as usize {
            actors.push(thread(actor, name));
        }
        actors[actor as usize].clone()
    })
}

/// The current thread.
#[must_use]
pub fn current() -> Thread {
    if engine::current().is_model() {
        let me = hook::actor();
        register(me, (me == 0).then(|| Arc::from("main")))
    } else {
        Thread::native(std::thread::current())
    }
}

impl Thread {
    pub(super) fn native(thread: std::thread::Thread) -> Self {
        Self(Inner::Native(thread))
    }

    /// Number of the actor of a model; 0 natively.
    pub(super) fn actor(&self) -> ActorId {
        match &self.0 {
            Inner::Native(_) => 0,
            Inner::Model(actor) => actor.actor,
        }
    }

    /// The thread's id; under a model unique in its execution.
    #[must_use]
    pub fn id(&self) -> ThreadId {
        match &self.0 {
            Inner::Native(thread) => ThreadId(IdInner::Native(thread.id())),
            Inner::Model(actor) => actor.id,
        }
    }

    /// The thread's name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match &self.0 {
            Inner::Native(thread) => thread.name(),
            Inner::Model(actor) => actor.name.as_deref(),
        }
    }

    /// Hands the thread its token, which ends its present or next `park`.
    #[track_caller]
    pub fn unpark(&self) {
        match &self.0 {
            Inner::Native(thread) => {
                perturb::point();
                thread.unpark();
            }
            Inner::Model(actor) => {
                let site = Location::caller();
                match mutant::at(site, "unpark", &[Operator::Skip, Operator::Swap]) {
                    None => actor.unpark(site),
                    Some(Operator::Swap) => {
                        let late = Arc::clone(actor);
                        mutant::later(move || late.unpark(site));
                    }
                    Some(_) => mutant::differed(),
                }
            }
        }
    }
}

impl Actor {
    fn object(&self, site: Site) -> &Object {
        self.object.get_or_init(|| Object::new("Thread", site))
    }

    fn unpark(&self, site: Site) {
        let object = self.object(site);
        object.once(Kind::Unpark, site, || {
            self.token.store(true, Relaxed);
            object.waiters.wake_all();
            clock::interrupt(self.actor);
        });
    }
}

/// Waits for this thread's token and takes it. Spurious returns are not modelled.
#[track_caller]
pub fn park() {
    let Inner::Model(actor) = current().0 else {
        perturb::point();
        return waits::during(Kind::Park, On::Nothing, Location::caller(), false, std::thread::park);
    };
    let site = Location::caller();
    if mutant::at(site, "park", &[Operator::Early]).is_some() {
        return mutant::differed();
    }
    actor.object(site).until(Kind::Park, site, || actor.token.swap(false, Relaxed).then_some(()));
}

/// Waits for this thread's token, or until `timeout` has passed (see [`crate::time`]).
#[track_caller]
pub fn park_timeout(timeout: Duration) {
    let Inner::Model(actor) = current().0 else {
        perturb::point();
        let park = || std::thread::park_timeout(timeout);
        return waits::during(Kind::Park, On::Nothing, Location::caller(), true, park);
    };
    let site = Location::caller();
    let object = actor.object(site);
    model::op((Kind::Park, object.id, site), model::no_value, || {
        let timer = clock::start(timeout);
        loop {
            timer.point();
            if let Token::Loom(_) = object.token {
                object.token.touch();
            }
            if actor.token.swap(false, Relaxed) || timer.fires() {
                return;
            }
            timer.block();
        }
    });
}
