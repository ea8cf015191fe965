//! A search by `exhaustive`: first as it is, then the simplest schedules, then in parts on all CPUs.
//!
//! A small program is done before it comes to the parts. Of a large one all schedules with no, one and two preemptions are
//! looked at first, as far as they are few: that is where most races show, and what can be said if the rest is too much.
//! What is explored, and in which order it is judged, depends on the program and on the budget of executions alone: not on
//! the number of CPUs.

use super::driver::{Budget, Driver, Seeds, Seen};
use super::hunt::{self, Hunt};
use super::search::{How, Search};
use crate::model::Model;
use crate::panics;
use crate::strategy::{Bounded, Exhaustive, Lent, Part, Rest, Tree};
use racehunt_core::plan::{ShuttleConfig, Trial};
use racehunt_sync::engine::{self, Engine};
use racehunt_sync::hook::{self, Site};
use racehunt_sync::tries;
use rayon::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

/// Executions of one part, and of the first one.
const UNIT: u64 = 1_000;
/// Parts that are dealt at a time.
const WIDTH: u64 = 16;
/// Preemption bounds that are tried first, and the share of the budget each may take: one of so many.
const BOUNDS: usize = 3;
const SHARE: u32 = 8;

/// A part that was explored.
struct Unit {
    hunt: Hunt,
    seen: Seen,
    /// `None` if it was not explored to its end, or to its number of executions.
    rest: Option<Rest>,
    /// Locks that are tried.
    tried: Vec<Site>,
}

impl Search<'_> {
    /// Searches by `exhaustive`.
    pub(super) fn complete(&mut self) -> How {
        let mut how = How::default();
        let mut first = Part::default();
        loop {
            let Some(rest) = self.first(&first, &mut how) else { return how };
            let mut tree = Tree::new(&first, rest);
            if tree.is_empty() {
                self.seen.exhausted = true;
                return how;
            }
            self.seen.exhausted = false;
            if how.notes.is_empty() && !self.deepen(&mut how) {
                return how;
            }
            match self.parts(&mut tree, &mut how) {
                None => {
                    self.seen.exhausted = tree.is_empty();
                    return how;
                }
                // What was learned changes what there is to explore.
                Some(part) => first = part,
            }
        }
    }

    /// The beginning, in one part; `None` if the search ends there.
    fn first(&mut self, part: &Part, how: &mut How) -> Option<Rest> {
        let budget = self.budget();
        let most = if budget.executions > UNIT { UNIT } else { u64::MAX };
        let strategy = Rc::new(RefCell::new(Exhaustive::part(part, most)));
        let seeds = Seeds::Fixed(self.trial.seed);
        how.stopped = self.drive(Box::new(Lent(Rc::clone(&strategy))), true, budget, seeds);
        hook::track(false);
        (self.seen.exhausted && !how.stopped).then(|| strategy.borrow_mut().rest())
    }

    /// All schedules with few preemptions; false if the search ends there.
    fn deepen(&mut self, how: &mut How) -> bool {
        for bound in 0..BOUNDS {
            let now = Instant::now();
            let whole = self.budget();
            let deadline = whole.deadline.map(|d| d.min(now + self.config.time.get() / SHARE));
            let budget = Budget { executions: whole.executions / u64::from(SHARE), deadline, ..whole };
            let (executions, cut_off) = (self.seen.executions, self.seen.cut_off);
            how.stopped = self.drive(Box::new(Bounded::new(bound)), true, budget, Seeds::Fixed(self.trial.seed));
            let complete = std::mem::take(&mut self.seen.exhausted) && self.seen.cut_off == cut_off;
            let executions = self.seen.executions - executions;
            let far = if complete { "all" } else { "not all" };
            how.notes.push(format!("{far} schedules with at most {bound} preemptions seen: {executions} executions"));
            if how.stopped || self.seen.broken.is_some() {
                return false;
            }
            if !complete {
                break;
            }
            how.bounds.push(bound);
        }
        true
    }

    /// The rest of it, in parts. Gives how to begin anew, if it has to.
    fn parts(&mut self, tree: &mut Tree, how: &mut How) -> Option<Part> {
        let known = tries::known();
        while !tree.is_empty() {
            let budget = self.budget();
            how.stopped = self.emit.stopped();
            let late = budget.deadline.is_some_and(|d| Instant::now() >= d);
            let deadlocks = self.seen.deadlocks >= super::driver::MOST_DEADLOCKS;
            if how.stopped || late || deadlocks || budget.executions == 0 || self.seen.broken.is_some() {
                break;
            }
            let most = UNIT.min(budget.executions);
            let parts = tree.deal((budget.executions / most).min(WIDTH) as usize);
            let (trial, config, model, known) = (self.trial, self.config, self.model, &known);
            let explore = |(part, model)| explore(trial, config, model, part, most, budget, known);
            let units: Vec<Unit> = match twins(model, parts.len()) {
                Some(models) => parts.par_iter().zip(models).map(explore).collect(),
                None => parts.iter().map(|part| (part, Arc::clone(model))).map(explore).collect(),
            };
            let (mut ends, mut anew, mut tried) = (false, None, known.clone());
            for (part, unit) in parts.iter().zip(units) {
                self.hunt.borrow_mut().absorb(unit.hunt);
                self.seen.add(&unit.seen);
                match unit.rest {
                    None => ends = true,
                    Some(rest) => match rest.begin_anew(part) {
                        Some(first) => {
                            tried.extend(unit.tried.into_iter().filter(|s| !known.contains(s)));
                            anew = Some(first);
                        }
                        None => tree.take(part, rest),
                    },
                }
            }
            self.tell(self.seen.executions);
            if anew.is_some() && !ends {
                tries::adopt(&tried);
                return anew;
            }
            if ends {
                break;
            }
        }
        if !tree.is_empty() {
            how.notes.push(format!("not finished: {} choices have something left to try", tree.len()));
        }
        None
    }
}

/// A model for each part, if the program may be run several times at once.
fn twins(model: &Model, many: usize) -> Option<Vec<Arc<Model>>> {
    (0..many).map(|_| model.twin().map(Arc::new)).collect()
}

/// Explores a part, on whatever thread it is.
fn explore(
    trial: &Trial,
    config: &ShuttleConfig,
    model: Arc<Model>,
    part: &Part,
    most: u64,
    budget: Budget,
    known: &[Site],
) -> Unit {
    let _quiet = panics::keep();
    let _entered = engine::enter(Engine::Shuttle);
    tries::adopt(known);
    let hunt = Rc::new(RefCell::new(Hunt::new(trial)));
    let strategy = Rc::new(RefCell::new(Exhaustive::part(part, most)));
    let budget = Budget { executions: u64::MAX, steps: config.steps, ..budget };
    let lent = Box::new(Lent(Rc::clone(&strategy)));
    let judge = hunt::judge(&hunt, false);
    let driver = Driver::new(model, lent, true, budget, Seeds::Fixed(trial.seed), false, judge);
    driver.run(None);
    hook::track(false);
    let seen = driver.seen();
    drop(driver);
    let rest = seen.exhausted.then(|| strategy.borrow_mut().rest());
    Unit { hunt: Rc::into_inner(hunt).expect("the driver is gone").into_inner(), seen, rest, tried: tries::known() }
}
