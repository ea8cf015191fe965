//! A search that was none: no execution, no concurrency, an execution cut off, a subject that fails before it is judged.

use racehunt_core::finding::Repro;
use racehunt_core::ledger::Ledger;
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::{EngineConfig, Params, Plan};
use racehunt_core::scenario::Scenario;
use racehunt_core::subject::{
    Actor, Call, Env, Instance, OpError, OpKind, Opener, ParamSpec, Subject, SubjectError, Variant,
};
use racehunt_core::verdict::{Coverage, Verdict};
use racehunt_engines::emit::{Emit, Progress};
use racehunt_engines::loom::{Explorer, Judge, Stopped};
use racehunt_engines::model::Model;
use racehunt_engines::{loom, replay, shuttle};
use racehunt_sync::atomic::{AtomicU32, Ordering::SeqCst};
use racehunt_sync::{TryLockError, hint};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

struct Quiet;

impl Emit for Quiet {
    fn progress(&mut self, _: Progress) {}

    fn finding(&mut self, _: &racehunt_core::finding::Finding) {}

    fn stopped(&self) -> bool {
        false
    }
}

struct Traps;

const VARIANTS: &[Variant] = &[
    Variant { name: "sound", about: "two loads and stores each" },
    Variant { name: "std", about: "shares by std's types, which no engine sees" },
    Variant { name: "open", about: "panics when it is made" },
    Variant { name: "rest", about: "panics when it is asked what is left" },
    Variant { name: "spins", about: "waits for the other actor" },
    Variant { name: "try", about: "fails if the lock is still held after what was stored last under it was seen" },
];

impl Subject for Traps {
    fn name(&self) -> &'static str {
        "traps"
    }

    fn about(&self) -> &'static str {
        "One trap each."
    }

    fn variants(&self) -> &'static [Variant] {
        VARIANTS
    }

    fn ops(&self) -> &'static [OpKind] {
        &[OpKind { name: "go", about: "goes" }]
    }

    fn params(&self) -> Vec<ParamSpec> {
        Vec::new()
    }

    fn open(&self, variant: &str, _: &Params, _: &Env) -> Result<Opener, SubjectError> {
        let variant = variant.to_owned();
        Ok(Box::new(move || {
            assert!(variant != "open", "made to panic");
            let (seen, hidden) = (AtomicU32::new(0), Mutex::new(0));
            let lock = racehunt_sync::Mutex::new(());
            Arc::new(Trap { variant: variant.clone(), seen, lock, hidden })
        }))
    }
}

struct Trap {
    variant: String,
    seen: AtomicU32,
    lock: racehunt_sync::Mutex<()>,
    hidden: Mutex<u32>,
}

impl Instance for Trap {
    fn apply(&self, _: Call, actor: &mut Actor) -> Result<(), OpError> {
        if self.variant == "try" {
            return self.try_it(actor.number);
        }
        if self.variant == "std" {
            *self.hidden.lock().unwrap() += 1;
            return Ok(());
        }
        let seen = self.seen.load(SeqCst);
        self.seen.store(seen + 1, SeqCst);
        while self.variant == "spins" && actor.number == 0 && self.seen.load(SeqCst) < 2 {
            hint::spin_loop();
        }
        Ok(())
    }

    fn rest(&self, _: &mut Ledger) {
        assert!(self.variant != "rest", "made to panic");
    }
}

impl Trap {
    fn try_it(&self, actor: u32) -> Result<(), OpError> {
        if actor == 0 {
            let _held = self.lock.lock().unwrap();
            self.seen.store(1, SeqCst);
        } else if self.seen.load(SeqCst) == 1 && matches!(self.lock.try_lock(), Err(TryLockError::WouldBlock)) {
            return Err(OpError { kind: "busy", message: "the lock is held".into() });
        }
        Ok(())
    }
}

const DFS: &str = "[shuttle]\nstrategy = \"dfs\"\nexecutions = 5000\ntime = \"60s\"\nsteps = 200";
const RANDOM: &str = "[shuttle]\nstrategy = \"random\"\nexecutions = 200\ntime = \"60s\"\nsteps = 200";
const LOOM: &str = "[loom]\npreemptions = [2, \"none\"]\ntime = \"60s\"";

fn trial(variant: &str, engine: &str) -> racehunt_core::plan::Trial {
    let text = format!(
        "schema = 1\nname = \"traps/{variant}\"\nabout = \"a trap\"\n[subject]\nname = \"traps\"\n\
         variant = \"{variant}\"\n[workload]\nactors = [{{ name = \"A\", ops = [\"go\"] }}, \
         {{ name = \"B\", ops = [\"go\"] }}]\n{engine}\n"
    );
    let scenario = Scenario::parse("traps.toml", &text).unwrap_or_else(|e| panic!("{}", e.render(false)));
    Plan::expand(&scenario, 1).trials.remove(0)
}

fn hunt(variant: &str, engine: &str) -> TrialOutcome {
    let trial = trial(variant, engine);
    match trial.engine {
        EngineConfig::Shuttle(_) => shuttle::run(&trial, &Traps, &mut Quiet),
        _ => loom::run(&trial, &Traps, &mut Quiet),
    }
    .unwrap()
}

#[test]
fn a_sound_subject_passes_so_that_the_traps_below_mean_something() {
    for engine in [DFS, LOOM] {
        let outcome = hunt("sound", engine);
        assert_eq!((outcome.verdict, outcome.coverage), (Verdict::Pass, Coverage::Exhaustive), "{engine}");
    }
    assert_eq!(hunt("sound", RANDOM).verdict, Verdict::Pass);
}

#[test]
fn what_no_engine_sees_does_not_pass() {
    for engine in [DFS, RANDOM, LOOM] {
        let outcome = hunt("std", engine);
        assert_eq!(outcome.verdict, Verdict::Unknown, "{engine}: {outcome:?}");
    }
}

#[test]
fn a_panic_outside_of_the_actors_does_not_pass() {
    for engine in [DFS, RANDOM, LOOM] {
        for variant in ["open", "rest"] {
            let outcome = hunt(variant, engine);
            assert_ne!(outcome.verdict, Verdict::Pass, "{variant}, {engine}: {outcome:?}");
            assert_ne!(outcome.coverage, Coverage::Exhaustive, "{variant}, {engine}");
        }
    }
}

#[test]
fn an_execution_that_was_cut_off_was_not_explored() {
    for engine in [DFS, LOOM] {
        let outcome = hunt("spins", engine);
        assert_ne!(outcome.coverage, Coverage::Exhaustive, "{engine}: {outcome:?}");
        assert_ne!(outcome.verdict, Verdict::Pass, "{engine}: {outcome:?}");
    }
}

/// What is learned of try-locks in the search is not there when a stored finding is replayed.
#[test]
fn a_finding_that_needs_a_try_lock_to_fail_replays() {
    for engine in [DFS, RANDOM, LOOM] {
        let outcome = hunt("try", engine);
        let [finding] = &outcome.findings[..] else { panic!("{engine}: {outcome:?}") };
        assert_eq!(finding.detail, "busy");
        let (Repro::Schedule { confirmed, .. } | Repro::Execution { confirmed, .. }) = &finding.repro else {
            panic!("{:?}", finding.repro)
        };
        assert_eq!((confirmed.same, confirmed.of), (10, 10), "{engine}");
        let (trial, finding) = (outcome.trial.clone(), finding.clone());
        // On a thread that knows nothing.
        let replay = std::thread::spawn(move || replay::check(&trial, &Traps, &finding).map_err(|e| e.to_string()));
        assert_eq!(replay.join().unwrap().as_ref(), Ok(outcome.findings[0].interleaving.as_ref().unwrap()), "{engine}");
    }
}

#[test]
fn no_budget_is_no_pass() {
    for engine in [DFS, RANDOM, LOOM] {
        let mut trial = trial("sound", engine);
        let outcome = match &mut trial.engine {
            EngineConfig::Shuttle(c) => {
                c.executions = 0;
                shuttle::run(&trial, &Traps, &mut Quiet)
            }
            EngineConfig::Loom(c) => {
                c.executions = Some(0);
                loom::run(&trial, &Traps, &mut Quiet)
            }
            _ => unreachable!("models only"),
        }
        .unwrap();
        assert_eq!((outcome.verdict, outcome.executions), (Verdict::Unknown, 0), "{engine}: {outcome:?}");
        assert_eq!(outcome.coverage, Coverage::Nothing, "{engine}");
    }
}

#[test]
fn loom_runs_exactly_as_many_as_it_may() {
    let trial = trial("sound", LOOM);
    let model = Arc::new(Model::new(&trial, &trial.program.deal(2, 1, 1), &Traps).unwrap());
    for cap in [0, 1, 2, 5] {
        let counted = Arc::new(Mutex::new(0));
        let judge: Arc<Mutex<Judge<'static>>> = {
            let counted = Arc::clone(&counted);
            Arc::new(Mutex::new(move |_: u64, _: &racehunt_core::observation::Observation, _: u64, _: bool| {
                *counted.lock().unwrap() += 1;
            }))
        };
        let explorer = Explorer {
            bound: None,
            executions: cap,
            steps: 1_000,
            deadline: None,
            record: 0,
            checkpoint: None,
            seed: 1,
            resume: false,
        };
        let stopped = explorer.explore(&model, &Arc::new(AtomicBool::new(false)), &judge);
        assert_eq!((stopped, *counted.lock().unwrap()), ((cap, Stopped::Executions), cap));
    }
}
