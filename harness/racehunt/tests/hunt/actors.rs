//! Actors over a state, and invariants on the way and at rest.

use racehunt::sync::Mutex;
use racehunt::sync::atomic::{AtomicU64, Ordering::SeqCst};
use racehunt::{FindingKind, Verdict, hunt, invariant};

/// Takes from one account what it gives to another, in two steps.
struct Bank {
    here: Mutex<u64>,
    there: Mutex<u64>,
}

impl Bank {
    fn new() -> Self {
        Self { here: Mutex::new(5), there: Mutex::new(5) }
    }

    fn sum(&self) -> u64 {
        let here = *self.here.lock().unwrap();
        here + *self.there.lock().unwrap()
    }

    fn transfer(&self) {
        *self.here.lock().unwrap() -= 1;
        *self.there.lock().unwrap() += 1;
    }
}

#[test]
fn what_is_broken_in_between_is_found_and_what_holds_at_rest_is_not() {
    let bank = || hunt("bank").executions(500).over(Bank::new).actor("mover", Bank::transfer);
    let outcome = bank()
        .actor("auditor", |bank| invariant("the sum is whole", bank.sum() == 10))
        .invariant("the sum at rest", |bank| bank.sum() == 10)
        .run();
    let findings = outcome.findings();
    assert_eq!((findings.len(), findings[0].kind), (1, FindingKind::Invariant), "{outcome}");
    assert_eq!(findings[0].detail, "the sum is whole");
    assert!(findings[0].message.contains("was broken when auditor looked"), "{outcome}");
    let shown = findings[0].interleaving.as_ref().unwrap();
    assert_eq!(shown.actors, ["main", "mover", "auditor"]);
    assert!(shown.steps.iter().any(|s| s.label == "invariant broken: the sum is whole"), "{shown:?}");
    assert!(shown.steps.iter().all(|s| s.actor != 0), "starting and joining is no part of it: {shown:?}");
    bank().actor("other", Bank::transfer).invariant("the sum at rest", |bank| bank.sum() == 10).check();
}

#[test]
fn an_invariant_at_rest_is_found_and_one_that_is_broken_twice_is_one_finding() {
    let add = |n: &AtomicU64| n.store(n.load(SeqCst) + 1, SeqCst);
    let outcome = hunt("adds")
        .executions(300)
        .over(|| AtomicU64::new(0))
        .actor("A", add)
        .actor("B", add)
        .invariant("both count", |n| n.load(SeqCst) == 2)
        .run();
    assert_eq!((outcome.verdict, outcome.findings().len()), (Verdict::Fail, 1), "{outcome}");
    hunt("adds")
        .executions(300)
        .expect("invariant")
        .over(|| AtomicU64::new(0))
        .actor("A", add)
        .actor("B", move |n| {
            add(n);
            invariant("both count", n.load(SeqCst) == 2);
            invariant("both count", n.load(SeqCst) == 2);
        })
        .check();
}

#[test]
fn an_actor_that_panics_leaves_nothing_to_judge_at_rest() {
    let outcome = hunt("panics")
        .executions(100)
        .over(|| AtomicU64::new(0))
        .actor("A", |n| assert!(n.load(SeqCst) == 0, "too late"))
        .actor("B", |n| n.store(1, SeqCst))
        .invariant("never", |n| n.load(SeqCst) > 1)
        .run();
    let mut kinds: Vec<FindingKind> = outcome.findings().iter().map(|f| f.kind).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, [FindingKind::Panic, FindingKind::Invariant], "{outcome}");
    let panics = outcome.findings().into_iter().find(|f| f.kind == FindingKind::Panic).unwrap();
    let broken = outcome.findings().into_iter().find(|f| f.kind == FindingKind::Invariant).unwrap();
    assert_eq!(panics.count + broken.count, 100, "in each execution one of the two: {outcome}");
}

#[test]
#[should_panic(expected = "invariant broken: one is two")]
fn outside_of_a_hunt_an_invariant_is_an_assertion() {
    invariant("one is one", true);
    invariant("one is two", false);
}

#[test]
fn hunts_at_once_do_not_mix() {
    let hunts: Vec<_> = (0..4)
        .map(|i| {
            std::thread::spawn(move || {
                let hunt = hunt("together").executions(200).over(|| AtomicU64::new(0));
                let hunt = hunt.actor("A", |n| n.store(n.load(SeqCst) + 1, SeqCst));
                let other = move |n: &AtomicU64| {
                    n.fetch_add(u64::from(i % 2 == 0), SeqCst);
                };
                hunt.actor("B", other).invariant("sum", move |n| n.load(SeqCst) == 1 + u64::from(i % 2 == 0)).run()
            })
        })
        .collect();
    for (i, hunt) in hunts.into_iter().enumerate() {
        let expected = if i % 2 == 0 { Verdict::Fail } else { Verdict::Pass };
        let outcome = hunt.join().unwrap();
        assert_eq!(outcome.verdict, expected, "{outcome}");
    }
}
