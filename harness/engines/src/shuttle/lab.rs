//! Bounded searches for one failure, as shrinking needs them: what may be spent is counted, never timed.

use super::driver::{Budget, Driver, Execution, Judged, Seeds};
use crate::model::Model;
use crate::strategy::{Follow, Pct, Random, Steer, Strategy};
use racehunt_core::check::Panel;
use racehunt_core::finding::FindingKind;
use racehunt_core::plan::ShuttleConfig;
use racehunt_core::shrink::{Effort, Fewest, Made, Played};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Between two looks at whether to stop.
const BEAT: Duration = Duration::from_millis(100);
/// Executions for a smaller program, with the fewest switches first. Two actors of one short op have fewer schedules.
const FEWEST: u64 = 200;
/// Executions for a smaller program by each of the sampling strategies.
const SAMPLE: u64 = 100;

/// Searches for one failure.
pub(super) struct Lab<'a> {
    pub(super) config: &'a ShuttleConfig,
    /// Of the actors' draws, in every execution.
    pub(super) seed: u64,
    /// Kind and detail of the failure.
    pub(super) failure: (FindingKind, String),
    /// Points of an execution after which it is given up.
    pub(super) points: usize,
    /// One was: what it would have gone on to show is not known.
    pub(super) cut: bool,
    pub(super) effort: Effort,
    /// Executions so far.
    pub(super) spent: u64,
    pub(super) stopped: bool,
    /// Told now and then that it goes on; true to stop.
    pub(super) beat: &'a mut dyn FnMut() -> bool,
}

/// Points of a candidate for each step of the execution that it was made from, and then some: steps that no other actor
/// can tell the moment of are points, too.
const ROOM: u64 = 3;
const SPARE: u64 = 200;

/// Looks at an execution; true if it showed the failure. False to go on, true to end the search.
type Look = Box<dyn FnMut(&Execution<'_>, bool) -> bool>;

impl Lab<'_> {
    pub(super) fn is_over(&self) -> bool {
        self.stopped || self.effort.is_over()
    }

    /// What is smaller than an execution of so many steps does not need many more: without its end in sight it is given up.
    /// (A livelock has none.)
    pub(super) fn expect(&mut self, steps: u64) {
        if self.failure.0 != FindingKind::Livelock {
            self.points = usize::try_from(ROOM * steps + SPARE).unwrap_or(usize::MAX).min(self.config.steps);
        }
    }

    /// Runs at most so many executions, until `look` ends it.
    fn drive(&mut self, model: &Arc<Model>, strategy: Box<dyn Strategy>, executions: u64, mut look: Look) {
        if self.is_over() {
            return;
        }
        let done = Rc::new(Cell::new(false));
        let judge = {
            let (done, (kind, detail), mut panel) = (Rc::clone(&done), self.failure.clone(), Panel::default());
            Box::new(move |e: &Execution<'_>| {
                let violations = panel.judge(&e.ended.observation).0;
                let shows = violations.iter().any(|v| v.kind == kind && v.detail == detail);
                done.set(look(e, shows));
                Judged { go_on: !done.get(), fresh: false }
            })
        };
        let executions = executions.min(self.effort.executions);
        let budget = Budget { executions, steps: self.points, deadline: None };
        let (reduce, seeds) = (self.config.reduce, Seeds::Fixed(self.seed));
        let driver = Driver::new(Arc::clone(model), strategy, reduce, budget, seeds, false, judge);
        while !driver.run(Some(Instant::now() + BEAT)) && !done.get() {
            self.stopped |= (self.beat)();
            if self.stopped {
                break;
            }
        }
        let seen = driver.seen();
        self.effort.spend(seen.executions, seen.steps);
        self.spent += seen.executions;
        self.cut |= seen.cut_off > 0;
    }

    /// Plays one list; `None` if that is not to be had any more.
    pub(super) fn play(&mut self, model: &Arc<Model>, list: &[u32]) -> Option<Played> {
        let (steer, played) = (Steer::default(), Rc::new(RefCell::new(None)));
        steer.play(list.to_vec());
        let look: Look = {
            let (steer, played) = (steer.clone(), Rc::clone(&played));
            Box::new(move |e, shows| {
                *played.borrow_mut() = Some(Played { made: made(e, &steer), shows });
                true
            })
        };
        self.drive(model, Box::new(steer), 1, look);
        // Each play is short, and a shrink has hundreds: the beat is here.
        self.stopped |= (self.beat)();
        played.take()
    }

    /// Searches `model` for the failure: first along `order`, then the schedules with the fewest switches, then samples.
    pub(super) fn search(&mut self, model: &Arc<Model>, order: &[u32]) -> Option<Made> {
        if let Some(hit) = self.sample(model, Box::new(Follow::new(order)), 1) {
            return Some(hit);
        }
        let (hit, exhausted) = self.fewest(model);
        if hit.is_some() || exhausted {
            return hit;
        }
        let first = self.sample(model, Box::new(Pct::new(3, self.seed)), SAMPLE);
        first.or_else(|| self.sample(model, Box::new(Random::new(self.seed)), SAMPLE))
    }

    fn sample(&mut self, model: &Arc<Model>, strategy: Box<dyn Strategy>, executions: u64) -> Option<Made> {
        let found = Rc::new(RefCell::new(None));
        let look: Look = {
            let found = Rc::clone(&found);
            Box::new(move |e, shows| {
                if shows {
                    *found.borrow_mut() = Some(e.recording.decisions.clone());
                }
                shows
            })
        };
        self.drive(model, strategy, executions, look);
        let decisions = found.take()?;
        // Once more, to see what there was to choose from.
        self.play(model, &decisions).filter(|played| played.shows).map(|played| played.made)
    }

    /// A schedule with the fewest switches that shows it, if it comes early; and whether all there are were played.
    fn fewest(&mut self, model: &Arc<Model>) -> (Option<Made>, bool) {
        let (steer, hit) = (Steer::default(), Rc::new(RefCell::new(None)));
        let fewest = Rc::new(RefCell::new(Fewest::new(FEWEST as usize)));
        steer.play(fewest.borrow_mut().list().unwrap_or_default());
        let look: Look = {
            let (steer, hit, fewest) = (steer.clone(), Rc::clone(&hit), Rc::clone(&fewest));
            Box::new(move |e, shows| {
                let made = made(e, &steer);
                let mut fewest = fewest.borrow_mut();
                fewest.made(&made);
                if shows {
                    *hit.borrow_mut() = Some(made);
                } else if let Some(list) = fewest.list() {
                    steer.play(list);
                    return false;
                }
                true
            })
        };
        let before = self.spent;
        self.drive(model, Box::new(steer), FEWEST, look);
        let exhausted = self.spent - before < FEWEST && !self.is_over() && fewest.borrow().is_exhausted();
        (hit.take(), exhausted)
    }
}

fn made(e: &Execution<'_>, steer: &Steer) -> Made {
    let (decisions, choices) = (e.recording.decisions.clone(), steer.choices());
    Made { decisions, choices, switches: e.recording.switches, steps: racehunt_sync::hook::steps() }
}
