//! Workers that come to harm.

use crate::support::process::{Signal, first_worker, signal};
use crate::support::{Bench, ENDLESS, SHUTTLE, scenario, wait_for};
use racehunt_core::verdict::Verdict;

/// A long search, then a short one.
fn two() -> Bench {
    let bench = Bench::new();
    bench.file("all/a-long.toml", scenario("long", "\"hardened\"", &[ENDLESS]));
    bench.file("all/b-short.toml", scenario("short", "\"published-fix\"", &[SHUTTLE]));
    bench
}

#[test]
fn a_killed_worker_costs_its_own_trial_and_no_other() {
    let bench = two();
    let running = bench.start("run all --jobs 1 --json");
    signal(first_worker(running.pid()).pid, Signal::SIGKILL);
    let ran = running.end().ended(1);
    let report = racehunt_reports::Report::from_json(&ran.stdout).expect("a report");
    let [long, short] = &report.scenarios[..] else { panic!("two scenarios") };
    assert_eq!((long.verdict, short.verdict), (Verdict::Unknown, Verdict::Fail));
    let reason = &long.trials[0].reasons[0];
    assert!(reason.contains("killed by signal 9 (SIGKILL)"), "{reason}");
    assert!(long.reasons.iter().any(|r| r.contains("SIGKILL")), "{:?}", long.reasons);
    assert_eq!(short.trials[0].executions, 300);
    assert!(!report.interrupted);
}

#[test]
fn a_killed_worker_makes_a_run_unknown_and_never_a_pass() {
    let bench = Bench::with(&scenario("t", "\"hardened\"", &[ENDLESS]));
    let running = bench.start("run s.toml");
    signal(first_worker(running.pid()).pid, Signal::SIGKILL);
    running.end().ended(3).says("UNKNOWN").says("SIGKILL");
}

#[test]
fn a_worker_whose_harness_is_killed_ends_by_itself() {
    let bench = Bench::with(&scenario("t", "\"hardened\"", &[ENDLESS]));
    let running = bench.start("run s.toml");
    let worker = first_worker(running.pid());
    let home = worker.home();
    assert!(home.exists(), "{}", home.display());
    signal(running.pid(), Signal::SIGKILL);
    assert_eq!(running.end().code, None);
    wait_for("the worker's end", || (!worker.lives()).then_some(()));
    assert!(!home.exists(), "it leaves no directory behind: {}", home.display());
}

#[test]
fn a_worker_without_orders_ends_without_a_word_too_many() {
    let ran = Bench::new().run("worker");
    assert_eq!(ran.stdout.lines().count(), 1, "hello, and then nobody is there: {}", ran.stdout);
    assert_ne!(ran.code, Some(0));
}
