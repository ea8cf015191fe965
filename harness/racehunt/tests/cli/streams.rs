//! What goes to stdout and what to stderr.

use crate::support::{Bench, SHUTTLE, scenario};
use std::fs::File;
use std::process::Stdio;

fn bench() -> Bench {
    Bench::with(&scenario("t", "\"published-fix\"", &[SHUTTLE]))
}

#[test]
fn the_summary_names_the_finding_its_interleaving_and_the_report() {
    let ran = bench().run("run s.toml").ended(1);
    for part in
        ["finding 1: lost in published-fix", "context switch", "│ D", "│ A", "published_fix.rs:", "flush called"]
    {
        assert!(ran.stdout.contains(part), "no {part:?} in\n{}", ran.stdout);
    }
    assert!(ran.stdout.trim_end().ends_with("report: racehunt-out/s/report.json"), "{}", ran.stdout);
}

#[test]
fn quiet_is_one_line() {
    let ran = bench().run("run s.toml -q").ended(1);
    assert_eq!(ran.stdout.lines().count(), 1, "{}", ran.stdout);
    assert!(ran.stdout.starts_with("FAIL: 1 failed"), "{}", ran.stdout);
    assert_eq!(ran.stderr, "");
}

#[test]
fn verbose_tells_each_finding_and_each_trial() {
    let ran = bench().run("run s.toml -v").ended(1);
    let id = "metrics-buffer/published-fix/shuttle/random";
    ran.complains(&format!("{id}: lost: ")).complains(&format!("[1/1] {id}: found lost (300 executions, "));
}

#[test]
fn without_verbose_findings_wait_for_the_summary() {
    let ran = bench().run("run s.toml").ended(1);
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
}

#[test]
fn trials_of_several_scenarios_are_told_apart() {
    let bench = Bench::new();
    bench.file("all/a.toml", scenario("first", "\"hardened\"", &[SHUTTLE]));
    bench.file("all/b.toml", scenario("second", "\"hardened\"", &[SHUTTLE]));
    let id = "metrics-buffer/hardened/shuttle/random";
    let ran = bench.run("run all").ended(0);
    ran.complains(&format!("first: {id}: clean")).complains(&format!("second: {id}: clean"));
}

#[test]
fn nothing_but_text_goes_to_what_is_no_terminal() {
    for args in ["run s.toml -v", "run s.toml --json", "run no-such.toml", "run s.toml --wrong", "--help"] {
        let ran = bench().run(args);
        for stream in [ran.stdout, ran.stderr] {
            assert!(!stream.contains(['\u{1b}', '\r']), "{args}: {stream:?}");
        }
    }
}

#[test]
fn json_leaves_stdout_to_the_report() {
    let ran = bench().run("run s.toml --json").ended(1);
    assert_eq!(ran.json()["verdict"], "fail");
    ran.complains("finding 1: lost").complains("FAIL: 1 failed");
    let ran = bench().run("run s.toml --json -q").ended(1);
    assert_eq!(ran.json()["verdict"], "fail");
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let bench = bench();
    let mut child = bench.command("schema report").spawn().expect("starts");
    drop(child.stdout.take());
    let ran = crate::support::Ran::of(child.wait_with_output().expect("ends"));
    assert_eq!(ran.ended(0).stderr, "");
}

#[test]
fn a_full_disk_is_an_error() {
    let full = || File::options().write(true).open("/dev/full").expect("/dev/full");
    let bench = bench();
    for args in ["list", "run s.toml -q"] {
        let output = bench.command(args).stdout(Stdio::from(full())).output().expect("starts");
        crate::support::Ran::of(output).ended(4).complains("stdout: No space left");
    }
    assert_eq!(bench.report().exit_code, 1, "the report was kept all the same");
}
