//! The timeline of a trial, as it is made.

use super::crew::Crew;
use super::disk::{DiskBounds, Guard};
use crate::probe;
use racehunt_core::timeline::{Sample, Timeline};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Between two looks.
const EVERY: Duration = Duration::from_millis(500);

/// Looks at processes, and at the room their directory takes, now and then.
pub(super) struct Film {
    started: Instant,
    next: Instant,
    timeline: Timeline,
    guard: Guard,
}

impl Film {
    /// From now on, of a trial in this directory. Starts a thread.
    pub(super) fn start(dir: PathBuf, bounds: DiskBounds) -> Self {
        let started = Instant::now();
        Self { started, next: started, timeline: Timeline::default(), guard: Guard::start(dir, bounds) }
    }

    /// Why the trial must end, if it must.
    pub(super) fn full(&self) -> Option<&str> {
        self.guard.full()
    }

    /// True if it is time for a look.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        now >= self.next
    }

    /// Looks at these processes, which have ended so many ops.
    pub(super) fn look(&mut self, now: Instant, pids: &[u32], ops: u64) {
        self.next = now + EVERY;
        let probe::Usage { rss_bytes, open_files, threads } = probe::of(pids);
        let (at_ns, disk_bytes) = (self.at(now), self.guard.used());
        self.timeline.sample(Sample { at_ns, ops, rss_bytes, disk_bytes, open_files, threads });
    }

    /// Looks at this process, whose threads are the crew.
    pub(super) fn look_at(&mut self, crew: &Crew) {
        self.look(Instant::now(), &[std::process::id()], crew.ops_ended().iter().sum());
    }

    /// A fault hits.
    pub(super) fn mark(&mut self, now: Instant, what: &str) {
        let at_ns = self.at(now);
        self.timeline.mark(at_ns, what);
    }

    pub(super) fn into_timeline(self) -> Timeline {
        self.timeline
    }

    fn at(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.started).as_nanos()).unwrap_or(u64::MAX)
    }
}
