//! `[loom]`: controlled schedules, exhaustive within bounds.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::preemptions::Preemptions;
use super::sizes::model_sizes;
use super::timespan::Timespan;
use super::walk::Node;
use super::workload::Workload;

/// How the loom engine searches: bound after bound, under the C11 memory model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Loom {
    /// Actors beside the main one, 1 to 4 (loom has room for five). Only for a mix; actors that are named, and kills of
    /// their processes, are at most 4 together. Default: 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 4))]
    pub threads: Option<usize>,
    /// Ops of each actor, 1 to 10,000. Only for a mix. Default: 2. The search grows faster than any power of
    /// this: past three, few bounds come to an end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub ops_per_thread: Option<usize>,
    /// Bounds on preemptions, searched in this order. Default: `[2, 3]`. A race that needs more than the
    /// last is missed; `"none"` misses nothing if it comes to an end.
    #[serde(default = "default_preemptions")]
    #[schemars(length(min = 1))]
    pub preemptions: Vec<Preemptions>,
    /// Executions at most for each bound, counted as each ends. Default: no cap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub executions: Option<u64>,
    /// Time at most for each bound, looked at after each execution. Default: 20s.
    #[serde(default = "default_time")]
    pub time: Timespan,
}

fn default_preemptions() -> Vec<Preemptions> {
    vec![Preemptions::at_most(2), Preemptions::at_most(3)]
}

const fn default_time() -> Timespan {
    Timespan::seconds(20)
}

impl Loom {
    pub(super) fn read(node: &Node<'_>, workload: Option<&Workload>, kills: usize) -> Option<Self> {
        let mut section = node.section()?;
        let (threads, ops_per_thread) = model_sizes(&mut section, workload, kills, 4, (2, 2));
        let preemptions = section
            .get("preemptions", |node| node.list("a list of bounds such as [2, 3, \"none\"]", Preemptions::read));
        let executions = section.get("executions", |node| node.count(1..=i64::MAX as u64));
        let time = section.get("time", Node::element);
        section.finish();
        Some(Self {
            threads,
            ops_per_thread,
            preemptions: preemptions.unwrap_or_else(default_preemptions),
            executions,
            time: time.unwrap_or_else(default_time),
        })
    }
}
