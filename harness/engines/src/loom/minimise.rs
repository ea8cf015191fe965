//! Takes a finding of loom to the smallest program that shows it, at the smallest preemption bound, and confirms it.

use super::explore::{EVERY, Explorer, Judge, Stopped};
use super::once::{MOST_BRANCHES, Place, confirm, lock, once};
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
    effort: Effort,
    spent: u64,
    stop: &'a Arc<AtomicBool>,
}

/// The smallest execution that an exploration showed: by switches, then by steps, then by number.
type Smallest = Option<(u32, usize, u64)>;

/// What an exploration saw.
#[derive(Default)]
struct Seen {
    smallest: Smallest,
    executions: u64,
    steps: u64,
}

impl Lab<'_> {
    fn is_over(&self) -> bool {
        self.effort.is_over() || self.stop.load(Ordering::Relaxed)
    }

    /// Explores up to so many executions within `bound`: until one shows the failure, or all for the one that reads best.
    fn explore(&mut self, model: &Arc<Model>, bound: Option<usize>, executions: u64, best: bool) -> (Smallest, u64) {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let done = Arc::new(AtomicBool::new(false));
        let judge: Arc<Mutex<Judge<'static>>> = {
            let (seen, done, stop) = (Arc::clone(&seen), Arc::clone(&done), Arc::clone(self.stop));
            let (kind, detail, mut panel) = (self.finding.kind, self.finding.detail.clone(), Panel::default());
            Arc::new(Mutex::new(move |number: u64, o: &Observation, _, _| {
                let mut seen = lock(&seen);
                seen.executions += 1;
                seen.steps += hook::steps();
                let shows = panel.judge(o).0.iter().any(|v| v.kind == kind && v.detail == detail);
                if shows {
                    let i = if best { model::interleaving(None) } else { Default::default() };
                    let this = (i.switches, i.steps.len(), number);
                    seen.smallest = Some(seen.smallest.map_or(this, |least| least.min(this)));
                }
                done.fetch_or((shows && !best) || stop.load(Ordering::Relaxed), Ordering::Relaxed);
            }))
        };
        let explorer = Explorer {
            bound,
            executions: executions.min(self.effort.executions),
            steps: MOST_BRANCHES,
            deadline: None,
            record: if best { EVERY } else { 0 },
            checkpoint: None,
            seed: self.seed,
            resume: false,
        };
        let (_, why) = explorer.explore(model, &done, &judge);
        let seen = std::mem::take(&mut *lock(&seen));
        self.effort.spend(seen.executions, seen.steps);
        self.spent += seen.executions;
        // After a failure of loom itself no number means anything.
        let smallest = seen.smallest.filter(|_| !matches!(why, Stopped::Broken(_)));
        (smallest, seen.executions)
    }

    /// The first execution that shows the failure, at the smallest bound that does so soon, up to `most`.
    fn search(&mut self, model: &Arc<Model>, most: Option<usize>) -> Option<Place> {
        let mut left = CANDIDATE;
        for bound in bounds(most) {
            if left == 0 || self.is_over() {
                return None;
            }
            let (smallest, ran) = self.explore(model, bound, left, false);
            if let Some((_, _, number)) = smallest {
                return Some(Place { bound, number });
            }
            left = left.saturating_sub(ran);
        }
        None
    }

    /// Of the executions at `place`'s bound the one with the fewest switches, then the fewest steps.
    fn choose(&mut self, model: &Arc<Model>, place: Place) -> Place {
        self.effort.executions = self.effort.executions.max(CHOICE);
        self.effort.steps = self.effort.steps.max(1);
        let (smallest, _) = self.explore(model, place.bound, CHOICE, true);
        smallest.map_or(place, |(_, _, number)| Place { number, ..place })
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
    let mut lab = Lab { seed: trial.seed, finding: &finding, effort: EFFORT, spent: 0, stop };
    let whole = Case::whole(hunted.program);
    let size = |case: &Case| Size::of(&case.program, case.kills(trial).len());
    let mut shrunk = Shrunk { found: size(&whole), ..Shrunk::default() };
    let (case, smaller, done) = program(&mut lab, hunted, found.bound, whole);
    let (model, place) =
        smaller.or_else(|| Some((Arc::clone(hunted.model), lab.search(hunted.model, found.bound)?))).map_or_else(
            || (Arc::clone(hunted.model), found),
            |(model, place)| {
                let place = lab.choose(&model, place);
                (model, place)
            },
        );
    shrunk.kept = size(&case);
    shrunk.executions = lab.spent;
    shrunk.end = match (stop.load(Ordering::Relaxed), done) {
        (true, _) => ShrinkEnd::Stopped,
        (false, true) => ShrinkEnd::Done,
        (false, false) => ShrinkEnd::Budget,
    };
    let (seen, confirmed) = confirm(&model, trial.seed, place, &finding);
    let kept = seen.switches();
    let same = place == found && case.program == hunted.program;
    let before = if same { kept } else { once(hunted.model, trial.seed, found, None, false).0.switches() };
    // Of the executions that differ in nothing but who came first where that cannot be told, loom runs one.
    shrunk.fewest_switches = kept == 0;
    if let Some(v) = seen.shows(&finding).cloned() {
        (finding.message, finding.ids) = (v.message, v.ids);
    }
    finding.repro = Repro::Execution {
        program: case.program,
        spared: case.spared,
        preemptions: place.bound,
        execution: place.number,
        switches: Switches { found: before, kept },
        shrunk,
        confirmed,
    };
    finding.interleaving = seen.interleaving;
    finding
}

/// The smallest part of the program that was seen to fail with where it did, and true if all one step smaller were tried.
fn program(
    lab: &mut Lab<'_>,
    hunted: &Hunted<'_>,
    most: Option<usize>,
    whole: Case,
) -> (Case, Option<(Arc<Model>, Place)>, bool) {
    let Some(make) = hunted.make else { return (whole, None, true) };
    let kills: Vec<String> = whole.kills(hunted.trial).into_iter().cloned().collect();
    let mut smallest = None;
    let (case, done) = shrink_program(whole, &kills, &mut |case, _| {
        if lab.is_over() {
            return None;
        }
        // A part that cannot be opened is no part.
        let Ok(model) = make(case) else { return Some(false) };
        match lab.search(&model, most) {
            Some(place) => {
                smallest = Some((model, place));
                Some(true)
            }
            None if lab.is_over() => None,
            None => Some(false),
        }
    });
    (case, smallest, done)
}
