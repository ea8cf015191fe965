//! The health monitor: looks at the status file every `check` and replaces a worker that it takes for failed.
//!
//! As published it knows one sign, the age of the heartbeat, and one remedy: it asks the old worker to end and starts the
//! next. The age is no sign of a lost item (HM1), and a sign of nothing while a long one is worked off (HM2); a loop that
//! is stalled does not hear what it is asked, and goes on beside its successor (HM3).
//!
//! Hardened it leaves an item's lease alone, takes what is owed for too long for a failure, and replaces in an order that
//! leaves no moment for two: first the token is raised, so that the old one has no effect any more, then the old one is
//! killed, then the next is started.

use super::clock::Clock;
use super::vitals::Status;
use super::{Files, far_end};
use racehunt_core::observation::Look;
use racehunt_sync::thread;
use std::io;
use std::time::Duration;

/// What a monitor goes by. Times are nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// It looks this often.
    pub check_ns: u64,
    /// A heartbeat that is older is a failure.
    pub stale_ns: u64,
    /// Hardened: what is owed for longer is a failure, leases are respected, and the old one is fenced off and killed.
    pub hardened: Option<Backlog>,
}

/// What only the hardened monitor knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// What is owed for longer than this, in nanoseconds, is a failure.
    pub owed_ns: u64,
}

/// Why a worker is taken for failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Its heartbeat is too old.
    Stale,
    /// Items wait, or one is in flight, and nothing comes on.
    Owes,
}

impl Rules {
    /// Judges what the worker of `generation`, which was started at `started_ns`, says of itself at `now_ns`. Until it
    /// says something, its start is its sign of life.
    #[must_use]
    pub fn judge(&self, status: Option<&Status>, (generation, started_ns): (u32, u64), now_ns: u64) -> Option<Failure> {
        // The published one takes any heartbeat for its worker's.
        let own = status.filter(|status| self.hardened.is_none() || status.generation == generation);
        let since = |at: u64| now_ns.saturating_sub(at.max(started_ns));
        if self.hardened.is_some() && own.and_then(|status| status.lease).is_some_and(|lease| now_ns <= lease.until_ns)
        {
            return None;
        }
        if since(own.map_or(0, |status| status.at_ns)) > self.stale_ns {
            return Some(Failure::Stale);
        }
        let owed = own.and_then(|status| status.owed_since_ns);
        let limit = self.hardened.map(|backlog| backlog.owed_ns);
        owed.zip(limit).is_some_and(|(owed, limit)| since(owed) > limit).then_some(Failure::Owes)
    }
}

/// The workers of a system, by generation: what a monitor can do to them.
pub trait Crew: Send + Sync {
    /// Asks all up to `generation` to end. A loop that is stalled does not hear it.
    fn ask(&self, generation: u32);
    /// Kills the worker of `generation`; it is gone when this returns.
    fn kill(&self, generation: u32);
    /// Starts the worker of `generation`.
    ///
    /// # Errors
    /// When it cannot be started.
    fn start(&self, generation: u32) -> io::Result<()>;
}

/// A health monitor.
#[derive(Debug)]
pub struct Monitor {
    files: Files,
    clock: Clock,
    rules: Rules,
    generation: u32,
    started_ns: u64,
    looks: Vec<Look>,
    /// When the next look is due.
    due_ns: u64,
    /// By how much the latest look was late.
    late_ns: u64,
}

impl Monitor {
    /// One of a worker of generation 0 that starts now.
    #[must_use]
    pub fn new(files: Files, clock: Clock, rules: Rules) -> Self {
        let now = clock.now();
        let due_ns = now + rules.check_ns;
        Self { files, clock, rules, generation: 0, started_ns: now, looks: Vec::new(), due_ns, late_ns: 0 }
    }

    /// Waits for the next look, looks, and replaces the worker if it failed. Returns true if it did.
    ///
    /// # Errors
    /// When the next one cannot be fenced or started.
    pub fn look(&mut self, crew: &dyn Crew) -> io::Result<bool> {
        let before = self.clock.now();
        thread::sleep(Duration::from_nanos(self.due_ns.saturating_sub(before)));
        // Before the file is read: what is written later is not judged.
        let now = self.clock.now();
        self.late_ns = self.late_ns.max(now.saturating_sub(self.due_ns));
        self.due_ns = now.max(self.due_ns) + self.rules.check_ns;
        let status = Status::read(&self.files);
        let failed = self.rules.judge(status.as_ref(), (self.generation, self.started_ns), now).is_some();
        self.looks.push(Look { worker: self.generation, at_ns: now, failed });
        if failed {
            self.replace(crew)?;
        }
        Ok(failed)
    }

    fn replace(&mut self, crew: &dyn Crew) -> io::Result<()> {
        let (old, next) = (self.generation, self.generation + 1);
        if self.rules.hardened.is_some() {
            far_end::raise(&self.files, next)?;
            crew.kill(old);
        } else {
            crew.ask(old);
        }
        self.generation = next;
        self.started_ns = self.clock.now();
        crew.start(next)
    }

    /// Every look so far.
    #[must_use]
    pub fn looks(&self) -> &[Look] {
        &self.looks
    }

    /// By how much a look was late at most, in nanoseconds.
    #[must_use]
    pub fn late_ns(&self) -> u64 {
        self.late_ns
    }

    /// The generation at work.
    #[must_use]
    pub fn generation(&self) -> u32 {
        self.generation
    }
}
