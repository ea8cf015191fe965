//! The timeline of a trial under load, as it is made.

use crate::probe;
use racehunt_core::timeline::{Sample, Timeline};
use std::time::{Duration, Instant};

/// Between two looks.
const EVERY: Duration = Duration::from_millis(500);

/// Looks at processes now and then.
pub(super) struct Film {
    started: Instant,
    next: Instant,
    timeline: Timeline,
}

impl Film {
    pub(super) fn new(started: Instant) -> Self {
        Self { started, next: started, timeline: Timeline::default() }
    }

    /// True if it is time for a look.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        now >= self.next
    }

    /// Looks at these processes, which have ended so many ops.
    pub(super) fn look(&mut self, now: Instant, pids: &[u32], ops: u64, disk_bytes: u64) {
        self.next = now + EVERY;
        let probe::Usage { rss_bytes, open_files, threads } = probe::of(pids);
        let at_ns = self.at(now);
        self.timeline.sample(Sample { at_ns, ops, rss_bytes, disk_bytes, open_files, threads });
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
