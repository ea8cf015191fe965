//! What passes, what fails, and what is neither.

use crate::programs::{alone, relaxed_publish, split_update, two_orders, whole_update};
use racehunt::sync::atomic::Ordering;
use racehunt::{Coverage, FindingKind, Outcome, Repro, Verdict, hunt};
use std::time::Duration;

fn kinds(outcome: &Outcome) -> Vec<FindingKind> {
    outcome.findings().iter().map(|finding| finding.kind).collect()
}

#[test]
fn a_lost_update_is_found_by_every_strategy_at_one_switch() {
    for strategy in ["auto", "random", "pct:2", "urw", "dfs"] {
        let outcome = hunt("lost").strategy(strategy).executions(300).run(split_update);
        assert_eq!(
            (outcome.verdict, kinds(&outcome)),
            (Verdict::Fail, vec![FindingKind::Panic]),
            "{strategy}\n{outcome}"
        );
        let finding = outcome.findings()[0];
        assert!(finding.message.contains("an update was lost"), "{}", finding.message);
        let Repro::Schedule { switches, confirmed, .. } = &finding.repro else { panic!("{:?}", finding.repro) };
        assert_eq!((switches.kept, confirmed.same, confirmed.of), (1, 10, 10), "{strategy}");
    }
}

#[test]
fn a_correct_program_passes_and_a_search_that_saw_all_says_so() {
    let sampled = hunt("whole").executions(300).check(whole_update);
    assert!(!sampled.exhaustive() && matches!(sampled.searches[0].coverage, Coverage::Sampled { executions: 300, .. }));
    let complete = hunt("whole").strategy("dfs").loom([None]).check(whole_update);
    assert!(complete.exhaustive());
    assert_eq!(complete.searches.len(), 2);
    assert!(complete.searches.iter().all(|search| search.coverage == Coverage::Exhaustive), "{complete}");
    let bounded = hunt("whole").loom([1, 2]).check(whole_update);
    assert_eq!(bounded.searches[0].coverage, Coverage::Bounded { preemptions: vec![1, 2] }, "{bounded}");
}

#[test]
fn a_canary_passes_only_if_it_sings_and_nothing_else_does() {
    hunt("knot").executions(300).expect("deadlock").check(two_orders);
    hunt("knot").loom([2]).expect("deadlock").check(two_orders);
    let silent = hunt("knot").executions(300).expect("deadlock").run(whole_update);
    assert_eq!((silent.verdict, &*silent.reasons[0]), (Verdict::Fail, "expected and not found: deadlock"));
    let other = hunt("knot").executions(300).expect("deadlock").run(|| {
        split_update();
        two_orders();
    });
    assert_eq!(other.verdict, Verdict::Fail, "{other}");
    assert!(other.reasons[0].contains("an update was lost"), "{other}");
}

#[test]
fn weak_memory_is_seen_by_loom_and_not_by_shuttle() {
    let relaxed = || relaxed_publish(Ordering::Relaxed);
    hunt("publish").strategy("dfs").check(relaxed);
    let seen = hunt("publish").loom([2]).run(relaxed);
    assert_eq!(seen.verdict, Verdict::Fail, "{seen}");
    let race = seen.findings()[0];
    let Repro::Execution { confirmed, .. } = &race.repro else { panic!("{seen}") };
    assert_eq!((confirmed.same, confirmed.of, race.kind), (10, 10, FindingKind::DataRace));
    assert!(race.message.contains("main raced at harness/racehunt/tests/hunt/programs.rs:"), "{seen}");
    assert!(race.message.contains("on UnsafeCell (harness"), "{seen}");
    let steps = &race.interleaving.as_ref().unwrap().steps;
    let cell: Vec<&str> = steps.iter().filter(|s| s.object.contains("UnsafeCell")).map(|s| &*s.kind).collect();
    assert_eq!(cell, ["write", "read"], "both accesses are there: {seen}");
    hunt("publish").loom([2]).check(|| relaxed_publish(Ordering::Release));
}

#[test]
fn where_nobody_meets_nothing_is_judged() {
    for searched in [hunt("alone").run(alone), hunt("alone").loom([2]).run(alone)] {
        assert_eq!(searched.verdict, Verdict::Unknown, "{searched}");
        assert!(searched.reasons.iter().any(|why| why.contains("no concurrency")), "{searched}");
    }
    let native = hunt("std").executions(50).run(|| std::thread::spawn(|| ()).join().unwrap());
    assert_eq!(native.verdict, Verdict::Unknown, "std's threads are out of sight: {native}");
}

#[test]
fn a_budget_of_time_that_ends_early_is_no_pass() {
    let late = hunt("late").executions(u64::MAX).time(Duration::from_millis(20)).run(whole_update);
    assert_eq!(late.verdict, Verdict::Unknown);
    assert!(late.reasons[0].contains("shuttle.time"), "{late}");
    let capped = hunt("capped").loom([3]).executions(2).run(whole_update);
    assert_eq!(capped.verdict, Verdict::Unknown, "{capped}");
}

#[test]
fn a_spinning_actor_is_a_livelock() {
    let outcome = hunt("spin").steps(200).executions(50).run(|| {
        let flag = racehunt::sync::Arc::new(racehunt::sync::atomic::AtomicBool::new(false));
        let other = racehunt::sync::Arc::clone(&flag);
        let waits = racehunt::thread::spawn(move || while !other.load(Ordering::SeqCst) {});
        let _ = flag.load(Ordering::SeqCst);
        waits.join().unwrap();
    });
    assert!(kinds(&outcome).contains(&FindingKind::Livelock), "{outcome}");
}

#[test]
fn a_name_that_is_none_is_told_before_anything_runs() {
    let said = |f: fn()| *std::panic::catch_unwind(f).unwrap_err().downcast::<String>().unwrap();
    assert!(said(|| drop(hunt("x").strategy("randon"))).contains("unknown strategy `randon`"));
    assert!(said(|| drop(hunt("x").expect("dedlock"))).contains("one of lost, "));
    assert!(said(|| drop(hunt("x").time(Duration::ZERO))).contains("time(0ns)"));
}
