//! A trial of the loom engine: deepening over preemption bounds, then confirmation of what was found.

use super::explore::{Explorer, Judge, Stopped};
use crate::distinct::Distinct;
use crate::emit::{Emit, EngineError, Progress};
use crate::model::{self, Model};
use crate::panics;
use crate::replay::{self, ReplayError};
use racehunt_core::check::Panel;
use racehunt_core::discovery::Sampling;
use racehunt_core::finding::{Confirmed, Finding, Repro};
use racehunt_core::interleaving::Interleaving;
use racehunt_core::observation::{Observation, Violation};
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::{ActorProgram, EngineConfig, LoomConfig, Trial};
use racehunt_core::scenario::Fault;
use racehunt_core::subject::Subject;
use racehunt_core::tally::{Explored, Tally};
use racehunt_core::verdict::Coverage;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Threads of one loom model, the first one included.
const MOST_THREADS: usize = 5;
/// Branches of one execution before it counts as a livelock; loom's own 1,000 are few for a subject with loops.
const MOST_BRANCHES: usize = 10_000;
/// Replays of the execution that showed a finding.
const CONFIRM: u32 = 10;
/// Between two looks at the stop flag and two lines of progress.
const BEAT: Duration = Duration::from_millis(50);

struct Hunt {
    tally: Tally,
    distinct: Distinct,
    program: Vec<ActorProgram>,
    bound: Option<usize>,
    fresh: Vec<usize>,
    executions: u64,
    steps: u64,
    ops: u64,
    unstarted: u64,
}

impl Hunt {
    fn judge(&mut self, number: u64, observation: &Observation, ops: u64, all_started: bool) {
        self.executions += 1;
        self.steps += racehunt_sync::hook::steps();
        self.ops += ops;
        self.unstarted += u64::from(!all_started);
        let _new = self.distinct.add(racehunt_sync::hook::fingerprint());
        for (i, new) in self.tally.observe(observation) {
            if new {
                self.tally.findings_mut()[i].repro = Repro::Execution {
                    program: self.program.clone(),
                    preemptions: self.bound,
                    execution: number,
                    confirmed: Confirmed { same: 0, of: 0 },
                };
                self.fresh.push(i);
            }
        }
    }
}

fn lock<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs the trial in the calling process.
///
/// # Errors
/// When the subject cannot be opened, or the program needs more threads than loom has.
pub fn run(trial: &Trial, subject: &dyn Subject, emit: &mut dyn Emit) -> Result<TrialOutcome, EngineError> {
    let EngineConfig::Loom(config) = &trial.engine else {
        return Err(EngineError::Trial(format!("{} is no trial of the loom engine", trial.id)));
    };
    let (model, program) = open(trial, config, subject)?;
    let began = Instant::now();
    let hunt = Arc::new(Mutex::new(Hunt {
        tally: Tally::new(trial.clone()),
        distinct: Distinct::default(),
        program,
        bound: None,
        fresh: Vec::new(),
        executions: 0,
        steps: 0,
        ops: 0,
        unstarted: 0,
    }));
    let mut levels = Vec::new();
    for bound in &config.preemptions {
        let explorer = Explorer {
            bound: *bound,
            executions: config.executions.unwrap_or(u64::MAX),
            steps: MOST_BRANCHES,
            deadline: Some(Instant::now() + config.time.get()),
            record: 0,
            checkpoint: None,
            seed: trial.seed,
            resume: false,
        };
        lock(&hunt).bound = *bound;
        let share = (levels.len() as f64, config.preemptions.len() as f64);
        let (executions, why) = level(&explorer, share, &model, &hunt, emit);
        // On with a finding too: a deeper bound may show another, and the first one keeps its shallow execution.
        let deeper = why == Stopped::Done;
        levels.push((*bound, executions, why));
        if !deeper {
            break;
        }
    }
    let asked = levels.iter().any(|l| l.2 == Stopped::Asked);
    let searched = began.elapsed();
    let mut hunt = lock(&hunt);
    if !asked {
        for finding in hunt.tally.findings_mut() {
            confirm(&model, trial.seed, finding);
        }
    }
    Ok(conclude(&mut hunt, &levels, config, searched))
}

fn open(
    trial: &Trial,
    config: &LoomConfig,
    subject: &dyn Subject,
) -> Result<(Arc<Model>, Vec<ActorProgram>), EngineError> {
    let program = trial.program.deal(config.threads, config.ops_per_thread, trial.seed);
    let kills = trial.faults.iter().filter(|f| matches!(f, Fault::Kill { .. })).count();
    if program.len() + kills >= MOST_THREADS {
        return Err(EngineError::Trial(format!(
            "loom has {MOST_THREADS} threads with the first one, so at most {} actors and kills; this program has {}",
            MOST_THREADS - 1,
            program.len() + kills
        )));
    }
    Ok((Arc::new(Model::new(trial, &program, subject)?), program))
}

/// One bound, on a thread of its own, so that this one can tell how it goes. `share`: how many of how many bounds are
/// done.
fn level(
    explorer: &Explorer,
    share: (f64, f64),
    model: &Arc<Model>,
    hunt: &Arc<Mutex<Hunt>>,
    emit: &mut dyn Emit,
) -> (u64, Stopped) {
    let stop = Arc::new(AtomicBool::new(false));
    let judge: Arc<Mutex<Judge<'static>>> = {
        let hunt = Arc::clone(hunt);
        Arc::new(Mutex::new(move |n, o: &Observation, ops, all| lock(&hunt).judge(n, o, ops, all)))
    };
    std::thread::scope(|scope| {
        let waiting = std::thread::current();
        let (stop, explorer) = (&stop, explorer);
        let worker = scope.spawn(move || {
            let explored = explorer.explore(model, stop, &judge);
            waiting.unpark();
            explored
        });
        let began = Instant::now();
        loop {
            let finished = worker.is_finished();
            if !finished {
                std::thread::park_timeout(BEAT);
            }
            let mut hunt = lock(hunt);
            let Hunt { tally, fresh, .. } = &mut *hunt;
            for i in fresh.drain(..) {
                emit.finding(&tally.findings()[i]);
            }
            let all = explorer.deadline.map_or(1.0, |d| (d - began).as_secs_f64().max(0.001));
            emit.progress(Progress {
                executions: hunt.executions,
                distinct: hunt.distinct.count(),
                findings: hunt.tally.findings().len() as u64,
                spent: (share.0 + (began.elapsed().as_secs_f64() / all).min(1.0)) / share.1,
            });
            if emit.stopped() {
                stop.store(true, Ordering::Relaxed);
            }
            if finished {
                break;
            }
        }
        worker.join().unwrap_or_else(|p| (0, Stopped::Broken(panics::text(&*p))))
    })
}

fn say(bound: Option<usize>) -> String {
    bound.map_or_else(|| "no preemption bound".to_owned(), |b| format!("preemption bound {b}"))
}

fn conclude(
    hunt: &mut Hunt,
    levels: &[(Option<usize>, u64, Stopped)],
    config: &LoomConfig,
    searched: Duration,
) -> TrialOutcome {
    let (mut doubts, mut notes) = (Vec::new(), Vec::new());
    let done: Vec<Option<usize>> = levels.iter().filter(|l| l.2 == Stopped::Done).map(|l| l.0).collect();
    for (bound, n, why) in levels {
        let bound = say(*bound);
        match why {
            Stopped::Done => notes.push(format!("{bound}: all {n} executions")),
            Stopped::Executions => notes.push(format!("{bound}: loom.executions ended it after {n}")),
            Stopped::Time => notes.push(format!("{bound}: loom.time ({}) ended it after {n} executions", config.time)),
            Stopped::Asked => doubts.push(format!("interrupted in {bound} after {n} executions")),
            Stopped::CannotGoOn => {
                notes.push(format!("{bound}: stopped at execution {n}: loom cannot go on after a deadlock or a panic"));
            }
            Stopped::Broken(text) => doubts.push(format!("loom failed in {bound}: {text}")),
        }
    }
    if done.is_empty() && doubts.is_empty() {
        doubts.push("no preemption bound was explored to its end".to_owned());
    }
    doubts.extend(hunt.distinct.doubt());
    if hunt.unstarted > 0 {
        doubts.push(format!("an actor never ran in {} executions", hunt.unstarted));
    }
    let coverage = if done.contains(&None) {
        Coverage::Exhaustive
    } else if !done.is_empty() {
        Coverage::Bounded { preemptions: done.into_iter().flatten().collect() }
    } else if hunt.executions > 0 {
        let (distinct, unseen) = (hunt.distinct.count(), hunt.distinct.unseen());
        Coverage::Sampled { executions: hunt.executions, distinct, unseen }
    } else {
        Coverage::Nothing
    };
    let discovery = hunt.distinct.discovery(Sampling::InOrder);
    hunt.tally.discovered(discovery);
    let empty = Tally::new(hunt.tally.trial().clone());
    let tally = std::mem::replace(&mut hunt.tally, empty);
    tally.finish(Explored {
        coverage,
        steps: Some(hunt.steps),
        ops: hunt.ops,
        elapsed_ns: searched.as_nanos() as u64,
        latencies: Vec::new(),
        doubts,
        notes,
    })
}

/// What the recorded execution showed.
#[derive(Debug, Default)]
struct Once {
    violations: Vec<Violation>,
    interleaving: Option<Interleaving>,
}

/// Runs up to `execution` (or from the checkpoint before it, if it is to `resume` there) and records that one.
fn once(
    model: &Arc<Model>,
    seed: u64,
    bound: Option<usize>,
    execution: u64,
    checkpoint: Option<PathBuf>,
    resume: bool,
) -> (Once, Stopped) {
    let seen = Arc::new(Mutex::new(Once::default()));
    let judge: Arc<Mutex<Judge<'static>>> = {
        let seen = Arc::clone(&seen);
        Arc::new(Mutex::new(move |n: u64, o: &Observation, _, _| {
            if n == execution {
                let interleaving = Some(model::interleaving(None));
                *lock(&seen) = Once { violations: Panel::default().judge(o).0, interleaving };
            }
        }))
    };
    let explorer = Explorer {
        bound,
        executions: execution,
        steps: MOST_BRANCHES,
        deadline: None,
        record: execution,
        checkpoint,
        seed,
        resume,
    };
    let (_, why) = explorer.explore(model, &Arc::new(AtomicBool::new(false)), &judge);
    let once = std::mem::take(&mut *lock(&seen));
    (once, why)
}

/// Replays the execution of a finding from a checkpoint and writes the result into it.
fn confirm(model: &Arc<Model>, seed: u64, finding: &mut Finding) {
    let Repro::Execution { preemptions, execution, .. } = finding.repro else { return };
    let Ok(dir) = tempfile::tempdir() else { return };
    // The first execution needs no checkpoint, and with an interval of 1 the next one would write over it.
    let file = (execution > 1).then(|| dir.path().join("checkpoint.json"));
    let (first, _) = once(model, seed, preemptions, execution, file.clone(), false);
    let shows = |o: &Once| o.violations.iter().any(|v| v.kind == finding.kind && v.detail == finding.detail);
    let mut same = 0;
    for _ in 0..CONFIRM {
        // The checkpoint stands just before the execution, which is the first one from there.
        let (again, _) = once(model, seed, preemptions, 1, file.clone(), true);
        same += u32::from(shows(&again) && again.interleaving == first.interleaving);
    }
    if let Repro::Execution { confirmed, .. } = &mut finding.repro {
        *confirmed = Confirmed { same, of: CONFIRM };
    }
    finding.interleaving = first.interleaving;
}

/// Runs to a stored finding's execution again and compares every step.
///
/// # Errors
/// At the first difference.
pub fn check(trial: &Trial, subject: &dyn Subject, finding: &Finding) -> Result<Interleaving, replay::CheckError> {
    let EngineConfig::Loom(config) = &trial.engine else {
        return Err(EngineError::Trial(format!("{} is no trial of the loom engine", trial.id)).into());
    };
    let Repro::Execution { program, preemptions, execution, .. } = &finding.repro else {
        return Err(EngineError::Trial("the finding names no execution".to_owned()).into());
    };
    let (model, dealt) = open(trial, config, subject)?;
    if dealt != *program {
        return Err(ReplayError::Program.into());
    }
    let (seen, why) = once(&model, trial.seed, *preemptions, *execution, None, false);
    if let Stopped::Broken(text) = why {
        return Err(ReplayError::Engine(text).into());
    }
    let now = seen
        .interleaving
        .ok_or_else(|| ReplayError::Engine(format!("the exploration ended before execution {execution}")))?;
    replay::compare(finding, &now)?;
    replay::same_result(finding, &seen.violations)?;
    Ok(now)
}
