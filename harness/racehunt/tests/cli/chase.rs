//! From stress to exact, as a user runs it: real threads find something, and a model is asked for it.

use crate::support::process::{Signal, signal};
use crate::support::{Bench, REPORT, SHUTTLE, overlapping, scenario, with_actors};
use racehunt_core::exact::Exact;
use racehunt_core::finding::{Finding, FindingKind, Repro};
use racehunt_core::outcome::TrialOutcome;
use racehunt_reports::Report;
use racehunt_reports::distinct::distinct;
use std::io::{BufRead, BufReader};

/// A few rounds that show it are enough.
const STRESS: &str = "[stress]\nthreads = 2\nrounds = 2_000\nstop_after = 3\n";

/// On a busy machine a thread may wait long for its turn, which is not what these tests are about.
const PATIENT: &str = "[limits]\nstall = \"50s\"\n";

fn stress(report: &Report) -> &TrialOutcome {
    report.scenarios[0].trials.iter().find(|t| t.trial.id.contains("/stress")).expect("a stress trial")
}

fn duplicated(report: &Report) -> &Finding {
    let found = &stress(report).findings;
    found.iter().find(|f| f.kind == FindingKind::Duplicated).unwrap_or_else(|| panic!("{found:?}"))
}

#[test]
fn what_real_threads_found_alone_gets_a_schedule_that_replays() {
    let bench = Bench::with(&overlapping("t", &[STRESS, PATIENT]));
    let ran = bench.run("run s.toml").ended(1);
    ran.says("exact: a model search of 2 actors × 2 ops found it after").complains("chase: ");
    let report = bench.report();
    assert_eq!(report.totals.trials, 1, "a chase is no trial");
    assert_eq!(report.totals.executions, stress(&report).executions, "and its executions count nowhere");
    let finding = duplicated(&report);
    let Some(Exact::Found { search, finding: found, executions }) = &finding.exact else {
        panic!("{:?}", finding.exact)
    };
    assert_eq!((&found.fingerprint, found.kind), (&finding.fingerprint, finding.kind));
    assert!(search.id.ends_with("/stress/chase/1") && *executions > 0, "{}", search.id);
    let Repro::Schedule { confirmed, .. } = &found.repro else { panic!("{:?}", found.repro) };
    assert_eq!((confirmed.same, confirmed.of), (10, 10));
    assert!(matches!(finding.repro, Repro::Statistical { .. }), "real threads still have no schedule");
    let all = distinct(&report);
    let many = all.len();
    assert!(all.iter().all(|one| one.steps().is_some()));
    let ran = bench.run(&format!("replay {REPORT}")).ended(0);
    ran.says(&format!("{many} of {many} replayed exactly")).says("/chase/1 found it").says("│ D");
}

#[test]
fn a_chase_is_the_same_each_time_and_another_with_another_seed() {
    let found = |args: &str| {
        let bench = Bench::with(&overlapping("t", &[STRESS, PATIENT]));
        bench.run(&format!("run s.toml {args}")).ended(1);
        duplicated(&bench.report()).exact.clone().expect("chased")
    };
    let first = found("--seed 3 --jobs 1");
    assert_eq!(first, found("--seed 3 --jobs 2"));
    let seeds = |exact: &Exact| exact.companion().map(|(search, _)| search.seed);
    assert_ne!(seeds(&first), seeds(&found("--seed 4")));
}

#[test]
fn what_a_model_trial_found_is_linked_and_not_searched() {
    let bench = Bench::with(&overlapping("t", &[STRESS, SHUTTLE, PATIENT]));
    let ran = bench.run("run s.toml").ended(1).says("on real threads too; the exact replay is that of ");
    assert!(!ran.stderr.contains("chase: "), "{}", ran.stderr);
    let report = bench.report();
    let Some(Exact::Linked { trial }) = &duplicated(&report).exact else { panic!("{:?}", duplicated(&report).exact) };
    let there = report.scenarios[0].trials.iter().find(|t| t.trial.id == *trial).expect("the trial is there");
    assert!(there.findings.iter().any(|f| f.fingerprint == duplicated(&report).fingerprint));
    assert!(there.findings.iter().all(|f| f.exact.is_none()), "a model's own finding needs no companion");
}

#[test]
fn real_time_is_nothing_to_search_for() {
    let busy = "[stress]\nthreads = 2\npace = \"closed\"\nduration = \"200ms\"\n";
    let bench =
        Bench::with(&scenario("t", "\"hardened\"", &[busy, "[limits]\nstall = \"50s\"\np50 = { flush = \"1ns\" }\n"]));
    bench.run("run s.toml").ended(1).says("no model search (latency is real time, of which a model has none)");
    let report = bench.report();
    let [slow] = &stress(&report).findings[..] else { panic!("{:?}", stress(&report).findings) };
    assert!(matches!(slow.exact, Some(Exact::NotSearched { .. })), "{:?}", slow.exact);
    bench.run(&format!("replay {REPORT}")).ended(3);
}

#[test]
fn a_subject_that_has_no_model_says_so() {
    let actors =
        r#"{ name = "D", ops = ["increment(0)", "flush"] }, { name = "A", ops = ["increment(0)", "increment(0)"] }"#;
    let sections = ["[stress]\nthreads = 2\nrounds = 20_000\nstop_after = 1\nperturb = { yield = 0.2 }\n", PATIENT];
    let text = with_actors("t", "\"published-fix\"", ", sink = \"statsd-udp\"", actors, &sections);
    let bench = Bench::with(&text);
    bench.run("run s.toml").ended(1).says("the repro is");
    let report = bench.report();
    let exact = stress(&report).findings[0].exact.clone();
    let Some(Exact::NotSearched { why }) = exact else { panic!("{exact:?}") };
    assert!(why.contains("sockets need real threads"), "{why}");
    bench.run(&format!("replay {REPORT}")).ended(3).says("none of the findings has a schedule");
}

#[test]
fn a_scenario_can_do_without() {
    let finding = |kind| format!("[[expect]]\nrace = \"MB4\"\nfinding = \"{kind}\"\n");
    let expect = ["duplicated", "over-delivered"].map(finding).concat();
    let run = |stress: &str| {
        let bench = Bench::with(&overlapping("t", &[stress, PATIENT, &expect]));
        let ran = bench.run("run s.toml");
        (ran, bench.report())
    };
    let (ran, report) = run(&STRESS.replace("[stress]", "[stress]\nchase = false"));
    assert!(!ran.stderr.contains("chase: "), "{}", ran.stderr);
    assert!(stress(&report).findings.iter().all(|f| f.exact.is_none()), "{report:?}");
    let (ran, report) = run(STRESS);
    assert!(ran.stderr.contains("chase: "), "{}", ran.stderr);
    assert_eq!(duplicated(&report).race.as_deref(), Some("MB4"));
    assert!(stress(&report).findings.iter().all(|f| f.exact.is_some()), "expected ones are chased too");
}

#[test]
fn an_interrupted_run_chases_nothing_and_says_so() {
    let long = STRESS.replace("rounds = 2_000\nstop_after = 3", "duration = \"1h\"");
    let bench = Bench::with(&overlapping("t", &[&long, PATIENT]));
    let mut running = bench.start("run s.toml -v");
    let mut lines = BufReader::new(running.stderr()).lines();
    assert!(lines.by_ref().any(|l| l.is_ok_and(|l| l.contains(": duplicated: "))));
    std::thread::spawn(move || lines.for_each(drop));
    signal(running.pid(), Signal::SIGINT);
    running.end().ended(130).says("no model search (interrupted)");
    let report = bench.report();
    assert_eq!(duplicated(&report).exact, Some(Exact::NotSearched { why: "interrupted".into() }));
}
