//! Latency limits, judged once a trial.

use crate::finding::FindingKind;
use crate::observation::Violation;
use crate::outcome::OpLatency;

/// A limit on one percentile of one op.
pub type LatencyLimit<'a> = (&'a str, &'a str, u64);

/// The limits, each `(percentile, op, nanoseconds)`, that the measured latencies break. A limit on an op that was never measured is
/// returned as unjudged, by name: it must not count as kept.
#[must_use]
pub fn latency_violations(limits: &[LatencyLimit<'_>], measured: &[OpLatency]) -> (Vec<Violation>, Vec<String>) {
    let (mut broken, mut unjudged) = (Vec::new(), Vec::new());
    for (percentile, op, limit) in limits {
        let Some(l) = measured.iter().find(|l| l.op == *op && l.count > 0) else {
            unjudged.push(format!("{percentile} of {op}: the op was never measured"));
            continue;
        };
        let value = match *percentile {
            "p50" => l.p50_ns,
            "p90" => l.p90_ns,
            "p99" => l.p99_ns,
            "p999" => l.p999_ns,
            _ => l.max_ns,
        };
        if value > *limit {
            broken.push(Violation {
                kind: FindingKind::Latency,
                detail: format!("{percentile} {op}"),
                message: format!("{percentile} of {op} is {value} ns, the limit {limit} ns"),
                ids: Vec::new(),
            });
        }
    }
    (broken, unjudged)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flush(p99_ns: u64) -> OpLatency {
        OpLatency {
            op: "flush".into(),
            count: 10,
            min_ns: 1,
            mean_ns: 2.0,
            p50_ns: 2,
            p90_ns: 3,
            p99_ns,
            p999_ns: p99_ns,
            p9999_ns: p99_ns,
            max_ns: p99_ns + 1,
            histogram: String::new(),
        }
    }

    #[test]
    fn a_limit_is_kept_at_its_value_and_broken_above() {
        let limits = [("p99", "flush", 100)];
        assert_eq!(latency_violations(&limits, &[flush(100)]), (vec![], vec![]));
        assert_eq!(latency_violations(&limits, &[flush(101)]).0[0].detail, "p99 flush");
    }

    #[test]
    fn what_was_never_measured_is_not_kept() {
        let (broken, unjudged) = latency_violations(&[("p50", "add", 1)], &[flush(1)]);
        assert!(broken.is_empty());
        assert_eq!(unjudged.len(), 1);
    }
}
