//! `[adapter]`: a worker in another language.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::sizes::{forbid_ops, ops_per_thread, real_threads};
use super::sweep::Sweep;
use super::timespan::Timespan;
use super::walk::Node;
use super::workload::Workload;

/// How a worker that is a program of its own is driven. Only with `subject.command`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Adapter {
    /// Threads of the worker, 1 to 256; a list runs each. Default: the number of actors, or 2 for a mix.
    #[serde(default = "default_threads")]
    pub threads: Sweep<usize>,
    /// How many rounds. This or `duration` or both, whichever is reached first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub rounds: Option<u64>,
    /// Ops of each thread in a round, 1 to 10,000. Only for a mix. Default: 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub ops_per_thread: Option<usize>,
    /// How long. Looked at whenever the worker answers, so a trial ends late by one batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<Timespan>,
    /// A worker that says nothing for so long is given up, and the trial is `unknown`. Default: 5s. It
    /// cannot tell a deadlock from a slow worker.
    #[serde(default = "default_silence")]
    pub silence: Timespan,
    /// Rounds (or ops) asked for in one message, 1 to 10,000. Default: 100, past which a message costs little.
    #[serde(default = "default_batch")]
    #[schemars(range(min = 1, max = 10_000))]
    pub batch: usize,
}

fn default_threads() -> Sweep<usize> {
    Sweep::one(2)
}

const fn default_silence() -> Timespan {
    Timespan::seconds(5)
}

const fn default_batch() -> usize {
    100
}

impl Adapter {
    pub(super) fn read(node: &Node<'_>, workload: Option<&Workload>) -> Option<Self> {
        let mut section = node.section()?;
        let threads = real_threads(&mut section, workload);
        let rounds = section.get("rounds", |node| node.count(1..=i64::MAX as u64));
        let ops_per_thread = if workload.and_then(Workload::actors).is_some() {
            forbid_ops(&mut section);
            None
        } else {
            Some(ops_per_thread(&mut section).unwrap_or(3))
        };
        let duration = section.get("duration", Node::element);
        if !section.has("rounds") && !section.has("duration") {
            section.fail(
                "missing key `duration` or `rounds` in `[adapter]`",
                "add `duration = \"10s\"`, or `rounds = 10_000`, or both",
            );
        }
        let silence = section.get("silence", Node::element).unwrap_or_else(default_silence);
        let batch = section.get("batch", |node| node.size(1..=10_000)).unwrap_or_else(default_batch);
        section.finish();
        Some(Self { threads: threads?, rounds, ops_per_thread, duration, silence, batch })
    }
}
