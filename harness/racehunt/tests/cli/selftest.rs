//! `racehunt selftest`: mutants of a component that is right.

use crate::support::{Bench, LOOM, SHUTTLE, with_actors};
use racehunt_core::scenario::EngineKind;
use racehunt_core::verdict::Verdict;
use racehunt_reports::selftest::{Fate, Selftest};

/// Two adds and a flush: each section of the hardened buffer meets another.
fn bench() -> Bench {
    let actors = r#"{ name = "D", ops = ["increment(0)", "flush"] }, { name = "A", ops = ["increment(0)"] }"#;
    Bench::with(&with_actors("t", "\"hardened\"", "", actors, &[SHUTTLE, LOOM]))
}

#[test]
fn the_mutants_of_a_hardened_variant_are_noticed() {
    let bench = bench();
    let ran = bench
        .run("selftest metrics-buffer --scenarios s.toml --json --out o")
        .ended(0)
        .complains("pass: 100.0 % killed");
    let document: Selftest = serde_json::from_str(&ran.stdout).expect("a document");
    assert_eq!(std::fs::read_to_string(bench.path("o/selftest.json")).expect("a file"), ran.stdout);
    assert_eq!((document.verdict, document.exit_code), (Verdict::Pass, 0));
    let [tested] = &*document.subjects else { panic!("one subject") };
    assert!(tested.baseline.iter().all(|r| r.finding.is_none() && r.executions > 0));
    let killed = tested.mutants.iter().filter(|m| m.fate == Fate::Killed);
    assert!(killed.clone().count() > 0 && killed.clone().all(|m| m.killed_by.contains(&EngineKind::Loom)));
    let own = |site: &str| site.contains("metrics_buffer/hardened.rs:");
    assert!(tested.mutants.iter().all(|m| own(&m.mutant.site)), "nothing of the sink or of the accounting is weakened");
}

#[test]
fn a_variant_that_is_not_right_says_nothing_about_the_harness() {
    let ran = bench().run("selftest metrics-buffer --variant published-fix --scenarios s.toml");
    ran.ended(3).says("not clean as it stands");
}

#[test]
fn what_is_not_there_is_named() {
    let bench = bench();
    bench.run("selftest nothing --scenarios s.toml").ended(2).complains("no subject \"nothing\"");
    bench.run("selftest metrics-buffer --variant x --scenarios s.toml").ended(2).complains("no variant \"x\"");
    bench.run("selftest event-bus --scenarios s.toml").ended(2).complains("--scenarios");
}
