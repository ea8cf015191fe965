//! A trial of the loom engine: deepening over preemption bounds, then shrinking of what was found.

use super::explore::{Explorer, Judge, Stopped};
use super::minimise::{Hunted, minimise};
use super::once::MOST_BRANCHES;
use crate::distinct::Distinct;
use crate::emit::{Emit, EngineError, Progress};
use crate::model::Model;
use crate::panics;
use racehunt_core::discovery::Sampling;
use racehunt_core::finding::{Confirmed, Repro, Shrunk, Size, Switches};
use racehunt_core::observation::Observation;
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::{ActorProgram, EngineConfig, LoomConfig, Trial};
use racehunt_core::scenario::Fault;
use racehunt_core::shrink::Case;
use racehunt_core::subject::Subject;
use racehunt_core::tally::{Explored, Tally};
use racehunt_core::verdict::Coverage;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Threads of one loom model, the first one included.
const MOST_THREADS: usize = 5;
/// Between two looks at the stop flag and two lines of progress.
const BEAT: Duration = Duration::from_millis(50);

struct Hunt {
    tally: Tally,
    distinct: Distinct,
    whole: Case,
    size: Size,
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
                    program: self.whole.program.clone(),
                    spared: self.whole.spared.clone(),
                    preemptions: self.bound,
                    execution: number,
                    switches: Switches::default(),
                    shrunk: Shrunk::not_tried(self.size),
                    confirmed: Confirmed { same: 0, of: 0 },
                    token: String::new(),
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
    let program = dealt(trial, config)?;
    let model = Arc::new(Model::new(trial, &program, subject)?);
    let make = |case: &Case| Model::of_case(trial, case, subject);
    Ok(explore(&Hunted { trial, config, model: &model, program: &program, make: Some(&make) }, emit))
}

/// Explores the executions of `model` in the calling process, whatever its actors are made of.
pub fn search(
    trial: &Trial,
    config: &LoomConfig,
    model: &Arc<Model>,
    program: &[ActorProgram],
    emit: &mut dyn Emit,
) -> TrialOutcome {
    explore(&Hunted { trial, config, model, program, make: None }, emit)
}

fn explore(hunted: &Hunted<'_>, emit: &mut dyn Emit) -> TrialOutcome {
    let Hunted { trial, config, model, program, .. } = *hunted;
    let began = Instant::now();
    let whole = Case::whole(program);
    let hunt = Arc::new(Mutex::new(Hunt {
        tally: Tally::new(trial.clone()),
        distinct: Distinct::default(),
        size: Size::of(program, whole.kills(trial).len()),
        whole,
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
        let (executions, why) = level(&explorer, share, model, &hunt, emit);
        // On with a finding too: a deeper bound may show another, and the first one keeps its shallow execution.
        let deeper = why == Stopped::Done;
        levels.push((*bound, executions, why));
        if !deeper {
            break;
        }
    }
    let asked = levels.iter().any(|l| l.2 == Stopped::Asked);
    let searched = began.elapsed();
    if !asked {
        let findings = lock(&hunt).tally.findings().to_vec();
        let found = findings.clone();
        let smallest = attended(
            &hunt,
            emit,
            || 1.0,
            |stop| found.into_iter().map(|finding| minimise(hunted, finding, stop)).collect::<Vec<_>>(),
        );
        let mut hunt = lock(&hunt);
        for (finding, smallest) in hunt.tally.findings_mut().iter_mut().zip(smallest.unwrap_or(findings)) {
            *finding = smallest;
        }
    }
    let mut hunt = lock(&hunt);
    conclude(&mut hunt, &levels, config, searched)
}

/// What the actors do, if loom can run so many.
pub(super) fn dealt(trial: &Trial, config: &LoomConfig) -> Result<Vec<ActorProgram>, EngineError> {
    let program = trial.program.deal(config.threads, config.ops_per_thread, trial.seed);
    let kills = trial.faults.iter().filter(|f| matches!(f, Fault::Kill { .. })).count();
    if program.len() + kills >= MOST_THREADS {
        return Err(EngineError::Trial(format!(
            "loom has {MOST_THREADS} threads with the first one, so at most {} actors and kills; this program has {}",
            MOST_THREADS - 1,
            program.len() + kills
        )));
    }
    Ok(program)
}

/// One bound. `share`: how many of how many bounds are done.
fn level(
    explorer: &Explorer,
    share: (f64, f64),
    model: &Arc<Model>,
    hunt: &Arc<Mutex<Hunt>>,
    emit: &mut dyn Emit,
) -> (u64, Stopped) {
    let judge: Arc<Mutex<Judge<'static>>> = {
        let hunt = Arc::clone(hunt);
        Arc::new(Mutex::new(move |n, o: &Observation, ops, all| lock(&hunt).judge(n, o, ops, all)))
    };
    let began = Instant::now();
    let all = explorer.deadline.map_or(1.0, |d| (d - began).as_secs_f64().max(0.001));
    let spent = || (share.0 + (began.elapsed().as_secs_f64() / all).min(1.0)) / share.1;
    let explored = attended(hunt, emit, spent, |stop| explorer.explore(model, stop, &judge));
    explored.unwrap_or_else(|text| (0, Stopped::Broken(text)))
}

/// Does `work` on a thread of its own, so that this one can tell how it goes, and `work` when to stop. `Err`: its panic.
fn attended<T: Send>(
    hunt: &Mutex<Hunt>,
    emit: &mut dyn Emit,
    spent: impl Fn() -> f64,
    work: impl FnOnce(&Arc<AtomicBool>) -> T + Send,
) -> Result<T, String> {
    let stop = Arc::new(AtomicBool::new(false));
    std::thread::scope(|scope| {
        // It is open for as long as the work goes on, also if that ends in a panic.
        let (at_work, ended) = mpsc::channel::<()>();
        let stop = &stop;
        let worker = scope.spawn(move || {
            let _at_work = at_work;
            work(stop)
        });
        loop {
            let finished = ended.recv_timeout(BEAT) == Err(RecvTimeoutError::Disconnected);
            let mut hunt = lock(hunt);
            let Hunt { tally, fresh, .. } = &mut *hunt;
            for i in fresh.drain(..) {
                emit.finding(&tally.findings()[i]);
            }
            emit.progress(Progress {
                executions: hunt.executions,
                distinct: hunt.distinct.count(),
                findings: hunt.tally.findings().len() as u64,
                spent: spent(),
            });
            if emit.stopped() {
                stop.store(true, Ordering::Relaxed);
            }
            if finished {
                break;
            }
        }
        worker.join().map_err(|p| panics::text(&*p))
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
