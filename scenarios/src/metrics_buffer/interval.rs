//! The due-check of the sharded buffers: one atomic, no lock.

use racehunt_sync::atomic::{AtomicU64, Ordering};
use racehunt_sync::time::{Duration, Instant};

/// Tells one caller in each interval that a flush is due.
///
/// Every ordering is relaxed: the clock decides who flushes, and nothing is read that the previous flush wrote.
pub(super) struct Interval {
    opened: Instant,
    /// Nanoseconds from `opened` to the last flush.
    last: AtomicU64,
    length: u64,
}

impl Interval {
    pub(super) fn new(length: Duration) -> Self {
        Self { opened: Instant::now(), last: AtomicU64::new(0), length: nanos(length) }
    }

    /// True for the one caller that notes the time first.
    pub(super) fn is_due(&self) -> bool {
        let (now, last) = (self.now(), self.last.load(Ordering::Relaxed));
        now.saturating_sub(last) >= self.length
            && self.last.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// A flush has begun.
    pub(super) fn restart(&self) {
        self.last.store(self.now(), Ordering::Relaxed);
    }

    fn now(&self) -> u64 {
        nanos(Instant::now().saturating_duration_since(self.opened))
    }
}

/// 584 years is as good as never.
fn nanos(length: Duration) -> u64 {
    u64::try_from(length.as_nanos()).unwrap_or(u64::MAX)
}
