//! The policy: what a gate asks for beyond its baseline. A TOML file that is read in a review, as `ci/gate.toml` is.

use racehunt_core::finding::FindingKind;
use racehunt_core::scenario::{EngineKind, Timespan};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Deserializer};
use std::ops::RangeInclusive;

mod error;

pub use error::PolicyError;

/// The version that this build reads.
pub const POLICY_SCHEMA: u32 = 1;

/// What a gate asks for. Each key may be left out.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Version of this format: 1.
    #[schemars(range(min = 1, max = 1))]
    pub schema: u32,
    /// The least number of executions that a clean cell (a variant under an engine) must rest on.
    #[serde(default)]
    pub executions: Executions,
    /// The most ids that a trial may lose, deliver twice or make up where nothing of the kind is expected or accepted.
    #[serde(default)]
    pub loss: Loss,
    /// What checkers must have done.
    #[serde(default)]
    pub checkers: Checkers,
    /// Latency and throughput.
    #[serde(default)]
    pub speed: Speed,
    /// What is different for some scenarios. Of several that name one, the last that has a key decides it.
    #[serde(default)]
    pub scenario: Vec<Override>,
}

/// Executions (rounds, on real threads) by engine. Default: what the baseline has, and no more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Executions {
    /// Rounds on real threads. They do as much as the machine lets them: keep this low.
    pub stress: Option<u64>,
    /// Executions under shuttle, over all of its strategies.
    pub shuttle: Option<u64>,
    /// Executions under loom, over all of its bounds.
    pub loom: Option<u64>,
    /// Rounds of a worker in another language.
    pub adapter: Option<u64>,
}

/// Ids a trial, whatever its scenario's own limits tolerate. Default: no limit beside the scenario's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Loss {
    /// Accepted ids that were nowhere at rest.
    pub lost: Option<u64>,
    /// Ids delivered more than once.
    pub duplicated: Option<u64>,
    /// Ids delivered that nobody put in.
    pub phantom: Option<u64>,
}

/// What checkers must have done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Checkers {
    /// Checkers, by the kind of finding they look for, for which the gate does not fail if they judged nothing in a
    /// whole scenario. A report that doubts its own clean trials for that stays `unknown`. Default: none.
    pub may_judge_nothing: Vec<FindingKind>,
}

/// Latency and throughput. Two stored numbers only raise a suspicion; what fails is a rerun of both builds in pairs.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Speed {
    /// The chance of a false alarm of a whole gate, over all of its comparisons, 0.00001 to 0.1. Default: 0.01.
    #[serde(deserialize_with = "alpha")]
    #[schemars(range(min = 0.000_01, max = 0.1))]
    pub alpha: f64,
    /// Pairs of runs, 6 to 200. Default: 16. Fewer can prove less; with too few for α, what is undecided is `unknown`.
    /// A pair in which a run came to no figure, on a machine that is too busy, is run again, up to twice as many.
    #[serde(deserialize_with = "pairs")]
    #[schemars(range(min = 6, max = 200))]
    pub pairs: usize,
    /// How long each run of each pair takes. Default: 100ms.
    pub duration: Timespan,
    /// How much worse than the baseline's figure a report's may be before it is a suspicion: 0.05 is 5 %. Default: 0.05.
    #[serde(deserialize_with = "share")]
    #[schemars(range(min = 0.0, max = 10.0))]
    pub suspicion: f64,
    /// What it means when a rerun neither confirms a slowdown beyond the limit nor rules it out. Default: `unknown`.
    pub undecided: Undecided,
    /// The limits.
    pub worse: Worse,
}

impl Default for Speed {
    fn default() -> Self {
        Self {
            alpha: 0.01,
            pairs: 16,
            duration: Timespan::new(std::time::Duration::from_millis(100)).unwrap_or_else(|| Timespan::seconds(1)),
            suspicion: 0.05,
            undecided: Undecided::Unknown,
            worse: Worse::default(),
        }
    }
}

/// How much worse a figure may be: 0.1 is 10 %. What is not named is not judged. Default: nothing is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Worse {
    /// The median latency of an op.
    #[serde(deserialize_with = "limit")]
    #[schemars(range(min = 0.001, max = 10.0))]
    pub p50: Option<f64>,
    /// The 99th percentile of the latency of an op.
    #[serde(deserialize_with = "limit")]
    #[schemars(range(min = 0.001, max = 10.0))]
    pub p99: Option<f64>,
    /// Ops in a given time, of a closed loop: 0.1 allows 10 % more time for the same ops.
    #[serde(deserialize_with = "limit")]
    #[schemars(range(min = 0.001, max = 10.0))]
    pub throughput: Option<f64>,
}

/// What a slowdown that is neither confirmed nor ruled out means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Undecided {
    /// It is shown, with its interval, and fails nothing.
    Pass,
    /// The gate is `unknown`.
    Unknown,
}

/// What is different for some scenarios.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// The scenario's name, or the beginning of several and `*`.
    pub name: String,
    /// In place of `[executions]`, key by key.
    #[serde(default)]
    pub executions: Executions,
    /// In place of `[loss]`, key by key.
    #[serde(default)]
    pub loss: Loss,
    /// Beside those of `[checkers]`.
    #[serde(default)]
    pub checkers: Checkers,
    /// In place of `[speed] worse`, key by key.
    #[serde(default)]
    pub worse: Worse,
}

impl Override {
    fn is_for(&self, scenario: &str) -> bool {
        self.name.strip_suffix('*').map_or(self.name == scenario, |start| scenario.starts_with(start))
    }
}

impl Default for Policy {
    /// What a gate asks for without a policy: its baseline.
    fn default() -> Self {
        Self {
            schema: POLICY_SCHEMA,
            executions: Executions::default(),
            loss: Loss::default(),
            checkers: Checkers::default(),
            speed: Speed::default(),
            scenario: Vec::new(),
        }
    }
}

impl Policy {
    /// Reads a policy. `file` is only a name for messages.
    ///
    /// # Errors
    /// What is wrong with the text and where, with the nearest name to one that is not known.
    pub fn parse(file: &str, text: &str) -> Result<Self, PolicyError> {
        let policy: Self = toml::from_str(text).map_err(|e| PolicyError::of(file, text, &e))?;
        if policy.schema == POLICY_SCHEMA {
            Ok(policy)
        } else {
            let at = text.find("schema").unwrap_or(0);
            let message = format!("the policy has schema {}; this build reads schema {POLICY_SCHEMA}", policy.schema);
            Err(PolicyError::at(file, text, at..at + "schema".len(), message))
        }
    }

    /// The JSON Schema of the file, which is TOML: an editor's TOML server takes it all the same.
    #[must_use]
    pub fn schema() -> serde_json::Value {
        let settings = SchemaSettings::draft2020_12().for_deserialize();
        let mut schema: Schema = settings.into_generator().into_root_schema_for::<Self>();
        schema.insert("title".to_owned(), "racehunt policy".into());
        schema.to_value()
    }

    /// The overrides of a scenario, the one that decides first.
    fn overrides<'a>(&'a self, scenario: &'a str) -> impl Iterator<Item = &'a Override> {
        self.scenario.iter().rev().filter(move |one| one.is_for(scenario))
    }

    /// Executions that a clean cell must rest on.
    #[must_use]
    pub fn minimum(&self, scenario: &str, engine: EngineKind) -> u64 {
        let of = |one: &Executions| match engine {
            EngineKind::Stress => one.stress,
            EngineKind::Shuttle => one.shuttle,
            EngineKind::Loom => one.loom,
            EngineKind::Adapter => one.adapter,
        };
        self.overrides(scenario).find_map(|one| of(&one.executions)).or(of(&self.executions)).unwrap_or(0)
    }

    /// Ids that a trial may lose, and so on; `None` is no limit.
    #[must_use]
    pub fn loss(&self, scenario: &str) -> Loss {
        let pick =
            |of: fn(&Loss) -> Option<u64>| self.overrides(scenario).find_map(|one| of(&one.loss)).or(of(&self.loss));
        Loss { lost: pick(|l| l.lost), duplicated: pick(|l| l.duplicated), phantom: pick(|l| l.phantom) }
    }

    /// True if this checker need not have judged an execution.
    #[must_use]
    pub fn may_judge_nothing(&self, scenario: &str, checker: FindingKind) -> bool {
        let mut all = self.overrides(scenario).map(|one| &one.checkers).chain([&self.checkers]);
        all.any(|one| one.may_judge_nothing.contains(&checker))
    }

    /// How much worse each figure may be.
    #[must_use]
    pub fn worse(&self, scenario: &str) -> Worse {
        let pick = |of: fn(&Worse) -> Option<f64>| {
            self.overrides(scenario).find_map(|one| of(&one.worse)).or(of(&self.speed.worse))
        };
        Worse { p50: pick(|w| w.p50), p99: pick(|w| w.p99), throughput: pick(|w| w.throughput) }
    }
}

fn within<E: serde::de::Error>(value: f64, range: RangeInclusive<f64>) -> Result<f64, E> {
    if range.contains(&value) {
        return Ok(value);
    }
    Err(E::custom(format!("{value} is impossible here: from {} to {}", range.start(), range.end())))
}

fn alpha<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    within(f64::deserialize(deserializer)?, 0.000_01..=0.1)
}

fn share<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    within(f64::deserialize(deserializer)?, 0.0..=10.0)
}

fn limit<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    within(f64::deserialize(deserializer)?, 0.001..=10.0).map(Some)
}

fn pairs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    let pairs = usize::deserialize(deserializer)?;
    if (6..=200).contains(&pairs) {
        return Ok(pairs);
    }
    Err(serde::de::Error::custom(format!("{pairs} is impossible here: from 6 to 200")))
}

#[cfg(test)]
mod tests;
