//! One exploration: counts inside the closure, because loom looks at its own limits every 20,000 executions and returns
//! nothing that tells "done" from "out of budget".

use crate::model::{self, Model};
use crate::panics;
use racehunt_core::finding::FindingKind;
use racehunt_core::observation::{Observation, Panic, Violation};
use racehunt_sync::engine::{self, Engine};
use racehunt_sync::{hook, tries};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Why an exploration ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Every execution within the bound was run.
    Done,
    /// The cap on executions was reached.
    Executions,
    /// The time was up.
    Time,
    /// Told to from outside.
    Asked,
    /// A deadlock, a panic of the first actor or a livelock: loom cannot go on after one.
    CannotGoOn,
    /// loom itself failed: nothing after it counts.
    Broken(String),
}

/// Records every execution.
pub const EVERY: u64 = u64::MAX;

/// How one exploration goes.
#[derive(Clone, Debug)]
pub struct Explorer {
    /// Preemption bound; `None` for none.
    pub bound: Option<usize>,
    /// Most executions.
    pub executions: u64,
    /// Points of one execution before it counts as a livelock.
    pub steps: usize,
    /// No execution begins after it.
    pub deadline: Option<Instant>,
    /// Number of the execution whose steps are recorded; 0 for none, [`EVERY`] for all.
    pub record: u64,
    /// Written before the recorded execution if the file is not there, else where to start.
    pub checkpoint: Option<PathBuf>,
    /// Seed of the actors' draws: the same in each execution, as loom needs it.
    pub seed: u64,
    /// Goes on with the locks that an exploration on this thread before this one found to be tried ([`tries`]).
    pub resume: bool,
}

/// The private payload with which the closure ends the exploration.
struct Stop;

/// An execution that ended: number, observation, calls, and whether every actor ran. The hook's tables still show it.
pub type Judge<'a> = dyn FnMut(u64, &Observation, u64, bool) + Send + 'a;

#[derive(Default)]
struct Shared {
    executions: u64,
    judged: u64,
    why: Option<Stopped>,
    /// What [`tries`] knew when loom began, or began anew.
    learned: usize,
}

fn lock<T: ?Sized>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Explorer {
    /// loom, set up; `before` executions have been run.
    fn builder(&self, before: u64) -> loom::model::Builder {
        let mut builder = loom::model::Builder::new();
        builder.max_branches = self.steps;
        builder.preemption_bound = self.bound;
        builder.max_duration = None;
        builder.max_permutations = None;
        builder.log = false;
        builder.location = false;
        builder.expect_explicit_explore = false;
        // A file that is there would be written over by the execution after the recorded one, and so would be one
        // written before the first: that one needs none.
        let number = self.record.saturating_sub(before) as usize;
        let write = number > 1 && self.checkpoint.as_ref().is_some_and(|file| !file.exists());
        builder.checkpoint_interval = if write { number } else { usize::MAX };
        builder.checkpoint_file.clone_from(&self.checkpoint);
        builder
    }

    /// Explores on this thread; `judge` gets each execution as it ends.
    ///
    /// Begins anew, and counts on, whenever another lock is found to be tried: its steps are others from then on.
    pub fn explore(
        &self,
        model: &Arc<Model>,
        stop: &Arc<AtomicBool>,
        judge: &Arc<Mutex<Judge<'static>>>,
    ) -> (u64, Stopped) {
        let _quiet = panics::keep();
        let _entered = engine::enter(Engine::Loom);
        if !self.resume {
            tries::forget();
        }
        let shared = Arc::new(Mutex::new(Shared::default()));
        loop {
            tries::apply();
            let learned = tries::learned();
            lock(&shared).learned = learned;
            let why = self.anew(model, stop, judge, &shared);
            let mut shared = lock(&shared);
            let more = tries::learned() != learned;
            match why {
                // Stopped by the execution that saw the difference, or done with what is not all.
                None => {}
                Some(Stopped::Done) if more => {}
                Some(why) => return (shared.judged, why),
            }
            shared.why = None;
        }
    }

    /// loom from its first execution; `None` if more was learned of which locks are tried.
    fn anew(
        &self,
        model: &Arc<Model>,
        stop: &Arc<AtomicBool>,
        judge: &Arc<Mutex<Judge<'static>>>,
        shared: &Arc<Mutex<Shared>>,
    ) -> Option<Stopped> {
        let body = {
            let (me, model, stop) = (self.clone(), Arc::clone(model), Arc::clone(stop));
            let (shared, judge) = (Arc::clone(shared), Arc::clone(judge));
            move || me.execution(&model, &stop, &shared, &judge)
        };
        let builder = self.builder(lock(shared).executions);
        let ran = catch_unwind(AssertUnwindSafe(move || builder.check(body)));
        let mut shared = lock(shared);
        match ran {
            Ok(()) => Some(Stopped::Done),
            Err(p) if p.is::<Stop>() => shared.why.take(),
            Err(p) => {
                let why = self.fail(&panics::text(&*p), model, judge, &shared);
                shared.judged = shared.executions;
                Some(why)
            }
        }
    }

    fn execution(&self, model: &Arc<Model>, stop: &AtomicBool, shared: &Mutex<Shared>, judge: &Mutex<Judge<'static>>) {
        let number = {
            let mut shared = lock(shared);
            let why = if shared.executions >= self.executions {
                Some(Stopped::Executions)
            } else if stop.load(Ordering::Relaxed) {
                Some(Stopped::Asked)
            } else if self.deadline.is_some_and(|d| Instant::now() >= d) {
                Some(Stopped::Time)
            } else {
                None
            };
            if why.is_some() || tries::learned() != shared.learned {
                shared.why = why;
                drop(shared);
                panic_any(Stop);
            }
            shared.executions += 1;
            shared.executions
        };
        model.begin(self.seed, [number, EVERY].contains(&self.record));
        model.execute();
        let ended = model.end();
        (lock(judge))(number, &ended.observation, ended.ops, ended.all_started);
        model.recycle(ended);
        lock(shared).judged = number;
    }

    /// The panic that ended the exploration, turned into what it says about the program.
    fn fail(&self, text: &str, model: &Arc<Model>, judge: &Mutex<Judge<'static>>, shared: &Shared) -> Stopped {
        let waits = model::waits();
        let mut ended = model.end();
        let observation = &mut ended.observation;
        observation.at_rest = false;
        if text.contains("deadlock") {
            observation.deadlock = Some(waits);
        } else if text.contains("exceeded maximum number of branches") {
            observation.livelock = true;
        } else if let Some((_, race)) = text.split_once("Causality violation: ") {
            observation.violations.push(data_race(race.lines().next().unwrap_or_default()));
        } else if shared.judged < shared.executions {
            let caught = panics::take();
            let Some(last) = caught.last() else { return Stopped::Broken(text.to_owned()) };
            if last.site.contains("loom-") {
                return Stopped::Broken(format!("{text} at {}", last.site));
            }
            let actor = hook::names().get(last.actor as usize).cloned().unwrap_or_default();
            observation.panics.push(Panic { actor, message: last.message.clone(), site: last.site.clone() });
        } else {
            return Stopped::Broken(text.to_owned());
        }
        (lock(judge))(shared.executions, &ended.observation, ended.ops, true);
        Stopped::CannotGoOn
    }
}

/// Two accesses of which neither is ordered before the other; the second one is what the actor that ran has pending.
fn data_race(race: &str) -> Violation {
    let actor = hook::actor();
    let name = hook::names().get(actor as usize).cloned().unwrap_or_default();
    let access = hook::pending(actor);
    let object = access.and_then(|a| hook::objects().get((a.object as usize).checked_sub(1)?).map(model::describe));
    let site = access.map(|a| panics::site(a.site)).unwrap_or_default();
    let message = match object {
        Some(object) => format!("{race} {name} raced at {site}, on {object}"),
        None => format!("{race} {name} raced"),
    };
    // The file and not the line: code that moves stays the same finding.
    let detail = site.rsplit_once(':').map_or_else(String::new, |(file, _)| file.to_owned());
    Violation { kind: FindingKind::DataRace, detail, message, ids: Vec::new() }
}
