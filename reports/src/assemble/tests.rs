//! Every rule of the judgement in both directions, over canned outcomes.

use super::{Executed, assemble};
use crate::canned::{self, CANARY, CLEAN, at, canary_outcomes, doubt, find, header, outcomes, scenario};
use crate::exit;
use crate::model::{Report, ScenarioReport};
use racehunt_core::finding::FindingKind;
use racehunt_core::outcome::{CheckedCount, TrialOutcome};
use racehunt_core::scenario::EngineKind::{Loom, Shuttle, Stress};
use racehunt_core::scenario::Scenario;
use racehunt_core::verdict::{Coverage, Verdict};

/// The canary's report after a change of its outcomes.
fn canary_with(change: impl FnOnce(&mut Vec<TrialOutcome>)) -> Report {
    let (scenario, mut outcomes) = canary_outcomes();
    change(&mut outcomes);
    canned::report(scenario, outcomes)
}

fn clean_with(change: impl FnOnce(&mut TrialOutcome)) -> Report {
    let scenario = scenario(CLEAN);
    let mut outcomes = outcomes(&scenario);
    change(&mut outcomes[0]);
    canned::report(scenario, outcomes)
}

fn with_text(from: &str, to: &str) -> Scenario {
    assert!(CANARY.contains(from), "{from}");
    scenario(&CANARY.replace(from, to))
}

#[track_caller]
fn is(report: &Report, verdict: Verdict, reason: &str) {
    let one: &ScenarioReport = &report.scenarios[0];
    assert_eq!((report.verdict, one.verdict), (verdict, verdict), "{:#?}", one.reasons);
    assert_eq!(report.exit_code, exit::code(verdict, report.interrupted));
    assert_eq!(one.reasons.is_empty(), verdict == Verdict::Pass, "{:#?}", one.reasons);
    assert!(reason.is_empty() || one.reasons.iter().any(|r| r.contains(reason)), "{:#?}", one.reasons);
}

#[test]
fn all_as_expected_passes() {
    let report = canned::canary();
    is(&report, Verdict::Pass, "");
    let one = &report.scenarios[0];
    let found: Vec<_> = one.expectations.iter().map(|c| (c.engine, c.found, c.in_executions)).collect();
    assert_eq!(found, [(Stress, true, 3), (Shuttle, true, 812), (Loom, false, 0)]);
    assert_eq!(one.expectations[2].cannot_see.as_deref(), Some("two ops an actor are too few"));
    let clean: Vec<_> = one.clean.iter().map(|c| (c.variant.as_str(), c.engine, c.executions)).collect();
    let published = ("published-fix", Loom, 10_000);
    assert_eq!(
        clean,
        [published, ("hardened", Stress, 10_000), ("hardened", Shuttle, 10_000), ("hardened", Loom, 10_000)]
    );
    assert_eq!(one.trials[0].findings[0].race.as_deref(), Some("MB3"));
    assert_eq!((report.totals.trials, report.totals.distinct_findings, report.totals.passed), (6, 1, 1));
}

#[test]
fn an_expected_finding_that_is_not_there_fails() {
    let report = canary_with(|o| *at(o, "published-fix", Shuttle) = outcomes(&scenario(CANARY)).swap_remove(1));
    is(&report, Verdict::Fail, "expected lost (MB3) in published-fix by shuttle: not found in 10,000 executions");
}

#[test]
fn another_kind_does_not_stand_in_for_the_expected_one() {
    let report = canary_with(|o| {
        let one = at(o, "published-fix", Shuttle);
        one.findings.clear();
        find(one, FindingKind::Duplicated, 5);
    });
    is(&report, Verdict::Fail, "expected lost (MB3) in published-fix by shuttle: not found");
    is(&report, Verdict::Fail, "unexpected duplicated in published-fix by shuttle");
}

#[test]
fn an_expected_finding_beside_an_unexpected_one_fails() {
    let report = canary_with(|o| find(at(o, "published-fix", Shuttle), FindingKind::Panic, 1));
    is(&report, Verdict::Fail, "unexpected panic in published-fix by shuttle");
    assert_eq!(report.scenarios[0].unexpected.len(), 1);
}

#[test]
fn an_expected_finding_in_another_variant_is_unexpected() {
    let report = canary_with(|o| find(at(o, "hardened", Stress), FindingKind::Lost, 1));
    is(&report, Verdict::Fail, "unexpected lost in hardened by stress");
    assert_eq!(report.scenarios[0].clean[1].verdict, Verdict::Fail);
    assert_eq!(report.scenarios[0].unexpected[0].variant, "hardened");
}

#[test]
fn an_engine_that_cannot_see_it_must_not_find_it() {
    let report = canary_with(|o| find(at(o, "published-fix", Loom), FindingKind::Lost, 1));
    is(&report, Verdict::Fail, "the scenario says that it cannot be seen");
    assert_eq!(report.scenarios[0].expectations[2].verdict, Verdict::Fail);
}

#[test]
fn an_engine_without_a_history_to_judge_has_not_looked() {
    let scenario = scenario(
        &canned::PROCESSES
            .replace("finding = \"over-bound\"", "finding = \"missed\"\nengines = [\"stress\"]\nwhy = \"x\"")
            .replace("[[expect]]", "[shuttle]\n[[expect]]"),
    );
    let with = |checker: Option<CheckedCount>| {
        let mut all = outcomes(&scenario);
        for one in &mut all {
            one.checked.extend(checker.clone());
            if one.trial.engine.kind() == Stress {
                find(one, FindingKind::Missed, 1);
            }
        }
        canned::report(scenario.clone(), all)
    };
    is(&with(None), Verdict::Unknown, "not shown to be absent");
    is(&with(Some(CheckedCount { checker: FindingKind::Missed, judged: 5 })), Verdict::Pass, "");
}

#[test]
fn what_arrives_twice_is_covered_by_no_limit() {
    let scenario = scenario(&format!("{CLEAN}\n[limits]\nduplicated = 100\n"));
    let mut all = outcomes(&scenario);
    find(&mut all[0], FindingKind::Duplicated, 1);
    is(&canned::report(scenario.clone(), all.clone()), Verdict::Pass, "");
    all[0].findings[0].detail = "sends".to_owned();
    is(&canned::report(scenario, all), Verdict::Fail, "unexpected duplicated");
}

#[test]
fn an_engine_that_cannot_see_it_must_have_looked() {
    let report = canary_with(|o| {
        let one = at(o, "published-fix", Loom);
        one.checked[0].judged = 0;
    });
    is(&report, Verdict::Unknown, "lost (MB3) in published-fix by loom: not shown to be absent");
}

#[test]
fn an_expectation_whose_trials_are_all_unknown_is_unknown() {
    let blank = || outcomes(&scenario(CANARY)).swap_remove(1);
    let report = canary_with(|o| {
        let one = at(o, "published-fix", Shuttle);
        *one = blank();
        doubt(one, "the worker died");
    });
    is(&report, Verdict::Unknown, "the worker died");
    assert_eq!(report.scenarios[0].expectations[1].verdict, Verdict::Unknown);
}

#[test]
fn an_expectation_with_one_judged_trial_without_it_fails() {
    let scenario = with_text("strategy = \"random\"", "strategy = [\"random\", \"urw\"]");
    let (_, canary) = canary_outcomes();
    let mut all = outcomes(&scenario);
    *at(&mut all, "published-fix", Stress) = canary[0].clone();
    doubt(&mut all[1], "the worker died");
    is(&canned::report(scenario.clone(), all.clone()), Verdict::Fail, "not found in 20,000 executions");
    // Found by one of two strategies is found.
    all[1] = outcomes(&scenario).swap_remove(1);
    find(&mut all[2], FindingKind::Lost, 1);
    is(&canned::report(scenario, all), Verdict::Pass, "");
}

#[test]
fn an_unknown_trial_beside_a_find_is_still_unknown() {
    let scenario = with_text("strategy = \"random\"", "strategy = [\"random\", \"urw\"]");
    let (_, canary) = canary_outcomes();
    let mut all = outcomes(&scenario);
    *at(&mut all, "published-fix", Stress) = canary[0].clone();
    find(&mut all[1], FindingKind::Lost, 1);
    doubt(&mut all[2], "no concurrency happened");
    is(&canned::report(scenario, all), Verdict::Unknown, "no concurrency happened");
}

#[test]
fn a_clean_cell_must_be_judged() {
    is(&clean_with(|_| ()), Verdict::Pass, "");
    is(&clean_with(|o| doubt(o, "an actor never started")), Verdict::Unknown, "an actor never started");
    is(&clean_with(|o| o.verdict = Verdict::Unknown), Verdict::Unknown, "does not say why");
    is(&clean_with(|o| o.executions = 0), Verdict::Unknown, "no execution came to an end");
    is(&clean_with(|o| o.coverage = Coverage::Nothing), Verdict::Unknown, "no execution came to an end");
    let none = Coverage::Sampled { executions: 0, distinct: 0, unseen: 0.0 };
    is(&clean_with(|o| o.coverage = none), Verdict::Unknown, "no execution came to an end");
    is(&clean_with(|o| o.coverage = Coverage::Stressed { executions: 0 }), Verdict::Unknown, "no execution");
    let none = Coverage::Bounded { preemptions: vec![] };
    is(&clean_with(|o| o.coverage = none), Verdict::Unknown, "no preemption bound was completed");
    is(&clean_with(|o| o.checked[1].judged = 0), Verdict::Unknown, "duplicated could not be judged in any of 10,000");
    is(&clean_with(|o| o.checked.clear()), Verdict::Unknown, "no checker judged anything");
}

#[test]
fn a_trial_that_failed_without_a_finding_fails() {
    let report = clean_with(|o| {
        o.verdict = Verdict::Fail;
        o.reasons = vec!["something broke".into()];
    });
    is(&report, Verdict::Fail, "something broke");
    is(&clean_with(|o| o.verdict = Verdict::Fail), Verdict::Fail, "without a reason");
}

#[test]
fn a_finding_counts_even_if_its_trial_says_pass() {
    let report = clean_with(|o| {
        find(o, FindingKind::Deadlock, 1);
        o.verdict = Verdict::Pass;
    });
    is(&report, Verdict::Fail, "unexpected deadlock");
}

#[test]
fn a_planned_trial_that_did_not_come_back_is_unknown() {
    let report = canary_with(|o| drop(o.pop()));
    is(&report, Verdict::Unknown, "metrics-buffer/hardened/loom was planned");
    assert_eq!(report.scenarios[0].clean[3].verdict, Verdict::Unknown);
    assert_eq!(report.scenarios[0].missing, ["metrics-buffer/hardened/loom"]);
    // An expectation is not missing where nobody looked.
    let report = canary_with(|o| drop(o.remove(0)));
    is(&report, Verdict::Unknown, "expected lost (MB3) in published-fix by stress: not judged");
    is(&canary_with(Vec::clear), Verdict::Unknown, "no trial ran");
}

#[test]
fn the_same_trial_of_another_size_does_not_stand_in_for_it() {
    let scenario = scenario(&CLEAN.replace("\"dfs\"", "[\"dfs\", \"random\"]"));
    let mut all = outcomes(&scenario);
    all.pop();
    let report = canned::report(scenario, all);
    is(&report, Verdict::Unknown, "/shuttle/random was planned");
    assert_eq!(report.scenarios[0].clean[0].verdict, Verdict::Unknown);
}

#[test]
fn nothing_at_all_is_unknown() {
    let report = assemble(header(), vec![], false);
    assert_eq!((report.verdict, report.exit_code), (Verdict::Unknown, exit::UNKNOWN));
    assert_eq!(report.reasons, ["no scenario ran"]);
}

#[test]
fn a_limit_tolerates_up_to_its_number() {
    let lose = |limit: &str, lost: u64| {
        let scenario = scenario(&format!("{CLEAN}\n[limits]\n{limit}\n"));
        let mut all = outcomes(&scenario);
        find(&mut all[0], FindingKind::Lost, lost);
        canned::report(scenario, all)
    };
    is(&lose("lost = 3", 3), Verdict::Pass, "");
    assert_eq!(lose("lost = 3", 3).scenarios[0].tolerated.len(), 1);
    is(&lose("lost = 3", 4), Verdict::Fail, "unexpected lost");
    is(&lose("lost = 0", 1), Verdict::Fail, "unexpected lost");
    is(&lose("duplicated = 9", 1), Verdict::Fail, "unexpected lost");
}

#[test]
fn a_limit_tolerates_errors_and_no_kind_without_a_limit() {
    let scenario = scenario(&format!("{CLEAN}\n[limits]\nerrors = 5\nlost = 100\n"));
    let with = |kind, count| {
        let mut all = outcomes(&scenario);
        find(&mut all[0], kind, count);
        canned::report(scenario.clone(), all)
    };
    is(&with(FindingKind::Error, 5), Verdict::Pass, "");
    is(&with(FindingKind::Error, 6), Verdict::Fail, "unexpected error");
    is(&with(FindingKind::Deadlock, 1), Verdict::Fail, "unexpected deadlock");
}

#[test]
fn two_races_of_one_kind_share_the_finding() {
    let second = "\n[[expect]]\nrace = \"MB5\"\nfinding = \"lost\"\nvariants = [\"published-fix\"]\n\
                  engines = [\"shuttle\", \"stress\"]\nwhy = \"too small\"\n";
    let (_, canary) = canary_outcomes();
    let report = canned::report(scenario(&format!("{CANARY}{second}")), canary);
    is(&report, Verdict::Pass, "");
    assert_eq!(report.scenarios[0].trials[0].findings[0].race.as_deref(), Some("MB3, MB5"));
}

#[test]
fn an_interrupted_run_never_passes_and_misses_nothing_for_sure() {
    let run = |outcomes: Vec<TrialOutcome>| {
        let executed = Executed { file: "a.toml".into(), scenario: scenario(CANARY), outcomes };
        assemble(header(), vec![executed], true)
    };
    let (_, canary) = canary_outcomes();
    let report = run(canary.clone());
    is(&report, Verdict::Unknown, "interrupted");
    assert_eq!(report.exit_code, exit::INTERRUPTED);
    // Cut short before it was found.
    is(&run(outcomes(&scenario(CANARY))), Verdict::Unknown, "not judged");
    // A finding is a fact all the same.
    let mut bad = canary;
    find(at(&mut bad, "hardened", Stress), FindingKind::Lost, 1);
    is(&run(bad), Verdict::Fail, "unexpected lost in hardened");
}

#[test]
fn the_run_is_as_good_as_its_worst_scenario() {
    let (pass, unknown, fail) = (0, 1, 2);
    let run = |kinds: &[usize]| {
        let executed = kinds.iter().map(|kind| {
            let mut outcomes = outcomes(&scenario(CLEAN));
            match *kind {
                1 => doubt(&mut outcomes[0], "the worker died"),
                2 => find(&mut outcomes[0], FindingKind::Lost, 1),
                _ => {}
            }
            Executed { file: "a.toml".into(), scenario: scenario(CLEAN), outcomes }
        });
        assemble(header(), executed.collect(), false)
    };
    assert_eq!(run(&[pass, pass]).exit_code, exit::AS_EXPECTED);
    assert_eq!(run(&[pass, unknown]).exit_code, exit::UNKNOWN);
    assert_eq!(run(&[fail, unknown]).exit_code, exit::FAILED);
    let report = run(&[unknown, fail, pass]);
    assert_eq!((report.verdict, report.reasons.len()), (Verdict::Fail, 2));
    assert_eq!((report.totals.passed, report.totals.unknown, report.totals.failed), (1, 1, 1));
}
