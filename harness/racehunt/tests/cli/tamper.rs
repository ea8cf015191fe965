//! `racehunt replay` on reports that say something else than what happens: it must notice, and say where.

use crate::support::{Bench, LOOM, REPORT, Ran, SHUTTLE, scenario, with_actors};
use serde_json::{Value, json};

/// A report with one trial and at least one finding.
fn hunted(engine: &str) -> Bench {
    let bench = Bench::with(&scenario("t", "\"published-fix\"", &[engine]));
    bench.run("run s.toml").ended(1);
    bench
}

/// Replays the first finding after a change to its trial.
fn replay(bench: &Bench, change: impl FnOnce(&mut Value)) -> Ran {
    let mut report: Value =
        serde_json::from_slice(&std::fs::read(bench.path(REPORT)).expect("a report")).expect("JSON");
    change(&mut report["scenarios"][0]["trials"][0]);
    bench.file("changed.json", report.to_string());
    bench.run("replay changed.json --finding 1")
}

fn diverges(bench: &Bench, change: impl FnOnce(&mut Value)) -> Ran {
    replay(bench, change).ended(1).says("DIVERGED: ").says("0 of 1 replayed exactly")
}

#[test]
fn an_unchanged_report_replays() {
    replay(&hunted(SHUTTLE), |_| {}).ended(0).says("1 of 1 replayed exactly");
}

#[test]
fn a_changed_schedule_is_noticed() {
    let bench = hunted(SHUTTLE);
    let with = |edit: &dyn Fn(&str) -> String| {
        diverges(&bench, |trial| {
            let schedule = &mut trial["findings"][0]["repro"]["schedule"];
            *schedule = json!(edit(schedule.as_str().expect("a schedule")));
        })
    };
    with(&|s| format!("{s} 0*50")).says("recorded choices");
    with(&|s| s.rsplit_once(' ').expect("more than one run").0.to_owned()).says("the schedule ends after");
    with(&|_| "7*3".to_owned()).says("at choice 1 the schedule runs actor 7");
    with(&|_| "sideways".to_owned()).says("repro.schedule: `sideways` names no actor");
    with(&|_| "0*99999999999".to_owned()).says("repro.schedule");
}

#[test]
fn a_changed_step_is_noticed_by_its_number() {
    for engine in [SHUTTLE, LOOM] {
        let bench = hunted(engine);
        let ran = diverges(&bench, |trial| {
            trial["findings"][0]["interleaving"]["steps"][1]["label"] = json!("something else");
        });
        ran.says("step 2 differs").says("something else");
        let ran = diverges(&bench, |trial| {
            trial["findings"][0]["interleaving"]["drain"].as_array_mut().expect("steps").pop();
        });
        ran.says("differs").says("recorded: the end");
    }
}

#[test]
fn a_changed_program_is_noticed() {
    let bench = hunted(SHUTTLE);
    diverges(&bench, |trial| {
        trial["findings"][0]["repro"]["program"][1]["ops"] = json!(["flush", "flush"]);
    });
    diverges(&bench, |trial| {
        trial["findings"][0]["repro"]["program"].as_array_mut().expect("actors").pop();
    });
    let bench = hunted(LOOM);
    diverges(&bench, |trial| trial["trial"]["program"]["actors"][1]["ops"] = json!(["flush", "flush"]));
}

#[test]
fn a_changed_seed_is_noticed_where_something_is_drawn() {
    // Two adds lose one of them only if both draw the same of eight counters.
    let actors = r#"{ name = "A", ops = ["increment"] }, { name = "B", ops = ["increment"] }"#;
    let text = with_actors("t", "\"published-fix\"", ", keys = \"drawn\"", actors, &[SHUTTLE]);
    let bench = Bench::with(&text.replace("metrics = 1", "metrics = 8"));
    bench.run("run s.toml").ended(1);
    let noticed = (1..=20).filter(|change| {
        let ran = replay(&bench, |trial| {
            let seed = &mut trial["findings"][0]["repro"]["seed"];
            *seed = json!(seed.as_u64().expect("a seed") ^ change);
        });
        ran.code == Some(1) && ran.stdout.contains("DIVERGED: ")
    });
    // Each draws another pair, and one pair in eight is alike, too.
    assert!(noticed.count() >= 10);
}

#[test]
fn another_execution_of_loom_is_noticed() {
    let bench = hunted(LOOM);
    let with = |n: u64| diverges(&bench, |trial| trial["findings"][0]["repro"]["execution"] = json!(n));
    with(1).says("differs");
    with(1_000_000_000).says("the exploration ended before execution 1000000000");
}

#[test]
fn another_failure_than_the_recorded_one_is_noticed() {
    for engine in [SHUTTLE, LOOM] {
        diverges(&hunted(engine), |trial| trial["findings"][0]["kind"] = json!("duplicated"))
            .says("instead of duplicated");
    }
}

#[test]
fn a_finding_without_steps_does_not_claim_to_have_compared_them() {
    let ran = replay(&hunted(SHUTTLE), |trial| trial["findings"][0]["interleaving"] = Value::Null).ended(0);
    assert!(!ran.stdout.contains("as recorded"), "{}", ran.stdout);
    ran.says("the report has no steps");
}

#[test]
fn a_subject_that_is_not_there_is_no_divergence() {
    let ran = replay(&hunted(SHUTTLE), |trial| trial["trial"]["subject"] = json!("somebody-elses")).ended(2);
    ran.complains("no subject called somebody-elses");
}

#[test]
fn foreign_text_cannot_steer_the_terminal() {
    let ran = replay(&hunted(SHUTTLE), |trial| trial["findings"][0]["message"] = json!("\u{1b}[2Jgone"));
    assert!(!ran.stdout.contains('\u{1b}'), "{:?}", ran.stdout);
}
