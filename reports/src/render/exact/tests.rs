//! Each answer in words, with what the reader needs to see the finding again, and in every form of the report.

use super::*;
use crate::canned::{self, CANARY, at, find, lost_increment, outcomes, scenario};
use crate::distinct::distinct;
use crate::model::Report;
use crate::render::{TextOptions, json, markdown, text};
use racehunt_core::chase::searches;
use racehunt_core::finding::{FindingKind, ShrinkEnd, Shrunk, Size, Switches};
use racehunt_core::scenario::EngineKind::{Shuttle, Stress};
use racehunt_core::verdict::Verdict;

/// A run in which real threads lose something that (or not) the shuttle trial finds, with this answer of a chase.
fn run(by_shuttle: bool, exact: impl FnOnce(&TrialOutcome) -> Option<Exact>) -> Report {
    let scenario = scenario(CANARY);
    let mut all = outcomes(&scenario);
    let stress = at(&mut all, "published-fix", Stress);
    find(stress, FindingKind::Lost, 386);
    stress.findings[0].exact = exact(stress);
    if by_shuttle {
        find(at(&mut all, "published-fix", Shuttle), FindingKind::Lost, 812);
    }
    canned::report(scenario, all)
}

fn found(stress: &TrialOutcome) -> Option<Exact> {
    let finding = &stress.findings[0];
    let search = searches(&stress.trial, &finding.fingerprint).remove(0);
    let size = Size { actors: 2, ops: 4, kills: 0 };
    let repro = Repro::Schedule {
        program: vec![],
        schedule: "0*3 1*5 0".into(),
        seed: search.seed,
        switches: Switches { found: 4, kept: 1 },
        shrunk: Shrunk { kept: Size { ops: 2, ..size }, end: ShrinkEnd::Done, ..Shrunk::not_tried(size) },
        spared: vec![],
        token: "rh1:canned".into(),
        confirmed: Confirmed { same: 10, of: 10 },
    };
    let finding = Finding { repro, interleaving: Some(lost_increment()), count: 1, ..finding.clone() };
    Some(Exact::Found { search: Box::new(search), finding: Box::new(finding), executions: 17 })
}

fn not_found(_: &TrialOutcome) -> Option<Exact> {
    let remarks = vec!["shuttle.time (10s) ended it".to_owned()];
    Some(Exact::NotFound { executions: 20_000, actors: 4, ops: 3, remarks })
}

#[track_caller]
fn says(report: &Report, line: &str) -> String {
    let shown = text(report, &TextOptions::default());
    let joined = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(joined(&shown).contains(&joined(line)), "no {line:?} in\n{shown}");
    shown
}

#[test]
fn what_a_search_found_is_shown_and_laid_out() {
    let report = run(false, found);
    let shown = says(
        &report,
        &format!(
            "on real threads: 386 of 10,000 executions; exact: a model search of 2 actors × 2 ops found it after 17 \
             executions: {}\n    racehunt replay rh1:canned",
            repro(distinct(&report)[0].exact().unwrap())
        ),
    );
    assert!(shown.contains("counters.snapshot") && !shown.contains("no schedule is known"), "{shown}");
    assert_eq!(distinct(&report)[0].steps(), Some(&lost_increment()));
    assert_eq!(Report::from_json(&json(&report)).unwrap(), report, "it is in the report, and comes back");
}

#[test]
fn what_no_search_showed_is_statistical_and_says_so() {
    let report = run(false, not_found);
    let shown = says(
        &report,
        "no model search showed it (20,000 executions at up to 4 actors × 3 ops; shuttle.time (10s) ended it): the repro is \
         statistical: 386 of 10,000 executions on real threads, and about as many with the same --seed",
    );
    assert!(!shown.contains("replays exactly"), "{shown}");
    assert_eq!(distinct(&report)[0].steps(), None);
    let report = run(false, |_| Some(Exact::NotSearched { why: "latency is real time".into() }));
    says(
        &report,
        "no model search (latency is real time): the repro is statistical: 386 of 10,000 executions on real threads, and \
         about as many with the same --seed",
    );
}

#[test]
fn a_link_names_the_trial_and_how_it_replays() {
    let id = "metrics-buffer/published-fix/shuttle/random";
    let report = run(true, |_| Some(Exact::Linked { trial: id.into() }));
    says(&report, "on real threads too; the exact replay is that of metrics-buffer/published-fix/shuttle/random");
}

#[test]
fn nothing_is_said_where_no_real_threads_saw_it_or_nobody_chased() {
    let shown = |report: &Report| text(report, &TextOptions::default());
    let plain = run(false, |_| None);
    assert!(shown(&plain).contains("no schedule is known (real threads)") && !shown(&plain).contains("exact:"));
    let scenario = scenario(CANARY);
    let mut all = outcomes(&scenario);
    find(at(&mut all, "published-fix", Shuttle), FindingKind::Lost, 812);
    assert!(!shown(&canned::report(scenario, all)).contains("on real threads:"));
}

#[test]
fn no_verdict_and_no_count_hangs_on_it() {
    let strip = |mut report: Report| {
        for finding in report.scenarios.iter_mut().flat_map(|s| &mut s.trials).flat_map(|t| &mut t.findings) {
            finding.exact = None;
        }
        report
    };
    let plain = run(false, |_| None);
    assert_eq!(strip(run(false, found)), plain);
    assert_eq!(strip(run(false, not_found)), plain);
    // The canary of the shuttle engine is missing: what a chase finds does not stand in for it.
    assert_eq!(run(false, found).verdict, Verdict::Fail);
    assert!(markdown(&run(false, found)).contains("not found in"), "{}", markdown(&run(false, found)));
}
