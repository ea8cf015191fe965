//! Decides what a run came to: outcomes and expectations → report.
//!
//! A false pass is the worst that can happen here, so everything starts as not judged: a scenario passes only if each
//! of its cells (a variant under an engine) was run, judged, and is what the scenario says. What is not there, was not
//! looked at or contradicts itself is `unknown`.

mod cells;
mod findings;
mod scenario;
pub(crate) mod trust;

use crate::exit;
use crate::model::{Environment, LeftOut, Report, SCHEMA, ScenarioReport, Tool, Totals};
use crate::words::counted;
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::scenario::Scenario;
use racehunt_core::verdict::Verdict;
use std::collections::BTreeSet;

/// What a report says of the run as a whole, gathered by the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Version of the program.
    pub version: String,
    /// When the run began, RFC 3339.
    pub started: String,
    /// The command line, argument by argument.
    pub command: Vec<String>,
    /// Seed of the run.
    pub seed: u64,
    /// Where it ran.
    pub environment: Environment,
    /// What the given folders have and was not run.
    pub left_out: Vec<LeftOut>,
}

/// A scenario and what came back.
///
/// What should have come back is not asked of the caller: the scenario's plan is expanded again, so that a trial that
/// got lost on the way makes its scenario unknown instead of making it shorter.
#[derive(Clone, Debug, PartialEq)]
pub struct Executed {
    /// The file it was read from.
    pub file: String,
    /// As run: without the engines or variants that the command line left out, or they count as not run.
    pub scenario: Scenario,
    /// What came back, in the order of the plan.
    pub outcomes: Vec<TrialOutcome>,
}

/// Puts the report together and judges it.
#[must_use]
pub fn assemble(header: Header, executed: Vec<Executed>, interrupted: bool) -> Report {
    let scenarios: Vec<ScenarioReport> =
        executed.into_iter().map(|one| scenario::judge(one, header.seed, interrupted)).collect();
    let (verdict, reasons) = run_verdict(&scenarios, interrupted);
    Report {
        schema: SCHEMA,
        tool: Tool { name: "racehunt".to_owned(), version: header.version },
        started: header.started,
        command: header.command,
        seed: header.seed,
        environment: header.environment,
        interrupted,
        verdict,
        reasons,
        exit_code: exit::code(verdict, interrupted),
        totals: totals(&scenarios),
        soak: None,
        left_out: header.left_out,
        scenarios,
    }
}

/// The worst scenario's verdict. `Verdict` is ordered for this: pass, unknown, fail.
pub(crate) fn run_verdict(scenarios: &[ScenarioReport], interrupted: bool) -> (Verdict, Vec<String>) {
    let mut reasons = Vec::new();
    let worst = scenarios.iter().map(|one| one.verdict).max();
    for one in scenarios.iter().filter(|one| one.verdict != Verdict::Pass) {
        match one.reasons.as_slice() {
            [] => reasons.push(format!("{}: {}", one.scenario.name, one.verdict.word())),
            [only] => reasons.push(format!("{}: {only}", one.scenario.name)),
            [first, rest @ ..] => {
                let more = counted(rest.len() as u64, "more reason");
                reasons.push(format!("{}: {first} (and {more})", one.scenario.name));
            }
        }
    }
    if interrupted {
        reasons.push("the run was interrupted".to_owned());
    }
    let verdict = match worst {
        None => {
            reasons.push("no scenario ran".to_owned());
            Verdict::Unknown
        }
        Some(Verdict::Pass) if interrupted => Verdict::Unknown,
        Some(worst) => worst,
    };
    (verdict, reasons)
}

/// Sums over scenarios.
pub(crate) fn totals(scenarios: &[ScenarioReport]) -> Totals {
    let mut totals = Totals { scenarios: scenarios.len() as u64, ..Totals::default() };
    let mut fingerprints = BTreeSet::new();
    for one in scenarios {
        match one.verdict {
            Verdict::Pass => totals.passed += 1,
            Verdict::Unknown => totals.unknown += 1,
            Verdict::Fail => totals.failed += 1,
        }
        for trial in &one.trials {
            totals.trials += 1;
            totals.executions = totals.executions.saturating_add(trial.executions);
            totals.ops = totals.ops.saturating_add(trial.ops);
            totals.trial_time_ns = totals.trial_time_ns.saturating_add(trial.elapsed_ns);
            fingerprints.extend(trial.findings.iter().map(|finding| finding.fingerprint.as_str()));
        }
    }
    totals.distinct_findings = fingerprints.len() as u64;
    totals
}

#[cfg(test)]
mod tests;
