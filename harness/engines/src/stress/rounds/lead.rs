//! Between two batches: is it enough, and how large is the next one?

use super::floor::{Floor, write};
use crate::stress::crew::locked;
use crate::stress::settings::Settings;
use racehunt_core::tally::Tally;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Objects in a batch at most: what 2 actors record of so many stays in a second-level cache.
const MOST: usize = 256;
/// Objects in the first batch, whose cost is not known yet.
const FIRST: usize = 8;
/// What a batch should take: long against the three barriers of a batch (a microsecond), short against the 50 ms
/// within which a trial should heed its budget and a request to stop.
const AIM: Duration = Duration::from_millis(25);

/// What the leading thread (whichever came last) carries from batch to batch.
#[derive(Debug)]
pub(super) struct Lead {
    started: Instant,
    batch_started: Instant,
    batches: u64,
    rounds: u64,
    single: bool,
    pub(super) why: Option<&'static str>,
}

impl Lead {
    /// `single`: a batch has one object, because something counts from its start.
    pub(super) fn new(single: bool) -> Self {
        let now = Instant::now();
        Self { started: now, batch_started: now, batches: 0, rounds: 0, single, why: None }
    }

    pub(super) fn first_size(settings: &Settings, single: bool) -> usize {
        within(if single { 1 } else { FIRST }, settings.rounds)
    }
}

fn within(size: usize, left: Option<u64>) -> usize {
    left.map_or(size, |left| size.min(usize::try_from(left).unwrap_or(usize::MAX)))
}

/// Size of the next batch after one of `size` that took `took`: at most twice as large.
fn next_size(size: usize, took: Duration) -> usize {
    let fits = size as f64 * AIM.as_secs_f64() / took.as_secs_f64().max(1e-9);
    (fits as usize).clamp(1, MOST.min(size * 2))
}

/// True once every finding seen so far was seen `often` enough.
pub(in crate::stress) fn seen_enough(tally: &Tally, often: u64) -> bool {
    !tally.findings().is_empty() && tally.findings().iter().all(|f| f.count >= often)
}

impl Floor {
    /// Run by one thread while the others wait.
    pub(super) fn close_batch(&self) {
        let mut lead = locked(&self.lead);
        let now = Instant::now();
        let size = self.size.load(Ordering::Relaxed);
        lead.rounds += size as u64;
        lead.batches += 1;
        let took = now - std::mem::replace(&mut lead.batch_started, now);
        let left = self.settings.rounds.map(|rounds| rounds.saturating_sub(lead.rounds));
        let late = self.settings.duration.is_some_and(|d| now - lead.started >= d);
        if let Some(often) = self.settings.stop_after
            && locked(&self.tally).as_ref().is_some_and(|t| seen_enough(t, often))
        {
            lead.why = Some("ended early: every finding was seen as often as `stop_after` asks");
        }
        if lead.why.is_some() || late || left == Some(0) || self.crew.stopping() {
            self.over.store(true, Ordering::Relaxed);
            return;
        }
        let next = if lead.single { 1 } else { next_size(size, took) };
        self.size.store(within(next, left), Ordering::Relaxed);
        if self.deal.varies() {
            match self.deal.parts(lead.batches) {
                Ok(parts) => *write(&self.parts) = parts,
                Err(e) => {
                    self.crew.remark(format!("ended early: {e}"));
                    self.over.store(true, Ordering::Relaxed);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_grows_to_its_bound_and_shrinks_at_once() {
        assert_eq!(next_size(8, Duration::from_micros(10)), 16);
        assert_eq!(next_size(MOST, Duration::from_micros(10)), MOST);
        assert_eq!(next_size(100, Duration::from_millis(50)), 50);
        assert_eq!(next_size(8, Duration::from_secs(1)), 1);
    }

    #[test]
    fn a_batch_is_no_larger_than_the_budget() {
        assert_eq!((within(8, Some(3)), within(8, None), within(8, Some(u64::MAX))), (3, 8, 8));
    }
}
