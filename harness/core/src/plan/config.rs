//! What an engine needs to know: the sections of a scenario with single, resolved values.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scenario::{EngineKind, Pace, Perturb, Rate, Strategy, StressFault, Timespan};

/// What executes a trial, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EngineConfig {
    /// Real threads and processes.
    Stress(StressConfig),
    /// Controlled schedules, sampled.
    Shuttle(ShuttleConfig),
    /// Controlled schedules, exhaustive within bounds.
    Loom(LoomConfig),
    /// A worker in another language.
    Adapter(AdapterConfig),
}

impl EngineConfig {
    /// Which engine it is.
    #[must_use]
    pub const fn kind(&self) -> EngineKind {
        match self {
            Self::Stress(_) => EngineKind::Stress,
            Self::Shuttle(_) => EngineKind::Shuttle,
            Self::Loom(_) => EngineKind::Loom,
            Self::Adapter(_) => EngineKind::Adapter,
        }
    }

    /// Threads (of each process), or actors under a model.
    #[must_use]
    pub const fn threads(&self) -> usize {
        match self {
            Self::Stress(config) => config.threads,
            Self::Shuttle(config) => config.threads,
            Self::Loom(config) => config.threads,
            Self::Adapter(config) => config.threads,
        }
    }

    /// Ops of each thread in an execution or round; with actors, those of the longest.
    #[must_use]
    pub const fn ops_per_thread(&self) -> usize {
        match self {
            Self::Stress(config) => config.ops_per_thread,
            Self::Shuttle(config) => config.ops_per_thread,
            Self::Loom(config) => config.ops_per_thread,
            Self::Adapter(config) => config.ops_per_thread,
        }
    }
}

/// Real threads and processes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StressConfig {
    /// Worker processes at once.
    pub processes: usize,
    /// Threads of each.
    pub threads: usize,
    /// What starts the next op.
    pub pace: Pace,
    /// Ops a second over all threads; only and always for the open pace.
    pub rate: Option<Rate>,
    /// Ops of each thread in a round; with actors, those of the longest. For the closed and the open pace,
    /// which have no rounds, the number of ops to deal at a time; it decides nothing.
    pub ops_per_thread: usize,
    /// How long; always for the closed and the open pace.
    pub duration: Option<Timespan>,
    /// How many rounds; in rounds, this or `duration` or both.
    pub rounds: Option<u64>,
    /// Yields and pauses to inject.
    pub perturb: Option<Perturb>,
    /// End early once each kind of finding seen was seen this often.
    pub stop_after: Option<u64>,
    /// What goes wrong at random moments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<StressFault>,
}

/// Controlled schedules, sampled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShuttleConfig {
    /// Actors.
    pub threads: usize,
    /// Ops of each; with actors, those of the longest.
    pub ops_per_thread: usize,
    /// What picks the next step.
    pub strategy: Strategy,
    /// Executions at most.
    pub executions: u64,
    /// Time at most.
    pub time: Timespan,
    /// Steps after which an execution is a livelock.
    pub steps: usize,
    /// Run steps that cannot matter at once.
    pub reduce: bool,
    /// Fingerprint of the one finding to look for: the search ends with the first execution that shows it, and makes
    /// only that one minimal. Default: all there are, to the end of the budget.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seek: Option<String>,
}

/// Controlled schedules, exhaustive within bounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoomConfig {
    /// Actors beside the main one.
    pub threads: usize,
    /// Ops of each; with actors, those of the longest.
    pub ops_per_thread: usize,
    /// Bounds on preemptions in the order in which to search them; `None` is no bound.
    pub preemptions: Vec<Option<usize>>,
    /// Executions at most for each bound.
    pub executions: Option<u64>,
    /// Time at most for each bound.
    pub time: Timespan,
}

/// A worker in another language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdapterConfig {
    /// The program and its arguments, as written.
    pub command: Vec<String>,
    /// Threads of the worker.
    pub threads: usize,
    /// Ops of each in a round; with actors, those of the longest.
    pub ops_per_thread: usize,
    /// How many rounds; this or `duration` or both.
    pub rounds: Option<u64>,
    /// How long.
    pub duration: Option<Timespan>,
    /// Silence after which the worker is given up.
    pub silence: Timespan,
    /// Rounds (or ops) asked for in one message.
    pub batch: usize,
}
