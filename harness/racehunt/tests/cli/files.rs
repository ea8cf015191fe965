//! Scenario files as editors and systems leave them.

use crate::support::{Bench, SHUTTLE, scenario};

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
    Bench::with(&text).run("run s.toml").ended(2).complains("s.toml:14:1");
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
