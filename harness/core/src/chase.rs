//! From stress to exact: which searches of a model follow a finding of real threads, and what they come to.
//!
//! All of it is a function of the trial: the same trial is chased by the same searches, execution by execution. Whether
//! real threads show something to be chased is another matter.

use crate::exact::Exact;
use crate::finding::{Finding, FindingKind, Repro};
use crate::outcome::TrialOutcome;
use crate::plan::{ActorProgram, EngineConfig, Program, ShuttleConfig, StressConfig, Trial, trial_seed};
use crate::scenario::{Fault, Strategy, Timespan};
use std::time::Duration;

/// What picks the steps of a search.
pub const STRATEGY: Strategy = Strategy::Auto;

/// Executions over all searches for one finding.
pub const EXECUTIONS: u64 = 20_000;

/// Time over all searches for one finding, looked at between two of them and within each. A backstop: where it is reached,
/// the answer hangs on the machine, and says so.
pub const TIME: Duration = Duration::from_secs(10);

/// Actors of a model, kills included: as many as a scenario may ask of it.
const ROOM: usize = 32;

/// Actors and ops to which a mix is dealt, smallest first: what needs less shows sooner and reads better.
const SIZES: [(usize, usize); 4] = [(2, 2), (3, 3), (4, 3), (4, 4)];

/// Deals of a mix at each size.
const DEALS: u64 = 4;

/// Steps after which an execution is a livelock. Ample: subjects may begin with many files.
const STEPS: usize = 100_000;

/// Why no model is asked about this finding; `None` if one can be.
#[must_use]
pub fn refused(trial: &Trial, kind: FindingKind) -> Option<&'static str> {
    match (&trial.engine, kind) {
        (EngineConfig::Adapter(_), _) => Some("a worker in another language has no model"),
        (_, FindingKind::Latency) => Some("latency is real time, of which a model has none"),
        (_, FindingKind::Stall) => Some("a stall is told by real time, of which a model has none"),
        _ => None,
    }
}

/// The trial of the same scenario that has the same failure with an exact repro: one with the same parameters before
/// others, one that replayed each time before others, and of these the first.
#[must_use]
pub fn linked(outcomes: &[&TrialOutcome], trial: &Trial, fingerprint: &str) -> Option<String> {
    let exact = |finding: &Finding| match &finding.repro {
        Repro::Schedule { confirmed, .. } | Repro::Execution { confirmed, .. } => Some(*confirmed),
        Repro::Statistical { .. } => None,
    };
    let candidates = outcomes.iter().filter_map(|outcome| {
        let finding = outcome.findings.iter().find(|finding| finding.fingerprint == fingerprint)?;
        let confirmed = exact(finding)?;
        Some((outcome.trial.params != trial.params, confirmed.of == 0 || confirmed.same < confirmed.of, &outcome.trial))
    });
    let best = candidates.min_by_key(|(other_params, unsteady, _)| (*other_params, *unsteady));
    best.map(|(_, _, trial)| trial.id.clone())
}

/// The searches for a finding of `trial`, in the order in which to run them, up to the first that shows it. Empty if no
/// program of it has room in a model.
#[must_use]
pub fn searches(trial: &Trial, fingerprint: &str) -> Vec<Trial> {
    let EngineConfig::Stress(config) = &trial.engine else { return Vec::new() };
    let programs = programs(trial, config);
    let each = (EXECUTIONS / programs.len().max(1) as u64).max(1);
    let search = |(number, program): (usize, Vec<ActorProgram>)| {
        let id = format!("{}/chase/{}", trial.id, number + 1);
        let engine = EngineConfig::Shuttle(ShuttleConfig {
            threads: program.len(),
            ops_per_thread: most_ops(&program),
            strategy: STRATEGY,
            executions: each,
            time: Timespan::seconds(TIME.as_secs()),
            steps: STEPS,
            reduce: true,
            seek: Some(fingerprint.to_owned()),
        });
        let seed = trial_seed(trial.seed, &id);
        Trial { id, program: Program::Actors(program), engine, seed, ..trial.clone() }
    };
    programs.into_iter().enumerate().map(search).collect()
}

fn programs(trial: &Trial, config: &StressConfig) -> Vec<Vec<ActorProgram>> {
    let kills = trial.faults.iter().filter(|fault| matches!(fault, Fault::Kill { .. })).count();
    let room = ROOM.saturating_sub(kills);
    let all = config.processes.saturating_mul(config.threads);
    let mut programs: Vec<Vec<ActorProgram>> = Vec::new();
    let mut add = |program: Vec<ActorProgram>| {
        if program.len() <= room && !program.is_empty() && !programs.contains(&program) {
            programs.push(program);
        }
    };
    match &trial.program {
        Program::Actors(actors) => {
            let named = actors.iter().any(|actor| actor.process.is_some());
            // As they are, and as often as real threads ran them, as far as that can be searched.
            let repeated = if named { actors.len() } else { all.min(actors.len() * 2) };
            for many in [actors.len(), repeated] {
                add(placed(trial.program.deal(many, 0, trial.seed), config, |number| number / config.threads.max(1)));
            }
        }
        Program::Mix(_) => {
            // One actor has nobody to race with, so a trial of a single thread is searched with two.
            for (actors, ops) in SIZES.into_iter().filter(|(actors, _)| *actors <= all.max(2)) {
                for deal in 0..DEALS {
                    let dealt = trial.program.deal(actors, ops, trial_seed(trial.seed, &format!("chase/{deal}")));
                    add(placed(dealt, config, |number| number % config.processes.max(1)));
                }
            }
        }
    }
    programs
}

/// Puts actors without a process into those of the trial, where it has several.
fn placed(mut program: Vec<ActorProgram>, config: &StressConfig, place: impl Fn(usize) -> usize) -> Vec<ActorProgram> {
    if config.processes > 1 && program.iter().all(|actor| actor.process.is_none()) {
        for (number, actor) in program.iter_mut().enumerate() {
            actor.process = Some(format!("p{}", place(number) + 1));
        }
    }
    program
}

fn most_ops(program: &[ActorProgram]) -> usize {
    program.iter().map(|actor| actor.ops.len()).max().unwrap_or(0)
}

/// What the searches for one finding have come to so far.
#[derive(Clone, Debug, Default)]
pub struct Chase {
    found: Option<(Trial, Finding)>,
    executions: u64,
    actors: usize,
    ops: usize,
    remarks: Vec<String>,
}

impl Chase {
    /// A chase of a finding of `trial`.
    #[must_use]
    pub fn of(trial: &Trial) -> Self {
        let mut chase = Self::default();
        if matches!(&trial.engine, EngineConfig::Stress(config) if !config.faults.is_empty()) {
            chase.remark("the kills and pauses at random moments have no counterpart in it");
        }
        chase
    }

    /// Notes something for people, once.
    pub fn remark(&mut self, remark: impl Into<String>) {
        let remark = remark.into();
        if !self.remarks.contains(&remark) {
            self.remarks.push(remark);
        }
    }

    /// Adds what a search came to. False if no further one should follow.
    pub fn add(&mut self, outcome: TrialOutcome) -> bool {
        let EngineConfig::Shuttle(config) = &outcome.trial.engine else { return false };
        self.executions += outcome.executions;
        if outcome.executions > 0 {
            self.actors = self.actors.max(config.threads);
            self.ops = self.ops.max(config.ops_per_thread);
        }
        let sought = |finding: &Finding| Some(&finding.fingerprint) == config.seek.as_ref();
        if let Some(at) = outcome.findings.iter().position(sought) {
            let mut findings = outcome.findings;
            self.found = Some((outcome.trial, findings.swap_remove(at)));
            return false;
        }
        if outcome.executions < config.executions {
            for doubt in outcome.doubts {
                self.remark(doubt);
            }
        }
        // What could not be run once cannot be run with another program.
        outcome.executions > 0
    }

    /// The answer.
    #[must_use]
    pub fn answer(self) -> Exact {
        let Self { found, executions, actors, ops, remarks } = self;
        match found {
            Some((search, finding)) => {
                Exact::Found { search: Box::new(search), finding: Box::new(finding), executions }
            }
            None if executions == 0 => {
                let why = remarks.last().cloned();
                Exact::NotSearched { why: why.unwrap_or_else(|| "its actors have no room in a model".to_owned()) }
            }
            None => Exact::NotFound { executions, actors, ops, remarks },
        }
    }
}

#[cfg(test)]
mod tests;
