//! The document that a run writes.

use crate::support::{Bench, LOOM, LOST, REPORT, SHUTTLE, STRESS, overlapping, scenario};
use racehunt_core::finding::Repro;
use racehunt_reports::Report;
use racehunt_reports::render::json;
use serde_json::Value;

/// Holds a document against a schema that the program prints.
fn validate(bench: &Bench, of: &str, document: &Value) {
    let schema = bench.run(&format!("schema {of}")).ended(0).json();
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let errors: Vec<String> = validator.iter_errors(document).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert_eq!(errors, [""; 0]);
}

#[test]
fn it_is_valid_reads_back_and_is_what_json_prints() {
    let text = scenario("t", r#"["published-fix", "as-shipped"]"#, &[SHUTTLE, LOOM, LOST]);
    let bench = Bench::with(&text);
    let ran = bench.run("run s.toml --json --seed 5");
    let stored = std::fs::read_to_string(bench.path(REPORT)).expect("a report");
    assert_eq!(ran.stdout, stored, "one document");
    validate(&bench, "report", &ran.json());
    let report = Report::from_json(&stored).expect("reads back");
    assert_eq!(json(&report), stored, "nothing is lost in reading");
    assert_eq!((report.seed, ran.code), (5, Some(report.exit_code.into())));
    assert_eq!(&report.command[1..], ["run", "s.toml", "--json", "--seed", "5"]);
}

#[test]
fn every_engine_says_how_to_see_its_finding_again() {
    let bench = Bench::with(&overlapping("t", &[STRESS, SHUTTLE, LOOM]));
    let ran = bench.run("run s.toml --json").ended(1);
    validate(&bench, "report", &ran.json());
    let report = bench.report();
    let trials = &report.scenarios[0].trials;
    assert_eq!(trials.len(), 3);
    for trial in trials {
        let id = &trial.trial.id;
        assert!(!trial.findings.is_empty(), "{id} found nothing");
        for finding in &trial.findings {
            match &finding.repro {
                Repro::Statistical { seen, .. } => assert!(*seen > 0 && id.ends_with("/stress"), "{id}"),
                Repro::Schedule { confirmed, .. } | Repro::Execution { confirmed, .. } => {
                    assert_eq!((confirmed.same, confirmed.of), (10, 10), "{id}: {}", finding.kind);
                    assert!(finding.interleaving.is_some(), "{id}: {}", finding.kind);
                }
            }
        }
    }
}

#[test]
fn it_replaces_the_one_before_and_leaves_nothing_else() {
    let bench = Bench::with(&scenario("t", "\"hardened\"", &[SHUTTLE]));
    bench.file(REPORT, "of another day");
    bench.run("run s.toml").ended(0);
    assert_eq!(bench.report().exit_code, 0);
    assert_eq!(bench.all_below("racehunt-out"), ["s", "s/report.html", "s/report.json"]);
}

#[test]
fn a_scenario_error_leaves_the_one_before_alone() {
    let bench = Bench::with("schema = 99\n");
    bench.file(REPORT, "of another day");
    bench.run("run s.toml").ended(2);
    assert_eq!(std::fs::read(bench.path(REPORT)).expect("still there"), b"of another day");
}

#[test]
fn arguments_that_are_no_text_do_not_end_the_run() {
    use std::os::unix::ffi::OsStrExt;
    let bench = Bench::new();
    let name = std::ffi::OsStr::from_bytes(b"s\xff.toml");
    let path = bench.path("").join(name);
    std::fs::write(&path, scenario("t", "\"hardened\"", &[SHUTTLE])).expect("a file");
    let output = bench.command("run").arg(name).output().expect("starts");
    crate::support::Ran::of(output).ended(0);
}

#[test]
fn it_renders_in_every_form_without_running_again() {
    let bench = Bench::with(&scenario("t", "\"published-fix\"", &[SHUTTLE]));
    let summary = bench.run("run s.toml").ended(1).stdout;
    let render = |form: &str| bench.run(&format!("render {REPORT} --format {form}")).ended(0).stdout;
    assert_eq!(render("json"), std::fs::read_to_string(bench.path(REPORT)).expect("a report"));
    assert_eq!(render("text"), summary.replace(&format!("; report: {REPORT}"), ""));
    assert!(render("markdown").contains("lost"));
    assert_eq!(render("html"), std::fs::read_to_string(bench.path("racehunt-out/s/report.html")).expect("a page"));
    assert!(render("junit").contains("<failure") && render("sarif").contains("\"level\":\"error\""));
    bench.run(&format!("render {REPORT} --format pdf")).ended(2).complains("markdown");
    bench.run("render s.toml --format text").ended(2).complains("s.toml: line 1");
}
