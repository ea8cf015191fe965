//! The decision.

use crate::baseline::{AcceptedCell, AcceptedFinding, Baseline, findings};
use racehunt_core::verdict::Verdict;
use racehunt_reports::Report;
use racehunt_reports::model::{CleanCell, ExpectationCell, ScenarioReport};
use racehunt_reports::words::{count, counted};

/// What the gate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateResult {
    /// `fail` if something is new, gone, or rests on less work than was accepted; `unknown` if the report cannot say.
    pub verdict: Verdict,
    /// Why, one sentence each, failures before what is unknown. Empty only with `pass`.
    pub failures: Vec<String>,
}

/// Two findings are the same if these are: the race's name and the reason for accepting it are words.
fn same(a: &AcceptedFinding, b: &AcceptedFinding) -> bool {
    (&a.scenario, &a.variant, a.engine, a.kind, &a.fingerprint)
        == (&b.scenario, &b.variant, b.engine, b.kind, &b.fingerprint)
}

/// Compares a report with what was accepted.
///
/// A finding is new if its fingerprint was never accepted for its scenario and variant. One that another engine finds as
/// well is not new: which engine is first to see a race changes with luck. Going blind is judged for each engine.
#[must_use]
pub fn compare(report: &Report, baseline: &Baseline) -> GateResult {
    let found = findings(report, "");
    let mut fail = Vec::new();
    for one in &found {
        let known = |a: &&AcceptedFinding| {
            (&a.scenario, &a.variant, &a.fingerprint) == (&one.scenario, &one.variant, &one.fingerprint)
        };
        if baseline.findings.iter().find(known).is_none() {
            fail.push(format!("new finding: {}", name(one)));
        }
    }
    for accepted in &baseline.findings {
        if !found.iter().any(|one| same(one, accepted)) {
            fail.push(format!("accepted finding is gone (mended, or the search went blind): {}", name(accepted)));
        }
    }
    for accepted in &baseline.clean {
        fail.extend(less_work(report, accepted));
    }
    fail.extend(idle(report));
    fail.extend(failed_without_a_finding(report));
    let unknown = unknown(report);
    let verdict = match (fail.is_empty(), unknown.is_empty()) {
        (false, _) => Verdict::Fail,
        (true, false) => Verdict::Unknown,
        (true, true) => Verdict::Pass,
    };
    fail.extend(unknown);
    GateResult { verdict, failures: fail }
}

fn name(one: &AcceptedFinding) -> String {
    let AcceptedFinding { scenario, variant, engine, kind, fingerprint, .. } = one;
    let race = one.race.as_ref().map_or_else(String::new, |race| format!(" ({race})"));
    format!("{kind}{race} in {variant} by {engine}, {scenario}, fingerprint {fingerprint}")
}

fn less_work(report: &Report, accepted: &AcceptedCell) -> Option<String> {
    let AcceptedCell { scenario, variant, engine, minimum_executions } = accepted;
    let title = format!("{variant} by {engine}, {scenario}");
    let cells = report.scenarios.iter().filter(|one| one.scenario.name == *scenario).flat_map(|one| &one.clean);
    let here: Vec<&CleanCell> = cells.filter(|cell| cell.variant == *variant && cell.engine == *engine).collect();
    let Some(executions) = here.iter().map(|cell| cell.executions).max() else {
        return Some(format!("clean cell is gone: {title}"));
    };
    if here.iter().any(|cell| cell.verdict == Verdict::Fail) {
        return Some(format!("clean cell is not clean any more: {title}"));
    }
    (executions < *minimum_executions).then(|| {
        format!(
            "clean after {}, at least {} are asked for: {title}",
            counted(executions, "execution"),
            count(*minimum_executions)
        )
    })
}

/// Checkers that judged nothing in a whole scenario. A single trial may end before they can (a deadlock).
fn idle(report: &Report) -> Vec<String> {
    let mut idle = Vec::new();
    for one in &report.scenarios {
        let mut judged = Vec::new();
        for checked in one.trials.iter().flat_map(|trial| &trial.checked) {
            match judged.iter_mut().find(|(checker, _)| *checker == checked.checker) {
                Some((_, n)) => *n += checked.judged,
                None => judged.push((checked.checker, checked.judged)),
            }
        }
        let name = &one.scenario.name;
        if judged.is_empty() {
            idle.push(format!("no checker judged anything in {name}"));
        }
        for (checker, _) in judged.iter().filter(|(_, n)| *n == 0) {
            idle.push(format!("the checker for {checker} judged nothing in {name}"));
        }
    }
    idle
}

/// What no baseline can accept, because there is no finding to accept: an expected one is missing, a trial broke.
fn failed_without_a_finding(report: &Report) -> Vec<String> {
    let mut failed = Vec::new();
    for one in &report.scenarios {
        let name = &one.scenario.name;
        let missing = |cell: &&ExpectationCell| cell.verdict == Verdict::Fail && cell.cannot_see.is_none();
        for cell in one.expectations.iter().filter(missing) {
            let ExpectationCell { race, finding, variant, engine, .. } = cell;
            let executions = counted(cell.of_executions, "execution");
            failed.push(format!(
                "expected {finding} ({race}) in {variant} by {engine}, {name}: not found in {executions}"
            ));
        }
        for trial in one.trials.iter().filter(|t| t.verdict == Verdict::Fail && t.findings.is_empty()) {
            failed.push(format!("trial {} failed, {name}: {}", trial.trial.id, trial.reasons.join("; ")));
        }
        // Whatever the report calls a failure must show above or among the findings.
        if one.verdict == Verdict::Fail && one.unexpected.is_empty() && failed.is_empty() {
            failed.push(format!("{name} failed: {}", one.reasons.join("; ")));
        }
    }
    failed
}

fn unknown(report: &Report) -> Vec<String> {
    let mut unknown = Vec::new();
    if report.scenarios.is_empty() {
        unknown.push("the report has no scenario".to_owned());
    }
    if report.interrupted {
        unknown.push("the run was interrupted".to_owned());
    }
    let unsure = |one: &&ScenarioReport| one.verdict == Verdict::Unknown || !one.missing.is_empty();
    for one in report.scenarios.iter().filter(unsure) {
        let why = one.reasons.first().map_or("it does not say why", String::as_str);
        unknown.push(format!("{} is unknown: {why}", one.scenario.name));
    }
    if report.verdict == Verdict::Unknown && unknown.is_empty() {
        unknown.push(format!("the run is unknown: {}", report.reasons.join("; ")));
    }
    unknown
}
