//! Latency and throughput: two numbers raise a suspicion, pairs settle it.

use super::{accept, all_are, policy};
use crate::figures::{Key, Metric};
use crate::pairs::{Series, judge};
use crate::{Baseline, Policy, compare};
use racehunt_core::outcome::OpLatency;
use racehunt_core::verdict::Verdict;
use racehunt_reports::Report;
use racehunt_reports::canned::{outcomes, report, scenario};

const LOAD: &str = r#"
schema = 1
name = "metrics-buffer/load"
about = "For a test."
[subject]
name = "metrics-buffer"
variant = "hardened"
[workload]
mix = { increment = 8, flush = 1 }
[stress]
threads = 2
pace = "closed"
duration = "2s"
"#;

const LIMITS: &str = "[speed]\nworse = { p50 = 0.1, throughput = 0.1 }\n";

fn load(p50_ns: u64, count: u64, ops: u64) -> Report {
    let load = scenario(LOAD);
    let mut all = outcomes(&load);
    let latency = OpLatency {
        op: "flush".into(),
        count,
        min_ns: p50_ns,
        mean_ns: p50_ns as f64,
        p50_ns,
        p90_ns: p50_ns,
        p99_ns: 9 * p50_ns,
        p999_ns: 9 * p50_ns,
        p9999_ns: 9 * p50_ns,
        max_ns: 9 * p50_ns,
        histogram: String::new(),
    };
    (all[0].latencies, all[0].ops) = (vec![latency], ops);
    report(load, all)
}

fn measured() -> Baseline {
    Baseline::accept(&[load(1_234, 5_000, 90_000)], "r", None, true).unwrap()
}

fn key(metric: Metric) -> Key {
    let op = (metric != Metric::Throughput).then(|| "flush".to_owned());
    let (scenario, trial) = ("metrics-buffer/load".to_owned(), "metrics-buffer/hardened/stress".to_owned());
    Key { scenario, trial, op, metric }
}

#[test]
fn figures_are_kept_with_two_digits_and_only_if_asked_for() {
    let baseline = measured();
    let [all, flush] = &baseline.measured[..] else { panic!("{:?}", baseline.measured) };
    assert_eq!((all.op.as_deref(), all.ops_per_s, all.p50_ns), (None, Some(45_000), None));
    assert_eq!((flush.op.as_deref(), flush.p50_ns, flush.p99_ns), (Some("flush"), Some(1_200), Some(11_000)));
    assert_eq!(Baseline::from_json(&baseline.to_json().unwrap()).unwrap(), baseline);
    assert!(!accept(&load(1_234, 5_000, 90_000), "r").unwrap().to_json().unwrap().contains("measured"));
    let few = Baseline::accept(&[load(1_234, 19, 0)], "r", None, true).unwrap();
    assert!(few.measured.is_empty(), "a percentile of few calls is luck: {:?}", few.measured);
}

#[test]
fn a_worse_figure_is_a_suspicion_and_never_more() {
    let judged = |report: Report, text: &str, verdict, says| {
        all_are(&[report], &measured(), &policy(text), verdict, says);
    };
    judged(load(1_234, 5_000, 90_000), LIMITS, Verdict::Pass, "");
    judged(
        load(2_400, 5_000, 90_000),
        LIMITS,
        Verdict::Unknown,
        "suspicious: p50 of flush, metrics-buffer/hardened/stress",
    );
    judged(load(2_400, 5_000, 90_000), LIMITS, Verdict::Unknown, "2.40 µs, 1.20 µs in the baseline (+100 %)");
    judged(load(1_234, 5_000, 45_000), LIMITS, Verdict::Unknown, "throughput, metrics-buffer/hardened/stress");
    judged(load(600, 5_000, 200_000), LIMITS, Verdict::Pass, "");
    judged(load(2_400, 5_000, 45_000), "", Verdict::Pass, "");
    judged(
        load(1_234, 19, 90_000),
        LIMITS,
        Verdict::Unknown,
        "not measured: p50 of flush, metrics-buffer/hardened/stress",
    );
    judged(load(1_234, 19, 90_000), "", Verdict::Pass, "");
    // p99 is not limited, so it is not looked at.
    let one = compare(&[load(2_400, 5_000, 90_000)], &measured(), &policy(LIMITS));
    assert_eq!(one.suspicions.iter().map(|s| s.key.metric).collect::<Vec<_>>(), [Metric::P50]);
    // Without figures in the baseline there is nothing to suspect.
    let plain = accept(&load(1_234, 5_000, 90_000), "r").unwrap();
    all_are(&[load(9_999, 5_000, 90_000)], &plain, &policy(LIMITS), Verdict::Pass, "");
}

fn settled(new: f64, metric: Metric, policy: &Policy) -> Verdict {
    let mut one = compare(&[load(2_400, 5_000, 90_000)], &measured(), policy);
    assert_eq!(one.verdict(), Verdict::Unknown);
    let pairs = (0..16).map(|i| (1_000.0 + f64::from(i), new * (1_000.0 + f64::from(i * 7 % 16)))).collect();
    one.settle(&judge(&[Series { key: key(metric), pairs }], policy), policy);
    one.verdict()
}

#[test]
fn pairs_settle_a_suspicion_either_way() {
    let policy = policy(LIMITS);
    assert_eq!(settled(1.2, Metric::P50, &policy), Verdict::Fail);
    assert_eq!(settled(1.0, Metric::P50, &policy), Verdict::Pass);
    assert_eq!(settled(1.0, Metric::Throughput, &policy), Verdict::Unknown, "the suspicion is of another figure");
}
