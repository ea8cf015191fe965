//! What a search keeps of the executions that it has judged.

use super::driver::{Execution, Judge, Judged};
use crate::distinct::Distinct;
use crate::emit::Emit;
use crate::replay;
use crate::strategy::Recording;
use racehunt_core::plan::{ActorProgram, Trial};
use racehunt_core::tally::Tally;
use racehunt_sync::hook;
use std::cell::RefCell;
use std::rc::Rc;

/// The best schedule seen for a finding.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) recording: Recording,
    pub(super) seed: u64,
    pub(super) found_switches: u32,
}

/// What the judge keeps.
#[derive(Debug)]
pub(super) struct Hunt {
    pub(super) tally: Tally,
    pub(super) distinct: Distinct,
    /// By place of the finding in the tally.
    pub(super) kept: Vec<Kept>,
    /// Findings that nobody was told of yet.
    fresh: Vec<usize>,
    pub(super) longest: Longest,
}

/// The execution with the most points at which the strategy had a choice.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Longest {
    /// Its number.
    pub(super) execution: u64,
    pub(super) points: usize,
    /// The most actors of any execution.
    pub(super) actors: usize,
}

impl Hunt {
    pub(super) fn new(trial: &Trial) -> Self {
        Self {
            tally: Tally::new(trial.clone()),
            distinct: Distinct::default(),
            kept: Vec::new(),
            fresh: Vec::new(),
            longest: Longest::default(),
        }
    }

    fn judge(&mut self, execution: &Execution<'_>) -> Judged {
        let fresh = self.distinct.add(hook::fingerprint());
        let points = execution.recording.decisions.len();
        if points > self.longest.points {
            (self.longest.execution, self.longest.points) = (execution.number, points);
        }
        self.longest.actors = self.longest.actors.max(hook::actors());
        for (i, new) in self.tally.observe(&execution.ended.observation) {
            let switches = execution.recording.switches;
            if self.kept.get(i).is_none_or(|k| switches < k.recording.switches) {
                let recording = execution.recording.clone();
                self.keep(i, new, Kept { recording, seed: execution.seed, found_switches: switches });
            }
        }
        Judged { go_on: self.fresh.is_empty(), fresh }
    }

    fn keep(&mut self, i: usize, new: bool, mut kept: Kept) {
        match self.kept.get_mut(i) {
            Some(known) => {
                kept.found_switches = known.found_switches;
                *known = kept;
            }
            None => self.kept.push(kept),
        }
        if new {
            self.fresh.push(i);
        }
    }

    /// Adds what another search has kept, as if it had come after this one.
    pub(super) fn absorb(&mut self, later: Self) {
        self.distinct.absorb(later.distinct);
        for (place, kept) in self.tally.absorb(later.tally).into_iter().zip(later.kept) {
            let Some((i, new)) = place else { continue };
            if self.kept.get(i).is_none_or(|k| kept.recording.switches < k.recording.switches) {
                self.keep(i, new, kept);
            }
        }
    }

    /// Tells of the findings that are new.
    pub(super) fn tell(&mut self, trial: &Trial, program: &[ActorProgram], emit: &mut dyn Emit) {
        for i in self.fresh.drain(..) {
            let finding = &mut self.tally.findings_mut()[i];
            finding.repro = replay::unconfirmed(trial, program, &self.kept[i].recording, self.kept[i].seed);
            emit.finding(finding);
        }
    }
}

/// The judge that hands executions to `hunt`.
pub(super) fn judge(hunt: &Rc<RefCell<Hunt>>, pauses: bool) -> Judge {
    let hunt = Rc::clone(hunt);
    Box::new(move |e: &Execution<'_>| {
        let judged = hunt.borrow_mut().judge(e);
        Judged { go_on: judged.go_on || !pauses, ..judged }
    })
}
