//! Scenario files as editors and systems leave them.

use crate::support::{Bench, LOST, SHUTTLE, scenario};
use racehunt_reports::Report;

fn good() -> String {
    scenario("t", "\"hardened\"", &[SHUTTLE])
}

#[test]
fn line_ends_and_marks_of_other_systems_do_not_matter() {
    Bench::with(&good().replace('\n', "\r\n")).run("run s.toml").ended(0);
    Bench::with(&format!("\u{feff}{}", good())).run("run s.toml").ended(0);
}

#[test]
fn places_are_right_under_other_line_ends() {
    let text = good().replace("executions", "executons").replace('\n', "\r\n");
    Bench::with(&text).run("run s.toml").ended(2).complains("s.toml:15:1");
}

#[test]
fn an_empty_file_is_told_what_it_needs() {
    let ran = Bench::with("").run("run s.toml").ended(2);
    for key in ["schema", "name", "subject"] {
        assert!(ran.stderr.contains(key), "{key} is missing, says nobody:\n{}", ran.stderr);
    }
}

#[test]
fn bytes_that_are_no_text_are_told_with_their_line() {
    let bench = Bench::new();
    bench.file("s.toml", [b"schema = 1\nname = \"".as_slice(), &[0xff, 0xfe], b"\"\n"].concat());
    bench.run("run s.toml").ended(2).complains("s.toml: line 2: this is not UTF-8");
}

#[test]
fn a_file_that_is_named_twice_runs_once() {
    let bench = Bench::new();
    bench.file("all/s.toml", good());
    bench.run("run all all/s.toml ./all/../all/s.toml").ended(0).says("1 passed").says("in 1 trial");
}

#[test]
fn a_link_to_a_scenario_is_followed() {
    let bench = Bench::new();
    bench.file("elsewhere/s.toml", scenario("t", "\"published-fix\"", &[SHUTTLE]));
    bench.file("all/a.toml", good().replace("\"t\"", "\"a\""));
    std::os::unix::fs::symlink("../elsewhere", bench.path("all/link")).expect("a link");
    bench.run("run all").ended(1).says("1 passed, 1 failed");
}

#[test]
fn two_scenarios_of_one_name_are_refused() {
    let bench = Bench::new();
    bench.file("all/a.toml", good());
    bench.file("all/b.toml", good());
    bench.run("run all").ended(2).complains("all/b.toml: `name`: all/a.toml is called \"t\", too");
}

/// On request only, for that reason.
fn on_request(name: &str, reason: &str) -> String {
    let about = format!("on_request = \"{reason}\"\nabout =");
    good().replace("\"t\"", &format!("\"{name}\"")).replacen("about =", &about, 1)
}

fn some_on_request() -> Bench {
    let bench = Bench::new();
    bench.file("all/plain/t.toml", good());
    bench.file("all/slow/a.toml", on_request("a", "takes an hour"));
    bench.file("all/slow/b.toml", on_request("b", "takes an hour"));
    bench.file("all/far/c.toml", on_request("c", "needs a package"));
    bench
}

#[test]
fn what_runs_on_request_is_left_out_of_a_folder_above_its_own_and_said() {
    let bench = some_on_request();
    let ran = bench.run("run all").ended(0).says("PASS: 1 passed, 3 left out; 300 executions in 1 trial");
    let ran = ran.says("left out: 2 scenarios in all/slow: takes an hour; name the folder itself to run them");
    ran.says("left out: 1 scenario in all/far: needs a package; name the folder itself to run it");
    let report = std::fs::read_to_string(bench.path("racehunt-out/all/report.json")).expect("a report");
    let report = Report::from_json(&report).expect("a valid one");
    let left: Vec<(&str, usize)> =
        report.left_out.iter().map(|left| (left.folder.as_str(), left.scenarios.len())).collect();
    assert_eq!(left, [("all/far", 1), ("all/slow", 2)]);
    assert_eq!(report.totals.scenarios, 1);
    let ran = bench.run("list all").ended(0).says("all/slow/b.toml  (shuttle)");
    assert_eq!(ran.says("on request only: needs a package").stdout.matches("on request only").count(), 3);
}

#[test]
fn what_runs_on_request_runs_when_its_file_or_its_own_folder_is_named() {
    let bench = some_on_request();
    for (args, end) in [
        ("run all/slow", "PASS: 2 passed; "),
        ("run all/slow/a.toml", "PASS: 1 passed; "),
        ("run all all/slow", "PASS: 3 passed, 1 left out; "),
        ("run all ./all/../all/slow/b.toml", "PASS: 2 passed, 2 left out; "),
    ] {
        bench.run(args).ended(0).says(end);
    }
}

#[test]
fn a_folder_of_which_nothing_runs_is_an_error() {
    let bench = some_on_request();
    bench.file("all/far/deep/d.toml", on_request("d", "needs another package"));
    std::fs::remove_file(bench.path("all/far/c.toml")).expect("removed");
    let ran = bench.run("run all/plain all/far").ended(2);
    let ran = ran.complains("error: all/far: all that is here runs on request only; name its folder:");
    let ran = ran.complains("  racehunt run all/far/deep  (1 scenario: needs another package)");
    assert!(ran.stdout.is_empty() && !bench.path("racehunt-out").exists());
    // What is wrong in a scenario is told even where it would be left out.
    bench.file("all/slow/a.toml", good().replace("executions", "executons"));
    bench.run("run all").ended(2).complains("all/slow/a.toml");
}

#[test]
fn a_folder_shows_a_line_for_what_passes_and_one_table_of_races() {
    let bench = Bench::new();
    let lost = format!("{LOST}variants = [\"published-fix\"]\n");
    bench.file("all/a.toml", scenario("first", r#"["published-fix", "hardened"]"#, &[SHUTTLE, &lost]));
    bench.file("all/b.toml", scenario("second", r#"["published-fix", "as-shipped"]"#, &[SHUTTLE, &lost]));
    let ran = bench.run("run all").ended(1);
    for part in [
        "PASS    first  all/a.toml\nFAIL    second",
        "MB3 lost",
        "of 600",
        "clean after 300",
        "UNEXPECTED error",
        ": error in as-shipped, unexpected",
    ] {
        assert!(ran.stdout.contains(part), "no {part:?} in\n{}", ran.stdout);
    }
    assert!(!ran.stdout.contains("finding 1"), "what is as expected is not told:\n{}", ran.stdout);
    let full = bench.run("run all -v").ended(1).says("finding 1: lost (MB3)").says("of 600");
    full.says("expected   variant");
    let page = bench.run("render racehunt-out/all/report.json --format catalogue").ended(0).stdout;
    assert!(page.contains("| MB3 | lost | hardened | clean after 300 |"), "{page}");
}
