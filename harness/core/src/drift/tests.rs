//! Drift is seen where there is some, and only there.

use super::*;
use crate::plan::SplitMix64;

const MINUTE_NS: u64 = 60_000_000_000;

fn point(leg: u64, trial: u32, rss: u64) -> Point {
    Point {
        leg,
        at_ns: leg * MINUTE_NS,
        trial,
        drawn: false,
        accepted: 100,
        ops: 200,
        harness_rss_bytes: 30 << 20,
        harness_open_files: 10,
        harness_threads: 3,
        rss_bytes: Some(rss),
        open_files: Some(20),
        threads: Some(8),
        p99_ns: Some(50_000),
        ops_per_s: 10_000,
        rss_slope: Some(0.0),
        open_files_slope: None,
        threads_slope: None,
    }
}

fn of<'d>(all: &'d [Drift], name: &str) -> &'d Drift {
    all.iter().find(|drift| drift.of == name).unwrap()
}

#[test]
fn noise_is_flat_and_growth_is_not() {
    let mut rng = SplitMix64::new(7);
    let soak = |rng: &mut SplitMix64, growth: u64| {
        let points = (1..=60).map(|leg| point(leg, 0, (100 << 20) + rng.below(4 << 20) + growth * leg));
        drifts(&points.collect::<Vec<_>>(), MINUTE_NS)
    };
    let flat = soak(&mut rng, 0);
    assert_eq!((of(&flat, "memory").verdict, of(&flat, "memory").bad), (Trend::Flat, false));
    assert!(of(&flat, "memory").low.unwrap() < 0.0 && of(&flat, "memory").high.unwrap() > 0.0);
    // A MiB a leg is 60 MiB an hour.
    let grown = soak(&mut rng, 1 << 20);
    let memory = of(&grown, "memory");
    assert_eq!((memory.verdict, memory.bad), (Trend::Grows, true));
    assert!((55.0..65.0).contains(&(memory.per_hour.unwrap() / MIB)), "{memory:?}");
    assert!(memory.low.unwrap() < 60.0 * MIB && memory.high.unwrap() > 60.0 * MIB, "{memory:?}");
    // Nothing else does.
    assert_eq!(grown.iter().filter(|drift| drift.bad).count(), 1);
}

#[test]
fn an_interval_of_noise_has_no_slope_in_it_too_seldom() {
    let wrong = |seed: u64| {
        let mut rng = SplitMix64::new(seed);
        let points: Vec<_> = (0..30).map(|n| (0, f64::from(n), rng.below(1_000_000) as f64)).collect();
        let slope = theil_sen(&points).unwrap();
        slope.low > 0.0 || slope.high < 0.0
    };
    // 5 % of 1,000 seeds, which are always these.
    let wrong = (0..1_000).filter(|seed| wrong(*seed)).count();
    assert!((20..80).contains(&wrong), "{wrong}");
}

#[test]
fn legs_of_other_sizes_are_not_compared() {
    // Larger and larger sizes, three legs each: over all of them, the value seems to grow.
    let points: Vec<_> = (1..=12).map(|leg| point(leg, (leg as u32 - 1) / 3, (1 + (leg - 1) / 3) << 29)).collect();
    assert_eq!(of(&drifts(&points, MINUTE_NS), "memory").verdict, Trend::Flat);
    let same: Vec<_> = points.into_iter().map(|point| Point { trial: 0, ..point }).collect();
    assert_eq!(of(&drifts(&same, MINUTE_NS), "memory").verdict, Trend::Grows);
}

#[test]
fn few_legs_say_nothing() {
    let points: Vec<_> = (1..=3).map(|leg| point(leg, 0, leg << 30)).collect();
    assert!(drifts(&points, MINUTE_NS).iter().all(|drift| drift.verdict == Trend::Unknown && !drift.bad));
    assert!(drifts(&[], MINUTE_NS).iter().all(|drift| drift.per_hour.is_none()));
}

#[test]
fn the_harness_may_fill_its_tables_and_not_grow_for_ever() {
    let soak = |rss: fn(u64) -> u64| {
        let points = (1..=60).map(|leg| Point { harness_rss_bytes: rss(leg) << 20, ..point(leg, 0, 1) });
        let memory = of(&drifts(&points.collect::<Vec<_>>(), MINUTE_NS), "harness memory").clone();
        (memory.verdict, memory.bad)
    };
    assert_eq!(soak(|leg| 10 + leg.min(25)), (Trend::Flat, false));
    assert_eq!(soak(|leg| 10 + leg), (Trend::Grows, true));
}

#[test]
fn an_interval_wide_enough_for_both_decides_nothing() {
    let mut rng = SplitMix64::new(3);
    let points: Vec<_> = (1..=8).map(|leg| point(leg, 0, rng.below(400 << 20))).collect();
    let all = drifts(&points, MINUTE_NS);
    let memory = of(&all, "memory");
    assert!(memory.low.unwrap() < 0.0 && memory.high.unwrap() > 0.0, "{memory:?}");
    assert_eq!((memory.verdict, memory.bad), (Trend::Unknown, false));
}

#[test]
fn what_nobody_measured_is_not_told() {
    let points: Vec<_> = (1..=8).map(|leg| Point { p99_ns: None, ..point(leg, 0, 1 << 20) }).collect();
    assert!(drifts(&points, MINUTE_NS).iter().all(|drift| drift.of != "latency p99"));
}

#[test]
fn falling_throughput_is_bad_and_rising_is_not() {
    let soak = |ops: fn(u64) -> u64| {
        let points = (1..=30).map(|leg| Point { ops_per_s: ops(leg), ..point(leg, 0, 1) });
        let throughput = of(&drifts(&points.collect::<Vec<_>>(), MINUTE_NS), "throughput").clone();
        (throughput.verdict, throughput.bad)
    };
    assert_eq!(soak(|leg| 10_000 - 100 * leg), (Trend::Falls, true));
    assert_eq!(soak(|leg| 10_000 + 100 * leg), (Trend::Grows, false));
}

#[test]
fn growth_within_legs_that_start_anew_is_seen() {
    let samples = |growth: u64| -> Vec<Sample> {
        let at =
            |n: u64| Sample { at_ns: n * 500_000_000, rss_bytes: (1 << 20) + growth * n.max(40), ..Sample::default() };
        (0..120).map(at).collect()
    };
    assert_eq!(slope_of(&samples(0), |s| s.rss_bytes), Some(0.0));
    let slope = slope_of(&samples(1 << 20), |s| s.rss_bytes).unwrap();
    assert!((slope / MIB - 7_200.0).abs() < 1.0, "2 MiB a second: {slope}");
    assert_eq!(slope_of(&samples(1)[..9], |s| s.rss_bytes), None);
    let legs = |slope: f64| {
        let points = (1..=8).map(|leg| Point { rss_slope: Some(slope), ..point(leg, 0, 1 << 20) });
        of(&drifts(&points.collect::<Vec<_>>(), MINUTE_NS), "memory within a leg").verdict
    };
    assert_eq!((legs(7_200.0 * MIB), legs(0.0)), (Trend::Grows, Trend::Flat));
}

#[test]
fn points_are_kept_in_bounds_and_of_every_trial() {
    let mut points = Vec::new();
    for leg in 1..=3_000 {
        keep(&mut points, point(leg, (leg % 2) as u32, 1));
    }
    assert_eq!(points.len(), MOST_POINTS);
    assert!(points.windows(2).all(|pair| pair[1].leg - pair[0].leg <= 24), "spread over all of the time");
    assert!(points.is_sorted_by_key(|point| point.leg));
    let of_first = points.iter().filter(|point| point.trial == 0).count();
    assert!(of_first.abs_diff(points.len() / 2) < 2, "{of_first}");
}
