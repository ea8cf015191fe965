//! A trial of the shuttle engine: search, then shrink and confirm what was found.

use super::driver::{Budget, Driver, MOST_DEADLOCKS, Seeds, Seen};
use super::hunt::{self, Hunt, Longest};
use super::minimise::{Hunted, minimise};
use crate::emit::{Emit, EngineError, Progress};
use crate::model::Model;
use crate::replay::Recorded;
use crate::{panics, strategy};
use racehunt_core::discovery::{Discovery, PctChance, Sampling};
use racehunt_core::finding::Finding;
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::{ActorProgram, EngineConfig, ShuttleConfig, Trial};
use racehunt_core::scenario::Strategy;
use racehunt_core::shrink::Case;
use racehunt_core::subject::Subject;
use racehunt_core::tally::Explored;
use racehunt_core::verdict::Coverage;
use racehunt_sync::engine::{self, Engine};
use racehunt_sync::tries;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What `dfs` and `exhaustive` have seen at their ends.
const EACH: &str = "every schedule, under sequential consistency";
const EACH_CLASS: &str = "every schedule but for the order of steps that commute, under sequential consistency";

/// Between two looks at the stop flag and two lines of progress.
const CHUNK: Duration = Duration::from_millis(100);

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
    let Hunted { trial, config, model, program, .. } = *hunted;
    let _quiet = panics::keep();
    let _entered = engine::enter(Engine::Shuttle);
    let began = Instant::now();
    let hunt = Rc::new(RefCell::new(Hunt::new(trial)));
    tries::forget();
    let mut search = Search { trial, config, model, program, hunt, began, emit: &mut *emit, seen: Seen::default() };
    let how = if config.strategy == Strategy::Exhaustive { search.complete() } else { search.sample() };
    let (seen, hunt) = (search.seen, Rc::into_inner(search.hunt).expect("the drivers are gone").into_inner());
    conclude(hunt, &seen, how, began.elapsed(), hunted, emit)
}

/// How a search ended.
#[derive(Debug, Default)]
pub(super) struct How {
    /// From outside.
    pub(super) stopped: bool,
    /// Preemption bounds within which all was seen.
    pub(super) bounds: Vec<usize>,
    pub(super) notes: Vec<String>,
}

/// A search that goes on.
pub(super) struct Search<'a> {
    pub(super) trial: &'a Trial,
    pub(super) config: &'a ShuttleConfig,
    pub(super) model: &'a Arc<Model>,
    pub(super) program: &'a [ActorProgram],
    pub(super) hunt: Rc<RefCell<Hunt>>,
    pub(super) began: Instant,
    pub(super) emit: &'a mut dyn Emit,
    /// Of what has ended.
    pub(super) seen: Seen,
}

impl Search<'_> {
    fn sample(&mut self) -> How {
        let strategy = strategy::named(&self.config.strategy, self.trial.seed);
        // A complete search needs the same program each time; a sample is the better for another one.
        let fixed = self.config.strategy == Strategy::Dfs;
        let seeds = if fixed { Seeds::Fixed(self.trial.seed) } else { Seeds::Vary(self.trial.seed) };
        let budget = self.budget();
        let stopped = self.drive(strategy, self.config.reduce, budget, seeds);
        How { stopped, ..How::default() }
    }

    /// What is left of the whole budget.
    pub(super) fn budget(&self) -> Budget {
        Budget {
            executions: self.config.executions.saturating_sub(self.seen.executions),
            steps: self.config.steps,
            deadline: Some(self.began + self.config.time.get()),
        }
    }

    /// Runs `strategy` until it has nothing left or the budget is used up, and adds what was seen. True if it was stopped
    /// from outside.
    pub(super) fn drive(
        &mut self,
        strategy: Box<dyn strategy::Strategy>,
        reduce: bool,
        budget: Budget,
        seeds: Seeds,
    ) -> bool {
        let judge = hunt::judge(&self.hunt, true);
        let driver = Driver::new(Arc::clone(self.model), strategy, reduce, budget, seeds, false, judge);
        let stopped = loop {
            let finished = driver.run(Some(Instant::now() + CHUNK));
            let seen = driver.seen();
            self.tell(self.seen.executions + seen.executions);
            if finished || hit(self.config, self.hunt.borrow().tally.findings()) {
                break false;
            }
            // One execution is enough to know that the program has no schedule but one: no search will find another.
            if self.emit.stopped() || (seen.executions > 0 && seen.choices == 0 && tries::learned() == 0) {
                break self.emit.stopped();
            }
        };
        self.seen.add(&driver.seen());
        stopped
    }

    /// Tells of new findings, and how far the search has come.
    pub(super) fn tell(&mut self, executions: u64) {
        let mut hunt = self.hunt.borrow_mut();
        hunt.tell(self.trial, self.program, self.emit);
        self.emit.progress(Progress {
            executions,
            distinct: hunt.distinct.count(),
            findings: hunt.tally.findings().len() as u64,
            spent: spent(self.config, executions, self.began),
        });
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
    How { stopped, bounds, mut notes }: How,
    searched: Duration,
    hunted: &Hunted<'_>,
    emit: &mut dyn Emit,
) -> TrialOutcome {
    let Hunted { config, program, .. } = *hunted;
    if !stopped && seen.broken.is_none() {
        shrink(&mut hunt, seen, hunted, emit);
    } else if !hunt.kept.is_empty() {
        notes.push("stopped before the findings were shrunk".to_owned());
    }
    let coverage = if seen.executions == 0 {
        Coverage::Nothing
    } else if seen.exhausted && seen.cut_off == 0 {
        notes.push(if config.strategy == Strategy::Exhaustive { EACH_CLASS } else { EACH }.to_owned());
        Coverage::Exhaustive
    } else if !bounds.is_empty() {
        Coverage::Bounded { preemptions: bounds }
    } else {
        Coverage::Sampled {
            executions: seen.executions,
            distinct: hunt.distinct.count(),
            unseen: hunt.distinct.unseen(),
        }
    };
    hunt.tally.discovered(discovery(&hunt, seen, config));
    if seen.pruned > 0 {
        notes.push(format!("{} more executions were ended early: what they would have shown was known", seen.pruned));
    }
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
