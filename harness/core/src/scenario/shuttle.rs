//! `[shuttle]`: controlled schedules, sampled.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::sizes::model_sizes;
use super::strategy::Strategy;
use super::sweep::Sweep;
use super::timespan::Timespan;
use super::walk::Node;
use super::workload::Workload;

/// How the shuttle engine searches. It assumes sequential consistency: what only a weak memory order shows,
/// it misses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shuttle {
    /// Actors, 1 to 32. Only for a mix; actors that are named, and kills of their processes, are at most 32 together.
    /// Default: 3. A race of more actors than this is missed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 32))]
    pub threads: Option<usize>,
    /// Ops of each actor, 1 to 10,000. Only for a mix. Default: 3. A race that needs more is missed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub ops_per_thread: Option<usize>,
    /// What picks the next step; a list runs each. Default: `auto`.
    #[serde(default = "default_strategy")]
    pub strategy: Sweep<Strategy>,
    /// Executions at most, counted as each ends. Default: 10,000.
    #[serde(default = "default_executions")]
    #[schemars(range(min = 1))]
    pub executions: u64,
    /// Time at most, looked at after each execution. Default: 60s.
    #[serde(default = "default_time")]
    pub time: Timespan,
    /// Steps after which an execution is called a livelock, 1 to 10,000,000. Default: 10,000. Too few, and a
    /// long execution is taken for one.
    #[serde(default = "default_steps")]
    #[schemars(range(min = 1, max = 10_000_000))]
    pub steps: usize,
    /// Run steps that cannot matter (start, spawn, join, unlock) at once. Default: true. An unreduced walk
    /// stays in the rotation, for what the reduction might hide.
    #[serde(default = "default_reduce")]
    pub reduce: bool,
}

fn default_strategy() -> Sweep<Strategy> {
    Sweep::one(Strategy::Auto)
}

const fn default_executions() -> u64 {
    10_000
}

const fn default_time() -> Timespan {
    Timespan::seconds(60)
}

const fn default_steps() -> usize {
    10_000
}

const fn default_reduce() -> bool {
    true
}

impl Shuttle {
    pub(super) fn read(node: &Node<'_>, workload: Option<&Workload>, kills: usize) -> Option<Self> {
        let mut section = node.section()?;
        let (threads, ops_per_thread) = model_sizes(&mut section, workload, kills, 32, (3, 3));
        let strategy = section.get("strategy", |node| node.sweep(Node::element));
        let executions = section.get("executions", |node| node.count(1..=i64::MAX as u64));
        let time = section.get("time", Node::element);
        let steps = section.get("steps", |node| node.size(1..=10_000_000));
        let reduce = section.get("reduce", Node::boolean);
        section.finish();
        Some(Self {
            threads,
            ops_per_thread,
            strategy: strategy.unwrap_or_else(default_strategy),
            executions: executions.unwrap_or_else(default_executions),
            time: time.unwrap_or_else(default_time),
            steps: steps.unwrap_or_else(default_steps),
            reduce: reduce.unwrap_or_else(default_reduce),
        })
    }
}
