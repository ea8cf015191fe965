//! The lock under `Mutex` and `RwLock` in both models.
//!
//! shuttle: plain data. loom: its rwlock, which tells loom what depends on what, plus the same plain data. A loom
//! guard must not be dropped while the OS thread panics (that poisons a std lock inside, and every later lock
//! panics), so a lock given up while unwinding is free in the plain data at once and loom is told when the unwinding
//! is over. Until then no other actor runs, and a lock taken while unwinding is taken in the plain data only.
//!
//! loom holds back every actor that is about to use a lock which another one takes, those included that would only try,
//! and sees nothing between the last step under a lock and its release. So of a lock that is ever tried ([`tries`])
//! the plain data alone decides who holds it; a gate makes each use of it a step that loom orders against the others.

mod part;
mod taken;

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use super::{WaitList, call, defer, switch, table};
use crate::engine::{self, Engine};
use crate::hook::{self, ActorId, How, Kind, ObjectId, Site};
use crate::{mutant, tries};

/// Who holds the lock, as far as the code under test can tell.
#[derive(Debug, Default)]
struct Held {
    writer: bool,
    /// The actors that read, as often as they do.
    readers: Vec<ActorId>,
    /// True if loom was not told of the current writer.
    phantom: bool,
    /// Readers that loom was not told of.
    phantoms: Vec<ActorId>,
}

impl Held {
    fn allows(&self, shared: bool) -> bool {
        !self.writer && (shared || self.readers.is_empty())
    }

    fn take(&mut self, shared: bool, me: ActorId) {
        if shared {
            self.readers.push(me);
        } else {
            self.writer = true;
        }
    }
}

/// loom's guards, kept beside the lock that they borrow from.
#[derive(Default)]
struct Guards {
    write: Option<loom::sync::RwLockWriteGuard<'static, ()>>,
    reads: Vec<(ActorId, loom::sync::RwLockReadGuard<'static, ()>)>,
}

/// loom's part of the lock. The guards come first: they must be gone before the lock is.
struct LoomLock {
    guards: UnsafeCell<std::mem::ManuallyDrop<Guards>>,
    lock: loom::sync::RwLock<()>,
    /// Of a lock that is tried. Nobody waits for it: its notification is a step that depends on all others of it and
    /// makes nothing visible to anyone.
    gate: Option<loom::sync::Condvar>,
    /// What the lock guards, as far as loom is to be told: of each use, while a mutant is armed.
    value: Option<loom::cell::UnsafeCell<()>>,
}

// SAFETY: all actors of an execution run on one OS thread, one at a time; the guards never leave it.
unsafe impl Send for LoomLock {}
// SAFETY: as above; `guards` is borrowed only between two scheduling points.
unsafe impl Sync for LoomLock {}

impl LoomLock {
    fn with<R>(&self, f: impl FnOnce(&mut Guards) -> R) -> R {
        // SAFETY: one OS thread (see above), and no caller passes an `f` that comes back here or switches.
        f(unsafe { &mut *self.guards.get() })
    }

    /// Takes loom's lock, waiting for it if `wait`.
    fn acquire(&self, shared: bool, wait: bool, me: ActorId) -> bool {
        // SAFETY: extends the borrow of `lock`. Guards live in `guards` only, beside the lock; they are never dropped
        // with it (`ManuallyDrop`), only taken out by `release` while the lock is alive, and the lock never moves
        // while one exists since it sits in an `Arc`.
        let lock: &'static loom::sync::RwLock<()> = unsafe { &*std::ptr::from_ref(&self.lock) };
        if shared {
            if self.with(|g| g.reads.iter().any(|r| r.0 == me)) {
                // loom counts a reader once.
                return true;
            }
            let guard = call(|| if wait { lock.read().ok() } else { lock.try_read().ok() });
            let got = guard.is_some();
            self.with(|g| g.reads.extend(guard.map(|r| (me, r))));
            got
        } else {
            let guard = call(|| if wait { lock.write().ok() } else { lock.try_write().ok() });
            let got = guard.is_some();
            self.with(|g| g.write = guard);
            got
        }
    }

    fn release(&self, shared: bool, me: ActorId) {
        if shared {
            let guard = self.with(|g| g.reads.iter().position(|r| r.0 == me).map(|i| g.reads.swap_remove(i)));
            call(|| drop(guard));
        } else {
            let guard = self.with(|g| g.write.take());
            call(|| drop(guard));
        }
    }
}

/// The lock of a `Mutex` (never shared) or an `RwLock` under a model, with its poison flag.
pub(crate) struct RawLock {
    pub(crate) id: ObjectId,
    /// Where it was made.
    site: Site,
    held: Mutex<Held>,
    waiters: WaitList,
    loom: Option<LoomLock>,
    poisoned: AtomicBool,
    /// Where the writer took the lock, and whether it was unwinding then: that panic does not poison it.
    taken: Mutex<(Site, bool)>,
    read_taken: Mutex<Vec<(ActorId, Site)>>,
    part: part::Part,
}

impl RawLock {
    pub(crate) fn new(type_name: &'static str, site: Site) -> Arc<Self> {
        let id = hook::new_object(type_name, site);
        let tried = tries::is_tried(site);
        if tried {
            hook::set_tried(id);
        }
        let loom = (engine::current() == Engine::Loom).then(|| LoomLock {
            guards: UnsafeCell::default(),
            lock: call(|| loom::sync::RwLock::new(())),
            gate: tried.then(|| call(loom::sync::Condvar::new)),
            value: mutant::is_on().then(|| loom::cell::UnsafeCell::new(())),
        });
        Arc::new(Self {
            id,
            site,
            held: Mutex::default(),
            waiters: WaitList::default(),
            loom,
            poisoned: AtomicBool::new(false),
            taken: Mutex::new((site, false)),
            read_taken: Mutex::default(),
            part: part::Part::default(),
        })
    }

    pub(crate) fn is_poisoned(&self) -> bool {
        self.poisoned.load(Relaxed)
    }

    /// The announced operation of looking at the poison flag. (loom has no scheduling point for it unless the lock is
    /// tried: another actor's panic is then seen where this one stands anyway.)
    pub(crate) fn look_poisoned(&self, site: Site) -> bool {
        super::op(
            (Kind::Load, self.id, site),
            |p| Some(u64::from(*p)),
            || {
                self.before_release();
                self.is_poisoned()
            },
        )
    }

    pub(crate) fn set_poisoned(&self, poisoned: bool) {
        // No step of its own, but whoever orders steps is told of it.
        hook::touch(self.id, if poisoned { How::Poisons } else { How::Step(Kind::Store) });
        self.poisoned.store(poisoned, Relaxed);
    }

    /// Takes the lock; the scheduling point comes first.
    pub(crate) fn acquire(&self, shared: bool) {
        if self.loom.is_none() {
            switch();
        }
        self.acquire_now(shared);
    }

    /// Takes the lock in the step that is already under way (under loom a lock is a step of its own).
    pub(crate) fn acquire_now(&self, shared: bool) {
        let me = hook::actor();
        if self.gated() {
            return self.acquire_gated(shared, me);
        }
        loop {
            let told = match &self.loom {
                Some(loom) if !std::thread::panicking() => loom.acquire(shared, true, me),
                _ => false,
            };
            if self.try_take(shared, me, told) {
                return;
            }
            if told && let Some(loom) = &self.loom {
                loom.release(shared, me);
            }
            self.waiters.block();
        }
    }

    fn gated(&self) -> bool {
        self.loom.as_ref().is_some_and(|l| l.gate.is_some())
    }

    /// The step of a lock that is tried, under loom.
    fn pass_gate(&self) {
        if let Some(gate) = self.loom.as_ref().and_then(|l| l.gate.as_ref())
            && super::may_switch()
        {
            call(|| gate.notify_one());
        }
    }

    fn acquire_gated(&self, shared: bool, me: ActorId) {
        self.pass_gate();
        while !self.try_take_gated(shared, me) {
            self.waiters.block();
            self.pass_gate();
        }
    }

    /// Takes the lock in the plain data if it is free, and loom's, which is free then, for what that makes visible.
    fn try_take_gated(&self, shared: bool, me: ActorId) -> bool {
        let tell = !std::thread::panicking();
        let got = self.try_take(shared, me, tell);
        if got
            && tell
            && let Some(loom) = &self.loom
        {
            loom.acquire(shared, true, me);
        }
        got
    }

    /// Takes the lock if it is free; the scheduling point comes first.
    pub(crate) fn try_acquire(&self, shared: bool) -> bool {
        let me = hook::actor();
        if self.gated() {
            self.pass_gate();
            return self.try_take_gated(shared, me);
        }
        let told = match &self.loom {
            None => {
                switch();
                false
            }
            Some(_) if std::thread::panicking() => false,
            Some(loom) => {
                if !loom.acquire(shared, false, me) {
                    return false;
                }
                true
            }
        };
        let got = self.try_take(shared, me, told);
        if !got
            && told
            && let Some(loom) = &self.loom
        {
            loom.release(shared, me);
        }
        got
    }

    fn try_take(&self, shared: bool, me: ActorId, told: bool) -> bool {
        let mut held = table(&self.held);
        let free = held.allows(shared);
        if free {
            held.take(shared, me);
            if self.loom.is_some() && !told {
                if shared {
                    held.phantoms.push(me);
                } else {
                    held.phantom = true;
                }
            }
        }
        free
    }

    /// The scheduling point before a release. loom needs none unless the lock is tried: it sees all that matters at the
    /// next acquisition.
    pub(crate) fn before_release(&self) {
        if self.loom.is_none() {
            switch();
        } else {
            self.pass_gate();
        }
    }

    /// The same within another step that releases the lock, which is a scheduling point of shuttle already.
    pub(crate) fn before_wait(&self) {
        if self.loom.is_some() {
            self.pass_gate();
        }
    }

    /// Gives the lock up.
    pub(crate) fn release(self: &Arc<Self>, shared: bool) {
        let me = hook::actor();
        let tell = {
            let mut held = table(&self.held);
            if shared {
                if let Some(i) = held.readers.iter().rposition(|r| *r == me) {
                    held.readers.swap_remove(i);
                }
                if let Some(i) = held.phantoms.iter().position(|r| *r == me) {
                    held.phantoms.swap_remove(i);
                    false
                } else {
                    !held.readers.contains(&me)
                }
            } else {
                held.writer = false;
                !std::mem::take(&mut held.phantom)
            }
        };
        if let Some(loom) = &self.loom
            && tell
            && !super::failed()
        {
            // A std read lock is never poisoned, so only the write lock has to wait for the unwinding's end.
            if !shared && std::thread::panicking() {
                defer(self);
            } else {
                loom.release(shared, me);
            }
        }
        self.waiters.wake_all();
    }

    /// Tells loom of a release during an unwinding that has ended.
    pub(super) fn settle(&self) {
        if let Some(loom) = &self.loom {
            loom.release(false, hook::actor());
        }
    }

    /// The announced operation of taking the lock.
    pub(crate) fn lock(&self, shared: bool, site: Site) {
        let kind = if shared { Kind::ReadLock } else { Kind::Lock };
        super::op((kind, self.id, site), super::no_value, || {
            if shared || !self.acquires_bare(site) {
                self.acquire(shared);
            }
        });
    }

    /// The announced operation of trying to take the lock.
    pub(crate) fn try_lock(&self, shared: bool, site: Site) -> bool {
        let (kind, held) = if shared { (Kind::TryReadLock, Kind::ReadLock) } else { (Kind::TryLock, Kind::Lock) };
        tries::tried(self.site);
        hook::set_tried(self.id);
        let me = super::begin(kind, self.id, site, "");
        let got = self.try_acquire(shared);
        if got {
            hook::holds(me, held, self.id, site);
        }
        let kind = if got { kind } else { Kind::Refused };
        hook::done(me, kind, self.id, site, if got { "" } else { "would block" }, Some(u64::from(got)));
        got
    }

    /// The announced operation of giving the lock up; `poison` if the panic began while it was held.
    pub(crate) fn unlock(self: &Arc<Self>, shared: bool, site: Site, poison: bool) {
        let kind = if shared { Kind::ReadUnlock } else { Kind::Unlock };
        if poison {
            self.set_poisoned(true);
        }
        super::op((kind, self.id, site), super::no_value, || {
            self.before_release();
            self.release(shared);
        });
    }
}
