//! The report: one document, written once, read by every renderer and by the gate.
//!
//! Fields stand in the order in which a reader wants them, lists in the order of the run, and there is no map: two
//! runs with the same results give the same text. Times end in `_ns`. What the run took from outside (when, where,
//! which commit) is handed in; this crate reads no clock, file or environment.

mod soak;

pub use soak::{LegIds, Soak};

use racehunt_core::finding::FindingKind;
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::Seeds;
use racehunt_core::scenario::{EngineKind, Scenario};
use racehunt_core::verdict::Verdict;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Version of the document, raised by every change that a reader of the one before would misread or refuse.
pub const SCHEMA: u32 = 1;

/// A run: what was asked for, what was done, what it came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Version of this format: 1.
    pub schema: u32,
    /// What wrote the report.
    pub tool: Tool,
    /// When the run began, RFC 3339.
    pub started: String,
    /// The command line, argument by argument.
    pub command: Vec<String>,
    /// Seed from which every trial's seed follows.
    pub seed: u64,
    /// How many seeds, from `seed` on, every trial ran with.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub seeds: u64,
    /// Which parts of a run that was spread this is; `null` if it is a whole run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partitions: Option<Partitions>,
    /// Where it ran.
    pub environment: Environment,
    /// True if the run was ended before its plan was done.
    pub interrupted: bool,
    /// The judgement on the run: the worst of its scenarios.
    pub verdict: Verdict,
    /// Why, one sentence each; never empty unless the verdict is `pass`.
    pub reasons: Vec<String>,
    /// With what the process ended: 0 as expected, 1 failed, 3 unknown, 130 interrupted.
    pub exit_code: u8,
    /// Sums over all scenarios.
    pub totals: Totals,
    /// What a soak adds; `null` for a run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soak: Option<Soak>,
    /// Scenarios of the given folders that run on request only, and so did not. They count for nothing above.
    #[serde(default)]
    pub left_out: Vec<LeftOut>,
    /// The scenarios, in the order in which they ran.
    pub scenarios: Vec<ScenarioReport>,
}

/// Parts of a run that was spread over machines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Partitions {
    /// How many parts the run has.
    pub of: u32,
    /// Those whose results are here, from 1, in order.
    pub present: Vec<u32>,
    /// True if the whole run is judged, with what is missing of it; false if it is one part, with its own trials only.
    pub merged: bool,
    /// Scenarios that no trial here is of. They count for nothing above.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elsewhere: Vec<Elsewhere>,
}

/// A scenario all of whose trials are in other parts of the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Elsewhere {
    /// Its place among all scenarios of the run, from 0.
    pub place: usize,
    /// The file it was read from.
    pub file: String,
    /// As run, with every default filled in.
    pub scenario: Scenario,
}

const fn one() -> u64 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
const fn is_one(n: &u64) -> bool {
    *n == 1
}

impl Report {
    /// The seeds that every trial ran with.
    #[must_use]
    pub fn all_seeds(&self) -> Seeds {
        Seeds::new(self.seed, self.seeds).unwrap_or(Seeds::one(self.seed))
    }
}

/// Scenarios of one folder that were left out for one reason: `on_request`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// Their folder: given itself, it runs them.
    pub folder: String,
    /// Their `on_request`.
    pub reason: String,
    /// Their names.
    pub scenarios: Vec<String>,
}

/// A program by name and version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// `racehunt`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// Where a run took place: without it, no rate of a finding can be compared with another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// CPUs that the run could use; of several machines, of the smallest.
    pub cores: u32,
    /// Operating system: `linux`.
    pub os: String,
    /// Its kernel, as it calls itself; of several machines, each that there was.
    pub kernel: String,
    /// Architecture: `x86_64`.
    pub arch: String,
    /// The compiler that built the program.
    pub toolchain: String,
    /// The commit that was built or checked out, if known.
    pub commit: Option<String>,
}

/// Sums over all scenarios.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// Scenarios.
    pub scenarios: u64,
    /// Scenarios that passed.
    pub passed: u64,
    /// Scenarios that are unknown.
    pub unknown: u64,
    /// Scenarios that failed.
    pub failed: u64,
    /// Trials that came to an outcome.
    pub trials: u64,
    /// Executions and rounds.
    pub executions: u64,
    /// Calls made.
    pub ops: u64,
    /// Time spent in trials, added up; trials run side by side.
    pub trial_time_ns: u64,
    /// Findings by fingerprint: one that several trials saw counts once.
    pub distinct_findings: u64,
}

/// One scenario and what it came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioReport {
    /// The file it was read from.
    pub file: String,
    /// As run, with every default filled in.
    pub scenario: Scenario,
    /// The judgement.
    pub verdict: Verdict,
    /// Why, one sentence each; never empty unless the verdict is `pass`.
    pub reasons: Vec<String>,
    /// Each `[[expect]]` × variant × engine, what must be found and what cannot be seen.
    pub expectations: Vec<ExpectationCell>,
    /// Each variant × engine of which nothing is expected, so that every trial must be clean.
    pub clean: Vec<CleanCell>,
    /// Findings that no expectation and no limit allows.
    pub unexpected: Vec<FindingCell>,
    /// Findings that a limit above zero allows.
    pub tolerated: Vec<FindingCell>,
    /// Ids of trials that were planned and came to no outcome.
    pub missing: Vec<String>,
    /// What was run.
    pub trials: Vec<TrialOutcome>,
}

/// One race in one variant under one engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectationCell {
    /// Row of the race catalogue.
    pub race: String,
    /// The kind of finding by which it shows.
    pub finding: FindingKind,
    /// The variant.
    pub variant: String,
    /// The engine.
    pub engine: EngineKind,
    /// `pass` if the finding is there and should be, or is not and cannot be.
    pub verdict: Verdict,
    /// True if at least one trial has a finding of that kind.
    pub found: bool,
    /// Executions that showed it. Where one trial has several such findings, those of the most frequent one.
    pub in_executions: u64,
    /// Executions of all trials here.
    pub of_executions: u64,
    /// Ids of the trials here.
    pub trials: Vec<String>,
    /// Fingerprints of the findings of that kind here.
    pub fingerprints: Vec<String>,
    /// Why this engine cannot see it; then it must not be found. `null` where it must be found.
    pub cannot_see: Option<String>,
}

/// One variant under one engine, where every trial must be clean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CleanCell {
    /// The variant.
    pub variant: String,
    /// The engine.
    pub engine: EngineKind,
    /// `pass` only if every trial here was judged and is clean.
    pub verdict: Verdict,
    /// Executions of all trials here.
    pub executions: u64,
    /// Ids of the trials here.
    pub trials: Vec<String>,
}

/// One finding of one trial; the whole of it stands under the trial.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FindingCell {
    /// Id of the trial.
    pub trial: String,
    /// The finding's fingerprint.
    pub fingerprint: String,
    /// The variant.
    pub variant: String,
    /// The engine.
    pub engine: EngineKind,
    /// Which checker says so.
    pub kind: FindingKind,
    /// For people.
    pub message: String,
    /// Executions that showed it.
    pub in_executions: u64,
    /// Executions of the trial.
    pub of_executions: u64,
}
