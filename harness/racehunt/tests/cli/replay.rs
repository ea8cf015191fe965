//! `racehunt replay` on reports as they were written.

use crate::support::{Bench, LOOM, REPORT, SHUTTLE, STRESS, overlapping, scenario};
use racehunt_reports::distinct::distinct;

#[test]
fn every_finding_of_both_models_replays_and_is_laid_out() {
    let bench = Bench::with(&scenario("t", r#"["as-shipped", "published-fix"]"#, &[SHUTTLE, LOOM]));
    bench.run("run s.toml").ended(1);
    let report = bench.report();
    let findings = report.scenarios[0].trials.iter().map(|t| t.findings.len()).sum::<usize>();
    let ran =
        bench.run(&format!("replay {REPORT}")).ended(0).says(&format!("{findings} of {findings} replayed exactly"));
    assert_eq!(ran.stderr, "");
    for one in distinct(&report) {
        let Some(steps) = &one.best.finding.interleaving else { panic!("no steps: {:?}", one.best.finding) };
        for step in &steps.steps {
            let line = step.site.rsplit('/').next().expect("a place");
            assert!(ran.stdout.contains(line), "no {line:?} in\n{}", ran.stdout);
        }
    }
    for column in ["│ D", "│ A", "source", "object"] {
        assert!(ran.stdout.contains(column), "no {column:?} in\n{}", ran.stdout);
    }
}

#[test]
fn one_finding_is_chosen_by_number_or_fingerprint() {
    let bench = Bench::with(&overlapping("t", &[SHUTTLE]));
    bench.run("run s.toml").ended(1);
    let report = bench.report();
    let all = distinct(&report);
    assert!(all.len() >= 2, "{}", all.len());
    let second = &all[1].best.finding;
    let by_number = bench.run(&format!("replay {REPORT} --finding 2")).ended(0);
    let heads: Vec<&str> = by_number.stdout.lines().filter(|l| l.starts_with("finding ")).collect();
    assert_eq!(heads.len(), 1, "{heads:?}");
    assert!(heads[0].starts_with(&format!("finding 2: {} in ", second.kind)), "{heads:?}");
    let by_fingerprint = bench.run(&format!("replay {REPORT} --finding {}", second.fingerprint)).ended(0);
    assert_eq!(by_number.stdout, by_fingerprint.stdout);
    let many = all.len();
    for wrong in ["0", "99", "lost", "-1"] {
        let ran = bench.run(&format!("replay {REPORT} --finding={wrong}")).ended(2);
        ran.complains(&format!("--finding {wrong}: the report has findings 1 to {many}"));
    }
}

#[test]
fn real_threads_are_told_what_to_do_instead() {
    let bench = Bench::with(&overlapping("t", &[&STRESS.replace("[stress]", "[stress]\nchase = false")]));
    bench.run("run s.toml --seed 3").ended(1);
    let ran = bench.run(&format!("replay {REPORT}")).ended(3);
    ran.says("racehunt run s.toml --seed 3").says("none of the findings has a schedule");
}

#[test]
fn a_clean_report_has_nothing_to_replay() {
    let bench = Bench::with(&scenario("t", "\"hardened\"", &[SHUTTLE]));
    bench.run("run s.toml").ended(0);
    bench.run(&format!("replay {REPORT}")).ended(3).says("the report has no finding");
    bench.run(&format!("replay {REPORT} --finding 1")).ended(2).complains("the report has no finding");
}

#[test]
fn what_is_no_report_is_refused_in_words() {
    let bench = Bench::with(&scenario("t", "\"hardened\"", &[SHUTTLE]));
    bench.file("array.json", "[]");
    bench.file("package.json", r#"{ "name": "x", "version": "1" }"#);
    bench.file("cut.json", "{ \"schema\": 1,");
    bench.file("bytes.json", [0xff, 0xfe]);
    bench.run("replay array.json").ended(2).complains("array.json: not a racehunt report");
    bench.run("replay package.json").ended(2).complains("package.json: not a racehunt report");
    bench.run("replay cut.json").ended(2).complains("cut.json: line 1").complains("the file ends too early");
    bench.run("replay s.toml").ended(2).complains("s.toml: line 1");
    bench.run("replay bytes.json").ended(2).complains("bytes.json: ");
    bench.run("replay no-such.json").ended(2).complains("no-such.json: No such file");
    bench.run("replay .").ended(2).complains(".: Is a directory");
}
