//! Takes a finding of loom to the smallest program that shows it, at the smallest preemption bound, and confirms it.

use super::explore::{EVERY, Explorer, Judge, Stopped};
use super::once::{MOST_BRANCHES, Place, confirm, lock, once};
use super::stale::reads_stale;
use crate::model::{self, Make, Model};
use racehunt_core::check::Panel;
use racehunt_core::finding::{Finding, Repro, ShrinkEnd, Shrunk, Size, Switches};
use racehunt_core::observation::Observation;
use racehunt_core::plan::{ActorProgram, LoomConfig, Trial};
use racehunt_core::shrink::{Case, Effort, shrink_program};
use racehunt_sync::hook;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// What shrinking one finding may cost. One execution costs some 100 µs.
const EFFORT: Effort = Effort { executions: 10_000, steps: 1_000_000 };
/// Executions for one program, over its bounds.
const CANDIDATE: u64 = 1_000;
/// Executions among which the one is chosen that reads best.
const CHOICE: u64 = 1_000;

/// What is hunted.
#[derive(Clone, Copy)]
pub(super) struct Hunted<'a> {
    pub(super) trial: &'a Trial,
    pub(super) config: &'a LoomConfig,
    pub(super) model: &'a Arc<Model>,
    /// What its actors do; empty for a closure.
    pub(super) program: &'a [ActorProgram],
    /// Makes models of parts of the program; `None` if it has none.
    pub(super) make: Option<Make<'a>>,
}

/// Searches for one failure; what may be spent is counted, never timed.
struct Lab<'a> {
    seed: u64,
    finding: &'a Finding,
    /// No execution counts that reads stale values: there is one that does not.
    plain: bool,
    effort: Effort,
    spent: u64,
    stop: &'a Arc<AtomicBool>,
}

/// How an execution reads: by stale values, then switches, then steps, then number. The less the better.
type Reads = (bool, u32, usize, u64);

/// What an exploration saw.
#[derive(Default)]
struct Seen {
    best: Option<Reads>,
    executions: u64,
    steps: u64,
}

impl Lab<'_> {
    fn is_over(&self) -> bool {
        self.effort.is_over() || self.stop.load(Ordering::Relaxed)
    }

    /// Explores up to so many executions within `bound`: until one shows the failure, or all for the one that reads best.
    /// Also says how many it were.
    fn explore(
        &mut self,
        model: &Arc<Model>,
        bound: Option<usize>,
        executions: u64,
        all: bool,
    ) -> (Option<Reads>, u64) {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let done = Arc::new(AtomicBool::new(false));
        let judge: Arc<Mutex<Judge<'static>>> = {
            let (seen, done, stop) = (Arc::clone(&seen), Arc::clone(&done), Arc::clone(self.stop));
            let (kind, detail, plain) = (self.finding.kind, self.finding.detail.clone(), self.plain);
            let mut panel = Panel::default();
            Arc::new(Mutex::new(move |number: u64, o: &Observation, _, _| {
                let mut seen = lock(&seen);
                seen.executions += 1;
                seen.steps += hook::steps();
                if panel.judge(o).0.iter().any(|v| v.kind == kind && v.detail == detail) {
                    let shown = model::interleaving(None);
                    let this = (reads_stale(&shown), shown.switches, shown.steps.len(), number);
                    if !(plain && this.0) {
                        seen.best = Some(seen.best.map_or(this, |best| best.min(this)));
                    }
                }
                done.fetch_or((seen.best.is_some() && !all) || stop.load(Ordering::Relaxed), Ordering::Relaxed);
            }))
        };
        let explorer = Explorer {
            bound,
            executions: executions.min(self.effort.executions),
            steps: MOST_BRANCHES,
            deadline: None,
            record: EVERY,
            checkpoint: None,
            seed: self.seed,
            resume: false,
        };
        let (_, why) = explorer.explore(model, &done, &judge);
        let seen = std::mem::take(&mut *lock(&seen));
        self.effort.spend(seen.executions, seen.steps);
        self.spent += seen.executions;
        // After a failure of loom itself no number means anything.
        (seen.best.filter(|_| !matches!(why, Stopped::Broken(_))), seen.executions)
    }

    /// The first execution that shows the failure, at the smallest bound that does so soon, up to `most`.
    fn search(&mut self, model: &Arc<Model>, most: Option<usize>) -> Option<Place> {
        let mut left = CANDIDATE;
        for bound in bounds(most) {
            if left == 0 || self.is_over() {
                return None;
            }
            let (best, ran) = self.explore(model, bound, left, false);
            if let Some((.., number)) = best {
                return Some(Place { bound, number });
            }
            left = left.saturating_sub(ran);
        }
        None
    }

    /// Of the executions at `place`'s bound the one that reads best.
    fn choose(&mut self, model: &Arc<Model>, place: Place) -> Place {
        if self.stop.load(Ordering::Relaxed) {
            return place;
        }
        self.effort = Effort { executions: CHOICE, steps: u64::MAX };
        let (best, _) = self.explore(model, place.bound, CHOICE, true);
        best.map_or(place, |(.., number)| Place { number, ..place })
    }
}

/// From 0 up to the one at which it was found. Without one, 2 stands before it: never start there.
fn bounds(most: Option<usize>) -> impl Iterator<Item = Option<usize>> {
    (0..=most.unwrap_or(2)).map(Some).chain(most.is_none().then_some(None))
}

/// The finding at its smallest, replayed.
pub(super) fn minimise(hunted: &Hunted<'_>, mut finding: Finding, stop: &Arc<AtomicBool>) -> Finding {
    let Repro::Execution { preemptions, execution, .. } = finding.repro else { return finding };
    let (trial, found) = (hunted.trial, Place { bound: preemptions, number: execution });
    let whole = Case::whole(hunted.program);
    let size = |case: &Case| Size::of(&case.program, case.kills(trial).len());
    let (was, _) = once(hunted.model, trial.seed, found, None, false);
    let mut lab = Lab { seed: trial.seed, finding: &finding, plain: true, effort: EFFORT, spent: 0, stop };
    let mut place = lab.search(hunted.model, found.bound);
    lab.plain = place.is_some() || was.interleaving.as_ref().is_some_and(|i| !reads_stale(i));
    if !lab.plain {
        place = lab.search(hunted.model, found.bound);
    }
    let first = (Arc::clone(hunted.model), place.unwrap_or(found));
    let (case, (model, place), done) = program(&mut lab, hunted, first, Case::clone(&whole));
    let place = if place == found && case == whole { found } else { lab.choose(&model, place) };
    let end = match (stop.load(Ordering::Relaxed), done) {
        (true, _) => ShrinkEnd::Stopped,
        (false, true) => ShrinkEnd::Done,
        (false, false) => ShrinkEnd::Budget,
    };
    let (seen, confirmed) = confirm(&model, trial.seed, place, &finding);
    let switches = Switches { found: was.switches(), kept: seen.switches() };
    let shrunk = Shrunk {
        found: size(&whole),
        kept: size(&case),
        end,
        // Of executions that nobody can tell apart loom runs one, and not the one with the fewest.
        fewest_switches: false,
        executions: lab.spent,
    };
    if let Some(v) = seen.shows(&finding).cloned() {
        (finding.message, finding.ids) = (v.message, v.ids);
    }
    let Case { program, spared } = case;
    let Place { bound: preemptions, number: execution } = place;
    finding.repro =
        Repro::Execution { program, spared, preemptions, execution, switches, shrunk, confirmed, token: String::new() };
    finding.interleaving = seen.interleaving;
    finding
}

/// The smallest part of the program that was seen to fail, where it did, and true if all one step smaller were tried.
/// `first` is where the whole fails.
fn program(
    lab: &mut Lab<'_>,
    hunted: &Hunted<'_>,
    first: (Arc<Model>, Place),
    whole: Case,
) -> (Case, (Arc<Model>, Place), bool) {
    let Some(make) = hunted.make else { return (whole, first, true) };
    let Repro::Execution { preemptions: most, .. } = lab.finding.repro else { return (whole, first, true) };
    let kills: Vec<String> = whole.kills(hunted.trial).into_iter().cloned().collect();
    let mut smallest = first;
    let (case, done) = shrink_program(whole, &kills, &mut |case, _| {
        if lab.is_over() {
            return None;
        }
        // A part that cannot be opened is no part.
        let Ok(model) = make(case) else { return Some(false) };
        match lab.search(&model, most) {
            Some(place) => {
                smallest = (model, place);
                Some(true)
            }
            None if lab.is_over() => None,
            None => Some(false),
        }
    });
    (case, smallest, done)
}
