//! The same seed gives the same findings and the same schedules, however many trials run at once.

use crate::support::{Bench, LOOM, SHUTTLE, redacted, scenario};
use serde_json::Value;

fn run(bench: &Bench, args: &str) -> Value {
    let ran = bench.run(&format!("run s.toml --json {args}"));
    serde_json::from_str(&redacted(&ran.stdout)).expect("JSON")
}

/// First execution, number of executions and seed of each finding.
fn sightings(report: &Value) -> Vec<String> {
    let trials = report["scenarios"][0]["trials"].as_array().expect("trials").iter();
    let findings = trials.flat_map(|t| t["findings"].as_array().expect("findings").iter());
    findings.map(|f| format!("{} {} {}", f["first_execution"], f["count"], f["repro"]["seed"])).collect()
}

#[test]
fn same_seed_same_report_and_another_seed_another_schedule() {
    let random = SHUTTLE.replace("strategy = \"random\"", "strategy = [\"random\", \"pct:3\", \"urw\"]");
    let variants = r#"["as-shipped", "published-fix", "hardened-sharded"]"#;
    let bench = Bench::with(&scenario("t", variants, &[&random, LOOM]));
    let first = run(&bench, "--seed 7 --jobs 1");
    assert!(sightings(&first).len() >= 6, "too few findings to say anything: {:?}", sightings(&first));
    assert_eq!(first, run(&bench, "--seed 7 --jobs 1"), "twice");
    assert_eq!(first, run(&bench, "--seed 7 --jobs 2"), "two at once");
    assert_ne!(sightings(&first), sightings(&run(&bench, "--seed 8 --jobs 2")), "another seed");
}

#[test]
fn the_seed_is_one_if_none_is_given() {
    let bench = Bench::with(&scenario("t", "\"published-fix\"", &[SHUTTLE]));
    assert_eq!(run(&bench, ""), run(&bench, "--seed 1"));
}
