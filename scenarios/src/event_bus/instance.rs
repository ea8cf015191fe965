//! One live bus in an execution: ops in, history and what was seen out.

use super::lent::{self, Lent};
use super::letter::{Enclosed, Letter};
use super::probe::{Does, Probe};
use super::settings::Settings;
use super::{BusError, Details, Event, EventBus, Handler, Subscription, Topic};
use racehunt_core::history::{self, Answer, What};
use racehunt_core::id::Id;
use racehunt_core::ledger::Ledger;
use racehunt_core::observation::{Gauge, Seen};
use racehunt_core::subject::{Actor, Call, Instance, OpError, OpKind};
use racehunt_sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::sync::{Arc, Weak};

/// The ops, in the order of their numbers.
pub(super) const OPS: [OpKind; 7] = [
    OpKind { name: "emit", about: "emits an event; emit(t) of topic t" },
    OpKind { name: "subscribe", about: "registers a new plain handler; subscribe(t) for topic t" },
    OpKind {
        name: "unsubscribe",
        about: "takes out the handler that the actor registered last, or else the first of the `prefill` that is left",
    },
    OpKind { name: "audit", about: "reads the audit log" },
    OpKind { name: "mutate", about: "changes the application's details, which live events share (`details`)" },
    OpKind { name: "subscribe-locked", about: "as subscribe, holding the lock that a handler \"app-lock\" takes" },
    OpKind { name: "release", about: "lets handlers that wait go on, now and later" },
];
const SUBSCRIBE: usize = 1;
const UNSUBSCRIBE: usize = 2;
const AUDIT: usize = 3;
const MUTATE: usize = 4;
const SUBSCRIBE_LOCKED: usize = 5;
const RELEASE: usize = 6;

/// Who registered the handlers that are there before all actors. An actor's number has 24 bits in an id.
pub(super) const BEFORE_ALL: u32 = 0xff_ffff;

/// Details that a change forgets all of, once there are so many.
const MANY: usize = 16;

/// A registration that stands, as far as the harness knows.
struct Standing {
    /// Actor whose op registered it, or [`BEFORE_ALL`].
    owner: u32,
    subscription: Subscription,
    probe: Arc<Probe>,
}

/// One live bus.
pub(super) struct BusInstance {
    me: Weak<Self>,
    settings: Settings,
    bus: Box<dyn EventBus<Letter>>,
    /// True if the variant freezes what events carry.
    freezes: bool,
    /// The application's own: its lock, what its handlers wait for, and the map that events share.
    app: Mutex<()>,
    released: (Mutex<bool>, Condvar),
    details: Option<Details>,
    // The locks of the harness are std's: no step is taken under them.
    standing: std::sync::Mutex<Vec<Standing>>,
    /// Subscribes from before the actors started, until an actor's history has them.
    before: std::sync::Mutex<Vec<history::Event>>,
}

fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl BusInstance {
    /// A fresh one, with the handlers that are there before the actors start.
    pub(super) fn new(settings: &Settings, bus: Box<dyn EventBus<Letter>>, freezes: bool) -> Arc<Self> {
        let details = (settings.details > 0).then(|| {
            let keys: Vec<String> = (0..settings.details).map(|n| format!("detail{n}")).collect();
            Details::new(keys.iter().map(|key| (key.as_str(), 0)))
        });
        let instance = Arc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            settings: settings.clone(),
            bus,
            freezes,
            app: Mutex::new(()),
            released: (Mutex::new(false), Condvar::new()),
            details,
            standing: std::sync::Mutex::default(),
            before: std::sync::Mutex::default(),
        });
        for serial in 0..u64::from(settings.prefill) {
            let does = if serial == 0 { settings.handler } else { Does::Plain };
            let probe = Probe::new(Id::new(BEFORE_ALL, serial), Topic(0), does, &instance.me);
            let what = instance.register(BEFORE_ALL, probe);
            lock(&instance.before).push(history::Event { actor: BEFORE_ALL, from: 0, to: 0, what });
        }
        instance
    }

    fn register(&self, owner: u32, probe: Arc<Probe>) -> What {
        let (id, topic) = (probe.id, probe.topic);
        let handler: Handler<Letter> = {
            let probe = Arc::clone(&probe);
            Arc::new(move |event| probe.call(event))
        };
        let subscription = self.bus.subscribe(topic, handler);
        lock(&self.standing).push(Standing { owner, subscription, probe });
        What::Subscribe { handler: id, topic: topic.0 }
    }

    pub(super) fn subscribe(&self, topic: Topic) {
        let (from, id, owner) = lent::actor(|actor| (actor.now(), actor.next_id(), actor.number));
        let probe = Probe::new(id, topic, Does::Plain, &self.me);
        let what = self.register(owner, probe);
        lent::actor(|actor| actor.note(from, what));
    }

    fn unsubscribe(&self) {
        let owner = lent::actor(|actor| actor.number);
        let standing = {
            let mut all = lock(&self.standing);
            let own = all.iter().rposition(|standing| standing.owner == owner);
            let at = own.or_else(|| all.iter().position(|standing| standing.owner == BEFORE_ALL));
            at.map(|at| all.remove(at))
        };
        if let Some(standing) = standing {
            self.take_out(&standing);
        }
    }

    /// What a handler does that takes itself out.
    pub(super) fn unsubscribe_probe(&self, probe: &Arc<Probe>) {
        let standing = {
            let mut all = lock(&self.standing);
            let at = all.iter().position(|standing| Arc::ptr_eq(&standing.probe, probe));
            at.map(|at| all.remove(at))
        };
        if let Some(standing) = standing {
            self.take_out(&standing);
        }
    }

    fn take_out(&self, standing: &Standing) {
        let from = lent::actor(|actor| actor.now());
        self.bus.unsubscribe(standing.subscription);
        lent::actor(|actor| actor.note(from, What::Unsubscribe { handler: standing.probe.id }));
        standing.probe.was_taken_out();
    }

    pub(super) fn emit(&self, topic: Topic, is_answer: bool) -> Result<(), BusError> {
        let (from, id) = lent::actor(|actor| (actor.now(), actor.next_id()));
        let details = match &self.details {
            None => Enclosed::Nothing,
            Some(details) if self.freezes => Enclosed::Frozen(details.freeze()),
            Some(details) => Enclosed::Live(details.clone()),
        };
        let emitted = self.bus.emit(Arc::new(Event { topic, payload: Letter { id, is_answer, details } }));
        lent::actor(|actor| {
            let answer = if emitted.is_ok() { Answer::Yes } else { Answer::No };
            actor.note(from, What::Emit { id, topic: topic.0, answer });
            if let Ok(emitted) = &emitted {
                actor.ledger.evicted.extend(emitted.evicted.iter().map(|event| event.payload.id));
            }
        });
        emitted.map(drop)
    }

    fn mutate(&self) {
        let Some(details) = &self.details else { return };
        if details.len() >= MANY {
            details.clear();
        } else {
            let id = lent::actor(Actor::next_id);
            details.set(&format!("change {id}"), 1);
        }
    }

    #[track_caller]
    pub(super) fn app_lock(&self) -> MutexGuard<'_, ()> {
        self.app.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn await_release(&self) {
        let (released, changed) = &self.released;
        let guard = released.lock().unwrap_or_else(PoisonError::into_inner);
        drop(changed.wait_while(guard, |released| !*released).unwrap_or_else(PoisonError::into_inner));
    }

    fn release(&self) {
        let (released, changed) = &self.released;
        *released.lock().unwrap_or_else(PoisonError::into_inner) = true;
        changed.notify_all();
    }

    fn call(&self, call: Call) -> Result<(), BusError> {
        let topic = Topic(call.arg);
        match call.op {
            SUBSCRIBE => self.subscribe(topic),
            UNSUBSCRIBE => self.unsubscribe(),
            AUDIT => return self.bus.audit().map(drop),
            MUTATE => self.mutate(),
            SUBSCRIBE_LOCKED => {
                let _held = self.app_lock();
                self.subscribe(topic);
            }
            RELEASE => self.release(),
            _ => return self.emit(topic, false),
        }
        Ok(())
    }

    fn audited(&self) -> Vec<Id> {
        // At rest nobody changes the log while it is read.
        self.bus.audit().unwrap_or_default().iter().map(|event| event.payload.id).collect()
    }
}

impl Instance for BusInstance {
    fn apply(&self, call: Call, actor: &mut Actor) -> Result<(), OpError> {
        actor.history.append(&mut lock(&self.before));
        let lent = Lent::new(actor);
        let result = self.call(call);
        drop(lent);
        result.map_err(|error| OpError { kind: error.kind(), message: error.to_string() })
    }

    fn rest(&self, ledger: &mut Ledger) {
        ledger.retained.extend(self.audited());
    }

    fn seen(&self) -> Seen {
        let entries = Gauge {
            name: "audit-entries".to_owned(),
            peak: self.bus.audit_peak() as u64,
            bound: Some(u64::from(self.settings.audit)),
        };
        Seen { gauges: vec![entries], audit: Some(self.audited()), ..Seen::default() }
    }
}
