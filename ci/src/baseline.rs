//! The accepted state: a JSON file that is read in a review.

use racehunt_core::finding::FindingKind;
use racehunt_core::scenario::EngineKind;
use racehunt_core::verdict::Verdict;
use racehunt_reports::Report;
use racehunt_reports::distinct::distinct;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Version of the file.
pub const SCHEMA: u32 = 1;

/// What was accepted. Lists are sorted and pretty-printed, so that a diff shows what changed and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// Version of this format: 1.
    pub schema: u32,
    /// Findings that are known. They must still be found: one that is not has been mended, or the search went blind.
    pub findings: Vec<AcceptedFinding>,
    /// What must stay clean, and after how much work.
    pub clean: Vec<AcceptedCell>,
}

/// A finding that is known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptedFinding {
    /// Name of the scenario.
    pub scenario: String,
    /// The variant.
    pub variant: String,
    /// The engine that sees it; each engine that did has an entry, so that one going blind shows.
    pub engine: EngineKind,
    /// The checker.
    pub kind: FindingKind,
    /// The finding's fingerprint.
    pub fingerprint: String,
    /// Row of the race catalogue, if the scenario names it.
    pub race: Option<String>,
    /// Why it is accepted.
    pub reason: String,
}

/// A variant under an engine that is clean.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptedCell {
    /// Name of the scenario.
    pub scenario: String,
    /// The variant.
    pub variant: String,
    /// The engine.
    pub engine: EngineKind,
    /// Executions that the clean result must rest on. A number of executions and never a time, which says nothing
    /// about the work that was done in it.
    pub minimum_executions: u64,
}

/// Why a text is not a baseline, or a report cannot become one.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// Not JSON, or not a baseline's fields.
    #[error("not a valid baseline: {0}")]
    Invalid(#[from] serde_json::Error),
    /// Another version.
    #[error("the baseline has schema {0}; this build reads schema {SCHEMA}")]
    Schema(u32),
    /// What was not judged cannot be accepted.
    #[error("the report's verdict is unknown; only a run that was judged can become a baseline: {0}")]
    Unknown(String),
}

/// The work that must be there again, of what was there when the cell was accepted.
///
/// A search counts its executions, and comes to the same number unless the machine is so slow that its time ends
/// first; half of it leaves room for that and for a search that learned to leave out what it need not visit. Real
/// threads do as much as the machine lets them: on two cores, the same rounds came to 9,483 alone and to 50 beside a
/// compiler. There the minimum only says that the cell was run at all, and a hundred rounds say no more than that.
fn minimum(engine: EngineKind, executions: u64) -> u64 {
    let kept = match engine {
        EngineKind::Shuttle | EngineKind::Loom => executions / 2,
        EngineKind::Stress | EngineKind::Adapter => (executions / 1_000).min(100),
    };
    kept.max(1)
}

impl Baseline {
    /// Accepts a report as it is: each finding, expected or not, for `reason`, and each clean cell with a
    /// minimum of executions: half of a search's, next to nothing of what real threads did.
    ///
    /// # Errors
    /// If the run was interrupted or its verdict is unknown.
    pub fn from_report(report: &Report, reason: &str) -> Result<Self, BaselineError> {
        let unsure = report.scenarios.iter().any(|one| one.verdict == Verdict::Unknown);
        if report.interrupted || unsure || report.verdict == Verdict::Unknown {
            return Err(BaselineError::Unknown(report.reasons.join("; ")));
        }
        let mut clean = Vec::new();
        for one in &report.scenarios {
            for cell in one.clean.iter().filter(|cell| cell.verdict == Verdict::Pass) {
                clean.push(AcceptedCell {
                    scenario: one.scenario.name.clone(),
                    variant: cell.variant.clone(),
                    engine: cell.engine,
                    minimum_executions: minimum(cell.engine, cell.executions),
                });
            }
        }
        clean.sort();
        let findings = findings(report, reason).into_iter().collect();
        Ok(Self { schema: SCHEMA, findings, clean })
    }

    /// Reads a baseline.
    ///
    /// # Errors
    /// If it is not JSON, has fields that are wrong, or is of another version.
    pub fn from_json(text: &str) -> Result<Self, BaselineError> {
        /// The version alone, so that another version's fields are not called unknown.
        #[derive(Deserialize)]
        struct Version {
            schema: u32,
        }
        let version: Version = serde_json::from_str(text)?;
        if version.schema != SCHEMA {
            return Err(BaselineError::Schema(version.schema));
        }
        Ok(serde_json::from_str(text)?)
    }

    /// The file's text, with a newline at the end.
    ///
    /// # Errors
    /// Never for a baseline; serde's signature has one.
    pub fn to_json(&self) -> Result<String, BaselineError> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}

/// Every finding of a report by scenario, variant and engine.
pub(crate) fn findings(report: &Report, reason: &str) -> BTreeSet<AcceptedFinding> {
    let mut all = BTreeSet::new();
    for one in distinct(report) {
        for seen in &one.seen {
            all.insert(AcceptedFinding {
                scenario: one.scenario.scenario.name.clone(),
                variant: seen.trial.trial.variant.clone(),
                engine: seen.trial.trial.engine.kind(),
                kind: seen.finding.kind,
                fingerprint: seen.finding.fingerprint.clone(),
                race: seen.finding.race.clone(),
                reason: reason.to_owned(),
            });
        }
    }
    all
}
