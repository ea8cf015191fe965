//! The supervisor against foreign workers: rounds are judged by id, and a missing answer is no failure.

use super::trials::{exists, foreign, patient, pid, run, run_until};
use racehunt_core::finding::{FindingKind, Repro};
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::{EngineConfig, ParamValue, Trial};
use racehunt_core::scenario::Timespan;
use racehunt_core::verdict::{Coverage, Verdict};
use racehunt_engines::supervisor::Event;
use std::time::Duration;

fn outcome_of(trial: &Trial) -> TrialOutcome {
    let (outcome, events) = run(trial, &patient(""));
    assert!(!exists(pid(&events)), "the worker is still there");
    outcome
}

fn outcome(part: &str) -> TrialOutcome {
    outcome_of(&foreign(&format!("foreign-{part}")))
}

fn kinds(outcome: &TrialOutcome) -> Vec<FindingKind> {
    outcome.findings.iter().map(|f| f.kind).collect()
}

#[test]
fn good_rounds_pass_and_are_counted() {
    let good = outcome("good");
    assert_eq!((good.verdict, good.executions, good.ops), (Verdict::Pass, 10, 60), "{:?}", good.reasons);
    assert_eq!((good.ledger.accepted, good.ledger.delivered), (60, 60));
    assert_eq!(good.coverage, Coverage::Stressed { executions: 10 });
    assert!(good.checked.iter().any(|c| c.checker == FindingKind::Lost && c.judged == 10), "{:?}", good.checked);
    let keeps = outcome("keeps");
    assert_eq!((keeps.verdict, keeps.ledger.retained), (Verdict::Pass, 10));
}

#[test]
fn lost_and_repeated_ids_are_found_in_their_round() {
    let (loses, events) = run(&foreign("foreign-loses"), &patient(""));
    assert_eq!((loses.verdict, kinds(&loses)), (Verdict::Fail, vec![FindingKind::Lost]));
    let found = &loses.findings[0];
    assert_eq!((found.first_execution, found.count, found.ids.len()), (6, 1, 1));
    assert_eq!(found.repro, Repro::Statistical { seed: 7, seen: 1, executions: 10 });
    assert!(events.iter().any(|e| matches!(e, Event::Finding(f) if f.fingerprint == found.fingerprint)));
    assert!(kinds(&outcome("repeats")).contains(&FindingKind::Duplicated));
}

#[test]
fn what_comes_out_after_its_round_was_settled_is_not_taken_for_a_later_one() {
    assert!(kinds(&outcome("late")).contains(&FindingKind::Phantom));
}

#[test]
fn a_missing_answer_is_no_failure_and_an_error_is() {
    let unsure = outcome("unsure");
    assert_eq!((unsure.verdict, unsure.ledger.uncertain), (Verdict::Pass, 10));
    let errs = outcome("errs");
    assert_eq!((kinds(&errs), errs.errors[0].count), (vec![FindingKind::Error], 10));
    assert_eq!(errs.findings[0].detail, "iteration");
}

#[test]
fn rounds_that_show_nothing_do_not_pass() {
    for (part, says) in [
        ("idle", "the worker never offered an id, so none could be lost"),
        ("lazy", "the actors made only 23 of 24 calls of a batch"),
        ("skips", "this is about round 7, but round 6 is open"),
    ] {
        let outcome = outcome(part);
        assert_eq!(outcome.verdict, Verdict::Unknown, "{part}");
        assert!(outcome.reasons[0].contains(says), "{part}: {:?}", outcome.reasons);
    }
    let mut alone = foreign("too-few-actors");
    assert!(outcome_of(&alone).reasons.join("; ").contains("1 actors are ready, not 2"));
    if let EngineConfig::Adapter(config) = &mut alone.engine {
        config.threads = 1;
    }
    assert_eq!(outcome_of(&alone).verdict, Verdict::Unknown);
}

#[test]
fn a_death_in_a_round_leaves_that_round_open() {
    let killed = outcome("killed");
    assert_eq!((killed.verdict, killed.executions), (Verdict::Unknown, 5));
    assert_eq!(killed.reasons, ["the worker was killed by signal 9 (SIGKILL) before the trial was over"]);
    assert!(killed.notes.iter().any(|n| n == "round 6 did not come to rest: the fate of its ids is unknown"));
}

#[test]
fn a_stall_that_the_worker_reports_is_a_finding() {
    let stall = outcome("stall");
    assert_eq!((stall.verdict, kinds(&stall)), (Verdict::Fail, vec![FindingKind::Stall]));
    assert!(stall.doubts.iter().any(|d| d.contains("the threads hang")), "{:?}", stall.doubts);
}

#[test]
fn a_gate_is_opened_when_the_other_actor_is_past() {
    let mut trial = foreign("foreign-gate");
    trial.params.insert("gate".to_owned(), ParamValue::String("door until window".to_owned()));
    let outcome = outcome_of(&trial);
    assert_eq!(outcome.verdict, Verdict::Pass, "{:?}", outcome.reasons);
    let says = "gate `door until window`: held an actor 10 times, forced the schedule 10, gave up 0";
    assert!(outcome.notes.iter().any(|n| n == says), "{:?}", outcome.notes);
    trial.params.insert("gate".to_owned(), ParamValue::Integer(3));
    assert!(outcome_of(&trial).reasons.join("; ").contains("params.gate"));
}

#[test]
fn a_request_to_stop_ends_the_trial_with_what_there_is() {
    let mut trial = foreign("foreign-good");
    if let EngineConfig::Adapter(config) = &mut trial.engine {
        config.rounds = None;
        config.duration = Timespan::new(Duration::from_secs(600));
    }
    let (outcome, _) = run_until(&trial, &patient(""), |e| matches!(e, Event::Progress(p) if p.executions > 4));
    assert_eq!((outcome.verdict, outcome.reasons.as_slice()), (Verdict::Unknown, &["interrupted".to_owned()][..]));
    assert!(outcome.executions > 4 && outcome.ledger.accepted > 24, "{outcome:?}");
}
