//! The figures in both directions: what they say, and that they say no more.

use super::*;
use crate::plan::SplitMix64;
use std::collections::BTreeMap;

fn estimate(unseen: &Unseen) -> (f64, Option<f64>) {
    match unseen {
        Unseen::Estimate { estimate, at_most, .. } => (*estimate, *at_most),
        Unseen::Unknown { why } => panic!("{why}"),
    }
}

#[test]
fn the_bound_needs_independent_executions() {
    let (e, at_most) = estimate(&Sampling::Independent.unseen(130, 10_000));
    assert!((e - 0.013).abs() < 1e-12);
    let at_most = at_most.unwrap();
    assert!((at_most - (0.013 + 0.046_37)).abs() < 1e-4, "{at_most}");
    assert_eq!(estimate(&Sampling::Learns.unseen(130, 10_000)).1, Some(at_most));
    assert_eq!(estimate(&Sampling::Adapts.unseen(130, 10_000)).1, None);
    assert!(matches!(Sampling::InOrder.unseen(130, 10_000), Unseen::Unknown { .. }));
    for (sampling, says) in [(Sampling::Independent, false), (Sampling::Learns, true), (Sampling::Adapts, true)] {
        let Unseen::Estimate { provided, .. } = sampling.unseen(1, 2) else { panic!() };
        assert_eq!(provided.is_some(), says, "{sampling:?}");
    }
}

#[test]
fn few_executions_bound_nothing() {
    assert_eq!(estimate(&Sampling::Independent.unseen(0, 0)), (1.0, Some(1.0)));
    assert_eq!(estimate(&Sampling::Independent.unseen(0, 10)).1, Some(1.0));
    assert!(estimate(&Sampling::Independent.unseen(0, 1_000_000)).1.unwrap() < 0.005);
}

/// Draws `n` of `kinds` kinds, kind i with a weight of 1 / (i + 1), and returns the mass not drawn and the bound.
fn drawn(kinds: usize, n: u64, seed: u64) -> (f64, f64) {
    let mut rng = SplitMix64::new(seed);
    let weights: Vec<f64> = (0..kinds).map(|i| 1.0 / (i + 1) as f64).collect();
    let total: f64 = weights.iter().sum();
    let mut times: BTreeMap<usize, u64> = BTreeMap::new();
    for _ in 0..n {
        let mut at = rng.below(1 << 53) as f64 / (1_u64 << 53) as f64 * total;
        let kind = weights.iter().position(|w| {
            at -= w;
            at < 0.0
        });
        *times.entry(kind.unwrap_or(kinds - 1)).or_default() += 1;
    }
    let missing: f64 = (0..kinds).filter(|i| !times.contains_key(i)).map(|i| weights[i] / total).sum();
    let once = times.values().filter(|n| **n == 1).count() as u64;
    (missing, estimate(&Sampling::Independent.unseen(once, n)).1.unwrap())
}

#[test]
fn the_bound_holds_and_the_bare_estimate_would_not() {
    let (mut within, mut within_estimate) = (0, 0);
    for seed in 0..200 {
        let (missing, bound) = drawn(3_000, 2_000, seed);
        within += u32::from(missing <= bound);
        within_estimate += u32::from(missing <= bound - slack(2_000, CONFIDENCE));
    }
    assert!(within >= 190, "{within} of 200, 95 % are promised");
    assert!(within_estimate < 180, "{within_estimate} of 200: an estimate is no bound");
}

#[test]
fn pct_promises_what_its_theorem_does_and_no_more() {
    let by_hand = |n: f64, k: f64, d: i32, m: i32| 1.0 - (1.0 - 1.0 / (n * k.powi(d - 1))).powi(m);
    for (depth, actors, points, executions) in [(1, 3, 20, 5), (2, 3, 20, 100), (3, 4, 30, 10_000)] {
        let found = PctChance::new(depth, actors, points, executions).found_with;
        let exact = by_hand(actors as f64, points as f64, depth as i32, executions as i32);
        assert!(found <= exact && exact - found < 2e-4, "{found} {exact}");
    }
    assert!(PctChance::new(1, 1, 0, 0).found_with < f64::EPSILON, "no execution, no promise");
    // However many there were, and with one actor too, there is no certainty.
    assert!(PctChance::new(1, 1, 1, u64::MAX).found_with < 1.0);
    assert!(PctChance::new(100, 32, 10_000, 1_000_000).found_with < f64::EPSILON);
}

#[test]
fn the_curve_is_short_and_ends_at_the_end() {
    let mut curve = Curve::default();
    for n in 1..=1_000 {
        curve.note(n, n / 2 + 1);
    }
    let points = curve.until(1_000, 501);
    let at: Vec<u64> = points.iter().map(|p| p.executions).collect();
    assert_eq!(at, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_000]);
    assert_eq!(points.last(), Some(&Reached { executions: 1_000, distinct: 501 }));
    assert_eq!(curve.until(512, 257).len(), 10, "the end that is there already is not told again");
    assert!(Curve::default().until(0, 0).is_empty());
}
