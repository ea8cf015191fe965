//! A sketch against the exact ledger.

use super::*;
use proptest::prelude::*;

const SMALL: usize = 9_999;

fn sketch_of(ledger: &Ledger, cells: usize) -> (Sketch, Ledger) {
    let (mut sketch, mut rest) = (Sketch::new(cells), ledger.clone());
    sketch.fold(&mut rest);
    (sketch, rest)
}

/// What happened to one id.
#[derive(Clone, Debug)]
struct Fate {
    offered: u8,
    delivered: u8,
    retained: u8,
    evicted: u8,
    perhaps_evicted: bool,
}

fn fate() -> impl Strategy<Value = Fate> {
    // Most go in and come out once, as in a component that is nearly right.
    let right = (1_u8..2, 1_u8..2, 0_u8..1, 0_u8..1, Just(false));
    let any = (0_u8..4, 0_u8..4, 0_u8..2, 0_u8..2, any::<bool>());
    prop_oneof![8 => right.boxed(), 2 => any.boxed()].prop_map(
        |(offered, delivered, retained, evicted, perhaps_evicted)| Fate {
            offered,
            delivered,
            retained,
            evicted,
            perhaps_evicted,
        },
    )
}

fn ledger(fates: &[Fate], first: usize) -> Ledger {
    let mut ledger = Ledger::default();
    for (n, fate) in (first..).zip(fates) {
        let id = Id::new(n as u32 % 3, n as u64 / 3);
        match fate.offered {
            0 => {}
            1 => ledger.accepted.push(id),
            2 => ledger.uncertain.push(id),
            _ => ledger.rejected.push(id),
        }
        ledger.delivered.extend((0..fate.delivered).map(|_| id));
        ledger.retained.extend((0..fate.retained).map(|_| id));
        ledger.evicted.extend((0..fate.evicted).map(|_| id));
        ledger.perhaps_evicted.extend(fate.perhaps_evicted.then_some(id));
    }
    ledger
}

proptest! {
    #[test]
    fn it_says_what_the_exact_ledger_says(fates in prop::collection::vec(fate(), 0..150)) {
        let ledger = ledger(&fates, 0);
        let (sketch, rest) = sketch_of(&ledger, SMALL);
        prop_assert!(rest.accepted.is_empty() && rest.delivered.is_empty() && rest.rejected.is_empty());
        prop_assert_eq!(sketch.settle(&rest), ledger.settle());
        // Whatever was not folded counts as well.
        prop_assert_eq!(Sketch::new(SMALL).settle(&ledger), ledger.settle());
    }

    #[test]
    fn two_merged_are_one_over_both(a in prop::collection::vec(fate(), 0..60), b in prop::collection::vec(fate(), 0..60)) {
        let (one, other) = (ledger(&a, 0), ledger(&b, a.len()));
        let (mut merged, mut rest) = sketch_of(&one, SMALL);
        let (more, more_rest) = sketch_of(&other, SMALL);
        merged.merge(&more);
        rest.merge(&more_rest);
        let mut both = one.clone();
        both.merge(&other);
        prop_assert_eq!(&merged.cells, &sketch_of(&both, SMALL).0.cells);
        prop_assert_eq!(merged.settle(&rest), both.settle());
    }

    #[test]
    fn too_many_are_never_clean(lost in 200_u64..5_000) {
        let accepted = (0..lost).map(Id).collect();
        let (sketch, rest) = sketch_of(&Ledger { accepted, ..Ledger::default() }, 99);
        let settled = sketch.settle(&rest);
        prop_assert!(!settled.balances());
        // All have one sign, so the bound is the number.
        prop_assert_eq!(settled.totals.lost, lost);
    }
}

#[test]
fn a_large_history_leaves_exactly_what_was_planted() {
    let mut sketch = Sketch::new(CELLS);
    for n in 0..1_000_000 {
        let id = Id::new(n as u32 % 4, n / 4);
        sketch.accept(id);
        let times = match (n % 1000, n % 1001) {
            (0, _) => 0,
            (_, 0) => 3,
            _ => 1,
        };
        (0..times).for_each(|_| sketch.deliver(id));
    }
    let nobody = Id::new(9, 5);
    sketch.deliver(nobody);
    let settled = sketch.settle(&Ledger::default());
    let lost: Vec<Id> = (0..1_000_000).filter(|n| n % 1000 == 0).map(|n| Id::new(n as u32 % 4, n / 4)).collect();
    assert_eq!((settled.lost.len(), settled.duplicated.len(), settled.phantom), (1000, 999, vec![nobody]));
    assert!(lost.iter().all(|id| settled.lost.contains(id)));
    assert_eq!((settled.unrecovered, settled.totals.accepted), (None, 1_000_000));
}

#[test]
fn losses_and_doubles_that_cancel_out_in_number_and_cannot_be_told_apart_are_not_clean() {
    let mut sketch = Sketch::new(3);
    for n in 0..50 {
        sketch.accept(Id(n));
        sketch.deliver(Id(n));
        sketch.deliver(Id(n + 50));
        sketch.accept(Id(n + 100));
    }
    let settled = sketch.settle(&Ledger::default());
    let left = settled.unrecovered.unwrap();
    assert_eq!((left.lost, left.extra, left.cells), (0, 0, 3));
    assert!(!settled.balances());
}

#[test]
fn it_peels_up_to_its_threshold_and_no_further() {
    let decoded = |ids: u64| {
        let mut sketch = Sketch::new(9_999);
        (0..ids).for_each(|n| sketch.accept(Id(n)));
        sketch.decode()
    };
    let below = decoded(7_700);
    assert_eq!((below.ids.len(), below.left), (7_700, None));
    let beyond = decoded(8_600);
    assert!(beyond.left.unwrap().missing + beyond.ids.len() as u64 == 8_600 && beyond.ids.len() < 8_600);
    assert!(Sketch::new(9_999).failure(100) < 1e-6 && Sketch::new(9_999).failure(9_000) >= 1.0);
}

#[test]
fn what_is_uncertain_is_forgiven_here_too() {
    let ledger = Ledger { uncertain: vec![Id(1), Id(2)], delivered: vec![Id(1)], ..Ledger::default() };
    let (sketch, rest) = sketch_of(&ledger, SMALL);
    assert!(sketch.settle(&rest).balances());
    let perhaps = Ledger {
        accepted: vec![Id(3)],
        delivered: vec![Id(3)],
        evicted: vec![Id(3)],
        perhaps_delivered: vec![Id(3)],
        ..Ledger::default()
    };
    let (sketch, rest) = sketch_of(&perhaps, SMALL);
    assert_eq!(sketch.settle(&rest), perhaps.settle());
}
