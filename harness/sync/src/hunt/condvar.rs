//! `Condvar`.
//!
//! The waiters stand in a table of our own under both models, so that a timed wait and a plain one share it. A waiter
//! given its notification waits for the mutex from then on, and is announced as doing so. Spurious wake-ups are not
//! modelled. shuttle chooses which waiter a `notify_one` wakes; under loom it is the one that waits longest.

use std::fmt;
use std::panic::Location;
use std::sync::{Arc, LockResult, PoisonError};
use std::time::Duration;

use super::mutex::{ModelGuard, Mutex, MutexGuard, NativeGuard, Raw, RawGuard};
use crate::engine;
use crate::hook::{self, ActorId, Kind, ObjectId, Site};
use crate::model::{self, Object, Token, clock, lock::RawLock, table};
use crate::mutant::{self, Operator};
use crate::perturb;
use crate::waits::{self, On};

/// [`std::sync::Condvar`] under the engine that is current when it is made.
pub struct Condvar(Inner);

enum Inner {
    /// With where it was made.
    Native(std::sync::Condvar, Site),
    /// Shared only with a notification that a mutant puts off.
    Model(Arc<Model>),
}

struct Model {
    object: Object,
    state: std::sync::Mutex<State>,
}

#[derive(Default)]
struct State {
    waiters: Vec<Waiter>,
    /// Number of the next `notify_one`.
    next: u64,
}

struct Waiter {
    actor: ActorId,
    mutex: ObjectId,
    /// Woken by `notify_all`.
    all: bool,
    /// The `notify_one`s that may wake it; each wakes one of those that waited when it came.
    ones: Vec<u64>,
}

/// Whether a timed wait ended by its timeout, as [`std::sync::WaitTimeoutResult`].
#[derive(Debug, PartialEq, Eq, Copy, Clone)]
pub struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    /// True if the wait ended by its timeout.
    #[must_use]
    pub fn timed_out(&self) -> bool {
        self.0
    }
}

impl State {
    /// Uses up the notification of `me`, if there is one.
    fn woken(&mut self, me: ActorId, condvar: ObjectId) -> bool {
        let Some(i) = self.waiters.iter().position(|w| w.actor == me) else {
            return true;
        };
        let waiter = &self.waiters[i];
        let one = waiter.ones.first().copied();
        if !waiter.all && one.is_none() {
            return false;
        }
        let all = waiter.all;
        self.waiters.remove(i);
        if let (false, Some(one)) = (all, one) {
            for other in &mut self.waiters {
                let before = other.ones.len();
                other.ones.retain(|o| *o != one);
                if before > 0 && other.ones.is_empty() && !other.all {
                    hook::repend(other.actor, Kind::Wait, condvar);
                }
            }
        }
        true
    }

    fn forget(&mut self, me: ActorId) {
        self.waiters.retain(|w| w.actor != me);
    }
}

impl Model {
    /// One wait; true if it ended by its timeout.
    fn wait(&self, raw: &Arc<RawLock>, timeout: Option<Duration>, site: Site) -> bool {
        let me = model::begin(Kind::Wait, self.object.id, site, "");
        raw.before_wait();
        self.object.token.touch();
        let waiter = Waiter { actor: me, mutex: raw.id, all: false, ones: Vec::new() };
        table(&self.state).waiters.push(waiter);
        let timer = timeout.map(clock::start);
        hook::releases(me, raw.id);
        raw.release(false);
        let timed_out = match timer {
            None => {
                while !table(&self.state).woken(me, self.object.id) {
                    self.object.waiters.block();
                }
                false
            }
            Some(timer) => self.until_timeout(me, &timer),
        };
        let label = if timed_out { "timed out" } else { "" };
        hook::done(me, Kind::Wait, self.object.id, site, label, None);
        model::op((Kind::Lock, raw.id, site), model::no_value, || {
            raw.acquire_now(false);
        });
        timed_out
    }

    /// Any actor may run between the release and the timeout, so both outcomes are explored without waiting.
    fn until_timeout(&self, me: ActorId, timer: &clock::Started) -> bool {
        loop {
            timer.point();
            if let Token::Loom(_) = self.object.token {
                self.object.token.touch();
            }
            if table(&self.state).woken(me, self.object.id) {
                return false;
            }
            if timer.fires() {
                table(&self.state).forget(me);
                return true;
            }
            timer.block();
        }
    }

    /// A notification, or what a mutant makes of it.
    fn told(self: &Arc<Self>, all: bool, site: Site) {
        use Operator::{One, Skip, Swap};
        let (what, offers) =
            if all { ("notify_all", &[One, Skip, Swap][..]) } else { ("notify_one", &[Skip, Swap][..]) };
        let waiting = || table(&self.state).waiters.len();
        match mutant::at(site, what, offers) {
            None => self.notify(all, site),
            Some(Swap) => {
                let late = Arc::clone(self);
                mutant::later(move || late.notify(all, site));
            }
            Some(One) => {
                mutant::differed_if(waiting() > 1);
                self.notify(false, site);
            }
            Some(_) => mutant::differed_if(waiting() > 0),
        }
    }

    fn notify(&self, all: bool, site: Site) {
        self.object.once(Kind::Notify, site, || {
            let mut wake = Vec::new();
            {
                let mut state = table(&self.state);
                let one = state.next;
                state.next += 1;
                let loom = matches!(self.object.token, Token::Loom(_));
                for waiter in &mut state.waiters {
                    // Under loom who is woken must not depend on who runs first: loom does not know of the choice.
                    if !all && loom && (waiter.all || !waiter.ones.is_empty()) {
                        continue;
                    }
                    if all {
                        waiter.all = true;
                    } else {
                        waiter.ones.push(one);
                    }
                    wake.push(waiter.actor);
                    hook::repend(waiter.actor, Kind::Lock, waiter.mutex);
                    if !all && loom {
                        break;
                    }
                }
            }
            for actor in wake {
                self.object.waiters.wake(actor);
                clock::interrupt(actor);
            }
        });
    }
}

impl Condvar {
    /// A condvar of the current engine that nobody waits for.
    #[track_caller]
    #[must_use]
    pub fn new() -> Self {
        Self(if engine::current().is_model() {
            Inner::Model(Arc::new(Model {
                object: Object::new("Condvar", Location::caller()),
                state: std::sync::Mutex::default(),
            }))
        } else {
            Inner::Native(std::sync::Condvar::new(), Location::caller())
        })
    }

    /// Gives the mutex up, waits for a notification, and takes the mutex again.
    #[track_caller]
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        match self.wait_for(guard, None) {
            Ok((guard, _)) => Ok(guard),
            Err(e) => Err(PoisonError::new(e.into_inner().0)),
        }
    }

    /// Waits until `condition` is false.
    #[track_caller]
    pub fn wait_while<'a, T, F>(&self, mut guard: MutexGuard<'a, T>, mut condition: F) -> LockResult<MutexGuard<'a, T>>
    where
        F: FnMut(&mut T) -> bool,
    {
        while condition(&mut guard) {
            guard = self.wait(guard)?;
        }
        Ok(guard)
    }

    /// Waits for a notification or until `timeout` has passed.
    ///
    /// Under a model the wait never blocks for ever: whether the notification or the timeout comes first is the
    /// schedule's choice, and a timeout moves the virtual clock. Of several timers the earliest fires first.
    #[track_caller]
    pub fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        timeout: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        self.wait_for(guard, Some(timeout))
    }

    /// Waits until `condition` is false or `timeout` has passed in all.
    #[track_caller]
    pub fn wait_timeout_while<'a, T, F>(
        &self,
        mut guard: MutexGuard<'a, T>,
        timeout: Duration,
        mut condition: F,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)>
    where
        F: FnMut(&mut T) -> bool,
    {
        let start = super::time::Instant::now();
        loop {
            if !condition(&mut guard) {
                return Ok((guard, WaitTimeoutResult(false)));
            }
            let Some(left) = timeout.checked_sub(start.elapsed()).filter(|d| !d.is_zero()) else {
                return Ok((guard, WaitTimeoutResult(true)));
            };
            guard = self.wait_timeout(guard, left)?.0;
        }
    }

    #[track_caller]
    fn wait_for<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        timeout: Option<Duration>,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        let MutexGuard { lock, raw } = guard;
        match (&self.0, raw) {
            (Inner::Native(condvar, made), RawGuard::Native(NativeGuard { release, guard })) => {
                let Raw::Native(raw) = &lock.raw else { unreachable!("its guard is native") };
                perturb::point();
                // Before the wait is announced: a waiter never holds the mutex.
                drop(release);
                let object = hook::Object { type_name: "Condvar", site: made };
                let (on, site) = (On::Condvar(object, &raw.info), Location::caller());
                let wait = || native_wait(condvar, guard, timeout);
                let ((guard, timed_out), poisoned) = waits::during(Kind::Wait, on, site, timeout.is_some(), wait);
                wrap(lock, raw.taken(guard, site), timed_out, poisoned)
            }
            (Inner::Model(condvar), RawGuard::Model(guard)) => {
                let (raw, site) = (guard.raw, Location::caller());
                // Before the guard is taken apart: an actor that ends here gives its mutex up.
                model::process::check();
                // A panic that began before the wait poisons at the wait's release, as in std.
                if guard.poisons() {
                    raw.set_poisoned(true);
                }
                if raw.is_left_out() {
                    raw.lock(false, site);
                }
                if mutant::at(site, "wait", &[Operator::Early]).is_some() {
                    raw.cut(site);
                    return wrap(lock, RawGuard::Model(guard), false, raw.is_poisoned());
                }
                std::mem::forget(guard);
                let timed_out = condvar.wait(raw, timeout, site);
                wrap(lock, RawGuard::Model(ModelGuard::new(raw, site)), timed_out, raw.is_poisoned())
            }
            _ => panic!("a condvar of one engine cannot wait with a mutex of another one"),
        }
    }

    /// Wakes one waiter.
    #[track_caller]
    pub fn notify_one(&self) {
        match &self.0 {
            Inner::Native(condvar, _) => {
                perturb::point();
                condvar.notify_one();
            }
            Inner::Model(model) => model.told(false, Location::caller()),
        }
    }

    /// Wakes all waiters.
    #[track_caller]
    pub fn notify_all(&self) {
        match &self.0 {
            Inner::Native(condvar, _) => {
                perturb::point();
                condvar.notify_all();
            }
            Inner::Model(model) => model.told(true, Location::caller()),
        }
    }
}

type NativeWaited<'a> = ((std::sync::MutexGuard<'a, ()>, bool), bool);

/// A native wait: the guard, whether it timed out, and whether the mutex is poisoned.
fn native_wait<'a>(
    condvar: &std::sync::Condvar,
    guard: std::sync::MutexGuard<'a, ()>,
    timeout: Option<Duration>,
) -> NativeWaited<'a> {
    match timeout {
        None => match condvar.wait(guard) {
            Ok(guard) => ((guard, false), false),
            Err(e) => ((e.into_inner(), false), true),
        },
        Some(timeout) => match condvar.wait_timeout(guard, timeout) {
            Ok((guard, r)) => ((guard, r.timed_out()), false),
            Err(e) => {
                let (guard, r) = e.into_inner();
                ((guard, r.timed_out()), true)
            }
        },
    }
}

fn wrap<'a, T>(
    lock: &'a Mutex<T>,
    raw: RawGuard<'a>,
    timed_out: bool,
    poisoned: bool,
) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
    debug_assert!(matches!(
        (&lock.raw, &raw),
        (Raw::Native(_), RawGuard::Native(_)) | (Raw::Model(_), RawGuard::Model(_))
    ));
    let out = (MutexGuard { lock, raw }, WaitTimeoutResult(timed_out));
    if poisoned { Err(PoisonError::new(out)) } else { Ok(out) }
}

impl Default for Condvar {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Condvar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condvar").finish_non_exhaustive()
    }
}
