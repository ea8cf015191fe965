//! The stress engine on tiny subjects: findings, verdicts and sums; never rates, which hang on the machine.

#[path = "stress/ledgers.rs"]
mod ledgers;
#[path = "stress/subjects.rs"]
mod subjects;

use racehunt_core::finding::{Finding, FindingKind, Repro};
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::{ActorProgram, EngineConfig, OpCall, Params, Program, StressConfig, Trial};
use racehunt_core::scenario::{Chance, Limits, Pace, Perturb, Rate, Timespan};
use racehunt_core::verdict::{Coverage, Verdict};
use racehunt_engines::emit::{Emit, EngineError, Progress};
use racehunt_engines::stress;
use std::time::{Duration, Instant};
use subjects::{Act, Cells};

/// Keeps what an engine tells; asks it to stop at a time, if one is set.
#[derive(Default)]
struct Listener {
    findings: Vec<Finding>,
    progress: Vec<Progress>,
    stop_at: Option<Instant>,
}

impl Emit for Listener {
    fn progress(&mut self, progress: Progress) {
        self.progress.push(progress);
    }
    fn finding(&mut self, finding: &Finding) {
        self.findings.push(finding.clone());
    }
    fn stopped(&self) -> bool {
        self.stop_at.is_some_and(|at| Instant::now() >= at)
    }
}

fn span(ms: u64) -> Timespan {
    Timespan::new(Duration::from_millis(ms)).unwrap()
}

fn actor(name: &str, ops: &[&str]) -> ActorProgram {
    ActorProgram { name: name.to_owned(), ops: ops.iter().map(|op| OpCall::plain(*op)).collect(), process: None }
}

fn config(pace: Pace) -> StressConfig {
    StressConfig {
        processes: 1,
        threads: 2,
        pace,
        rate: None,
        ops_per_thread: 3,
        duration: None,
        rounds: None,
        perturb: None,
        stop_after: None,
        faults: Vec::new(),
    }
}

fn trial(config: StressConfig) -> Trial {
    Trial {
        id: "cells/only/stress".to_owned(),
        scenario: "cells".to_owned(),
        subject: "cells".to_owned(),
        variant: "only".to_owned(),
        params: Params::default(),
        program: Program::Actors(vec![actor("A", &["ab", "ab", "ab"]), actor("B", &["ba", "ba", "ba"])]),
        engine: EngineConfig::Stress(config),
        faults: Vec::new(),
        limits: Limits { stall: span(1000), ..Limits::default() },
        seed: 7,
        mutation: None,
    }
}

fn rounds(n: u64) -> StressConfig {
    StressConfig { rounds: Some(n), ..config(Pace::Rounds) }
}

fn load(pace: Pace, ms: u64) -> StressConfig {
    StressConfig { duration: Some(span(ms)), ..config(pace) }
}

fn run(act: Act, trial: &Trial) -> (TrialOutcome, Listener) {
    let mut listener = Listener::default();
    let outcome = stress::run(trial, &Cells(act), &mut listener).unwrap();
    (outcome, listener)
}

fn kinds(outcome: &TrialOutcome) -> Vec<FindingKind> {
    outcome.findings.iter().map(|f| f.kind).collect()
}

/// On one CPU a clean result is in doubt, as it should be.
fn clean() -> Verdict {
    let cpus = std::thread::available_parallelism().unwrap().get();
    if cpus > 1 { Verdict::Pass } else { Verdict::Unknown }
}

#[test]
fn a_lost_update_is_found_and_told_at_once() {
    let perturb = Perturb { yield_chance: Chance::new(0.25).unwrap(), pause: None, pause_chance: None };
    let trial = trial(StressConfig { perturb: Some(perturb), stop_after: Some(3), ..rounds(200_000) });
    let (outcome, told) = run(Act::Racy, &trial);
    assert_eq!((outcome.verdict, kinds(&outcome)), (Verdict::Fail, vec![FindingKind::Lost]));
    let found = &outcome.findings[0];
    assert!(found.count >= 3 && outcome.executions < 200_000, "{} of {}", found.count, outcome.executions);
    assert!(found.interleaving.is_none());
    assert!(matches!(found.repro, Repro::Statistical { seed: 7, seen, .. } if seen == found.count));
    assert_eq!(told.findings.len(), 1);
    assert_eq!(told.findings[0].fingerprint, found.fingerprint);
    assert!(outcome.notes.iter().any(|n| n.contains("stop_after")), "{:?}", outcome.notes);
}

#[test]
fn what_is_correct_is_clean_and_every_op_is_accounted_for() {
    for threads in [2, 5] {
        let (outcome, told) = run(Act::Correct, &trial(StressConfig { threads, ..rounds(3000) }));
        assert_eq!(outcome.verdict, clean(), "{:?}", outcome.reasons);
        assert_eq!((outcome.executions, outcome.coverage), (3000, Coverage::Stressed { executions: 3000 }));
        let ops = 3000 * threads as u64 * 3;
        assert_eq!((outcome.ops, outcome.ledger.accepted, outcome.ledger.retained), (ops, ops, ops));
        assert!(outcome.checked.iter().any(|c| c.checker == FindingKind::Lost && c.judged == 3000));
        assert!(told.findings.is_empty() && outcome.latencies.is_empty() && outcome.steps.is_none());
        assert!((told.progress.last().unwrap().spent - 1.0).abs() < 1e-9);
    }
}

#[test]
fn a_mix_is_dealt_anew_and_adds_up() {
    let mut trial = trial(StressConfig { threads: 3, ops_per_thread: 4, ..rounds(1000) });
    trial.program = Program::Mix(vec![("ab".to_owned(), 3), ("ba".to_owned(), 1)]);
    let (outcome, _) = run(Act::Correct, &trial);
    assert_eq!((outcome.verdict, outcome.ledger.accepted), (clean(), 12_000));
}

#[test]
fn errors_are_counted_by_op_and_kind() {
    let (outcome, _) = run(Act::Erring, &trial(rounds(500)));
    assert_eq!((outcome.verdict, kinds(&outcome)), (Verdict::Fail, vec![FindingKind::Error]));
    assert_eq!(outcome.findings[0].detail, "odd");
    // Of the six calls on each object every second one fails.
    assert_eq!(outcome.errors.iter().map(|e| e.count).sum::<u64>(), 1500);
    assert_eq!((outcome.ledger.accepted, outcome.ledger.rejected), (1500, 1500));
    assert!(outcome.errors.iter().all(|e| e.kind == "odd" && (e.op == "ab" || e.op == "ba")));
}

#[test]
fn panics_are_findings_with_a_place_and_the_rounds_go_on() {
    let (outcome, _) = run(Act::Panicking, &trial(rounds(100)));
    assert_eq!((outcome.executions, outcome.verdict), (100, Verdict::Fail));
    assert_eq!(kinds(&outcome), [FindingKind::Panic]);
    let found = &outcome.findings[0];
    assert!(found.detail.contains("subjects.rs:"), "{}", found.detail);
    assert!(found.message.contains("no cell"), "{}", found.message);
    assert_eq!(found.count, 100, "each object once, though both actors panicked on it");
    let (outcome, _) = run(Act::PanicsAtRest, &trial(rounds(10)));
    assert_eq!(kinds(&outcome), [FindingKind::Panic]);
    assert!(outcome.findings[0].message.starts_with("rest panicked"), "{}", outcome.findings[0].message);
}

#[test]
fn a_deadlock_is_a_stall_and_the_engine_comes_back() {
    for config in [rounds(1_000_000), load(Pace::Closed, 60_000)] {
        let started = Instant::now();
        let mut trial = trial(config);
        trial.limits.stall = span(400);
        let (outcome, told) = run(Act::Deadlocking, &trial);
        assert_eq!((outcome.verdict, kinds(&outcome)), (Verdict::Fail, vec![FindingKind::Stall]));
        let found = &outcome.findings[0];
        assert_eq!(found.detail, "ab + ba");
        assert!(found.message.contains("actor 0 in ab for "), "{}", found.message);
        assert!(found.message.contains("actor 1 in ba for "), "{}", found.message);
        assert_eq!((found.count, found.first_execution), (1, outcome.executions), "the round that hung is one");
        assert_eq!(told.findings.len(), 1);
        assert!(started.elapsed() < Duration::from_secs(4));
    }
}

#[test]
fn a_request_to_stop_is_heeded_and_proves_nothing() {
    for config in [rounds(u64::MAX), load(Pace::Closed, 60_000)] {
        let mut listener =
            Listener { stop_at: Some(Instant::now() + Duration::from_millis(150)), ..Listener::default() };
        let started = Instant::now();
        let outcome = stress::run(&trial(config), &Cells(Act::Correct), &mut listener).unwrap();
        assert!(started.elapsed() < Duration::from_secs(4));
        assert_eq!(outcome.verdict, Verdict::Unknown);
        assert!(outcome.reasons.iter().any(|r| r.contains("stopped by request")), "{:?}", outcome.reasons);
        assert!(!listener.progress.is_empty());
    }
}

#[test]
fn a_duration_ends_rounds() {
    let (outcome, _) = run(Act::Correct, &trial(load(Pace::Rounds, 100)));
    assert_eq!(outcome.verdict, clean(), "{:?}", outcome.reasons);
    assert!(outcome.executions > 0);
}

#[test]
fn a_closed_loop_measures_every_op() {
    let mut trial = trial(load(Pace::Closed, 150));
    trial.program = Program::Mix(vec![("ab".to_owned(), 9), ("ba".to_owned(), 1)]);
    let (outcome, _) = run(Act::Correct, &trial);
    assert_eq!((outcome.verdict, outcome.executions), (clean(), 1));
    assert_eq!(outcome.latencies.iter().map(|l| l.op.as_str()).collect::<Vec<_>>(), ["ab", "ba"]);
    assert_eq!(outcome.latencies.iter().map(|l| l.count).sum::<u64>(), outcome.ops);
    assert_eq!((outcome.ledger.accepted, outcome.ledger.retained), (outcome.ops, outcome.ops));
    for l in &outcome.latencies {
        assert!(l.min_ns <= l.p50_ns && l.p50_ns <= l.p99_ns && l.p99_ns <= l.max_ns && l.max_ns > 0, "{l:?}");
        assert!(!l.histogram.is_empty());
    }
}

#[test]
fn an_open_loop_counts_from_the_intended_start() {
    let mut trial = trial(StressConfig { threads: 1, rate: Rate::new(1000.0), ..load(Pace::Open, 400) });
    trial.program = Program::Actors(vec![actor("A", &["ab"])]);
    let (outcome, _) = run(Act::SlowOnce, &trial);
    let l = &outcome.latencies[0];
    assert!(l.max_ns >= 50_000_000, "{l:?}");
    // One op slept; some fifty were due meanwhile, and their waiting counts: 25 ms each on average. Left out, all ops
    // together would take little more than those 50 ms.
    assert!(l.mean_ns * l.count as f64 >= 300e6, "{l:?}");
    assert_eq!(outcome.verdict, Verdict::Unknown, "one actor alone proves nothing");
}

#[test]
fn a_panic_under_load_ends_its_actor_only() {
    let (outcome, _) = run(Act::Panicking, &trial(load(Pace::Closed, 50)));
    assert_eq!((kinds(&outcome), outcome.executions), (vec![FindingKind::Panic], 1));
}

#[test]
fn a_limit_on_latency_is_judged_or_in_doubt() {
    let mut slow = trial(load(Pace::Closed, 100));
    // Either actor may be the first to call.
    slow.limits.max.extend(["ab", "ba"].map(|op| (op.to_owned(), span(1))));
    let (outcome, _) = run(Act::SlowOnce, &slow);
    assert!(kinds(&outcome).contains(&FindingKind::Latency), "{:?}", outcome.reasons);
    let mut unmeasured = trial(rounds(100));
    unmeasured.limits.max.insert("ab".to_owned(), span(1));
    assert_eq!(run(Act::Correct, &unmeasured).0.verdict, Verdict::Unknown);
}

#[test]
fn an_actor_without_an_op_is_in_doubt() {
    let mut trial = trial(rounds(100));
    trial.program = Program::Actors(vec![actor("A", &["ab"]), actor("B", &[])]);
    let (outcome, _) = run(Act::Correct, &trial);
    assert_eq!(outcome.verdict, Verdict::Unknown);
    assert!(outcome.reasons.iter().any(|r| r == "actor 1 never ended an op"), "{:?}", outcome.reasons);
}

#[test]
fn what_this_engine_has_not_is_refused_by_its_key() {
    let mut unknown = trial(rounds(1));
    unknown.program = Program::Actors(vec![actor("A", &["flush"])]);
    let cases = [
        (trial(StressConfig { processes: 0, ..rounds(1) }), "stress.processes"),
        (trial(config(Pace::Rounds)), "stress.rounds"),
        (trial(config(Pace::Closed)), "stress.duration"),
        (trial(load(Pace::Open, 1)), "stress.rate"),
        (unknown, "no op `flush`"),
    ];
    for (trial, key) in cases {
        match stress::run(&trial, &Cells(Act::Correct), &mut Listener::default()) {
            Err(EngineError::Trial(text)) => assert!(text.contains(key), "{text}"),
            other => panic!("{key}: {other:?}"),
        }
    }
}
