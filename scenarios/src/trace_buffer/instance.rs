//! One live trace buffer in an execution: ops in, history and what was seen out.

use super::far_end::{FarEnd, delivered};
use super::label::{self, BEFORE_ALL, Trace};
use super::member::Member;
use super::notes::{Notes, Tries};
use super::plan::{Clock, Plan, Role};
use super::shelf::{self, Sightings, Standing};
use super::{BufferError, StoreError, forked};
use racehunt_core::finding::FindingKind;
use racehunt_core::history::{Answer, Event, What};
use racehunt_core::id::Id;
use racehunt_core::ledger::Ledger;
use racehunt_core::observation::{Gauge, Seen, Violation};
use racehunt_core::subject::{Actor, Call, Instance, OpError, OpKind};
use std::path::PathBuf;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The ops, in the order of their numbers. None looks at its argument.
pub(super) const OPS: [OpKind; 8] = [
    OpKind { name: "store", about: "stores one trace" },
    OpKind { name: "store-bad", about: "stores a trace whose last field cannot be serialised: the answer must be no" },
    OpKind { name: "list", about: "reads every trace that can be read" },
    OpKind { name: "status", about: "counts files and bytes" },
    OpKind { name: "replay", about: "sends every trace, with up to `retries` attempts, and removes what was taken" },
    OpKind { name: "clear", about: "gives everything up" },
    OpKind { name: "open", about: "gets the process's instance: all threads must get the same (TB10)" },
    OpKind { name: "fork", about: "forks and stores one trace in the child, which has `fork_timeout_ms` (TB11)" },
];
const STORE_BAD: usize = 1;
const LIST: usize = 2;
const STATUS: usize = 3;
const REPLAY: usize = 4;
const CLEAR: usize = 5;
const OPEN: usize = 6;
const FORK: usize = 7;

/// Attempts of the last replay, whose far end refuses nothing for good.
const LAST_ATTEMPTS: u32 = 5;

/// One live buffer in one directory.
pub(super) struct TraceInstance {
    plan: Arc<Plan>,
    dir: PathBuf,
    clock: Arc<Clock>,
    /// Makes uuids differ.
    salt: Arc<AtomicU32>,
    /// By process.
    members: Vec<Member>,
    far: FarEnd,
    // The locks of the harness are std's: no step is taken under them.
    /// Puts from before the actors started, until an actor's history has them.
    before: Mutex<Vec<Event>>,
    seen: Arc<Mutex<Sightings>>,
    /// What was left behind and could not be read.
    left: Mutex<Vec<String>>,
    violations: Mutex<Vec<Violation>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl TraceInstance {
    /// A fresh one, with its directory and what is in it before the actors start.
    pub(super) fn new(plan: Arc<Plan>) -> Self {
        let far = plan.far_end();
        let dir = plan.directory(&far);
        let (clock, salt) = (plan.clock(), Arc::new(AtomicU32::new(0)));
        super::tree::begin(&plan);
        let member = |_| {
            let (plan, dir, clock, salt) = (Arc::clone(&plan), dir.clone(), Arc::clone(&clock), Arc::clone(&salt));
            Member::new(plan.kind, move || plan.open(&dir, &clock, &salt).expect("the trial's directory can be used"))
        };
        let members = (0..plan.processes).map(member).collect();
        let seen = Arc::default();
        super::tree::watch(&plan, &dir, &seen);
        let instance = Self {
            plan,
            dir,
            clock,
            salt,
            members,
            far,
            before: Mutex::default(),
            seen,
            left: Mutex::default(),
            violations: Mutex::default(),
        };
        if instance.plan.role != Role::One {
            instance.prefill();
        }
        instance
    }

    fn prefill(&self) {
        let mut before = lock(&self.before);
        for serial in 0..u64::from(self.plan.knobs.prefill) {
            let id = Id::new(BEFORE_ALL, serial);
            label::announce(Some(id));
            let from = super::tree::moment(&self.plan);
            let trace = Trace { id, payload: &self.plan.payload, broken: false };
            let mut evicted = Vec::new();
            if self.members[0].buffer.store(&trace, &mut Evicted(&mut evicted)).is_ok() {
                let what = What::Put { id, answer: Answer::Yes, evicted };
                before.push(Event { actor: BEFORE_ALL, from, to: super::tree::moment(&self.plan), what });
            }
        }
        label::announce(None);
    }

    fn member(&self, actor: &Actor) -> &Member {
        &self.members[actor.process as usize % self.members.len()]
    }

    /// The next id, offered and announced to whoever makes names.
    fn offer(actor: &mut Actor) -> Result<Id, OpError> {
        let id = actor.offer();
        if label::digits(id).is_none() {
            let message = format!("{id} does not fit into a file's name: fewer actors, or fewer traces");
            return Err(OpError { kind: "accounting", message });
        }
        label::announce(Some(id));
        Ok(id)
    }

    fn store(&self, broken: bool, actor: &mut Actor) -> Result<(), OpError> {
        let from = actor.now();
        let id = Self::offer(actor)?;
        let buffer = &self.member(actor).buffer;
        let mut notes = Notes::of(actor);
        let stored = buffer.store(&Trace { id, payload: &self.plan.payload, broken }, &mut notes);
        label::announce(None);
        let (evicted, in_no_order) =
            if self.plan.knobs.ordered { (notes.removed, vec![]) } else { (vec![], notes.removed) };
        let answer = match &stored {
            Ok(_) => Answer::Yes,
            // It does not say that nothing happened.
            Err(StoreError::EvictedThenFailed { .. }) => Answer::Unknown,
            Err(_) => Answer::No,
        };
        actor.note(from, What::Put { id, answer, evicted });
        if !in_no_order.is_empty() {
            actor.note(from, What::Clear { counted: in_no_order.len() as u64, removed: in_no_order });
        }
        stored.map(drop).or_else(|error| refused_store(&error, broken))
    }

    fn list(&self, actor: &mut Actor) -> Result<(), OpError> {
        let from = actor.now();
        let items = match self.member(actor).buffer.list() {
            Ok(items) => items,
            // Not an empty listing: none.
            Err(error) => return failed(&error),
        };
        actor.note(from, What::List(items.iter().filter_map(|item| label::id_in(&item.value)).collect()));
        Ok(())
    }

    fn replay(&self, actor: &mut Actor) -> Result<(), OpError> {
        let from = actor.now();
        let buffer = &self.member(actor).buffer;
        let (tries, mut notes) = (Tries::at(self.far.client()), Notes::of(actor));
        let replayed = buffer.replay(&tries, self.plan.knobs.retries, &mut notes);
        let (removed, attempted) = (notes.removed, tries.ids());
        let says = replayed.as_ref().map_or_else(
            // It does not say: nothing is held against it.
            |_| (attempted.len() as u64, removed.len() as u64, attempted.len().saturating_sub(removed.len()) as u64),
            |says| (says.total, says.sent, says.failed),
        );
        let (total, sent, failed) = says;
        actor.note(from, What::Replay { attempted, removed, total, sent, failed });
        replayed.map(drop).or_else(|error| self::failed(&error))
    }

    fn clear(&self, actor: &mut Actor) -> Result<(), OpError> {
        let from = actor.now();
        let buffer = &self.member(actor).buffer;
        let mut notes = Notes::of(actor);
        let cleared = buffer.clear(&mut notes);
        let removed = notes.removed;
        let counted = cleared.as_ref().copied().unwrap_or(removed.len() as u64);
        actor.note(from, What::Clear { counted, removed });
        cleared.map(drop).or_else(|error| failed(&error))
    }

    fn open(&self, actor: &Actor) {
        if !self.member(actor).open() {
            let message = format!("process {} has two instances, each with a lock of its own", actor.process);
            self.complain(FindingKind::Invariant, "two-instances", message, Vec::new());
        }
    }

    fn fork(&self, actor: &mut Actor) -> Result<(), OpError> {
        let timeout = self.plan.knobs.fork_timeout;
        if timeout.is_zero() {
            let message = "forks are off: set params.fork_timeout_ms, and leave models out".to_owned();
            return Err(OpError { kind: "fork", message });
        }
        let from = actor.now();
        let id = Self::offer(actor)?;
        let trace = Trace { id, payload: &self.plan.payload, broken: false };
        let child = forked::store(&*self.member(actor).buffer, &trace, timeout);
        label::announce(None);
        let (answer, evicted) = match child {
            Ok(forked::Child::Ended(true, evicted)) => (Answer::Yes, evicted),
            Ok(forked::Child::Ended(false, evicted)) => (Answer::Unknown, evicted),
            Ok(forked::Child::Hung) => {
                let message = format!("a forked child did not store its trace within {timeout:?}");
                self.complain(FindingKind::Stall, "forked-child", message, vec![id]);
                (Answer::Unknown, Vec::new())
            }
            Err(error) => return Err(OpError { kind: "fork", message: error.to_string() }),
        };
        actor.note(from, What::Put { id, answer, evicted });
        Ok(())
    }

    fn complain(&self, kind: FindingKind, detail: &str, message: String, ids: Vec<Id>) {
        lock(&self.violations).push(Violation { kind, detail: detail.to_owned(), message, ids });
    }

    /// What a process finds that is started when all others are gone and every lease has ended: it sends what it can.
    fn settle(&self, ledger: &mut Ledger) {
        self.clock.pass(2 * self.plan.knobs.lease_ms);
        let found = shelf::traces(super::tree::contents(&self.plan, &self.dir));
        lock(&self.seen).counted(found.iter().filter(|file| file.standing == Standing::Visible).count());
        let broken =
            found.iter().filter_map(|file| Some(format!("left-behind: {}: {}", file.name, file.fault.as_ref()?)));
        lock(&self.left).extend(broken);
        if self.plan.knobs.drain
            && let Ok(restarted) = self.plan.open(&self.dir, &self.clock, &self.salt)
        {
            // What it could not send is still there, and counted as such.
            let _ = restarted.replay(self.far.client(), LAST_ATTEMPTS, &mut ());
        }
        let left = shelf::traces(super::tree::contents(&self.plan, &self.dir));
        ledger.retained.extend(left.iter().filter_map(|file| file.id));
        ledger.delivered.extend(delivered(&self.far.sent()));
    }
}

impl Instance for TraceInstance {
    fn apply(&self, call: Call, actor: &mut Actor) -> Result<(), OpError> {
        if self.plan.role == Role::All {
            actor.history.append(&mut lock(&self.before));
        }
        match call.op {
            STORE_BAD => self.store(true, actor),
            LIST => self.list(actor),
            STATUS => self.member(actor).buffer.status().map(drop).or_else(|error| failed(&error)),
            REPLAY => self.replay(actor),
            CLEAR => self.clear(actor),
            OPEN => {
                self.open(actor);
                Ok(())
            }
            FORK => self.fork(actor),
            _ => self.store(false, actor),
        }
    }

    fn rest(&self, ledger: &mut Ledger) {
        if self.plan.role == Role::One {
            return;
        }
        // No actor's history had room for these.
        for event in lock(&self.before).drain(..) {
            racehunt_core::history::account(&[event], ledger);
        }
        self.settle(ledger);
    }

    fn violations(&self) -> Vec<Violation> {
        std::mem::take(&mut *lock(&self.violations))
    }

    fn seen(&self) -> Seen {
        let seen = lock(&self.seen);
        let cap = self.plan.knobs.cap as u64;
        // A model is looked at in every step. Where nobody looked in between, only a broken bound is known.
        let judged = self.plan.model || seen.looked || seen.peak > cap;
        let files = Gauge { name: "files".to_owned(), peak: seen.peak, bound: judged.then_some(cap) };
        let unreadable = seen.torn().chain(std::mem::take(&mut *lock(&self.left))).collect();
        Seen { gauges: vec![files], unreadable, sends: self.far.sent(), ..Seen::default() }
    }

    fn sample(&self) {
        if !self.plan.model && self.plan.role != Role::One {
            lock(&self.seen).sample(&self.dir, self.plan.knobs.parse_always);
        }
    }

    fn address(&self) -> Option<String> {
        self.far.address()
    }
}

impl Drop for TraceInstance {
    fn drop(&mut self) {
        if !self.plan.model && self.plan.role != Role::One {
            // The trial's directory goes in the end with all that is in it; this only keeps it small.
            let _ = std::fs::remove_dir_all(&self.dir);
        }
    }
}

/// Collects what a store before all actors evicted.
struct Evicted<'a>(&'a mut Vec<Id>);

impl super::Watch for Evicted<'_> {
    fn removing(&mut self, _file: &std::path::Path, _why: racehunt_core::history::Why) {}

    fn removed(&mut self, file: &std::path::Path, _why: racehunt_core::history::Why) {
        self.0.extend(label::id_of(file));
    }
}

/// A refusal that the caller had coming is no failure of the buffer's: a file system that refuses, a cap of 0, a trace
/// that nobody could serialise, no room but what is being sent.
fn refused_store(error: &StoreError, broken: bool) -> Result<(), OpError> {
    match error {
        StoreError::Io { .. } | StoreError::EvictedThenFailed { .. } | StoreError::Disabled | StoreError::Full => {
            Ok(())
        }
        StoreError::Serialise(_) if broken => Ok(()),
        _ => Err(OpError { kind: error.kind(), message: error.to_string() }),
    }
}

/// As [`refused_store`], of the other calls.
fn failed(error: &BufferError) -> Result<(), OpError> {
    match error {
        BufferError::Io { .. } => Ok(()),
        BufferError::VanishedStat(_) => Err(OpError { kind: error.kind(), message: error.to_string() }),
    }
}
