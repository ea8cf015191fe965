//! Parts of one run, put together: as if it had not been spread.
//!
//! A merge is the union of the trials; all else (cells, expectations, totals, verdicts) is made anew from them by what makes
//! it for a single run. So it does not matter in which order reports come, in which groups, or how often: a task that ran
//! twice, or a merge of a merge, changes nothing.
//!
//! What does not belong together is refused. What is missing makes the result `unknown`.

mod belong;

use crate::assemble::{Executed, Header, Share, assemble};
use crate::model::{Environment, Report};
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::scenario::Scenario;
use racehunt_core::verdict::Verdict;
use std::collections::{BTreeMap, BTreeSet};

/// Why reports are not parts of one run.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum MergeError {
    /// There is none.
    #[error("no report to merge")]
    Nothing,
    /// Two disagree on what the run is.
    #[error("{one} and {other} are not parts of one run: {what}: {this} and {that}")]
    Differ {
        /// Name of one of them.
        one: String,
        /// Name of the other.
        other: String,
        /// On what.
        what: String,
        /// What one has.
        this: String,
        /// What the other has.
        that: String,
    },
    /// A report has a trial that the plan of its own scenario does not have.
    #[error("{report}: {scenario} has no trial {trial}; the report was not written by this racehunt, or was changed")]
    Foreign {
        /// Name of the report.
        report: String,
        /// The scenario.
        scenario: String,
        /// Id of the trial.
        trial: String,
    },
}

/// A report and the name by which errors call it.
pub type Named = (String, Report);

/// Merges reports of parts of one run. `command` is the command line that the result shall have.
///
/// Commutative, associative and idempotent. Of a trial that several reports have, the same one is kept whatever
/// the order: one with findings before one without (what was seen was seen), one that was judged before one that
/// was not, and then by its text.
///
/// # Errors
/// If the reports are of different scenarios, seeds, partitions or builds.
pub fn merge(reports: &[Named], command: Vec<String>) -> Result<Report, MergeError> {
    let (first, rest) = reports.split_first().ok_or(MergeError::Nothing)?;
    for other in rest {
        belong::together(first, other)?;
    }
    let all = || reports.iter().map(|(_, report)| report);
    let seeds = first.1.all_seeds();
    let mut executed: Vec<Executed> = Vec::new();
    for (place, (_, scenario)) in belong::scenarios(&first.1).into_iter().enumerate() {
        let files = all().filter_map(|report| belong::scenarios(report).get(place).map(|(file, _)| (*file).to_owned()));
        let file = files.min().unwrap_or_default();
        executed.push(Executed { file, scenario: scenario.clone(), outcomes: outcomes(reports, scenario, first)? });
    }
    let header = Header {
        version: first.1.tool.version.clone(),
        started: all().map(|report| report.started.clone()).min().unwrap_or_default(),
        command,
        seeds,
        share: share(reports),
        environment: environment(reports),
        left_out: all().map(|report| &report.left_out).min_by_key(text).cloned().unwrap_or_default(),
    };
    Ok(assemble(header, executed, all().any(|report| report.interrupted)))
}

/// The trials that any of the reports has, in the order of the plan.
fn outcomes(reports: &[Named], scenario: &Scenario, (_, first): &Named) -> Result<Vec<TrialOutcome>, MergeError> {
    let planned = first.all_seeds().plan(scenario).trials;
    let places: BTreeMap<&str, usize> = planned.iter().enumerate().map(|(i, trial)| (trial.id.as_str(), i)).collect();
    let mut kept: BTreeMap<usize, (Weight, &TrialOutcome)> = BTreeMap::new();
    for (name, report) in reports {
        for outcome in report.scenarios.iter().filter(|one| one.scenario.name == scenario.name).flat_map(|s| &s.trials)
        {
            let Some(place) = places.get(outcome.trial.id.as_str()) else {
                let (scenario, trial) = (scenario.name.clone(), outcome.trial.id.clone());
                return Err(MergeError::Foreign { report: name.clone(), scenario, trial });
            };
            let one = (weight(outcome), outcome);
            let least = kept.entry(*place).or_insert_with(|| one.clone());
            if one.0 < least.0 {
                *least = one;
            }
        }
    }
    Ok(kept.into_values().map(|(_, outcome)| outcome.clone()).collect())
}

/// Of two results of one trial, the lesser is kept.
type Weight = (bool, bool, String);

fn weight(outcome: &TrialOutcome) -> Weight {
    (outcome.findings.is_empty(), outcome.verdict == Verdict::Unknown, text(outcome))
}

/// A document's text, by which equal ones are told and different ones are put in an order.
fn text(what: &impl serde::Serialize) -> String {
    // Nothing in a report fails to serialize; if it did, it would stand before all others, whatever the order.
    serde_json::to_string(what).unwrap_or_default()
}

/// Which parts there are: a whole run has them all.
fn share(reports: &[Named]) -> Share {
    let parts: Option<Vec<_>> = reports.iter().map(|(_, report)| report.partitions.as_ref()).collect();
    let Some(parts) = parts else { return Share::All };
    let present: BTreeSet<u32> = parts.iter().flat_map(|parts| parts.present.iter().copied()).collect();
    Share::Merged { of: parts.first().map_or(1, |parts| parts.of), present: present.into_iter().collect() }
}

/// One build may have run on several machines.
fn environment(reports: &[Named]) -> Environment {
    let all = || reports.iter().map(|(_, report)| &report.environment);
    let kernels: BTreeSet<&str> = all().flat_map(|one| one.kernel.split(", ")).collect();
    let mut environment = reports[0].1.environment.clone();
    environment.cores = all().map(|one| one.cores).min().unwrap_or_default();
    environment.kernel = kernels.into_iter().collect::<Vec<_>>().join(", ");
    environment
}

#[cfg(test)]
mod tests;
