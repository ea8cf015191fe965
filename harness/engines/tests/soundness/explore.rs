//! The outcomes of a program by each engine.

use crate::extra;
use crate::program::{Outcome, Program};
use crate::run::{self, Sink};
use racehunt_core::ledger::Ledger;
use racehunt_core::observation::Observation;
use racehunt_core::plan::{Params, Plan, Trial};
use racehunt_core::scenario::Scenario;
use racehunt_core::subject::{
    Actor, Call, Env, Instance, OpError, OpKind, Opener, ParamSpec, Subject, SubjectError, Variant,
};
use racehunt_engines::loom::{Explorer, Judge, Stopped};
use racehunt_engines::model::Model;
use racehunt_engines::panics;
use racehunt_engines::shuttle::{Budget, Driver, Execution, Judged, Seeds, Seen};
use racehunt_engines::strategy::Strategy;
use racehunt_sync::engine::{self, Engine};
use racehunt_sync::hook::Site;
use shuttle::scheduler::{DfsScheduler, Schedule, Scheduler, Task, TaskId};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

pub(crate) type Outcomes = BTreeSet<Outcome>;

/// What a search saw.
#[derive(Debug)]
pub(crate) struct Searched {
    pub(crate) outcomes: Outcomes,
    pub(crate) executions: u64,
    /// True if nothing is left.
    pub(crate) done: bool,
    /// Different fingerprints of the facade.
    pub(crate) distinct: usize,
}

fn lock<T: ?Sized>(m: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A subject whose one call is the whole program.
pub(crate) struct Random {
    pub(crate) program: Arc<Program>,
    pub(crate) sink: Sink,
}

struct Run(Arc<Program>, Sink);

impl Instance for Run {
    fn apply(&self, _: Call, _: &mut Actor) -> Result<(), OpError> {
        if self.0.is_extra() {
            extra::run(&self.0, &self.1);
        } else {
            run::facade::run(&self.0, &self.1);
        }
        Ok(())
    }

    fn rest(&self, _: &mut Ledger) {}
}

impl Subject for Random {
    fn name(&self) -> &'static str {
        "random"
    }

    fn about(&self) -> &'static str {
        "A random program."
    }

    fn variants(&self) -> &'static [Variant] {
        &[Variant { name: "only", about: "the only one" }]
    }

    fn ops(&self) -> &'static [OpKind] {
        &[OpKind { name: "run", about: "runs the program" }]
    }

    fn params(&self) -> Vec<ParamSpec> {
        Vec::new()
    }

    fn open(&self, _: &str, _: &Params, _: &Env) -> Result<Opener, SubjectError> {
        let (program, sink) = (Arc::clone(&self.program), Arc::clone(&self.sink));
        Ok(Box::new(move || Arc::new(Run(Arc::clone(&program), Arc::clone(&sink)))))
    }
}

/// The trial that runs it.
pub(crate) fn trial() -> Trial {
    let text = "schema = 1\nname = \"random/only\"\nabout = \"a program\"\n[subject]\nname = \"random\"\n\
                variant = \"only\"\n[workload]\nactors = [{ name = \"D\", ops = [\"run\"] }]\n\
                [shuttle]\nstrategy = \"dfs\"\nexecutions = 10\ntime = \"60s\"\nsteps = 500\n";
    let scenario = Scenario::parse("random.toml", text).unwrap_or_else(|e| panic!("{}", e.render(false)));
    Plan::expand(&scenario, 1).trials.remove(0)
}

/// The model of `program`, and where it writes.
pub(crate) fn model(program: &Program) -> (Arc<Model>, Sink) {
    let sink = Sink::default();
    let subject = Random { program: Arc::new(program.clone()), sink: Arc::clone(&sink) };
    let trial = trial();
    let dealt = trial.program.deal(1, 1, 1);
    (Arc::new(Model::new(&trial, &dealt, &subject).unwrap()), sink)
}

/// Runs `strategy` over the facade until it has nothing left, or for `most` executions; `judge` sees each.
pub(crate) fn drive(
    program: &Program,
    strategy: Box<dyn Strategy>,
    reduce: bool,
    most: u64,
    recording: bool,
    judge: impl FnMut(&Execution<'_>, Outcome) + 'static,
) -> Seen {
    drive_all(program, strategy, (reduce, most, recording), &[], judge)
}

/// Runs a strategy over the facade, reduced, until it has nothing left; the locks made at `tried` are known to be tried.
pub(crate) fn drive_knowing(
    program: &Program,
    strategy: Box<dyn Strategy>,
    tried: &[Site],
    judge: impl FnMut(&Execution<'_>, Outcome) + 'static,
) -> Seen {
    drive_all(program, strategy, (true, u64::MAX, false), tried, judge)
}

fn drive_all(
    program: &Program,
    strategy: Box<dyn Strategy>,
    (reduce, most, recording): (bool, u64, bool),
    tried: &[Site],
    mut judge: impl FnMut(&Execution<'_>, Outcome) + 'static,
) -> Seen {
    let quiet = panics::keep();
    let _entered = engine::enter(Engine::Shuttle);
    racehunt_sync::tries::adopt(tried);
    let (model, sink) = model(program);
    let budget = Budget { executions: most, steps: 2_000, deadline: None };
    let judge = Box::new(move |e: &Execution<'_>| {
        judge(e, lock(&sink).clone());
        Judged { go_on: true, fresh: false }
    });
    let driver = Driver::new(model, strategy, reduce, budget, Seeds::Fixed(7), recording, judge);
    let finished = driver.run(None);
    let seen = driver.seen();
    drop(quiet);
    assert!(finished, "{program:?}");
    assert_eq!(seen.broken, None, "{program:?}");
    seen
}

/// Everything a strategy shows of the program.
pub(crate) fn facade_shuttle(program: &Program, strategy: Box<dyn Strategy>, reduce: bool, most: u64) -> Searched {
    let found = Rc::new(RefCell::new((Outcomes::new(), BTreeSet::new())));
    let sink = Rc::clone(&found);
    let seen = drive(program, strategy, reduce, most, false, move |_, outcome| {
        let mut sink = sink.borrow_mut();
        sink.0.insert(outcome);
        sink.1.insert(racehunt_sync::hook::fingerprint());
    });
    let (outcomes, fingerprints) = found.take();
    Searched { outcomes, executions: seen.executions, done: seen.exhausted, distinct: fingerprints.len() }
}

/// shuttle's own depth-first search, which goes on after a deadlock.
struct OnAndOn {
    dfs: Rc<RefCell<DfsScheduler>>,
    open: Rc<RefCell<bool>>,
    ended: Rc<dyn Fn()>,
}

impl Scheduler for OnAndOn {
    fn new_execution(&mut self) -> Option<Schedule> {
        if self.open.replace(true) {
            (self.ended)();
        }
        let next = self.dfs.borrow_mut().new_execution();
        if next.is_none() {
            self.open.replace(false);
        }
        next
    }

    fn next_task(&mut self, runnable: &[&Task], current: Option<TaskId>, yielding: bool) -> Option<TaskId> {
        self.dfs.borrow_mut().next_task(runnable, current, yielding)
    }

    fn next_u64(&mut self) -> u64 {
        self.dfs.borrow_mut().next_u64()
    }
}

/// Every outcome by shuttle on its own types.
pub(crate) fn raw_shuttle(program: &Program, most: u64) -> Searched {
    let _quiet = panics::keep();
    let (program, sink) = (Arc::new(program.clone()), Sink::default());
    let found = Rc::new(RefCell::new((Outcomes::new(), 0_u64)));
    let dfs = Rc::new(RefCell::new(DfsScheduler::new(Some(most as usize), false)));
    let open = Rc::new(RefCell::new(false));
    let ended: Rc<dyn Fn()> = {
        let (sink, found) = (Arc::clone(&sink), Rc::clone(&found));
        Rc::new(move || {
            let mut found = found.borrow_mut();
            found.0.insert(lock(&sink).clone());
            found.1 += 1;
        })
    };
    loop {
        let scheduler = OnAndOn { dfs: Rc::clone(&dfs), open: Rc::clone(&open), ended: Rc::clone(&ended) };
        let (program, sink) = (Arc::clone(&program), Arc::clone(&sink));
        let config = racehunt_engines::shuttle::config(shuttle::MaxSteps::None);
        let ran = catch_unwind(AssertUnwindSafe(|| {
            shuttle::Runner::new(scheduler, config).run(move || run::raw_shuttle::run(&program, &sink));
        }));
        match ran {
            Ok(()) => break,
            Err(payload) => assert!(panics::text(&*payload).starts_with("deadlock!"), "{}", panics::text(&*payload)),
        }
    }
    let (outcomes, executions) = found.take();
    Searched { outcomes, executions, done: executions < most, distinct: 0 }
}

/// Every outcome by our loom engine; `None` in place of a deadlock's outcome, which ends it.
pub(crate) fn facade_loom(program: &Program, most: u64) -> (Searched, bool) {
    let (model, sink) = model(program);
    let found = Arc::new(Mutex::new((Outcomes::new(), BTreeSet::new(), false)));
    let judge: Arc<Mutex<Judge<'static>>> = {
        let found = Arc::clone(&found);
        Arc::new(Mutex::new(move |_: u64, o: &Observation, _: u64, _: bool| {
            let mut found = lock(&found);
            assert!(o.panics.is_empty(), "{:?}", o.panics);
            if o.deadlock.is_some() {
                found.2 = true;
            } else {
                found.0.insert(lock(&sink).clone());
                found.1.insert(racehunt_sync::hook::fingerprint());
            }
        }))
    };
    let explorer = Explorer {
        bound: None,
        executions: most,
        steps: 5_000,
        deadline: None,
        record: 0,
        checkpoint: None,
        seed: 7,
        resume: false,
    };
    let (executions, why) = explorer.explore(&model, &Arc::new(AtomicBool::new(false)), &judge);
    assert!(matches!(why, Stopped::Done | Stopped::Executions | Stopped::CannotGoOn), "{why:?}\n{program:?}");
    let (outcomes, fingerprints, deadlock) = std::mem::take(&mut *lock(&found));
    (Searched { outcomes, executions, done: why != Stopped::Executions, distinct: fingerprints.len() }, deadlock)
}

/// Every outcome by loom on its own types; `None` if it failed, as it does of some programs with condvars.
pub(crate) fn raw_loom(program: &Program, most: u64) -> Option<Searched> {
    struct Enough;
    let quiet = panics::keep();
    let (program, sink) = (Arc::new(program.clone()), Sink::default());
    let found = Arc::new(Mutex::new((Outcomes::new(), 0_u64)));
    let mut builder = loom::model::Builder::new();
    (builder.max_branches, builder.preemption_bound, builder.log) = (5_000, None, false);
    (builder.max_duration, builder.max_permutations) = (None, None);
    let body = {
        let found = Arc::clone(&found);
        move || {
            if lock(&found).1 >= most {
                std::panic::panic_any(Enough);
            }
            run::raw_loom::run(&program, &sink);
            let mut found = lock(&found);
            found.0.insert(lock(&sink).clone());
            found.1 += 1;
        }
    };
    let ran = catch_unwind(AssertUnwindSafe(move || builder.check(body)));
    drop(quiet);
    let done = match ran {
        Ok(()) => true,
        Err(payload) if payload.is::<Enough>() => false,
        Err(_) => return None,
    };
    let (outcomes, executions) = std::mem::take(&mut *lock(&found));
    Some(Searched { outcomes, executions, done, distinct: 0 })
}
