//! The gate in both directions, over canned reports.

use crate::{Baseline, BaselineError, compare};
use racehunt_core::finding::FindingKind;
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::scenario::EngineKind::{Shuttle, Stress};
use racehunt_core::verdict::Verdict;
use racehunt_reports::canned::{CANARY, at, canary, canary_outcomes, doubt, find, header, outcomes, report, scenario};
use racehunt_reports::{Executed, Report, assemble};

fn with(change: impl FnOnce(&mut Vec<TrialOutcome>)) -> Report {
    let (scenario, mut outcomes) = canary_outcomes();
    change(&mut outcomes);
    report(scenario, outcomes)
}

fn accepted() -> Baseline {
    Baseline::from_report(&canary(), "known since the first run").unwrap()
}

#[track_caller]
fn is(report: &Report, baseline: &Baseline, verdict: Verdict, says: &str) {
    let result = compare(report, baseline);
    assert_eq!(result.verdict, verdict, "{:#?}", result.failures);
    assert_eq!(result.failures.is_empty(), verdict == Verdict::Pass);
    assert!(says.is_empty() || result.failures.iter().any(|f| f.contains(says)), "{:#?}", result.failures);
}

#[test]
fn the_accepted_report_passes() {
    is(&canary(), &accepted(), Verdict::Pass, "");
    assert_eq!((accepted().findings.len(), accepted().clean.len()), (2, 4));
}

#[test]
fn a_search_must_do_half_of_its_work_again_and_real_threads_next_to_nothing() {
    let minimum = |engine, executions| {
        let run = with(|o| at(o, "hardened", engine).executions = executions);
        let clean = Baseline::from_report(&run, "").unwrap().clean;
        clean.into_iter().find(|c| c.variant == "hardened" && c.engine == engine).unwrap().minimum_executions
    };
    assert_eq!((minimum(Shuttle, 10_001), minimum(Shuttle, 1)), (5_000, 1));
    assert_eq!((minimum(Stress, 9_483), minimum(Stress, 1), minimum(Stress, 2_000_000)), (9, 1, 100));
}

#[test]
fn a_new_finding_fails() {
    let bad = with(|o| find(at(o, "hardened", Stress), FindingKind::Duplicated, 1));
    is(&bad, &accepted(), Verdict::Fail, "new finding: duplicated in hardened by stress");
    is(&bad, &accepted(), Verdict::Fail, "not clean any more");
    // Accepted as it is, it does not fail again.
    let now = Baseline::from_report(&bad, "next release").unwrap();
    is(&bad, &now, Verdict::Pass, "");
}

#[test]
fn an_empty_baseline_accepts_nothing() {
    let empty = Baseline { findings: vec![], clean: vec![], ..accepted() };
    is(&canary(), &empty, Verdict::Fail, "new finding: lost (MB3)");
}

#[test]
fn an_engine_that_went_blind_fails() {
    let blind = with(|o| *at(o, "published-fix", Shuttle) = outcomes(&scenario(CANARY)).swap_remove(1));
    is(&blind, &accepted(), Verdict::Fail, "accepted finding is gone (mended, or the search went blind): lost (MB3)");
    let says = "expected lost (MB3) in published-fix by shuttle, metrics-buffer/published-fix: not found in 10,000";
    is(&blind, &accepted(), Verdict::Fail, says);
}

#[test]
fn a_trial_that_broke_fails_and_cannot_be_accepted() {
    let broken = with(|o| {
        let one = at(o, "hardened", Stress);
        (one.verdict, one.reasons) = (Verdict::Fail, vec!["the worker broke its protocol".into()]);
    });
    is(&broken, &accepted(), Verdict::Fail, "the worker broke its protocol");
    is(&broken, &Baseline::from_report(&broken, "").unwrap(), Verdict::Fail, "the worker broke its protocol");
}

#[test]
fn a_clean_cell_needs_its_executions() {
    let run = |executions| with(move |o| at(o, "hardened", Shuttle).executions = executions);
    is(&run(5_000), &accepted(), Verdict::Pass, "");
    is(&run(4_999), &accepted(), Verdict::Fail, "clean after 4,999 executions, at least 5,000 are asked for");
}

#[test]
fn a_clean_cell_that_is_gone_fails() {
    let smaller = scenario(&CANARY.replace("[loom]\npreemptions = [2, 3]", ""));
    let mut some = outcomes(&smaller);
    find(at(&mut some, "published-fix", Stress), FindingKind::Lost, 3);
    find(at(&mut some, "published-fix", Shuttle), FindingKind::Lost, 812);
    is(&report(smaller, some), &accepted(), Verdict::Fail, "clean cell is gone: hardened by loom");
}

#[test]
fn an_unknown_or_interrupted_report_is_unknown() {
    let unknown = with(|o| doubt(at(o, "hardened", Stress), "the worker died"));
    is(&unknown, &accepted(), Verdict::Unknown, "the worker died");
    let (scenario, outcomes) = canary_outcomes();
    let cut = assemble(header(), vec![Executed { file: "a.toml".into(), scenario, outcomes }], true);
    is(&cut, &accepted(), Verdict::Unknown, "interrupted");
    let nothing = assemble(header(), vec![], false);
    let empty = Baseline { findings: vec![], clean: vec![], ..accepted() };
    is(&nothing, &empty, Verdict::Unknown, "no scenario");
    for report in [unknown, cut, nothing] {
        assert!(matches!(Baseline::from_report(&report, ""), Err(BaselineError::Unknown(_))));
    }
}

#[test]
fn a_checker_that_judged_nothing_fails() {
    let idle = with(|o| o.iter_mut().for_each(|one| one.checked[3].judged = 0));
    is(&idle, &accepted(), Verdict::Fail, "the checker for deadlock judged nothing");
    let none = with(|o| o.iter_mut().for_each(|one| one.checked.clear()));
    is(&none, &accepted(), Verdict::Fail, "no checker judged anything");
}

#[test]
fn a_baseline_comes_back_and_a_wrong_one_does_not() {
    let text = accepted().to_json().unwrap();
    assert_eq!(Baseline::from_json(&text).unwrap(), accepted());
    assert!(text.ends_with("}\n"));
    let newer = text.replacen("\"schema\": 1", "\"schema\": 2", 1);
    assert!(matches!(Baseline::from_json(&newer), Err(BaselineError::Schema(2))));
    let wrong = text.replacen("\"reason\"", "\"raisin\"", 1);
    assert!(Baseline::from_json(&wrong).unwrap_err().to_string().contains("unknown field `raisin`"));
}
