//! Runs a program until it fails.

use crate::Program;
use racehunt_engines::distinct::Distinct;
use racehunt_engines::model::{Ended, Model};
use racehunt_engines::panics;
use racehunt_engines::shuttle::{Budget, Driver, Judged, Seeds, config};
use racehunt_engines::strategy::Strategy;
use racehunt_sync::engine::{self, Engine};
use racehunt_sync::{hook, tries};
use shuttle::scheduler::{Schedule, Scheduler, Task, TaskId};
use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Scheduling points of one execution before it is cut off. None of the programs comes near.
const STEPS: usize = 50_000;

fn model(program: &Program) -> Arc<Model> {
    let program = program.clone();
    Arc::new(Model::closure(move || program.run()))
}

fn failed(ended: &Ended) -> bool {
    !ended.observation.panics.is_empty() || ended.observation.deadlock.is_some()
}

/// The number, from 1, of the first execution that fails under the strategy that `make` makes of `seed`; `None` if none
/// of `cap` does. As a trial runs it: behind the driver and `Reduce`.
///
/// # Panics
/// If the engine fails.
pub fn first_failure(program: &Program, make: &dyn Fn(u64) -> Box<dyn Strategy>, seed: u64, cap: u64) -> Option<u64> {
    let _quiet = panics::keep();
    let _entered = engine::enter(Engine::Shuttle);
    tries::forget();
    let first = Rc::new(Cell::new(None));
    let found = Rc::clone(&first);
    let mut distinct = Distinct::default();
    let judge = Box::new(move |e: &racehunt_engines::shuttle::Execution<'_>| {
        let fresh = distinct.add(hook::fingerprint());
        let failed = failed(e.ended);
        if failed {
            found.set(Some(e.number));
        }
        Judged { go_on: !failed, fresh }
    });
    let budget = Budget { executions: cap, steps: STEPS, deadline: None };
    let driver = Driver::new(model(program), make(seed), true, budget, Seeds::Vary(seed), false, judge);
    driver.run(None);
    assert_eq!(driver.seen().broken, None, "{program:?}");
    first.get()
}

/// As [`first_failure`], by a scheduler of shuttle's own, with nothing of ours between it and shuttle.
pub fn first_failure_direct(
    program: &Program,
    scheduler: impl Scheduler + 'static,
    seed: u64,
    cap: u64,
) -> Option<u64> {
    let _quiet = panics::keep();
    let _entered = engine::enter(Engine::Shuttle);
    tries::forget();
    let (model, first) = (model(program), Rc::new(Cell::new(None)));
    // Some of them print when they are dropped.
    let scheduler = ManuallyDrop::new(scheduler);
    let counting = Counting { scheduler, model: Arc::clone(&model), seed, cap, begun: 0, first: Rc::clone(&first) };
    shuttle::Runner::new(counting, config(shuttle::MaxSteps::None)).run(move || model.execute());
    first.get()
}

/// Counts executions up to the first that fails, and leaves the choices alone.
struct Counting<S> {
    scheduler: ManuallyDrop<S>,
    model: Arc<Model>,
    seed: u64,
    cap: u64,
    begun: u64,
    first: Rc<Cell<Option<u64>>>,
}

impl<S: Scheduler> Scheduler for Counting<S> {
    fn new_execution(&mut self) -> Option<Schedule> {
        if self.begun > 0 && failed(&self.model.end()) {
            self.first.set(Some(self.begun));
            return None;
        }
        if self.begun == self.cap {
            return None;
        }
        self.begun += 1;
        self.model.begin(self.seed, false);
        self.scheduler.new_execution()
    }

    fn next_task(&mut self, runnable: &[&Task], current: Option<TaskId>, yielding: bool) -> Option<TaskId> {
        self.scheduler.next_task(runnable, current, yielding)
    }

    fn next_u64(&mut self) -> u64 {
        self.scheduler.next_u64()
    }
}

/// Executions of `program` in `time`, whether they fail or not, and the time they took in seconds.
#[must_use]
pub fn executions(program: &Program, strategy: Box<dyn Strategy>, time: Duration) -> (u64, f64) {
    let _quiet = panics::keep();
    let _entered = engine::enter(Engine::Shuttle);
    tries::forget();
    let judge = Box::new(|_: &racehunt_engines::shuttle::Execution<'_>| Judged { go_on: true, fresh: false });
    let began = Instant::now();
    let budget = Budget { executions: u64::MAX, steps: STEPS, deadline: Some(began + time) };
    let driver = Driver::new(model(program), strategy, true, budget, Seeds::Vary(1), false, judge);
    driver.run(None);
    (driver.seen().executions, began.elapsed().as_secs_f64())
}
