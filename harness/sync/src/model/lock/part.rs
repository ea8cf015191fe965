//! Sections of a lock that a mutant cuts in two, leaves out, or makes bare.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use super::super::{failed, process, table, unwinding};
use super::RawLock;
use crate::hook::{self, ActorId, Site};
use crate::mutant::{self, Operator};

/// What has to be known of a section, while something is armed.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// Sections so far.
    taken: AtomicU64,
    /// Steps that the holder had begun when it took the lock.
    since: AtomicU64,
    /// How often its guard has lent the value since.
    lent: AtomicU64,
    /// Guards that hold nothing, by actor.
    without: Mutex<Vec<ActorId>>,
    /// How many: looked at in every unlock.
    count: AtomicUsize,
}

impl Part {
    /// A section begins.
    pub(super) fn begins(&self) {
        if mutant::is_on() {
            self.taken.fetch_add(1, Relaxed);
            self.since.store(mutant::own_steps(), Relaxed);
            self.lent.store(0, Relaxed);
        }
    }

    fn leave(&self, me: ActorId) {
        table(&self.without).push(me);
        self.count.fetch_add(1, Relaxed);
    }

    fn enter(&self, me: ActorId) -> bool {
        let mut without = table(&self.without);
        let Some(i) = without.iter().rposition(|actor| *actor == me) else { return false };
        without.swap_remove(i);
        self.count.fetch_sub(1, Relaxed);
        true
    }
}

impl RawLock {
    /// The value is used. loom's own panic would count as its own failure, so it is put into words here.
    fn uses(&self, anew: bool) {
        let Some(value) = self.loom.as_ref().and_then(|l| l.value.as_ref()) else { return };
        let told = || if anew { value.with_mut(|_| ()) } else { value.with(|_| ()) };
        assert!(
            catch_unwind(AssertUnwindSafe(told)).is_ok(),
            "data race: nothing orders two uses of what a lock guards"
        );
    }

    /// The guard is about to lend the value; `anew` if it is borrowed exclusively, so that nothing it has lent is alive. A
    /// cut before the first use of a section would only be a later lock.
    #[cold]
    #[inline(never)]
    pub(crate) fn lends(self: &Arc<Self>, anew: bool, site: Site) {
        if unwinding() || failed() || process::is_dead() {
            return;
        }
        let used = self.part.lent.fetch_add(1, Relaxed) > 0 || mutant::own_steps() > self.part.since.load(Relaxed);
        self.uses(anew);
        if anew && used && mutant::at(site, "section", &[Operator::Split]).is_some() {
            self.cut(site);
        }
    }

    /// Takes the lock in the plain data only, where a mutant says so: it excludes others, and loom knows of no order.
    pub(super) fn acquires_bare(&self, site: Site) -> bool {
        if mutant::at(site, "lock", &[Operator::Bare]).is_none() {
            return false;
        }
        mutant::differed();
        while !self.try_take(false, hook::actor(), false) {
            self.waiters.block();
        }
        true
    }

    /// Gives the lock up and takes it again.
    pub(crate) fn cut(self: &Arc<Self>, site: Site) {
        let me = hook::actor();
        let (at, unwinding) = (self.taken_at(), self.taken_unwinding());
        let before = self.part.taken.load(Relaxed);
        self.unlock(false, site, false);
        // Should this actor end here, its guard must not give up what another one has.
        self.part.leave(me);
        self.lock(false, site);
        self.part.enter(me);
        mutant::differed_if(self.part.taken.load(Relaxed) != before);
        self.taken(at, unwinding);
    }

    /// A section that a mutant leaves out.
    pub(crate) fn leave_out(&self) {
        self.part.leave(hook::actor());
    }

    /// True if the guard that is dropped held nothing.
    pub(crate) fn is_left_out(&self) -> bool {
        self.part.count.load(Relaxed) > 0 && self.part.enter(hook::actor())
    }
}
