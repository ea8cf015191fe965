//! The gate in both directions, over canned reports.

use crate::{Baseline, BaselineError, Policy, compare};
use racehunt_core::finding::FindingKind;
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::scenario::EngineKind::{Shuttle, Stress};
use racehunt_core::verdict::Verdict;
use racehunt_reports::canned::{
    CANARY, CLEAN, at, canary, canary_outcomes, doubt, find, header, outcomes, report, scenario,
};
use racehunt_reports::{Executed, Report, assemble};

fn with(change: impl FnOnce(&mut Vec<TrialOutcome>)) -> Report {
    let (scenario, mut outcomes) = canary_outcomes();
    change(&mut outcomes);
    report(scenario, outcomes)
}

fn accept(report: &Report, reason: &str) -> Result<Baseline, BaselineError> {
    Baseline::accept(std::slice::from_ref(report), reason, None, false)
}

fn accepted() -> Baseline {
    accept(&canary(), "known since the first run").unwrap()
}

fn policy(text: &str) -> Policy {
    Policy::parse("gate.toml", &format!("schema = 1\n{text}")).unwrap_or_else(|e| panic!("{e}"))
}

#[track_caller]
fn is(report: &Report, baseline: &Baseline, verdict: Verdict, says: &str) {
    all_are(std::slice::from_ref(report), baseline, &Policy::default(), verdict, says);
}

#[track_caller]
fn all_are(reports: &[Report], baseline: &Baseline, policy: &Policy, verdict: Verdict, says: &str) {
    let result = compare(reports, baseline, policy);
    let reasons = result.reasons();
    assert_eq!(result.verdict(), verdict, "{reasons:#?}");
    assert_eq!(reasons.is_empty(), verdict == Verdict::Pass);
    assert!(says.is_empty() || reasons.iter().any(|f| f.contains(says)), "{reasons:#?}");
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
        let clean = accept(&run, "r").unwrap().clean;
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
    let now = accept(&bad, "next release").unwrap();
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
    is(&broken, &accept(&broken, "r").unwrap(), Verdict::Fail, "the worker broke its protocol");
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
        assert!(matches!(accept(&report, "r"), Err(BaselineError::Unknown(_))));
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
    let older = Baseline::from_json(&text.replacen("\"schema\": 2", "\"schema\": 1", 1)).unwrap();
    assert_eq!(older.findings, accepted().findings, "the version before is read");
    let newer = text.replacen("\"schema\": 2", "\"schema\": 3", 1);
    assert!(matches!(Baseline::from_json(&newer), Err(BaselineError::Schema(3))));
    let wrong = text.replacen("\"reason\"", "\"raisin\"", 1);
    assert!(Baseline::from_json(&wrong).unwrap_err().to_string().contains("unknown field `raisin`"));
}

#[test]
fn a_finding_is_known_by_its_fingerprint_wherever_its_lines_went() {
    let moved = with(|o| {
        let found = o.iter_mut().flat_map(|one| &mut one.findings);
        for steps in found.filter_map(|f| f.interleaving.as_mut()).flat_map(|i| &mut i.steps) {
            steps.site = steps.site.replace("buffer.rs:", "moved/buffer.rs:1");
        }
    });
    assert_ne!(moved, canary());
    is(&moved, &accepted(), Verdict::Pass, "");
    let other = with(|o| at(o, "published-fix", Shuttle).findings[0].fingerprint = "feedfeedfeedfeed".into());
    is(&other, &accepted(), Verdict::Fail, "new finding: lost (MB3) in published-fix by shuttle");
}

#[test]
fn several_reports_are_judged_together() {
    let judged = |reports: &[Report], verdict, says| all_are(reports, &accepted(), &Policy::default(), verdict, says);
    judged(&[canary(), canary()], Verdict::Pass, "");
    let bad = with(|o| find(at(o, "hardened", Stress), FindingKind::Duplicated, 1));
    judged(&[canary(), bad], Verdict::Fail, "new finding: duplicated in hardened by stress");
    let (scenario, outcomes) = canary_outcomes();
    let cut = assemble(header(), vec![Executed { file: "a.toml".into(), scenario, outcomes }], true);
    judged(&[canary(), cut], Verdict::Unknown, "interrupted");
    judged(&[], Verdict::Fail, "accepted finding is gone");
    // Another scenario's report has nothing of the first, and beside it all is there.
    let other = clean_report();
    judged(std::slice::from_ref(&other), Verdict::Fail, "clean cell is gone");
    let both = Baseline::accept(&[canary(), other.clone()], "r", None, false).unwrap();
    all_are(&[other.clone(), canary()], &both, &Policy::default(), Verdict::Pass, "");
    all_are(&[other], &both, &Policy::default(), Verdict::Fail, "accepted finding is gone");
}

fn clean_report() -> Report {
    let clean = scenario(CLEAN);
    let outcomes = outcomes(&clean);
    report(clean, outcomes)
}

#[test]
fn executions_of_other_seeds_add_up_and_those_of_the_same_do_not() {
    let half = || with(|o| at(o, "hardened", Shuttle).executions = 2_500);
    let says = "clean after 2,500 executions, at least 5,000";
    all_are(&[half(), half()], &accepted(), &Policy::default(), Verdict::Fail, says);
    let other = Report { seed: 7, ..half() };
    all_are(&[half(), other], &accepted(), &Policy::default(), Verdict::Pass, "");
}

#[test]
fn the_policy_asks_for_executions_where_a_search_is_not_complete() {
    let judged = |text: &str, verdict, says| all_are(&[canary()], &accepted(), &policy(text), verdict, says);
    judged("[executions]\nshuttle = 10_000\n", Verdict::Pass, "");
    let says = "clean after 10,000 executions, at least 10,001 are asked for: hardened by shuttle";
    judged("[executions]\nshuttle = 10_001\n", Verdict::Fail, says);
    judged(
        "[executions]\nshuttle = 10_001\n[[scenario]]\nname = \"metrics-buffer/*\"\nexecutions = { shuttle = 7 }\n",
        Verdict::Pass,
        "",
    );
    // loom has seen every schedule within its bounds: there is no more to ask for.
    judged("[executions]\nloom = 1_000_000\n", Verdict::Pass, "");
    // And a clean cell that no baseline knows has the policy's minimum all the same.
    let unknown_cells = Baseline { clean: vec![], ..accepted() };
    all_are(&[canary()], &unknown_cells, &policy("[executions]\nstress = 10_001\n"), Verdict::Fail, "at least 10,001");
}

#[test]
fn a_loss_over_the_limit_fails_where_it_is_neither_expected_nor_accepted() {
    let lossy = || with(|o| at(o, "hardened", Stress).ledger.lost = 2);
    let says = "2 ids lost, at most 0 by the policy: metrics-buffer/hardened/stress";
    all_are(&[lossy()], &accepted(), &policy("[loss]\nlost = 0\n"), Verdict::Fail, says);
    all_are(&[lossy()], &accepted(), &policy("[loss]\nlost = 2\n"), Verdict::Pass, "");
    all_are(&[lossy()], &accepted(), &policy("[loss]\nduplicated = 0\n"), Verdict::Pass, "");
    // The canary's own losses are expected.
    all_are(&[canary()], &accepted(), &policy("[loss]\nlost = 0\n"), Verdict::Pass, "");
    // One that somebody accepted is the baseline's.
    let known = with(|o| find(at(o, "hardened", Stress), FindingKind::Lost, 2));
    let baseline = accept(&known, "until the next release").unwrap();
    all_are(&[known], &baseline, &policy("[loss]\nlost = 0\n"), Verdict::Pass, "");
}

#[test]
fn a_checker_may_judge_nothing_only_where_the_policy_says_so() {
    let idle = || with(|o| o.iter_mut().for_each(|one| one.checked[3].judged = 0));
    // The gate does not fail then, and the report's own doubt in its clean trials stays.
    let excused = policy("[checkers]\nmay_judge_nothing = [\"deadlock\"]\n");
    all_are(&[idle()], &accepted(), &excused, Verdict::Unknown, "deadlock could not be judged");
    let other = policy("[checkers]\nmay_judge_nothing = [\"stall\"]\n");
    all_are(&[idle()], &accepted(), &other, Verdict::Fail, "the checker for deadlock judged nothing");
    // Another report in which it did judge is enough, but for the same doubt: they are judged together.
    all_are(&[idle(), canary()], &accepted(), &Policy::default(), Verdict::Unknown, "deadlock could not be judged");
}

#[test]
fn what_was_accepted_keeps_its_reason_and_its_place() {
    let before = accepted();
    let more = with(|o| find(at(o, "hardened", Stress), FindingKind::Duplicated, 1));
    let now = Baseline::accept(&[more], "next release", Some(&before), false).unwrap();
    let reasons: Vec<&str> = now.findings.iter().map(|f| f.reason.as_str()).collect();
    assert_eq!(reasons.iter().filter(|r| **r == "known since the first run").count(), before.findings.len());
    assert_eq!(reasons.iter().filter(|r| **r == "next release").count(), 1);
    // What a diff shows: the lines of one finding, and the cell that is not clean any more.
    let (old, new) = (before.to_json().unwrap(), now.to_json().unwrap());
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let added: Vec<&&str> = new.iter().filter(|line| !old.contains(line)).collect();
    assert!(
        added
            .iter()
            .all(|l| ["duplicated", "fingerprint", "next release", "\"race\": null"].iter().any(|w| l.contains(w))),
        "{added:?}"
    );
    assert!(now.findings.is_sorted() && !new.iter().any(|line| line.contains("_ns") || line.contains("started")));
    assert!(matches!(Baseline::accept(&[canary()], " ", None, false), Err(BaselineError::NoReason)));
}

#[test]
fn a_minimum_of_real_threads_stays_while_it_is_met() {
    let run = |executions| with(move |o| at(o, "hardened", Stress).executions = executions);
    let least = |b: &Baseline| {
        b.clean.iter().find(|c| c.variant == "hardened" && c.engine == Stress).unwrap().minimum_executions
    };
    let before = accept(&run(9_000), "r").unwrap();
    let update = |executions| least(&Baseline::accept(&[run(executions)], "r", Some(&before), false).unwrap());
    assert_eq!((least(&before), update(50_000), update(5)), (9, 9, 1));
}

mod speed;
