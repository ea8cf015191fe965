//! Against values of textbooks, and against simulated gates.

use super::*;
use racehunt_core::plan::SplitMix64;

/// Hamilton's depression scale before and after a tranquilliser, nine patients (Hollander and Wolfe, 1973, p. 29).
const BEFORE: [f64; 9] = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30];
#[expect(clippy::approx_constant, reason = "a patient, not a circle")]
const AFTER: [f64; 9] = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29];
/// Darwin's maize, crossed less selfed, in eighths of an inch; two differences tie at 49 − 48 apart, none is zero.
const MAIZE: [f64; 15] = [49.0, -67.0, 8.0, 16.0, 6.0, 23.0, 28.0, 41.0, 14.0, 29.0, 56.0, 24.0, 75.0, 60.0, -48.0];

fn differences() -> Vec<f64> {
    BEFORE.iter().zip(AFTER).map(|(before, after)| before - after).collect()
}

#[test]
fn the_test_comes_to_what_the_textbooks_say() {
    // R: wilcox.test(before, after, paired = TRUE, alternative = "greater"): V = 40, p = 0.01953.
    assert!((signed_rank(&differences()) - 0.019_531_25).abs() < 1e-12);
    // R: wilcox.test(maize): V = 96, p = 0.04126 on both sides.
    assert!((2.0 * signed_rank(&MAIZE) - 0.041_26).abs() < 1e-5, "{}", 2.0 * signed_rank(&MAIZE));
}

#[test]
fn the_estimate_comes_to_what_the_textbooks_say() {
    // Hollander and Wolfe: 0.46, and 0.010 to 0.786 with a confidence of 96.1 %.
    let one = estimate(&differences(), 0.95).unwrap();
    assert!(
        (one.value - 0.46).abs() < 1e-9 && (one.low - 0.010).abs() < 1e-9 && (one.high - 0.786).abs() < 1e-9,
        "{one:?}"
    );
}

#[test]
fn ties_share_their_ranks_and_zeros_say_nothing() {
    assert_eq!(doubled_ranks(&[1.0, -1.0, 2.0]), [3, 3, 6]);
    assert!((signed_rank(&[1.0, 1.0, 1.0]) - 0.125).abs() < 1e-12);
    assert!((signed_rank(&[0.0, 1.0, 0.0, 1.0, 1.0]) - 0.125).abs() < 1e-12);
    assert!((signed_rank(&[0.0, 0.0]) - 1.0).abs() < 1e-12 && (signed_rank(&[]) - 1.0).abs() < 1e-12);
    assert!((signed_rank(&[-1.0, -2.0]) - 1.0).abs() < 1e-12, "only what is larger counts");
}

#[test]
fn too_few_values_have_no_interval_and_none_have_no_middle() {
    let one = estimate(&[1.0, 3.0], 0.95).unwrap();
    assert_eq!((one.value, one.low, one.high), (2.0, f64::NEG_INFINITY, f64::INFINITY));
    assert_eq!(estimate(&[], 0.95), None);
    assert_eq!(estimate(&[1.0, f64::NAN], 0.95), None);
    assert!(least_p(7) < 0.01 && least_p(6) > 0.01);
}

#[test]
fn holm_steps_down_and_never_back() {
    let corrected = holm(&[0.01, 0.04, 0.03, 0.005]);
    let expected = [0.03, 0.06, 0.06, 0.02];
    assert!(corrected.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{corrected:?}");
    assert_eq!(holm(&[0.9, 0.8]), [1.0, 1.0]);
    assert!(holm(&[]).is_empty());
}

/// Noise as a shared machine makes it: mostly a few per cent, now and then a half more.
fn noise(dice: &mut SplitMix64) -> f64 {
    let uniform = |dice: &mut SplitMix64| dice.next_u64() as f64 / u64::MAX as f64;
    let calm: f64 = (0..12).map(|_| uniform(dice)).sum::<f64>() - 6.0;
    let burst = if dice.below(10) == 0 { uniform(dice) * 0.5 } else { 0.0 };
    calm * 0.04 + burst
}

/// In how many of some gates, each of five comparisons of `pairs` pairs, one fails that is `slower` by a logarithm.
fn failing(gates: usize, pairs: usize, slower: f64) -> usize {
    let mut dice = SplitMix64::new(7);
    let mut gate = || {
        let p: Vec<f64> = (0..5)
            .map(|_| {
                let pair = |dice: &mut SplitMix64| slower + noise(dice) - noise(dice);
                signed_rank(&(0..pairs).map(|_| pair(&mut dice)).collect::<Vec<_>>())
            })
            .collect();
        holm(&p).iter().any(|p| *p <= 0.01)
    };
    (0..gates).filter(|_| gate()).count()
}

#[test]
fn of_gates_on_the_same_build_at_most_one_in_a_hundred_fails() {
    // The mean is 20 at most; 35 is more than three standard deviations above it.
    let failed = failing(2_000, 16, 0.0);
    assert!(failed <= 35, "{failed} of 2,000");
}

#[test]
fn of_gates_on_a_build_that_is_slower_by_a_fifth_nearly_all_fail() {
    let failed = failing(300, 16, 1.2_f64.ln());
    assert!(failed >= 295, "{failed} of 300");
}

#[test]
fn the_interval_holds_the_truth_as_often_as_it_says() {
    let mut dice = SplitMix64::new(11);
    let mut holds = || {
        let values: Vec<f64> = (0..16).map(|_| 0.2 + noise(&mut dice) - noise(&mut dice)).collect();
        let one = estimate(&values, 0.95).unwrap();
        (one.low..=one.high).contains(&0.2)
    };
    let held = (0..1_000).filter(|_| holds()).count();
    assert!((935..=985).contains(&held), "{held} of 1,000");
}
