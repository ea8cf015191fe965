//! Which traces are the oldest, as of the last look at the directory.
//!
//! All that is stored later is younger, so a look serves as many evictions as it found traces: one each, on average,
//! whatever the cap. What others have removed or claimed since, the rename that evicts will tell.

use super::names::Trace;
use std::collections::VecDeque;
use std::mem;
// Not the facade's: whoever asks is alone in the critical section already, and holds this lock for no step at all.
use std::sync::Mutex;

#[derive(Default)]
pub(super) struct Candidates(Mutex<Look>);

#[derive(Default)]
struct Look {
    epoch: u64,
    oldest: VecDeque<Trace>,
}

impl Candidates {
    /// Takes them out, oldest first; none if an older one has come back since the look. Never waits: where a fork has
    /// copied the lock in its locked state, each eviction looks for itself.
    pub(super) fn take(&self, epoch: u64) -> VecDeque<Trace> {
        let look = self.0.try_lock().map(|mut look| mem::take(&mut *look)).unwrap_or_default();
        if look.epoch == epoch { look.oldest } else { VecDeque::new() }
    }

    pub(super) fn keep(&self, epoch: u64, oldest: VecDeque<Trace>) {
        if let Ok(mut look) = self.0.try_lock() {
            *look = Look { epoch, oldest };
        }
    }
}
