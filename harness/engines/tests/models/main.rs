//! The model engines on subjects with one known fault each: found, or clean, or unknown, and never the wrong one.

mod exhaustive;
mod marks;
mod searched;
mod toys;

use marks::size;
use racehunt_core::discovery::Unseen;
use racehunt_core::finding::{Finding, FindingKind, Repro, ShrinkEnd, Shrunk, Size, Switches, fingerprint};
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::{EngineConfig, Plan, Trial};
use racehunt_core::scenario::Scenario;
use racehunt_core::shrink::Case;
use racehunt_core::verdict::{Coverage, Verdict};
use racehunt_engines::emit::{Emit, Progress};
use racehunt_engines::model::Model;
use racehunt_engines::shuttle::Hunted;
use racehunt_engines::strategy::Decisions;
use racehunt_engines::{loom, replay, shuttle};
use racehunt_sync::engine::{self, Engine};
use std::sync::Arc;
use toys::Toys;

/// Counts what it is told; stops after a number of looks if asked to.
#[derive(Default)]
struct Told {
    findings: Vec<Finding>,
    progress: u64,
    stop: bool,
}

impl Emit for Told {
    fn progress(&mut self, _: Progress) {
        self.progress += 1;
    }

    fn finding(&mut self, finding: &Finding) {
        self.findings.push(finding.clone());
    }

    fn stopped(&self) -> bool {
        self.stop
    }
}

fn trial(variant: &str, engine: &str, actors: &[usize]) -> Trial {
    let actors: Vec<String> = actors
        .iter()
        .enumerate()
        .map(|(i, n)| format!("{{ name = \"{}\", ops = {:?} }}", ["D", "A", "B"][i], vec!["add"; *n]))
        .collect();
    let text = format!(
        "schema = 1\nname = \"toys/{variant}\"\nabout = \"a toy\"\n[subject]\nname = \"toys\"\nvariant = \"{variant}\"\n\
         [workload]\nactors = [{}]\n{engine}\n",
        actors.join(", ")
    );
    let scenario = Scenario::parse("toys.toml", &text).unwrap_or_else(|e| panic!("{}", e.render(false)));
    Plan::expand(&scenario, 1).trials.remove(0)
}

fn hunt(trial: &Trial) -> TrialOutcome {
    let mut told = Told::default();
    let outcome = match trial.engine {
        EngineConfig::Shuttle(_) => shuttle::run(trial, &Toys, &mut told),
        _ => loom::run(trial, &Toys, &mut told),
    }
    .unwrap();
    assert!(told.progress > 0, "progress is told");
    assert_eq!(told.findings.len(), outcome.findings.len(), "each finding is told at once, and once");
    outcome
}

const SHUTTLE: &str = "[shuttle]\nstrategy = \"random\"\nexecutions = 2000\ntime = \"60s\"\nsteps = 500";
const DFS: &str = "[shuttle]\nstrategy = \"dfs\"\nexecutions = 100000\ntime = \"60s\"\nsteps = 500";
const LOOM: &str = "[loom]\npreemptions = [2, \"none\"]\ntime = \"60s\"";

fn kinds(outcome: &TrialOutcome) -> Vec<FindingKind> {
    outcome.findings.iter().map(|f| f.kind).collect()
}

/// How the only finding was shrunk.
fn shrunk(outcome: &TrialOutcome) -> (Switches, Shrunk) {
    let (Repro::Schedule { switches, shrunk, program, .. } | Repro::Execution { switches, shrunk, program, .. }) =
        &outcome.findings[0].repro
    else {
        panic!("{outcome:?}")
    };
    let interleaving = outcome.findings[0].interleaving.as_ref().expect("a model's");
    assert_eq!((interleaving.switches, Size::of(program, 0)), (switches.kept, shrunk.kept));
    (*switches, *shrunk)
}

/// Each finding of `outcome` replays, step by step, and was confirmed 10 of 10.
fn replays(outcome: &TrialOutcome) {
    for f in &outcome.findings {
        let (Repro::Schedule { confirmed, .. } | Repro::Execution { confirmed, .. }) = &f.repro else {
            panic!("no exact repro: {:?}", f.repro)
        };
        assert_eq!((confirmed.same, confirmed.of), (10, 10), "{f:?}");
        let interleaving = replay::check(&outcome.trial, &Toys, f).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(Some(&interleaving), f.interleaving.as_ref());
        assert!(interleaving.steps.iter().any(|s| s.site.contains("toys.rs:")), "{interleaving:?}");
    }
}

#[test]
fn a_split_update_is_lost_under_every_model_and_strategy() {
    for strategy in ["random", "pct:2", "urw", "pos", "surw", "dfs"] {
        let engine = SHUTTLE.replace("random", strategy);
        let outcome = hunt(&trial("split", &engine, &[2, 2]));
        assert_eq!(kinds(&outcome), [FindingKind::Lost], "{strategy}");
        assert_eq!(outcome.verdict, Verdict::Fail);
        replays(&outcome);
        let (switches, shrunk) = shrunk(&outcome);
        assert_eq!((switches.kept, shrunk.fewest_switches), (1, true), "{strategy}: leave once between load and store");
        marks::a_store_came_between(&outcome.findings[0]);
        assert_eq!((shrunk.found, shrunk.kept, shrunk.end), (size(2, 4), size(2, 2), ShrinkEnd::Done), "{strategy}");
    }
    let outcome = hunt(&trial("split", LOOM, &[2, 2]));
    assert_eq!(kinds(&outcome), [FindingKind::Lost]);
    replays(&outcome);
    let Repro::Execution { preemptions, .. } = &outcome.findings[0].repro else { panic!() };
    assert_eq!(*preemptions, Some(1));
    assert_eq!(shrunk(&outcome).0.kept, 1);
}

#[test]
fn a_lock_is_clean_and_dfs_and_loom_say_exhaustive() {
    for engine in [DFS, LOOM] {
        let outcome = hunt(&trial("locked", engine, &[2, 2]));
        assert_eq!((outcome.verdict, &outcome.coverage), (Verdict::Pass, &Coverage::Exhaustive), "{outcome:?}");
        assert!(outcome.executions >= 6, "4!/(2!2!) orders: {}", outcome.executions);
        assert!(outcome.checked.iter().all(|c| c.judged == outcome.executions), "{:?}", outcome.checked);
        assert_eq!(outcome.ledger.accepted, outcome.executions * 4);
    }
    let outcome = hunt(&trial("locked", SHUTTLE, &[2, 2]));
    assert_eq!(outcome.verdict, Verdict::Pass);
    let Coverage::Sampled { executions: 2000, distinct: 6, unseen } = outcome.coverage else {
        panic!("{:?}", outcome.coverage)
    };
    assert!(unseen < 0.01);
}

#[test]
fn weak_memory_is_seen_by_loom_alone() {
    let outcome = hunt(&trial("relaxed", LOOM, &[1, 1]));
    assert_eq!(kinds(&outcome), [FindingKind::Lost]);
    replays(&outcome);
    for (variant, engine) in [("relaxed", DFS), ("released", DFS), ("released", LOOM)] {
        let outcome = hunt(&trial(variant, engine, &[1, 1]));
        assert_eq!((outcome.verdict, outcome.coverage), (Verdict::Pass, Coverage::Exhaustive), "{variant}");
    }
}

#[test]
fn a_deadlock_names_who_holds_and_who_waits_and_the_search_goes_on() {
    for engine in [SHUTTLE, LOOM] {
        let outcome = hunt(&trial("ab-ba", engine, &[1, 1]));
        assert_eq!(kinds(&outcome), [FindingKind::Deadlock], "{outcome:?}");
        let f = &outcome.findings[0];
        replays(&outcome);
        marks::each_waits_for_the_other(f);
        if engine == SHUTTLE {
            assert_eq!(outcome.executions, 2000, "a deadlock does not end the search");
            assert!(f.count > 1 && f.count < 2000, "{}", f.count);
        }
    }
}

#[test]
fn a_panic_of_an_actor_is_a_finding_and_the_others_go_on() {
    for engine in [SHUTTLE, LOOM] {
        let outcome = hunt(&trial("panics", engine, &[1, 2]));
        assert_eq!(kinds(&outcome), [FindingKind::Panic], "{outcome:?}");
        let f = &outcome.findings[0];
        assert!(f.message.starts_with("D panicked at") && f.message.ends_with("the box is not empty"), "{}", f.message);
        assert!(f.detail.contains("toys.rs"), "{}", f.detail);
        replays(&outcome);
    }
}

#[test]
fn an_error_is_a_finding_and_its_id_is_not_lost() {
    for engine in [SHUTTLE, LOOM] {
        let outcome = hunt(&trial("errs", engine, &[1, 1]));
        assert_eq!(kinds(&outcome), [FindingKind::Error], "{outcome:?}");
        assert_eq!(outcome.findings[0].detail, "not-empty");
        assert_eq!(outcome.errors[0].op, "add");
        replays(&outcome);
    }
}

#[test]
fn what_is_found_among_many_is_told_by_few() {
    // (variant, engine, found with, actors, ops, switches): an actor that is not needed stands before, between or after.
    let cases = [
        ("split", SHUTTLE, &[3, 3, 3][..], (2, 2), 1),
        ("split", "[loom]\npreemptions = [2]\ntime = \"60s\"", &[2, 2, 1], (2, 2), 1),
        ("relaxed", LOOM, &[2, 2], (2, 2), 0),
        ("ab-ba", SHUTTLE, &[2, 2, 2], (2, 2), 1),
        // What the two were about to do is no step, so that they were left for each other does not show.
        ("ab-ba", LOOM, &[1, 1, 1], (2, 2), 0),
        ("errs", SHUTTLE, &[2, 2, 2], (1, 2), 0),
        ("panics", SHUTTLE, &[1, 2, 2], (2, 2), 0),
        ("panics", LOOM, &[1, 2], (2, 2), 0),
    ];
    for (variant, engine, found, (actors, ops), switches) in cases {
        let outcome = hunt(&trial(variant, engine, found));
        replays(&outcome);
        let (made, shrunk) = shrunk(&outcome);
        let all = size(found.len() as u32, found.iter().sum::<usize>() as u32);
        assert_eq!((shrunk.found, shrunk.kept), (all, size(actors, ops)), "{variant} {engine}");
        assert_eq!((made.kept, shrunk.end), (switches, ShrinkEnd::Done), "{variant} {engine}");
    }
}

#[test]
fn a_closure_has_a_schedule_to_shrink_and_no_program() {
    let trial = trial("split", SHUTTLE, &[1, 1]);
    let EngineConfig::Shuttle(config) = &trial.engine else { panic!() };
    let closure = || {
        let n = racehunt_sync::Arc::new(racehunt_sync::atomic::AtomicU64::new(0));
        let add = |n: racehunt_sync::Arc<racehunt_sync::atomic::AtomicU64>| {
            racehunt_sync::thread::spawn(move || {
                let now = n.load(racehunt_sync::atomic::Ordering::SeqCst);
                n.store(now + 1, racehunt_sync::atomic::Ordering::SeqCst);
            })
        };
        let all = [add(n.clone()), add(n.clone()), add(n.clone())];
        all.into_iter().for_each(|actor| actor.join().unwrap());
        assert_ne!(n.load(racehunt_sync::atomic::Ordering::SeqCst), 1, "two were lost");
    };
    let model = Arc::new(Model::closure(closure));
    let outcome = shuttle::search(&trial, config, &model, &[], &mut Told::default());
    assert_eq!(kinds(&outcome), [FindingKind::Panic]);
    let (switches, shrunk) = shrunk(&outcome);
    assert_eq!((shrunk.found, shrunk.kept, shrunk.end), (Size::default(), Size::default(), ShrinkEnd::Done));
    assert_eq!((switches.kept, shrunk.fewest_switches), (1, true), "the one that is left stores last");
}

#[test]
fn a_shrink_that_is_stopped_says_so_and_what_it_has_replays() {
    let trial = trial("split", &format!("{SHUTTLE}\nreduce = false"), &[2, 2]);
    let EngineConfig::Shuttle(config) = &trial.engine else { panic!() };
    let program = trial.program.deal(2, 2, trial.seed);
    let model = Arc::new(Model::new(&trial, &program, &Toys).unwrap());
    let make = |case: &Case| Model::of_case(&trial, case, &Toys);
    let hunted = Hunted { trial: &trial, config, model: &model, program: &program, make: Some(&make) };
    let _entered = engine::enter(Engine::Shuttle);
    let mut ends = Vec::new();
    for stop in [true, false] {
        let mut outcome = hunt(&trial);
        let finding = &mut outcome.findings[0];
        let found = (0..2_u32.pow(8)).map(|n| (0..8).map(|bit| n >> bit & 1).collect::<Vec<u32>>());
        let lost = |p: &replay::Played| p.violations.iter().any(|v| v.kind == FindingKind::Lost);
        let played = found
            .map(|list| replay::play(&model, Box::new(Decisions::new(list)), false, 7, config, false))
            .find(lost)
            .expect("one of them loses");
        let recorded = replay::Recorded { recording: played.recording, seed: 7 };
        shuttle::minimise(&hunted, finding, &recorded, 9, &mut || stop);
        ends.push(shrunk(&outcome).1);
        replays(&outcome);
    }
    assert_eq!((ends[0].end, ends[0].kept, ends[0].executions), (ShrinkEnd::Stopped, size(2, 4), 1));
    assert_eq!((ends[1].end, ends[1].kept), (ShrinkEnd::Done, size(2, 2)));
}

#[test]
fn a_livelock_is_a_verdict_of_its_own() {
    for engine in [SHUTTLE, LOOM] {
        let outcome = hunt(&trial("spins", engine, &[1, 1]));
        assert_eq!(kinds(&outcome), [FindingKind::Livelock], "{outcome:?}");
    }
}

#[test]
fn no_concurrency_is_unknown() {
    for engine in [SHUTTLE, DFS] {
        for actors in [&[1][..], &[3]] {
            let outcome = hunt(&trial("locked", engine, actors));
            assert_eq!(outcome.verdict, Verdict::Unknown, "{outcome:?}");
            assert!(outcome.reasons[0].contains("no concurrency"), "{:?}", outcome.reasons);
        }
    }
    let outcome = hunt(&trial("private", LOOM, &[1, 1]));
    assert_eq!(outcome.verdict, Verdict::Unknown, "{outcome:?}");
}

#[test]
fn an_interrupted_search_is_unknown_and_keeps_what_it_saw() {
    for engine in [SHUTTLE, LOOM] {
        let trial = trial("locked", engine, &[3, 3]);
        let mut told = Told { stop: true, ..Told::default() };
        let run = if engine == LOOM { loom::run } else { shuttle::run };
        let outcome = run(&trial, &Toys, &mut told).unwrap();
        if outcome.verdict == Verdict::Pass {
            // It was done before it was asked: then it must have been complete.
            assert!(outcome.executions >= 20, "{outcome:?}");
        } else {
            assert!(outcome.reasons[0].contains("interrupted"), "{:?}", outcome.reasons);
        }
    }
}

#[test]
fn the_seed_decides_everything() {
    let run = |seed| {
        let mut trial = trial("split", SHUTTLE, &[2, 2]);
        trial.seed = seed;
        let mut outcome = hunt(&trial);
        outcome.elapsed_ns = 0;
        outcome
    };
    assert_eq!(run(3), run(3));
    assert_ne!(run(3).ledger, run(4).ledger);
}

#[test]
fn a_finding_of_another_program_does_not_replay() {
    let outcome = hunt(&trial("split", SHUTTLE, &[2, 2]));
    let mut finding = outcome.findings[0].clone();
    let check = |trial: &Trial, f: &Finding| replay::check(trial, &Toys, f).map(|_| ()).unwrap_err().to_string();
    let message = check(&trial("locked", SHUTTLE, &[2, 2]), &finding);
    assert!(message.contains("differs") || message.contains("left the recorded"), "another variant: {message}");
    finding.detail = "something else".to_owned();
    assert!(check(&outcome.trial, &finding).contains("instead of lost (something else"));
    if let Repro::Schedule { schedule, .. } = &mut finding.repro {
        schedule.push_str(" 7");
    }
    let message = check(&outcome.trial, &finding);
    assert!(message.contains("left the recorded schedule"), "{message}");
}

#[test]
fn five_actors_are_too_many_for_loom() {
    let mut t = trial("locked", LOOM, &[1, 1]);
    if let racehunt_core::plan::Program::Actors(a) = &mut t.program {
        let more = a[0].clone();
        a.extend([more.clone(), more.clone(), more]);
    }
    if let EngineConfig::Loom(c) = &mut t.engine {
        c.threads = 5;
    }
    let e = loom::run(&t, &Toys, &mut Told::default()).unwrap_err();
    assert!(e.to_string().contains("at most 4 actors and kills; this program has 5"), "{e}");
}
