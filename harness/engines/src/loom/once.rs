//! One execution of loom by its number: recorded, replayed, checked.

use super::explore::{Explorer, Judge, Stopped};
use super::search::dealt;
use crate::emit::EngineError;
use crate::model::{self, Model};
use crate::replay::{self, ReplayError};
use racehunt_core::check::Panel;
use racehunt_core::finding::{Confirmed, Finding, Repro};
use racehunt_core::interleaving::Interleaving;
use racehunt_core::observation::{Observation, Violation};
use racehunt_core::plan::{EngineConfig, Trial};
use racehunt_core::shrink::Case;
use racehunt_core::subject::Subject;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Branches of one execution before it counts as a livelock; loom's own 1,000 are few for a subject with loops.
pub(super) const MOST_BRANCHES: usize = 10_000;
/// Replays of the execution that showed a finding.
const CONFIRM: u32 = 10;

pub(super) fn lock<T: ?Sized>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An execution among those within its bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The preemption bound; `None` for none.
    pub(super) bound: Option<usize>,
    /// Its number, from 1.
    pub(super) number: u64,
}

/// What the recorded execution showed.
#[derive(Debug, Default)]
pub(super) struct Once {
    pub(super) violations: Vec<Violation>,
    pub(super) interleaving: Option<Interleaving>,
}

impl Once {
    /// What it broke that is the finding's own failure.
    pub(super) fn shows(&self, finding: &Finding) -> Option<&Violation> {
        self.violations.iter().find(|v| v.kind == finding.kind && v.detail == finding.detail)
    }

    /// Its context switches.
    pub(super) fn switches(&self) -> u32 {
        self.interleaving.as_ref().map_or(0, |i| i.switches)
    }
}

/// Runs up to `execution` (or from the checkpoint before it, if it is to `resume` there) and records that one.
pub(super) fn once(
    model: &Arc<Model>,
    seed: u64,
    Place { bound, number: execution }: Place,
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

/// Runs the execution, and replays it from a checkpoint: what it showed, and how often the replays showed the same.
pub(super) fn confirm(model: &Arc<Model>, seed: u64, place: Place, finding: &Finding) -> (Once, Confirmed) {
    let dir = tempfile::tempdir();
    // The first execution needs no checkpoint, and with an interval of 1 the next one would write over it.
    let file = dir.as_ref().ok().filter(|_| place.number > 1).map(|dir| dir.path().join("checkpoint.json"));
    let (first, _) = once(model, seed, place, file.clone(), false);
    let mut confirmed = Confirmed { same: 0, of: 0 };
    if dir.is_ok() {
        // The checkpoint stands just before the execution, which is the first one from there.
        let from = Place { number: 1, ..place };
        for _ in 0..CONFIRM {
            let (again, _) = once(model, seed, from, file.clone(), true);
            let same = again.shows(finding).is_some() && again.interleaving == first.interleaving;
            confirmed = Confirmed { same: confirmed.same + u32::from(same), of: CONFIRM };
        }
    }
    (first, confirmed)
}

/// Runs to a stored finding's execution again and compares every step.
///
/// # Errors
/// At the first difference.
pub fn check(trial: &Trial, subject: &dyn Subject, finding: &Finding) -> Result<Interleaving, replay::CheckError> {
    let EngineConfig::Loom(config) = &trial.engine else {
        return Err(EngineError::Trial(format!("{} is no trial of the loom engine", trial.id)).into());
    };
    let Repro::Execution { program, spared, preemptions, execution, .. } = &finding.repro else {
        return Err(EngineError::Trial("the finding names no execution".to_owned()).into());
    };
    let case = Case { program: program.clone(), spared: spared.clone() };
    if !case.is_part_of(&dealt(trial, config)?) {
        return Err(ReplayError::Program.into());
    }
    let model = Model::of_case(trial, &case, subject)?;
    let (now, violations) = self::execution(&model, trial.seed, *preemptions, *execution)?;
    replay::compare(finding, &now)?;
    replay::same_result(finding, &violations)?;
    Ok(now)
}

/// Runs to an execution again: its steps, and what it broke.
pub(crate) fn execution(
    model: &Arc<Model>,
    seed: u64,
    bound: Option<usize>,
    number: u64,
) -> Result<(Interleaving, Vec<Violation>), ReplayError> {
    let (seen, why) = once(model, seed, Place { bound, number }, None, false);
    if let Stopped::Broken(text) = why {
        return Err(ReplayError::Engine(text));
    }
    match seen.interleaving {
        Some(now) => Ok((now, seen.violations)),
        None => Err(ReplayError::Engine(format!("the exploration ended before execution {number}"))),
    }
}
