//! A trial of the shuttle engine: search, then shrink and confirm what was found.

use super::driver::{Budget, Driver, Execution, Judged, MOST_DEADLOCKS, Seeds, Seen};
use super::minimise::{Hunted, minimise};
use crate::emit::{Emit, EngineError, Progress};
use crate::model::Model;
use crate::replay::{self, Recorded};
use crate::strategy::{self, Recording};
use crate::{distinct::Distinct, panics};
use racehunt_core::discovery::{Discovery, PctChance, Sampling};
use racehunt_core::finding::Finding;
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::{ActorProgram, EngineConfig, ShuttleConfig, Trial};
use racehunt_core::scenario::Strategy;
use racehunt_core::shrink::Case;
use racehunt_core::subject::Subject;
use racehunt_core::tally::{Explored, Tally};
use racehunt_core::verdict::Coverage;
use racehunt_sync::engine::{self, Engine};
use racehunt_sync::{hook, tries};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Between two looks at the stop flag and two lines of progress.
const CHUNK: Duration = Duration::from_millis(100);

/// The best schedule seen for a finding.
#[derive(Clone, Debug)]
struct Kept {
    recording: Recording,
    seed: u64,
    found_switches: u32,
}

/// What the judge keeps.
struct Hunt {
    tally: Tally,
    distinct: Distinct,
    kept: Vec<Kept>,
    fresh: Vec<usize>,
    longest: Longest,
}

/// The execution with the most points at which the strategy had a choice.
#[derive(Clone, Copy, Debug, Default)]
struct Longest {
    /// Its number.
    execution: u64,
    points: usize,
    /// The most actors of any execution.
    actors: usize,
}

impl Hunt {
    fn judge(&mut self, execution: &Execution<'_>) -> Judged {
        let fresh = self.distinct.add(hook::fingerprint());
        let points = execution.recording.decisions.len();
        if points > self.longest.points {
            (self.longest.execution, self.longest.points) = (execution.number, points);
        }
        self.longest.actors = self.longest.actors.max(hook::actors());
        for (i, new) in self.tally.observe(&execution.ended.observation) {
            let switches = execution.recording.switches;
            let better = self.kept.get(i).is_none_or(|k| switches < k.recording.switches);
            if !better {
                continue;
            }
            let found_switches = self.kept.get(i).map_or(switches, |k| k.found_switches);
            let kept = Kept { recording: execution.recording.clone(), seed: execution.seed, found_switches };
            match self.kept.get_mut(i) {
                Some(k) => *k = kept,
                None => self.kept.push(kept),
            }
            if new {
                self.fresh.push(i);
            }
        }
        Judged { go_on: self.fresh.is_empty(), fresh }
    }
}

/// Runs the trial in the calling process.
///
/// # Errors
/// When the subject cannot be opened or the trial is not one of this engine.
pub fn run(trial: &Trial, subject: &dyn Subject, emit: &mut dyn Emit) -> Result<TrialOutcome, EngineError> {
    let EngineConfig::Shuttle(config) = &trial.engine else {
        return Err(EngineError::Trial(format!("{} is no trial of the shuttle engine", trial.id)));
    };
    let program = trial.program.deal(config.threads, config.ops_per_thread, trial.seed);
    let model = Arc::new(Model::new(trial, &program, subject)?);
    let make = |case: &Case| Model::of_case(trial, case, subject);
    Ok(hunt(&Hunted { trial, config, model: &model, program: &program, make: Some(&make) }, emit))
}

/// Searches the schedules of `model` in the calling process, whatever its actors are made of.
pub fn search(
    trial: &Trial,
    config: &ShuttleConfig,
    model: &Arc<Model>,
    program: &[ActorProgram],
    emit: &mut dyn Emit,
) -> TrialOutcome {
    hunt(&Hunted { trial, config, model, program, make: None }, emit)
}

fn hunt(hunted: &Hunted<'_>, emit: &mut dyn Emit) -> TrialOutcome {
    let Hunted { trial, config, model, .. } = *hunted;
    let _quiet = panics::keep();
    let _entered = engine::enter(Engine::Shuttle);
    let began = Instant::now();
    let hunt = Rc::new(RefCell::new(Hunt {
        tally: Tally::new(trial.clone()),
        distinct: Distinct::default(),
        kept: Vec::new(),
        fresh: Vec::new(),
        longest: Longest::default(),
    }));
    let judge = {
        let hunt = Rc::clone(&hunt);
        Box::new(move |e: &Execution<'_>| hunt.borrow_mut().judge(e))
    };
    let budget =
        Budget { executions: config.executions, steps: config.steps, deadline: Some(began + config.time.get()) };
    tries::forget();
    let strategy = strategy::named(&config.strategy, trial.seed);
    // A complete search needs the same program each time; a sample is the better for another one.
    let seeds = if config.strategy == Strategy::Dfs { Seeds::Fixed(trial.seed) } else { Seeds::Vary(trial.seed) };
    let driver = Driver::new(Arc::clone(model), strategy, config.reduce, budget, seeds, false, judge);
    let stopped = chunks(&driver, &hunt, hunted, emit);
    let seen = driver.seen();
    drop(driver);
    let hunt = Rc::into_inner(hunt).expect("the driver is gone").into_inner();
    let searched = began.elapsed();
    conclude(hunt, &seen, stopped, searched, hunted, emit)
}

/// Runs chunk after chunk. True if it was stopped from outside.
fn chunks(driver: &Driver, hunt: &Rc<RefCell<Hunt>>, hunted: &Hunted<'_>, emit: &mut dyn Emit) -> bool {
    let Hunted { trial, config, program, .. } = *hunted;
    let began = Instant::now();
    loop {
        let finished = driver.run(Some(Instant::now() + CHUNK));
        let seen = driver.seen();
        let mut hunt = hunt.borrow_mut();
        let Hunt { tally, fresh, kept, distinct, .. } = &mut *hunt;
        for i in fresh.drain(..) {
            let finding = &mut tally.findings_mut()[i];
            finding.repro = replay::unconfirmed(trial, program, &kept[i].recording, kept[i].seed);
            emit.finding(finding);
        }
        emit.progress(Progress {
            executions: seen.executions,
            distinct: distinct.count(),
            findings: tally.findings().len() as u64,
            spent: spent(config, seen.executions, began),
        });
        if finished || hit(config, tally.findings()) {
            return false;
        }
        // One execution is enough to know that the program has no schedule but one: no search will find another.
        if emit.stopped() || (seen.executions > 0 && seen.choices == 0 && tries::learned() == 0) {
            return emit.stopped();
        }
    }
}

/// True for every finding, unless it is one that the search is for.
fn sought(config: &ShuttleConfig, finding: &Finding) -> bool {
    config.seek.as_ref().is_none_or(|fingerprint| *fingerprint == finding.fingerprint)
}

/// True if the search is for one finding, and that is among these.
fn hit(config: &ShuttleConfig, findings: &[Finding]) -> bool {
    config.seek.is_some() && findings.iter().any(|finding| sought(config, finding))
}

/// The share of whichever budget runs out first.
fn spent(config: &ShuttleConfig, executions: u64, began: Instant) -> f64 {
    let executions = executions as f64 / config.executions.max(1) as f64;
    executions.max(began.elapsed().as_secs_f64() / config.time.get().as_secs_f64()).min(1.0)
}

fn conclude(
    mut hunt: Hunt,
    seen: &Seen,
    stopped: bool,
    searched: Duration,
    hunted: &Hunted<'_>,
    emit: &mut dyn Emit,
) -> TrialOutcome {
    let Hunted { config, program, .. } = *hunted;
    let mut notes = Vec::new();
    if !stopped && seen.broken.is_none() {
        shrink(&mut hunt, seen, hunted, emit);
    } else if !hunt.kept.is_empty() {
        notes.push("stopped before the findings were shrunk".to_owned());
    }
    let coverage = if seen.executions == 0 {
        Coverage::Nothing
    } else if seen.exhausted && seen.cut_off == 0 {
        notes.push("every schedule, under sequential consistency".to_owned());
        Coverage::Exhaustive
    } else {
        Coverage::Sampled {
            executions: seen.executions,
            distinct: hunt.distinct.count(),
            unseen: hunt.distinct.unseen(),
        }
    };
    hunt.tally.discovered(discovery(&hunt, seen, config));
    if seen.cut_off > 0 {
        notes.push(format!("{} executions were cut off at shuttle.steps ({})", seen.cut_off, config.steps));
    }
    let explored = Explored {
        coverage,
        steps: Some(seen.steps),
        ops: seen.ops,
        elapsed_ns: searched.as_nanos() as u64,
        latencies: Vec::new(),
        doubts: if hit(config, hunt.tally.findings()) {
            Vec::new()
        } else {
            hunt.distinct.doubt().into_iter().chain(doubts(seen, stopped, config, program.len())).collect()
        },
        notes,
    };
    hunt.tally.finish(explored)
}

/// Takes every finding to its smallest form.
fn shrink(hunt: &mut Hunt, seen: &Seen, hunted: &Hunted<'_>, emit: &mut dyn Emit) {
    let progress = Progress {
        executions: seen.executions,
        distinct: hunt.distinct.count(),
        findings: hunt.tally.findings().len() as u64,
        spent: 1.0,
    };
    let mut told = Instant::now();
    let mut beat = || {
        if told.elapsed() >= CHUNK {
            told = Instant::now();
            emit.progress(progress);
        }
        emit.stopped()
    };
    let found = hunt.tally.findings_mut().iter_mut().zip(&hunt.kept);
    for (finding, kept) in found.filter(|(finding, _)| sought(hunted.config, finding)) {
        let recorded = Recorded { recording: kept.recording.clone(), seed: kept.seed };
        minimise(hunted, finding, &recorded, kept.found_switches, &mut beat);
    }
}

fn discovery(hunt: &Hunt, seen: &Seen, config: &ShuttleConfig) -> Discovery {
    let Longest { execution, points, actors } = hunt.longest;
    let pct = match config.strategy {
        // Without a choice there is nothing that the strategy could have done.
        Strategy::Pct(depth) if points > 0 => {
            Some(PctChance::new(depth, actors, points, seen.executions.saturating_sub(execution)))
        }
        _ => None,
    };
    Discovery { pct, ..hunt.distinct.discovery(Sampling::of(config.strategy)) }
}

/// Why a search without a finding would not count.
fn doubts(seen: &Seen, stopped: bool, config: &ShuttleConfig, actors: usize) -> Vec<String> {
    let mut doubts = Vec::new();
    if let Some(broken) = &seen.broken {
        doubts.push(format!("the engine failed: {broken}"));
    }
    if seen.executions > 0 && seen.choices == 0 {
        let who = if actors == 0 { "its".to_owned() } else { format!("{actors}") };
        doubts.push(format!("no concurrency: {who} actors never had a choice of who runs next"));
    }
    if seen.unstarted > 0 {
        doubts.push(format!("an actor never ran in {} executions", seen.unstarted));
    }
    if seen.deadlocks >= MOST_DEADLOCKS {
        doubts.push(format!("ended after {} deadlocks, which leak memory in the engine", seen.deadlocks));
    } else if stopped {
        doubts.push(format!("interrupted after {} of {} executions", seen.executions, config.executions));
    } else if !seen.exhausted && seen.choices > 0 && seen.executions < config.executions && seen.broken.is_none() {
        doubts.push(format!(
            "shuttle.time ({}) ended after {} of {} executions",
            config.time, seen.executions, config.executions
        ));
    }
    doubts
}
