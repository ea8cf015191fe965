//! What a run ends with.

use crate::support::{Bench, LOOM, LOST, SHUTTLE, scenario, with_actors};
use racehunt_core::verdict::Verdict;

#[test]
fn zero_when_what_is_expected_is_found_and_the_rest_is_clean() {
    let expect = format!("{LOST}variants = [\"published-fix\"]\n");
    let text = scenario("t", r#"["published-fix", "hardened"]"#, &[SHUTTLE, LOOM, &expect]);
    let bench = Bench::with(&text);
    bench.run("run s.toml").ended(0).says("PASS: 1 passed");
    let report = bench.report();
    assert_eq!((report.verdict, report.exit_code, report.totals.trials), (Verdict::Pass, 0, 4));
}

#[test]
fn zero_for_a_race_of_the_memory_model_that_only_loom_may_see() {
    let expect = format!("{LOST}engines = [\"loom\"]\nwhy = \"shuttle is sequentially consistent\"\n");
    let shards = ", shards = 2";
    let actors = r#"{ name = "D", ops = ["flush"] }, { name = "A", ops = ["increment(0)"] }"#;
    let bench = Bench::with(&with_actors("t", "\"relaxed-publish\"", shards, actors, &[SHUTTLE, LOOM, &expect]));
    bench.run("run s.toml").ended(0).says("cannot see it");
}

#[test]
fn one_when_a_finding_is_not_expected() {
    let bench = Bench::with(&scenario("t", "\"published-fix\"", &[SHUTTLE]));
    bench.run("run s.toml").ended(1).says("FAIL: 1 failed").says("unexpected lost in published-fix");
    assert_eq!(bench.report().exit_code, 1);
}

#[test]
fn one_when_what_is_expected_is_not_found() {
    let bench = Bench::with(&scenario("t", "\"hardened\"", &[SHUTTLE, LOST]));
    bench.run("run s.toml").ended(1).says("NOT FOUND in 300");
}

#[test]
fn one_for_a_folder_with_one_failing_scenario() {
    let bench = Bench::new();
    bench.file("all/a.toml", scenario("a", "\"hardened\"", &[SHUTTLE]));
    bench.file("all/deep/b.toml", scenario("b", "\"published-fix\"", &[SHUTTLE]));
    bench.run("run all").ended(1).says("FAIL: 1 passed, 1 failed");
    let diagrams = ["all/interleavings", "all/interleavings/29a66ebd9d3efdbf.svg"];
    assert_eq!(
        bench.all_below("racehunt-out"),
        ["all", diagrams[0], diagrams[1], "all/report.html", "all/report.json"]
    );
}

#[test]
fn two_when_scenarios_are_wrong_and_then_nothing_runs() {
    let bench = Bench::new();
    bench.file("all/a.toml", scenario("a", "\"hardened\"", &["[shuttle]\nexecutons = 300\n"]));
    bench.file("all/b.toml", scenario("b", "\"hardened\"", &["[stress]\nduration = \"3 parsecs\"\nrouns = 2\n"]));
    bench.file("all/c.toml", scenario("c", "\"hardned\"", &[SHUTTLE]));
    bench.file("all/good.toml", scenario("good", "\"hardened\"", &[SHUTTLE]));
    let ran = bench.run("run all no-such.toml").ended(2);
    assert_eq!(ran.stdout, "");
    // Each error with its file, its line, and what to write instead.
    let ran = ran.complains("all/a.toml:14:1").complains("executons").complains("`executions`");
    let ran =
        ran.complains("all/b.toml:14:12").complains("3 parsecs").complains("all/b.toml:15:1").complains("`rounds`");
    ran.complains("all/c.toml:7:11").complains("`hardened`").complains("no-such.toml: No such file");
    assert!(!bench.path("racehunt-out").exists(), "nothing ran, so nothing is written");
}

#[test]
fn two_when_the_command_line_is_wrong() {
    let bench = Bench::with(&scenario("t", "\"hardened\"", &[SHUTTLE]));
    bench.run("run s.toml --sede 7").ended(2).complains("--seed");
    bench.run("run s.toml --jobs 0").ended(2).complains("--jobs");
    bench.run("run s.toml --jobs -1").ended(2).complains("--jobs");
    bench.run("run s.toml --seed -1").ended(2).complains("--seed");
    bench.run("run s.toml --seed x").ended(2).complains("--seed");
    bench.run("run s.toml -q -v").ended(2).complains("cannot be used with");
    bench.run("run").ended(2).complains("<PATH>");
    bench.run("rnu s.toml").ended(2).complains("unrecognized subcommand 'rnu'");
    bench.run("").ended(2).complains("Usage:");
    assert!(!bench.path("racehunt-out").exists());
}

#[test]
fn two_when_there_is_no_scenario() {
    let bench = Bench::new();
    bench.file("empty/Cargo.toml", "[package]\n");
    bench.file("empty/.hidden/s.toml", scenario("t", "\"hardened\"", &[SHUTTLE]));
    bench.run("run empty nowhere").ended(2).complains("empty: no scenario (*.toml)").complains("nowhere: No such");
    assert!(!bench.path("racehunt-out").exists());
}

#[test]
fn three_when_nothing_could_go_wrong() {
    let actors = r#"{ name = "D", ops = ["increment(0)", "flush"] }"#;
    let bench = Bench::with(&with_actors("t", "\"hardened\"", "", actors, &[SHUTTLE]));
    bench.run("run s.toml").ended(3).says("UNKNOWN: 1 unknown").says("no concurrency");
    assert_eq!(bench.report().exit_code, 3);
}

#[test]
fn three_when_the_time_ends_before_the_executions_do() {
    let bench = Bench::with(&scenario(
        "t",
        "\"hardened\"",
        &["[shuttle]\nstrategy = \"random\"\nexecutions = 1_000_000_000\ntime = \"50ms\"\n"],
    ));
    bench.run("run s.toml").ended(3).says("shuttle.time");
}

#[test]
fn four_when_the_report_cannot_be_written() {
    let bench = Bench::with(&scenario("t", "\"hardened\"", &[SHUTTLE]));
    bench.file("taken", "a file");
    let ran = bench.run("run s.toml --out taken -v").ended(4).complains("--out").complains("taken");
    assert!(!ran.stderr.contains("shuttle"), "learned before the hunt: {}", ran.stderr);
    assert_eq!(std::fs::read(bench.path("taken")).expect("still there"), b"a file");

    bench.file("out/s/report.json/inside", "a folder in the report's place");
    let ran = bench.run("run s.toml --out out -v").ended(4).complains("report.json");
    assert!(!ran.stderr.contains("shuttle"), "learned before the hunt: {}", ran.stderr);
    assert_eq!(bench.all_below("out/s"), ["report.json", "report.json/inside"], "no temporary file is left");
}
