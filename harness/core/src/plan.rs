//! Plans: a scenario with its sweeps expanded into trials.
//!
//! The order is fixed, and outer to inner: variants as listed, parameters by key with their values as
//! listed (the last key changes fastest), engines (stress, shuttle, loom, adapter), then processes, then threads,
//! then strategies. A trial's seed hangs on the run's seed and on the trial's id alone, so that a trial behaves
//! the same when others are added, left out or run in another order.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::mutant::Mutation;
use crate::scenario::{Fault, Limits, Scenario, SubjectSpec};

mod config;
mod deal;
mod expand;
mod ident;
mod program;
mod rng;
mod seed;
mod seeds;

pub use crate::scenario::{ActorProgram, OpCall, ParamValue, Params};
pub use config::{AdapterConfig, EngineConfig, LoomConfig, ShuttleConfig, StressConfig};
pub use deal::{Part, deal};
pub use program::{Draw, Program};
pub use rng::SplitMix64;
pub use seed::trial_seed;
pub use seeds::Seeds;

/// The expanded work of one scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// What to run, in order.
    pub trials: Vec<Trial>,
}

/// One subject × variant × parameters × engine × size × strategy. All that a worker process needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// For people and for baselines: `metrics-buffer/published-fix/shuttle/random`. Unique in its plan;
    /// names what the scenario sweeps and nothing else, so it stays as it is when a size is changed.
    pub id: String,
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the subject; for a command, the name of its script.
    pub subject: String,
    /// Name of the variant.
    pub variant: String,
    /// The parameters that the scenario sets; the subject knows the others.
    pub params: Params,
    /// What the actors do.
    pub program: Program,
    /// What executes it, and how.
    pub engine: EngineConfig,
    /// What goes wrong in every execution.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
    /// What a clean run must keep.
    pub limits: Limits,
    /// Seed of all that is drawn in this trial.
    pub seed: u64,
    /// What a self-test does to the component; nothing in a report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub mutation: Option<Mutation>,
}

impl Plan {
    /// Expands the sweeps of a scenario. Pure: the same scenario and seed give the same plan, byte for byte.
    #[must_use]
    pub fn expand(scenario: &Scenario, seed: u64) -> Self {
        let mut trials = Vec::new();
        for variant in scenario.subject.variant.values() {
            for params in expand::params(&scenario.subject) {
                for (suffix, engine) in expand::engines(scenario) {
                    trials.push(trial(scenario, seed, variant, &params, &suffix, engine));
                }
            }
        }
        Self { trials }
    }
}

fn trial(scenario: &Scenario, seed: u64, variant: &str, params: &Params, suffix: &str, engine: EngineConfig) -> Trial {
    let id = id(&scenario.subject, variant, params, &engine, suffix);
    Trial {
        seed: trial_seed(seed, &id),
        id,
        scenario: scenario.name.clone(),
        subject: scenario.subject.label(),
        variant: variant.to_owned(),
        params: params.clone(),
        program: Program::of(&scenario.workload),
        engine,
        faults: scenario.fault.clone(),
        limits: scenario.limits.clone(),
        mutation: None,
    }
}

fn id(subject: &SubjectSpec, variant: &str, params: &Params, engine: &EngineConfig, suffix: &str) -> String {
    let mut id = format!("{}/{variant}", ident::escaped(&subject.label()));
    for (name, _) in subject.params.iter().filter(|(_, values)| values.is_swept()) {
        if let Some(value) = params.get(name) {
            id.push_str(&format!("/{name}={}", ident::escaped(&value.to_string())));
        }
    }
    format!("{id}/{}{suffix}", engine.kind())
}
