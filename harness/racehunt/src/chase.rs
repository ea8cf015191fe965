//! From stress to exact: what real threads showed is looked for under a model, so that it replays.
//!
//! Nothing here is a trial of the scenario: no verdict and no count hangs on it. A finding that a model trial of the same
//! scenario and seed has is linked to it; only what is left is searched for, once for each failure and set of parameters.
//! Each seed of a run is chased by itself, and a fingerprint has the variant in it: so what answers a finding is in its
//! partition, if the run is spread.

use crate::progress::Board;
use crate::run::Job;
use racehunt_core::chase::{Chase, TIME, linked, refused, searches};
use racehunt_core::exact::Exact;
use racehunt_core::finding::Repro;
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::{EngineConfig, Trial};
use racehunt_engines::supervisor::{Supervise, run_trial};
use rayon::prelude::*;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// A finding of real threads: the trial by its place in the run, the finding by its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sighting {
    job: usize,
    finding: usize,
}

/// All sightings of one failure in one scenario with one seed.
struct Quarry {
    scenario: usize,
    seed: u64,
    fingerprint: String,
    sightings: Vec<Sighting>,
}

/// Writes into each finding of real threads what models make of it. `asked` says of a scenario whether it wants that.
pub(crate) fn chase(
    jobs: &[Job],
    outcomes: &mut [Option<TrialOutcome>],
    asked: &(dyn Fn(usize) -> bool + Sync),
    how: &Supervise,
    board: &Board,
) {
    let quarries = quarries(jobs, outcomes, asked);
    let answers: Mutex<Vec<(Sighting, Exact)>> = Mutex::default();
    quarries.par_iter().with_max_len(1).for_each(|quarry| {
        let found = answer(quarry, jobs, outcomes, how, board);
        answers.lock().unwrap_or_else(PoisonError::into_inner).extend(found);
    });
    for (at, exact) in answers.into_inner().unwrap_or_else(PoisonError::into_inner) {
        if let Some(outcome) = &mut outcomes[at.job] {
            outcome.findings[at.finding].exact = Some(exact);
        }
    }
}

fn quarries(jobs: &[Job], outcomes: &[Option<TrialOutcome>], asked: &dyn Fn(usize) -> bool) -> Vec<Quarry> {
    let mut all: Vec<Quarry> = Vec::new();
    for (job, outcome) in outcomes.iter().enumerate() {
        let &Job { scenario, seed, .. } = &jobs[job];
        let Some(outcome) = outcome.as_ref().filter(|_| asked(scenario)) else { continue };
        for (finding, one) in outcome.findings.iter().enumerate() {
            if !matches!(one.repro, Repro::Statistical { .. }) {
                continue;
            }
            let sighting = Sighting { job, finding };
            let same = |q: &&mut Quarry| (q.scenario, q.seed, &q.fingerprint) == (scenario, seed, &one.fingerprint);
            match all.iter_mut().find(same) {
                Some(quarry) => quarry.sightings.push(sighting),
                None => {
                    let fingerprint = one.fingerprint.clone();
                    all.push(Quarry { scenario, seed, fingerprint, sightings: vec![sighting] });
                }
            }
        }
    }
    all
}

/// The answer for each sighting of one failure.
fn answer(
    quarry: &Quarry,
    jobs: &[Job],
    outcomes: &[Option<TrialOutcome>],
    how: &Supervise,
    board: &Board,
) -> Vec<(Sighting, Exact)> {
    let here: Vec<&TrialOutcome> = jobs
        .iter()
        .zip(outcomes)
        .filter(|(job, _)| (job.scenario, job.seed) == (quarry.scenario, quarry.seed))
        .filter_map(|(_, o)| o.as_ref())
        .collect();
    let mut answers: Vec<(Sighting, Exact)> = Vec::new();
    // The largest trial first: its searches have those of the smaller ones among them.
    let mut sightings = quarry.sightings.clone();
    sightings.sort_by_key(|at| std::cmp::Reverse(actors(&jobs[at.job].trial)));
    for at in sightings {
        let trial = &jobs[at.job].trial;
        let Some(outcome) = &outcomes[at.job] else { continue };
        let found = answers.iter().find(|(_, exact)| exact.companion().is_some());
        let same = answers.iter().find(|(other, _)| jobs[other.job].trial.params == trial.params);
        let exact = if let Some(trial) = linked(&here, trial, &quarry.fingerprint) {
            Exact::Linked { trial }
        } else if let Some(why) = refused(trial, outcome.findings[at.finding].kind) {
            Exact::NotSearched { why: why.to_owned() }
        } else if let Some((there, _)) = found {
            Exact::Linked { trial: jobs[there.job].trial.id.clone() }
        } else if let Some((_, told)) = same {
            told.clone()
        } else {
            search(trial, &quarry.fingerprint, how, board)
        };
        answers.push((at, exact));
    }
    answers
}

fn actors(trial: &Trial) -> usize {
    let processes = if let EngineConfig::Stress(config) = &trial.engine { config.processes } else { 1 };
    processes * trial.engine.threads()
}

fn search(trial: &Trial, fingerprint: &str, how: &Supervise, board: &Board) -> Exact {
    let began = Instant::now();
    let mut chase = Chase::of(trial);
    let line = board.chase(trial);
    for search in searches(trial, fingerprint) {
        if how.stop.load(Ordering::Relaxed) {
            chase.remark("interrupted");
            break;
        }
        if began.elapsed() >= TIME {
            chase.remark(format!("ended after {} s", TIME.as_secs()));
            break;
        }
        let alone = Instant::now();
        let outcome = run_trial(&search, how, &mut |event| line.tell(event));
        // One that used up the time by itself has said so.
        if !chase.add(outcome) || alone.elapsed() >= TIME {
            break;
        }
    }
    let exact = chase.answer();
    line.chased(&exact);
    exact
}
