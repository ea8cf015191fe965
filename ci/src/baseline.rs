//! The accepted state: a JSON file that is read in a review.

use crate::cells::{Place, cells};
use crate::figures::{self, AcceptedFigures};
use racehunt_core::finding::FindingKind;
use racehunt_core::scenario::EngineKind;
use racehunt_core::verdict::Verdict;
use racehunt_reports::Report;
use racehunt_reports::distinct::distinct;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Version of the file as it is written. The one before, which has no `measured`, is read as well.
pub const SCHEMA: u32 = 2;

/// What was accepted. Lists are sorted and pretty-printed, so that a diff shows what changed and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// Version of this format: 2, or 1.
    pub schema: u32,
    /// Findings that are known. They must still be found: one that is not has been mended, or the search went blind.
    pub findings: Vec<AcceptedFinding>,
    /// What must stay clean, and after how much work.
    pub clean: Vec<AcceptedCell>,
    /// What trials under load measured, for a gate on the same machine; nothing unless it was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub measured: Vec<AcceptedFigures>,
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
    #[error("the baseline has schema {0}; this build reads schemas 1 and {SCHEMA}")]
    Schema(u32),
    /// What was not judged cannot be accepted.
    #[error("the report's verdict is unknown; only a run that was judged can become a baseline: {0}")]
    Unknown(String),
    /// Nobody can review that.
    #[error("--update: a reason is needed: it is written beside each finding that is new")]
    NoReason,
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
    /// Accepts reports as they are: each finding, expected or not, and each clean cell with a minimum of executions: half
    /// of a search's, next to nothing of what real threads did. What `before` has accepted keeps its reason and, on real
    /// threads, its minimum; what is new is accepted for `reason`. With `figures`, what was measured too.
    ///
    /// # Errors
    /// If a run was interrupted or its verdict is unknown, or there is no reason.
    pub fn accept(
        reports: &[Report],
        reason: &str,
        before: Option<&Self>,
        figures: bool,
    ) -> Result<Self, BaselineError> {
        if reason.trim().is_empty() {
            return Err(BaselineError::NoReason);
        }
        for report in reports {
            let unsure = report.scenarios.iter().any(|one| one.verdict == Verdict::Unknown);
            if report.interrupted || unsure || report.verdict == Verdict::Unknown {
                return Err(BaselineError::Unknown(report.reasons.join("; ")));
            }
        }
        let mut findings: Vec<AcceptedFinding> = findings(reports, reason).into_iter().collect();
        for one in &mut findings {
            if let Some(old) = before.and_then(|before| before.knows(one)) {
                one.reason.clone_from(&old.reason);
            }
        }
        // By what they are, then by why: a new reason does not move a finding.
        findings.sort();
        let mut clean = Vec::new();
        for (place, cell) in cells(reports).into_iter().filter(|(_, cell)| cell.verdict == Verdict::Pass) {
            let least = minimum(place.engine, cell.executions);
            let kept = before.and_then(|before| before.least(&place)).filter(|least| {
                matches!(place.engine, EngineKind::Stress | EngineKind::Adapter) && *least <= cell.executions
            });
            let Place { scenario, variant, engine } = place;
            clean.push(AcceptedCell { scenario, variant, engine, minimum_executions: kept.unwrap_or(least) });
        }
        let measured = if figures { figures::accept(reports) } else { Vec::new() };
        Ok(Self { schema: SCHEMA, findings, clean, measured })
    }

    /// The entry that accepts a finding, if there is one. Which engine sees it first changes with luck, so that does not
    /// count; nor do race and reason, which are words.
    pub(crate) fn knows(&self, one: &AcceptedFinding) -> Option<&AcceptedFinding> {
        let here = |a: &&AcceptedFinding| {
            (&a.scenario, &a.variant, &a.fingerprint) == (&one.scenario, &one.variant, &one.fingerprint)
        };
        let mut all = self.findings.iter().filter(here);
        let first = all.clone().next();
        all.find(|a| a.engine == one.engine).or(first)
    }

    /// The minimum of executions of a cell.
    pub(crate) fn least(&self, place: &Place) -> Option<u64> {
        let here = |a: &&AcceptedCell| a.is_at(place);
        self.clean.iter().find(here).map(|cell| cell.minimum_executions)
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
        if !(1..=SCHEMA).contains(&version.schema) {
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

impl AcceptedCell {
    /// True if it is this cell.
    pub(crate) fn is_at(&self, place: &Place) -> bool {
        (&self.scenario, &self.variant, self.engine) == (&place.scenario, &place.variant, place.engine)
    }
}

/// Every finding of some reports by scenario, variant and engine.
pub(crate) fn findings(reports: &[Report], reason: &str) -> BTreeSet<AcceptedFinding> {
    let mut all = BTreeSet::new();
    for one in reports.iter().flat_map(distinct) {
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
