//! Sorts findings: expected, tolerated by a limit, or unexpected.

use super::cells::covers;
use crate::model::FindingCell;
use racehunt_core::finding::{Finding, FindingKind};
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::scenario::{Limits, Scenario};

/// The detail of an item that arrived twice at the far end.
const SENDS: &str = "sends";

/// The findings of a scenario that no expectation names.
#[derive(Default)]
pub(super) struct Sorted {
    /// Allowed by a limit above zero.
    pub(super) tolerated: Vec<FindingCell>,
    /// Allowed by nothing.
    pub(super) unexpected: Vec<FindingCell>,
}

/// Writes the race's name into every finding that an expectation names, and lists the others.
///
/// An expectation knows a finding by kind, variant and engine alone. Where two races show as the same kind in the same
/// cell, the finding carries both names: which of them it was is not known.
pub(super) fn sort(scenario: &Scenario, outcomes: &mut [TrialOutcome]) -> Sorted {
    let mut sorted = Sorted::default();
    for outcome in outcomes {
        let (variant, engine) = (outcome.trial.variant.clone(), outcome.trial.engine.kind());
        for i in 0..outcome.findings.len() {
            let kind = outcome.findings[i].kind;
            let races: Vec<&str> = scenario
                .expect
                .iter()
                .filter(|one| one.finding == kind && covers(scenario, one, &variant, engine))
                .map(|one| one.race.as_str())
                .collect();
            if races.is_empty() {
                let cell = cell(outcome, &outcome.findings[i]);
                if tolerates(&scenario.limits, outcome, &outcome.findings[i]) {
                    sorted.tolerated.push(cell);
                } else {
                    sorted.unexpected.push(cell);
                }
            } else {
                outcome.findings[i].race = Some(races.join(", "));
            }
        }
    }
    sorted
}

fn cell(outcome: &TrialOutcome, finding: &Finding) -> FindingCell {
    FindingCell {
        trial: outcome.trial.id.clone(),
        fingerprint: finding.fingerprint.clone(),
        variant: outcome.trial.variant.clone(),
        engine: outcome.trial.engine.kind(),
        kind: finding.kind,
        message: finding.message.clone(),
        in_executions: finding.count,
        of_executions: outcome.executions,
    }
}

/// True if the scenario's limit for this kind is kept over the whole trial. Kinds without a limit are never tolerated.
fn tolerates(limits: &Limits, outcome: &TrialOutcome, finding: &Finding) -> bool {
    let kind = finding.kind;
    // The ledger counts deliveries; how many items arrived twice before that is counted nowhere, so no limit covers it.
    if finding.detail == SENDS {
        return false;
    }
    let errors = outcome.errors.iter().map(|error| error.count).sum();
    let (limit, counted): (u64, u64) = match kind {
        FindingKind::Lost => (limits.lost, outcome.ledger.lost),
        FindingKind::Duplicated => (limits.duplicated, outcome.ledger.duplicated),
        FindingKind::Phantom => (limits.phantom, outcome.ledger.phantom),
        FindingKind::Error => (limits.errors, errors),
        _ => return false,
    };
    // Each execution with such a finding has at least one id or error: a total below that was not kept properly.
    let seen = outcome.findings.iter().filter(|finding| finding.kind == kind).map(|finding| finding.count).max();
    limit > 0 && counted.max(seen.unwrap_or(0)) <= limit
}
