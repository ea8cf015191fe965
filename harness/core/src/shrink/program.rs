//! Makes a failing program smaller: fewer kills, fewer actors, fewer ops.
//!
//! Arguments stay as they are: a lower one makes nothing shorter, and tried on the shipped scenarios it cost switches.

use crate::plan::{ActorProgram, Trial};
use crate::scenario::Fault;
use std::collections::BTreeSet;

/// What of a trial is executed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Case {
    /// What each actor does.
    pub program: Vec<ActorProgram>,
    /// Processes that the trial kills and that are left alone.
    pub spared: Vec<String>,
}

/// What a candidate does without. Numbers are places in the program that it was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The n-th kill of those that were left.
    Kill(usize),
    /// An actor.
    Actor(usize),
    /// Ops of an actor, from a place on, so many.
    Ops(usize, usize, usize),
}

/// Processes that `trial` kills, in order.
fn kills(trial: &Trial) -> impl Iterator<Item = &String> {
    trial.faults.iter().filter_map(|fault| match fault {
        Fault::Kill { process, .. } => Some(process),
        Fault::Io { .. } => None,
    })
}

impl Case {
    /// The whole of `program`, with all the trial's kills.
    #[must_use]
    pub fn whole(program: &[ActorProgram]) -> Self {
        Self { program: program.to_vec(), spared: Vec::new() }
    }

    /// Processes that are killed, in the order of the trial's faults.
    #[must_use]
    pub fn kills<'t>(&self, trial: &'t Trial) -> Vec<&'t String> {
        kills(trial).filter(|process| !self.spared.contains(process)).collect()
    }

    /// The trial with no kills but these.
    #[must_use]
    pub fn trial(&self, trial: &Trial) -> Trial {
        let mut trial = trial.clone();
        trial.faults.retain(|fault| !matches!(fault, Fault::Kill { process, .. } if self.spared.contains(process)));
        trial
    }

    /// True if it is what [`shrink_program`] can make of `whole`: some of its actors, each with some of its ops, in order.
    #[must_use]
    pub fn is_part_of(&self, whole: &[ActorProgram]) -> bool {
        let mut from = whole.iter();
        self.program.iter().all(|actor| from.by_ref().find(|a| a.name == actor.name).is_some_and(|a| is_part(actor, a)))
    }
}

fn is_part(actor: &ActorProgram, of: &ActorProgram) -> bool {
    let mut from = of.ops.iter();
    actor.process == of.process && actor.ops.iter().all(|op| from.any(|of| of == op))
}

/// Shrinks `found` step by step. `fails` is asked of each candidate, no candidate twice, and of how it was made from the
/// last one that failed; `None` ends the search. `kills`: the processes that `found` has killed.
///
/// Returns the smallest case that failed, and true if everything one step smaller was tried.
pub fn shrink_program(
    found: Case,
    kills: &[String],
    fails: &mut dyn FnMut(&Case, &Change) -> Option<bool>,
) -> (Case, bool) {
    let mut shrinker = Shrinker { best: found, kills: kills.to_vec(), refused: BTreeSet::new(), over: false, fails };
    loop {
        let before = shrinker.best.clone();
        shrinker.spare();
        shrinker.drop_actors();
        shrinker.drop_ops();
        if shrinker.over || shrinker.best == before {
            return (shrinker.best, !shrinker.over);
        }
    }
}

struct Shrinker<'a> {
    best: Case,
    kills: Vec<String>,
    refused: BTreeSet<String>,
    over: bool,
    fails: &'a mut dyn FnMut(&Case, &Change) -> Option<bool>,
}

impl Shrinker<'_> {
    fn attempt(&mut self, case: Case, change: &Change) -> bool {
        let key = format!("{case:?}");
        if self.over || self.refused.contains(&key) {
            return false;
        }
        match (self.fails)(&case, change) {
            Some(true) => {
                self.best = case;
                true
            }
            Some(false) => {
                self.refused.insert(key);
                false
            }
            None => {
                self.over = true;
                false
            }
        }
    }

    /// The last first, here and with the actors: the names that are left are then the first ones.
    fn spare(&mut self) {
        for at in (0..self.kills.len()).rev() {
            let mut case = self.best.clone();
            case.spared.push(self.kills[at].clone());
            if self.attempt(case, &Change::Kill(at)) {
                self.kills.remove(at);
            }
        }
    }

    fn drop_actors(&mut self) {
        for at in (0..self.best.program.len()).rev() {
            let mut case = self.best.clone();
            case.program.remove(at);
            if !case.program.is_empty() && self.keeps_the_killed(&case) {
                self.attempt(case, &Change::Actor(at));
            }
        }
    }

    /// A kill needs an actor of its process.
    fn keeps_the_killed(&self, case: &Case) -> bool {
        let lives = |process: &String| case.program.iter().any(|actor| actor.process.as_ref() == Some(process));
        self.kills.iter().all(lives)
    }

    /// Halves first, then less and less. All ops of an actor are the actor.
    fn drop_ops(&mut self) {
        for actor in 0..self.best.program.len() {
            let mut many = self.best.program[actor].ops.len() / 2;
            while many > 0 {
                let mut end = self.best.program[actor].ops.len();
                while end >= many && self.best.program[actor].ops.len() > many {
                    let mut case = self.best.clone();
                    case.program[actor].ops.drain(end - many..end);
                    let dropped = self.attempt(case, &Change::Ops(actor, end - many, many));
                    end = if dropped { (end - many).min(self.best.program[actor].ops.len()) } else { end - 1 };
                }
                many /= 2;
            }
        }
    }
}
