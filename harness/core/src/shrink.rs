//! Shrinks a failing execution: first its program, then its schedule.
//!
//! A schedule is a list of decisions, 0 for "stay with the current actor", and any list is legal (numbers too large
//! are cut down, past the end all are 0). So a shrink is a search over lists: cut the tail, zero blocks, lower values,
//! merge and move what is left; a candidate is kept only if the same failure shows. Where the program is small enough
//! all schedules with fewer context switches are played, and then it is known that there is no better one.
//!
//! What may be spent is counted in executions and in their steps, never in time: the same seed gives the same result on
//! every machine.

mod fewest;
mod made;
mod passes;
mod program;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod toy;

pub use fewest::Fewest;
pub use made::{Choice, Made, Played};
pub use program::{Case, Change, shrink_program};

use passes::Best;

/// What is left to spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Executions.
    pub executions: u64,
    /// Steps over all of them: those of one execution can be few or thousands.
    pub steps: u64,
}

impl Effort {
    /// Takes off what was spent.
    pub fn spend(&mut self, executions: u64, steps: u64) {
        self.executions = self.executions.saturating_sub(executions);
        self.steps = self.steps.saturating_sub(steps);
    }

    /// True if there is nothing left.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.executions == 0 || self.steps == 0
    }
}

/// The smallest failing schedule that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Least {
    /// The schedule.
    pub made: Made,
    /// Every schedule with fewer switches was played, and none failed.
    pub fewest: bool,
    /// The search ended because [`shrink`]'s `play` said so.
    pub over: bool,
}

/// Schedules as small as the best that are played for one that reads better.
const EQUALS: u32 = 200;

/// Shrinks the schedule `found`: fewer switches, then fewer steps, then fewer and smaller decisions. `play` plays a
/// candidate; `None` ends the search.
pub fn shrink(found: Made, room: usize, play: &mut dyn FnMut(&[u32]) -> Option<Played>) -> Least {
    let mut best = Best::new(found, play);
    best.lower();
    let (before, mut fewest, mut plain) = (best.made().cost(), Fewest::new(room), true);
    let (mut equals, mut unplayed) = (0, None);
    while equals < EQUALS {
        let Some(list) = fewest.list() else { break };
        if fewest.switches() > best.made().switches {
            break;
        }
        equals += u32::from(fewest.switches() == best.made().switches);
        let Some((made, _)) = best.play(&list) else {
            unplayed = Some(fewest.switches());
            break;
        };
        plain &= made.is_plain();
        fewest.made(&made);
    }
    let switches = best.made().switches;
    let played = fewest.is_done_below(switches) && unplayed.is_none_or(|level| level >= switches);
    let known = plain && best.made().is_plain() && played;
    if best.made().cost() < before {
        best.lower();
    }
    Least { fewest: best.made().switches == 0 || known, over: best.over, made: best.into_made() }
}
