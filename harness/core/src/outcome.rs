//! What a trial came to: the unit of the report and of the worker's answer.

mod absorb;
pub mod latency;

pub use absorb::{NOBODY_KILLED, NOBODY_PAUSED};

use crate::discovery::Discovery;
use crate::finding::{Finding, FindingKind};
use crate::id::Id;
use crate::ledger::{LedgerTotals, Settlement};
use crate::mutant::Mutated;
use crate::observation::Gauge;
use crate::plan::Trial;
use crate::timeline::Timeline;
use crate::verdict::{Coverage, Verdict};
use serde::{Deserialize, Serialize};

/// The result of one trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrialOutcome {
    /// What was run.
    pub trial: Trial,
    /// The judgement.
    pub verdict: Verdict,
    /// Why, one sentence each; never empty unless the verdict is `pass`.
    pub reasons: Vec<String>,
    /// What was explored.
    pub coverage: Coverage,
    /// How the search met new interleavings; `null` on real threads, and where the worker died.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discovery: Option<Discovery>,
    /// Executions (models) or rounds (stress) that came to an end.
    pub executions: u64,
    /// Steps (facade operations) over all executions; `None` on real threads.
    pub steps: Option<u64>,
    /// Calls made.
    pub ops: u64,
    /// Time it took.
    pub elapsed_ns: u64,
    /// Sums over all executions.
    pub ledger: LedgerTotals,
    /// Which ids it was, where all executions were one; empty elsewhere, where ids begin anew.
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    pub ids: Named,
    /// Errors by kind.
    pub errors: Vec<ErrorCount>,
    /// Latency per op; empty under a model, whose time is not real.
    pub latencies: Vec<OpLatency>,
    /// Quantities with a bound, each at its worst over all executions; empty where the subject has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gauges: Vec<Gauge>,
    /// How it went over time; `null` under a model, and where nothing was sampled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeline: Option<Timeline>,
    /// Processes killed, over all executions.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub crashes: u64,
    /// Deduplicated failures, in the order of their first execution.
    pub findings: Vec<Finding>,
    /// What each checker judged: a checker that judged nothing shows as 0.
    pub checked: Vec<CheckedCount>,
    /// Why the trial would not count as clean, whatever it found: the reasons, if the verdict is `unknown`.
    pub doubts: Vec<String>,
    /// Remarks for people (why the search stopped, what the engine cannot see).
    pub notes: Vec<String>,
    /// What came of the trial's mutation; nothing in a report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub mutated: Option<Mutated>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// Ids of which something is wrong, the first [`Named::MOST`] of each kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Named {
    /// Accepted, and nowhere at rest.
    pub lost: Vec<Id>,
    /// Seen more than once.
    pub duplicated: Vec<Id>,
    /// Seen, and never accepted.
    pub phantom: Vec<Id>,
}

impl Named {
    /// Ids of each kind.
    pub const MOST: usize = 5_000;

    /// True if nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lost.is_empty() && self.duplicated.is_empty() && self.phantom.is_empty()
    }

    /// Adds as many of a settlement's as there is room for.
    pub(crate) fn add(&mut self, settled: &Settlement) {
        let lists = [&mut self.lost, &mut self.duplicated, &mut self.phantom];
        for (list, ids) in lists.into_iter().zip([&settled.lost, &settled.duplicated, &settled.phantom]) {
            let room = Self::MOST.saturating_sub(list.len());
            list.extend(ids.iter().take(room));
        }
    }
}

/// How many calls failed with one kind of error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErrorCount {
    /// Name of the op.
    pub op: String,
    /// Stable name of the error.
    pub kind: String,
    /// The first message seen.
    pub message: String,
    /// How many.
    pub count: u64,
}

/// How many executions a checker judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckedCount {
    /// The checker.
    pub checker: FindingKind,
    /// Executions it judged.
    pub judged: u64,
}

/// Latencies of one op in one trial. Nanoseconds; under an open loop counted from the intended start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpLatency {
    /// Name of the op.
    pub op: String,
    /// Calls measured.
    pub count: u64,
    /// Smallest.
    pub min_ns: u64,
    /// Mean.
    pub mean_ns: f64,
    /// Median.
    pub p50_ns: u64,
    /// 90th percentile.
    pub p90_ns: u64,
    /// 99th percentile.
    pub p99_ns: u64,
    /// 99.9th percentile.
    pub p999_ns: u64,
    /// 99.99th percentile.
    pub p9999_ns: u64,
    /// Largest.
    pub max_ns: u64,
    /// The whole histogram: `HdrHistogram`'s V2 encoding with DEFLATE, base64.
    pub histogram: String,
}
