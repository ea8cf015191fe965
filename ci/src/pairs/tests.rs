//! Comparisons in both directions, over simulated runs.

use super::*;

fn key(metric: Metric) -> Key {
    let op = (metric != Metric::Throughput).then(|| "flush".to_owned());
    Key { scenario: "s".into(), trial: "m/hardened/stress".into(), op, metric }
}

fn policy(more: &str) -> Policy {
    let text = format!("schema = 1\n[speed]\nworse = {{ p50 = 0.1, throughput = 0.1 }}\n{more}");
    Policy::parse("gate.toml", &text).unwrap()
}

/// Runs around `old`, and `new` times as much, that differ by up to `noise`.
fn series(metric: Metric, pairs: usize, new: f64, noise: f64) -> Series {
    let mut dice = SplitMix64::new(3);
    let mut wobble = || 1.0 + noise * (dice.below(2_001) as f64 / 1_000.0 - 1.0);
    let pairs = (0..pairs).map(|_| (1_000.0 * wobble(), 1_000.0 * new * wobble())).collect();
    Series { key: key(metric), pairs }
}

#[track_caller]
fn comes_to(series: &Series, more: &str, outcome: Outcome) -> Compared {
    let one = judge(std::slice::from_ref(series), &policy(more)).remove(0);
    assert_eq!(one.outcome, outcome, "{one:?}");
    one
}

#[test]
fn a_fifth_more_is_worse_and_a_fifth_less_is_not() {
    let one = comes_to(&series(Metric::P50, 16, 1.2, 0.05), "", Outcome::Worse);
    assert!(one.worse.low > 0.15 && one.worse.high < 0.25 && one.p < 0.001, "{one:?}");
    assert!(one.old.low < 1_000.0 && one.old.high > 1_000.0 && one.new.low > one.old.high, "{one:?}");
    comes_to(&series(Metric::P50, 16, 0.8, 0.05), "", Outcome::Fine);
    comes_to(&series(Metric::P50, 16, 1.0, 0.05), "", Outcome::Fine);
    comes_to(&series(Metric::Throughput, 16, 0.8, 0.05), "", Outcome::Worse);
    comes_to(&series(Metric::Throughput, 16, 1.2, 0.05), "", Outcome::Fine);
}

#[test]
fn significant_and_small_is_fine_and_large_by_chance_is_undecided() {
    let small = comes_to(&series(Metric::P50, 40, 1.04, 0.02), "", Outcome::Fine);
    assert!(small.p < 0.01, "{small:?}");
    let wild = comes_to(&series(Metric::P50, 8, 1.15, 0.9), "", Outcome::Undecided);
    assert!(wild.p > 0.01, "{wild:?}");
}

#[test]
fn what_is_undecided_is_unknown_unless_the_policy_only_shows_it() {
    let wild = [series(Metric::P50, 16, 1.1, 0.9)];
    let of = |more: &str| {
        let policy = policy(more);
        verdicts(&judge(&wild, &policy), &policy)
    };
    let (failed, unknown) = of("");
    assert!(failed.is_empty() && unknown.len() == 1, "{failed:?} {unknown:?}");
    assert!(unknown[0].starts_with("neither confirmed nor ruled out: p50 of flush, m/hardened/stress"), "{unknown:?}");
    assert_eq!(of("undecided = \"pass\""), (vec![], vec![]));
}

#[test]
fn what_fails_says_how_much_with_both_intervals() {
    let compared = judge(&[series(Metric::P50, 16, 1.2, 0.05)], &policy(""));
    let (failed, unknown) = verdicts(&compared, &policy(""));
    assert!(unknown.is_empty() && failed.len() == 1);
    let start = "slower: p50 of flush, m/hardened/stress, s: +";
    assert!(failed[0].starts_with(start) && failed[0].ends_with("limit 10 %"), "{failed:?}");
    let table = table(&compared);
    assert!(
        table.contains("old 996 ns [985 ns, 1.01 µs]   new 1.21 µs [") && table.contains("limit 10 %: WORSE"),
        "{table}"
    );
    assert_eq!(table.matches('[').count(), 3, "{table}");
}

#[test]
fn pairs_that_can_prove_nothing_make_it_unknown() {
    // However slow the build were: six pairs are 1 in 64 at best. The policy's word on doubts does not count here.
    let few = policy("undecided = \"pass\"");
    let of = |pairs, noise| verdicts(&judge(&[series(Metric::P50, pairs, 1.2, noise)], &few), &few);
    let (failed, unknown) = of(6, 0.01);
    assert!(failed.is_empty() && unknown[0].starts_with("too few pairs: p50 of flush"), "{failed:?} {unknown:?}");
    assert!(unknown[0].contains("6 came to a figure, and cannot come to p ≤ 1.0e-2"), "{unknown:?}");
    let (failed, unknown) = of(7, 0.01);
    assert!(failed.len() == 1 && unknown.is_empty(), "{failed:?} {unknown:?}");
    let none = judge(&[Series { key: key(Metric::P50), pairs: vec![] }], &policy(""));
    assert_eq!(none[0].outcome, Outcome::Undecided);
}

#[test]
fn what_the_policy_does_not_limit_is_not_compared() {
    assert!(judge(&[series(Metric::P99, 16, 9.0, 0.05)], &policy("")).is_empty());
}

#[test]
fn blocks_of_two_pairs_favour_nobody() {
    let order = order(16, 5);
    assert_eq!(order.len(), 16);
    assert!(order.chunks(2).all(|block| block[0][0] == block[1][1] && block[0][1] == block[1][0]));
    let old_first = order.iter().step_by(2).filter(|pair| pair[0] == Side::Old).count();
    assert!((1..8).contains(&old_first), "by lot: {old_first} of 8");
    assert_eq!(super::order(7, 5).len(), 8);
}
