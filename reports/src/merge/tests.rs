//! Merging is a union: order, groups and repetitions do not matter, and what does not belong is refused.

use super::*;
use crate::canned::{self, CANARY, CLEAN, PROCESSES, find, header, scenario};
use crate::render::json;
use proptest::prelude::*;
use racehunt_core::finding::FindingKind;
use racehunt_core::plan::{Part, Seeds, deal};
use racehunt_core::scenario::EngineKind;

const OF: u32 = 5;

fn seeds() -> Seeds {
    Seeds::new(7, 3).expect("three seeds")
}

fn suite() -> Vec<Scenario> {
    [CANARY, CLEAN, PROCESSES].map(scenario).to_vec()
}

/// As if run: the canary shows what it should with one of the seeds only.
fn outcomes_of(one: &Scenario) -> Vec<TrialOutcome> {
    let mut all: Vec<TrialOutcome> = seeds().plan(one).trials.into_iter().map(canned::clean).collect();
    for outcome in all.iter_mut().filter(|outcome| outcome.trial.id.ends_with("/seed=8")) {
        let engine = outcome.trial.engine.kind();
        if one.name == "trace-buffer/cap" {
            find(outcome, FindingKind::OverBound, 1);
        } else if outcome.trial.variant == "published-fix" && engine != EngineKind::Loom {
            find(outcome, FindingKind::Lost, 3);
        }
    }
    all
}

fn run(suite: Vec<Scenario>, share: Share, interrupted: bool) -> Report {
    let numbers = match &share {
        Share::Part(part) => Some((part.index(), deal(&suite.iter().collect::<Vec<_>>(), seeds(), part.of()))),
        Share::All | Share::Merged { .. } => None,
    };
    let of = |(place, scenario): (usize, Scenario)| {
        let mut outcomes = outcomes_of(&scenario);
        if let Some((index, numbers)) = &numbers {
            let mut numbers = numbers[place].iter();
            outcomes.retain(|_| numbers.next() == Some(index));
        }
        Executed { file: format!("{place}.toml"), scenario, outcomes }
    };
    let executed = suite.into_iter().enumerate().map(of).collect();
    // As a reader gets it.
    let report = assemble(Header { seeds: seeds(), share, ..header() }, executed, interrupted);
    Report::from_json(&json(&report)).expect("a report reads back")
}

fn whole() -> Report {
    run(suite(), Share::All, false)
}

fn part(index: u32) -> Report {
    run(suite(), Share::Part(Part::new(index, OF).expect("a part")), false)
}

fn parts() -> Vec<Report> {
    (1..=OF).map(part).collect()
}

fn merged(reports: &[Report]) -> Result<Report, MergeError> {
    let named: Vec<Named> = reports.iter().enumerate().map(|(i, r)| (format!("r{i}"), r.clone())).collect();
    let report = merge(&named, header().command)?;
    Ok(Report::from_json(&json(&report)).expect("a report reads back"))
}

#[track_caller]
fn refused(a: Report, b: Report, words: &[&str]) {
    for reports in [[a.clone(), b.clone()], [b, a]] {
        let message = merged(&reports).expect_err("these do not belong together").to_string();
        for word in ["r0", "r1"].iter().chain(words) {
            assert!(message.contains(word), "no {word:?} in: {message}");
        }
    }
}

#[test]
fn all_parts_are_the_whole_run() {
    assert_eq!(json(&merged(&parts()).expect("merged")), json(&whole()));
    assert_eq!(whole().partitions, None);
    assert_eq!(whole().totals.trials, 27, "nine trials with three seeds");
}

#[test]
fn a_part_judges_its_own_trials_and_says_which_it_is() {
    let parts = parts();
    let trials: u64 = parts.iter().map(|part| part.totals.trials).sum();
    assert_eq!(trials, whole().totals.trials);
    for (part, index) in parts.iter().zip(1..) {
        let partitions = part.partitions.as_ref().expect("partitions");
        assert_eq!((partitions.of, partitions.present.as_slice()), (OF, [index].as_slice()));
        assert_eq!(part.scenarios.len() + partitions.elsewhere.len(), 3);
        let missing: Vec<_> = part.scenarios.iter().flat_map(|one| &one.missing).collect();
        assert!(missing.is_empty(), "what another part has is not missing here: {missing:?}");
        let mine = |ids: &[String]| !ids.is_empty();
        assert!(part.scenarios.iter().flat_map(|s| &s.clean).all(|cell| mine(&cell.trials)));
        assert!(part.scenarios.iter().flat_map(|s| &s.expectations).all(|cell| mine(&cell.trials)));
    }
}

#[test]
fn a_part_that_does_not_have_the_race_leaves_it_to_the_others() {
    let canary =
        |report: &Report| report.scenarios.iter().find(|s| s.scenario.name.ends_with("published-fix")).cloned();
    let verdicts: Vec<_> = parts().iter().filter_map(canary).map(|one| (one.verdict, one.reasons)).collect();
    assert!(verdicts.iter().all(|(verdict, _)| *verdict != Verdict::Fail), "{verdicts:#?}");
    let told = |reasons: &Vec<String>| reasons.iter().any(|why| why.ends_with("here; other partitions have the rest"));
    assert!(verdicts.iter().any(|(verdict, why)| *verdict == Verdict::Unknown && told(why)), "{verdicts:#?}");
    assert_eq!(canary(&whole()).map(|one| one.verdict), Some(Verdict::Pass));
}

#[test]
fn a_part_without_a_result_makes_it_unknown() {
    let mut parts = parts();
    let gone = parts.remove(3);
    let report = merged(&parts).expect("merged");
    assert_eq!((report.verdict, report.exit_code), (Verdict::Unknown, crate::exit::UNKNOWN));
    assert!(report.reasons.contains(&"partition 4 of 5 has no result".to_owned()), "{:#?}", report.reasons);
    let missing: Vec<&String> = report.scenarios.iter().flat_map(|one| &one.missing).collect();
    let its: Vec<&String> = gone.scenarios.iter().flat_map(|one| &one.trials).map(|t| &t.trial.id).collect();
    assert!(!its.is_empty());
    assert_eq!(missing, its, "its trials are named");
    // It comes late: nothing is left of its absence.
    assert_eq!(json(&merged(&[report, gone]).expect("merged")), json(&whole()));
}

#[test]
fn one_part_alone_is_no_run() {
    let report = merged(&[part(1)]).expect("merged");
    assert_eq!(report.verdict, Verdict::Unknown);
    assert_eq!(report.reasons.iter().filter(|why| why.ends_with("has no result")).count(), 4);
}

#[test]
fn a_part_to_which_nothing_fell_is_unknown_and_does_no_harm() {
    let one = || vec![scenario(CLEAN)];
    let all: Vec<Report> =
        (1..=OF).map(|i| run(one(), Share::Part(Part::new(i, OF).expect("a part")), false)).collect();
    let empty = all.iter().filter(|part| part.totals.trials == 0);
    for part in empty.clone() {
        assert_eq!((part.verdict, part.reasons.len()), (Verdict::Unknown, 1));
        assert!(part.reasons[0].starts_with("no trial fell to partition "), "{:?}", part.reasons);
    }
    assert_eq!(empty.count(), 2);
    assert_eq!(json(&merged(&all).expect("merged")), json(&run(one(), Share::All, false)));
}

#[test]
fn an_interrupted_part_makes_the_run_interrupted() {
    let mut parts = parts();
    parts[1] = run(suite(), Share::Part(Part::new(2, OF).expect("a part")), true);
    let report = merged(&parts).expect("merged");
    assert!(report.interrupted && report.verdict == Verdict::Unknown);
}

#[test]
fn what_was_seen_was_seen_whichever_task_saw_it() {
    // A task that ran twice on real threads, and found something once.
    let quiet = part(1);
    let mut lucky = quiet.clone();
    let trial = &mut lucky.scenarios[0].trials[0];
    find(trial, FindingKind::Panic, 1);
    let rest = &parts()[1..];
    for twice in [[quiet.clone(), lucky.clone()], [lucky, quiet]] {
        let report = merged(&[&twice, rest].concat()).expect("merged");
        assert_eq!(report.verdict, Verdict::Fail);
        assert_eq!(report.totals.trials, whole().totals.trials);
    }
}

#[test]
fn different_builds_seeds_and_scenarios_are_refused_by_name() {
    let with = |change: fn(&mut Report)| {
        let mut other = part(2);
        change(&mut other);
        other
    };
    refused(part(1), with(|r| r.tool.version = "0.2.0".into()), &["version of racehunt", "0.1.0", "0.2.0"]);
    refused(part(1), with(|r| r.environment.commit = None), &["commit", "0123456789ab", "unknown"]);
    refused(part(1), with(|r| r.environment.toolchain = "rustc 1.96.0".into()), &["toolchain", "rustc 1.95.0"]);
    refused(part(1), with(|r| r.environment.arch = "aarch64".into()), &["linux x86_64", "linux aarch64"]);
    refused(part(1), with(|r| r.seeds = 2), &["seeds 7 to 9", "seeds 7 to 8"]);
    refused(part(1), with(|r| r.partitions.as_mut().expect("some").of = 6), &["number of partitions", "5", "6"]);
    let less = || vec![scenario(CANARY), scenario(CLEAN)];
    let other = run(less(), Share::Part(Part::new(2, OF).expect("a part")), false);
    refused(part(1), other, &["scenarios", "trace-buffer/cap"]);
    let changed = [CANARY.replace("rounds = 10_000", "rounds = 9_999"), CLEAN.into(), PROCESSES.into()];
    let changed = changed.map(|text| scenario(&text)).to_vec();
    let other = run(changed, Share::Part(Part::new(2, OF).expect("a part")), false);
    refused(part(1), other, &["`stress` of the scenario metrics-buffer/published-fix", "9999", "10000"]);
    assert_eq!(merged(&[]), Err(MergeError::Nothing));
}

#[test]
fn a_trial_that_the_plan_does_not_have_is_refused() {
    let mut odd = part(1);
    odd.scenarios[0].trials[0].trial.id.push('0');
    assert!(matches!(merged(&[odd]), Err(MergeError::Foreign { .. })));
}

#[test]
fn machines_may_differ() {
    let mut parts = parts();
    (parts[1].environment.cores, parts[1].environment.kernel) = (1, "6.2.0".to_owned());
    parts[3].environment.kernel = "5.9.0".to_owned();
    let report = merged(&parts).expect("merged");
    assert_eq!((report.environment.cores, report.environment.kernel.as_str()), (1, "5.9.0, 6.1.0, 6.2.0"));
    assert_eq!(merged(&[report.clone(), parts[1].clone()]), Ok(report));
}

/// Some of the parts, any of them often, one of them as two tasks with different results.
fn any_parts() -> impl Strategy<Value = Vec<Report>> {
    let one = (0..=OF, any::<bool>()).prop_map(|(index, other)| {
        let mut report = if index == 0 { whole() } else { part(index) };
        if other && let Some(trial) = report.scenarios.first_mut().and_then(|one| one.trials.first_mut()) {
            trial.ops += 1;
            report.environment.kernel = "6.2.0".to_owned();
        }
        report
    });
    proptest::collection::vec(one, 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn neither_order_nor_groups_nor_repetitions_matter(
        reports in any_parts(),
        shuffled in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let all = merged(&reports).expect("merged");
        let mut turned = reports.clone();
        turned.rotate_left(shuffled.index(reports.len()));
        turned.reverse();
        prop_assert_eq!(&merged(&turned).expect("merged"), &all, "another order");
        let (left, right) = turned.split_at(cut.index(turned.len()));
        if !left.is_empty() {
            let groups = [merged(left).expect("merged"), merged(right).expect("merged")];
            prop_assert_eq!(&merged(&groups).expect("merged"), &all, "in groups");
        }
        let again = [turned, reports, vec![all.clone()]].concat();
        prop_assert_eq!(&merged(&again).expect("merged"), &all, "again");
    }
}
