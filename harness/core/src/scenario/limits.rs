//! `[limits]`: what a clean run must keep.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::nearest::suggest;
use super::text::quoted;
use super::timespan::Timespan;
use super::walk::Node;
use super::workload::Workload;

/// Latency limits by op kind.
pub type LatencyLimits = BTreeMap<String, Timespan>;

/// What a clean run must keep. Counts are over a whole trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Accepted items that may be nowhere at rest. Default: 0.
    pub lost: u64,
    /// Items that may be delivered again. Default: 0.
    pub duplicated: u64,
    /// Items that may be delivered though nobody put them in. Default: 0.
    pub phantom: u64,
    /// Ops that may return an error. Default: 0.
    pub errors: u64,
    /// The median latency of an op at most. Default: no limit. All latency limits are looked at when a
    /// trial on real threads ends; under a model time is not real, and they are not looked at.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub p50: LatencyLimits,
    /// The 90th percentile at most. Default: no limit.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub p90: LatencyLimits,
    /// The 99th percentile at most. Default: no limit. Means little below some 1,000 calls.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub p99: LatencyLimits,
    /// The 99.9th percentile at most. Default: no limit. Means little below some 10,000 calls.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub p999: LatencyLimits,
    /// The largest latency at most. Default: no limit. One slow moment of the machine breaks it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub max: LatencyLimits,
    /// How long no actor may come forward before it is a stall. Default: 2s. Looked at while the trial
    /// runs; shorter than the machine's own pauses, it takes those for the subject's.
    pub stall: Timespan,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            lost: 0,
            duplicated: 0,
            phantom: 0,
            errors: 0,
            p50: BTreeMap::new(),
            p90: BTreeMap::new(),
            p99: BTreeMap::new(),
            p999: BTreeMap::new(),
            max: BTreeMap::new(),
            stall: Timespan::seconds(2),
        }
    }
}

impl Limits {
    /// The latency limits as (percentile, op, nanoseconds), from the median up.
    #[must_use]
    pub fn latencies(&self) -> Vec<(String, String, u64)> {
        let keys =
            [("p50", &self.p50), ("p90", &self.p90), ("p99", &self.p99), ("p999", &self.p999), ("max", &self.max)];
        keys.into_iter()
            .flat_map(|(key, limits)| limits.iter().map(move |(op, limit)| (key.to_owned(), op.clone(), limit.nanos())))
            .collect()
    }

    /// Reads the section; `timed` is true if an engine with real time will look at latencies.
    pub(super) fn read(node: &Node<'_>, workload: Option<&Workload>, timed: bool) -> Option<Self> {
        let mut section = node.section()?;
        let mut limits = Self::default();
        for (key, limit) in [
            ("lost", &mut limits.lost),
            ("duplicated", &mut limits.duplicated),
            ("phantom", &mut limits.phantom),
            ("errors", &mut limits.errors),
        ] {
            *limit = section.get(key, |node| node.count(0..=i64::MAX as u64)).unwrap_or(0);
        }
        for (key, limit) in [
            ("p50", &mut limits.p50),
            ("p90", &mut limits.p90),
            ("p99", &mut limits.p99),
            ("p999", &mut limits.p999),
            ("max", &mut limits.max),
        ] {
            *limit = section.get(key, |node| read_latency(node, workload, timed)).unwrap_or_default();
        }
        limits.stall = section.get("stall", Node::element).unwrap_or(limits.stall);
        section.finish();
        Some(limits)
    }
}

fn read_latency(node: &Node<'_>, workload: Option<&Workload>, timed: bool) -> Option<LatencyLimits> {
    if !timed {
        // A limit that nothing can break would read as a promise that was kept.
        node.fail_key(
            format!("{} is never looked at: no engine here runs in real time", node.title()),
            "add `[stress]`, or leave the limit out",
        );
    }
    let mut limits = LatencyLimits::new();
    for (kind, value) in node.entries("a duration for each op such as { flush = \"2ms\" }")? {
        if let Some(workload) = workload {
            let kinds = workload.kinds();
            if !kinds.contains(&kind.as_str()) {
                value.fail_key(format!("the workload has no op {}", quoted(&kind)), suggest(&kind, &kinds));
            }
        }
        if let Some(limit) = value.element() {
            limits.insert(kind, limit);
        }
    }
    Some(limits)
}
