//! Exact replay: playing a schedule, and checking a stored one step by step.

mod token;

pub use token::{Replayed, check_closure, check_token};

use crate::emit::EngineError;
use crate::model::{self, Model};
use crate::panics;
use crate::shuttle::{Budget, Driver, Execution, Judged, Seeds};
use crate::strategy::{Diverged, Exact, Recording, Strategy};
use racehunt_core::check::Panel;
use racehunt_core::finding::{Confirmed, Finding, FindingKind, Repro, Shrunk, Size, Switches};
use racehunt_core::id::Id;
use racehunt_core::interleaving::Interleaving;
use racehunt_core::observation::Violation;
use racehunt_core::plan::{ActorProgram, EngineConfig, ShuttleConfig, Trial};
use racehunt_core::schedule::Schedule;
use racehunt_core::shrink::Case;
use racehunt_core::subject::Subject;
use racehunt_core::token::Differs;
use racehunt_sync::engine::{self, Engine};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// A schedule as recorded, with the seed of its draws.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The picks.
    pub recording: Recording,
    /// Seed of the actors' draws.
    pub seed: u64,
}

/// One execution under a given schedule.
#[derive(Clone, Debug, Default)]
pub struct Played {
    /// What was broken.
    pub violations: Vec<Violation>,
    /// The picks as made.
    pub recording: Recording,
    /// The steps, if asked for.
    pub interleaving: Option<Interleaving>,
    /// The engine's own failure, if it had one.
    pub broken: Option<String>,
}

/// The repro of a finding of `trial` that was not replayed yet.
#[must_use]
pub fn unconfirmed(trial: &Trial, program: &[ActorProgram], recording: &Recording, seed: u64) -> Repro {
    let switches = recording.switches;
    let whole = Case::whole(program);
    Repro::Schedule {
        shrunk: Shrunk::not_tried(Size::of(program, whole.kills(trial).len())),
        program: whole.program,
        spared: whole.spared,
        schedule: Schedule(recording.picks.clone()).to_string(),
        seed,
        switches: Switches { found: switches, kept: switches },
        confirmed: Confirmed { same: 0, of: 0 },
        token: String::new(),
    }
}

/// Plays one execution of `model` by `strategy`, which picks among what [`crate::strategy::Reduce`] leaves if `reduce`.
/// [`Exact`] does without: its picks are of all that could run.
#[must_use]
pub fn play(
    model: &Arc<Model>,
    strategy: Box<dyn Strategy>,
    reduce: bool,
    seed: u64,
    config: &ShuttleConfig,
    record: bool,
) -> Played {
    let played = Rc::new(RefCell::new(Played::default()));
    let judge = {
        let played = Rc::clone(&played);
        Box::new(move |e: &Execution<'_>| {
            let mut p = played.borrow_mut();
            p.violations = Panel::default().judge(&e.ended.observation).0;
            p.recording = e.recording.clone();
            p.interleaving = record.then(|| model::interleaving(Some(e.recording.switches)));
            Judged { go_on: true, fresh: false }
        })
    };
    let budget = Budget { executions: 1, steps: config.steps, deadline: None };
    let driver = Driver::new(Arc::clone(model), strategy, reduce, budget, Seeds::Fixed(seed), record, judge);
    driver.run(None);
    let broken = driver.seen().broken;
    drop(driver);
    let mut played = played.take();
    played.broken = broken;
    played
}

/// What `played` broke that is the finding's own failure.
pub(crate) fn shows<'a>(played: &'a Played, finding: &Finding) -> Option<&'a Violation> {
    played.violations.iter().find(|v| v.kind == finding.kind && v.detail == finding.detail)
}

/// Why a token of loom says little about code that has changed.
const NUMBERED: &str = "\n  (loom numbers its executions: in code that has changed the number may mean another one)";

/// Why a stored finding could not be seen again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// The schedule could not be read.
    #[error("repro.schedule: {0}")]
    Schedule(String),
    /// The schedule does not fit the program any more.
    #[error("the replay left the recorded schedule: {0}")]
    Diverged(#[from] Diverged),
    /// A step differs from the recorded interleaving.
    #[error("step {at} differs\n  recorded: {recorded}\n  now:      {now}")]
    Step {
        /// Number of the step, from 1.
        at: usize,
        /// As recorded.
        recorded: String,
        /// As seen now.
        now: String,
    },
    /// A step differs from what the token says of it.
    #[error("the token does not match the code any more: {differs}{}", if *.numbered { NUMBERED } else { "" })]
    Changed {
        /// The step.
        differs: Differs,
        /// The token has the number of an execution, and no schedule.
        numbered: bool,
    },
    /// The finding's program is no part of the one that the trial deals.
    #[error("repro.program is no part of the program of the trial")]
    Program,
    /// The schedule ran to its end and nothing was broken, or something else.
    #[error("the schedule ran as recorded, but instead of {want} it showed {got}")]
    OtherResult {
        /// The finding's kind and detail.
        want: String,
        /// What was broken now.
        got: String,
    },
    /// The engine itself failed.
    #[error("the engine failed: {0}")]
    Engine(String),
}

/// Why a stored finding could not be checked.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// It was run, and it was not the same.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// It could not be run.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl From<Diverged> for CheckError {
    fn from(d: Diverged) -> Self {
        Self::Replay(d.into())
    }
}

/// Replays a stored finding of a model engine, step by step, in the calling process.
///
/// # Errors
/// At the first difference, or when the finding is not of a model engine.
pub fn check(trial: &Trial, subject: &dyn Subject, finding: &Finding) -> Result<Interleaving, CheckError> {
    match (&trial.engine, &finding.repro) {
        (EngineConfig::Shuttle(config), Repro::Schedule { program, spared, schedule, seed, .. }) => {
            let _quiet = panics::keep();
            let _entered = engine::enter(Engine::Shuttle);
            let case = Case { program: program.clone(), spared: spared.clone() };
            let model = Model::of_case(trial, &case, subject)?;
            check_schedule(&model, config, finding, schedule, *seed)
        }
        (EngineConfig::Loom(_), _) => crate::loom::check(trial, subject, finding),
        _ => Err(EngineError::Trial("real threads have no exact replay: run the scenario again".to_owned()).into()),
    }
}

/// Replays a schedule exactly and compares every step with the stored interleaving.
///
/// # Errors
/// At the first difference.
fn check_schedule(
    model: &Arc<Model>,
    config: &ShuttleConfig,
    finding: &Finding,
    schedule: &str,
    seed: u64,
) -> Result<Interleaving, CheckError> {
    let Schedule(picks) = schedule.parse().map_err(ReplayError::Schedule)?;
    let (exact, result) = Exact::new(picks);
    let played = play(model, Box::new(exact), false, seed, config, true);
    if let Some(broken) = played.broken {
        return Err(ReplayError::Engine(broken).into());
    }
    if let Some(d) = result.diverged() {
        return Err(d.into());
    }
    let now = played.interleaving.clone().unwrap_or_default();
    compare(finding, &now)?;
    same_result(finding, &played.violations)?;
    Ok(now)
}

/// The finding's own failure must be among `violations`.
pub(crate) fn same_result(finding: &Finding, violations: &[Violation]) -> Result<(), ReplayError> {
    // The ids too: the recorded steps do not show every value, so another seed could take the same ones.
    let same = |v: &Violation| (v.kind, &v.detail, &v.ids) == (finding.kind, &finding.detail, &finding.ids);
    if violations.iter().any(same) {
        return Ok(());
    }
    let say = |kind: FindingKind, detail: &str, ids: &[Id]| {
        let ids: Vec<String> = ids.iter().map(Id::to_string).collect();
        format!("{kind} ({})", [detail].into_iter().chain(ids.iter().map(String::as_str)).collect::<Vec<_>>().join(" "))
    };
    let got: Vec<String> = violations.iter().map(|v| say(v.kind, &v.detail, &v.ids)).collect();
    let got = if got.is_empty() { "nothing broken".to_owned() } else { got.join(", ") };
    Err(ReplayError::OtherResult { want: say(finding.kind, &finding.detail, &finding.ids), got })
}

/// Every step must be the recorded one.
pub(crate) fn compare(finding: &Finding, now: &Interleaving) -> Result<(), ReplayError> {
    let Some(recorded) = &finding.interleaving else { return Ok(()) };
    let show = |s: Option<&racehunt_core::interleaving::Step>, i: &Interleaving| {
        s.map_or_else(
            || "the end".to_owned(),
            |s| {
                let actor = i.actors.get(s.actor as usize).map_or("?", String::as_str);
                let value = s.value.map(|v| format!(" = {v}")).unwrap_or_default();
                format!("{actor}: {} {} {}{value} at {}", s.kind, s.label, s.object, s.site)
            },
        )
    };
    let all = |i: &Interleaving| i.setup.iter().chain(&i.steps).chain(&i.drain).cloned().collect::<Vec<_>>();
    let (steps, steps_now) = (all(recorded), all(now));
    for i in 0..steps.len().max(steps_now.len()) {
        let (a, b) = (steps.get(i), steps_now.get(i));
        if a != b {
            let (recorded, now) = (show(a, recorded), show(b, now));
            return Err(ReplayError::Step { at: i + 1, recorded, now });
        }
    }
    Ok(())
}
