//! The decision.

use crate::baseline::{AcceptedFinding, Baseline, findings};
use crate::cells::{Cell, Place, cells};
use crate::figures::{Suspicion, gone, suspicions};
use crate::pairs::{Compared, verdicts};
use crate::policy::Policy;
use racehunt_core::finding::FindingKind;
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::verdict::Verdict;
use racehunt_reports::Report;
use racehunt_reports::model::{ExpectationCell, ScenarioReport};
use racehunt_reports::words::{count, counted};

/// What the gate says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GateResult {
    /// What fails: new, gone, on less work than was accepted, over a limit. One sentence each.
    pub failures: Vec<String>,
    /// What the reports cannot say.
    pub unknown: Vec<String>,
    /// Figures that look worse than the baseline's. Until both builds have been run in pairs, nobody knows.
    pub suspicions: Vec<Suspicion>,
}

impl GateResult {
    /// `fail` if anything fails, else `unknown` if anything is open, else `pass`.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if !self.failures.is_empty() {
            Verdict::Fail
        } else if self.unknown.is_empty() && self.suspicions.is_empty() {
            Verdict::Pass
        } else {
            Verdict::Unknown
        }
    }

    /// Puts what pairs of runs came to in the place of the suspicions. One that no comparison answers stays.
    pub fn settle(&mut self, compared: &[Compared], policy: &Policy) {
        self.suspicions.retain(|one| !compared.iter().any(|other| other.key == one.key));
        let (failures, unknown) = verdicts(compared, policy);
        self.failures.extend(failures);
        self.unknown.extend(unknown);
    }

    /// Why, one sentence each, failures first. Empty only with `pass`.
    #[must_use]
    pub fn reasons(&self) -> Vec<String> {
        let mut all = [&self.failures[..], &self.unknown[..]].concat();
        all.extend(self.suspicions.iter().map(|one| format!("suspicious: {}", one.title())));
        all
    }
}

/// Two findings are the same if these are: the race's name and the reason for accepting it are words.
fn same(a: &AcceptedFinding, b: &AcceptedFinding) -> bool {
    (&a.scenario, &a.variant, a.engine, a.kind, &a.fingerprint)
        == (&b.scenario, &b.variant, b.engine, b.kind, &b.fingerprint)
}

/// Compares reports with what was accepted, all of them together: what one of them found was found.
///
/// A finding is new if its fingerprint was never accepted for its scenario and variant. One that another engine finds as
/// well is not new: which engine is first to see a race changes with luck. Going blind is judged for each engine. No
/// line of a source file is looked at, so code may move.
#[must_use]
pub fn compare(reports: &[Report], baseline: &Baseline, policy: &Policy) -> GateResult {
    let found = findings(reports, "");
    let mut fail = Vec::new();
    for one in found.iter().filter(|one| baseline.knows(one).is_none()) {
        fail.push(format!("new finding: {}", name(one)));
    }
    for accepted in &baseline.findings {
        if !found.iter().any(|one| same(one, accepted)) {
            fail.push(format!("accepted finding is gone (mended, or the search went blind): {}", name(accepted)));
        }
    }
    fail.extend(less_work(reports, baseline, policy));
    fail.extend(losses(reports, baseline, policy));
    fail.extend(idle(reports, policy));
    let scenarios = || reports.iter().flat_map(|report| &report.scenarios);
    fail.extend(scenarios().flat_map(failed_without_a_finding));
    let mut unknown = unknown(reports);
    unknown.extend(gone(reports, baseline, policy));
    GateResult { failures: once(fail), unknown: once(unknown), suspicions: suspicions(reports, baseline, policy) }
}

/// Each sentence once: several reports may say the same.
fn once(mut all: Vec<String>) -> Vec<String> {
    let mut known = std::collections::BTreeSet::new();
    all.retain(|one| known.insert(one.clone()));
    all
}

fn name(one: &AcceptedFinding) -> String {
    let AcceptedFinding { scenario, variant, engine, kind, fingerprint, .. } = one;
    let race = one.race.as_ref().map_or_else(String::new, |race| format!(" ({race})"));
    format!("{kind}{race} in {variant} by {engine}, {scenario}, fingerprint {fingerprint}")
}

/// Clean cells that are gone, not clean any more, or rest on too little.
fn less_work(reports: &[Report], baseline: &Baseline, policy: &Policy) -> Vec<String> {
    let here = cells(reports);
    let mut fail = Vec::new();
    for accepted in &baseline.clean {
        match here.iter().find(|(place, _)| accepted.is_at(place)) {
            Some((_, cell)) if cell.verdict != Verdict::Fail => {}
            Some((place, _)) => fail.push(format!("clean cell is not clean any more: {}", place.title())),
            None => {
                let (variant, engine, scenario) = (&accepted.variant, accepted.engine, &accepted.scenario);
                fail.push(format!("clean cell is gone: {variant} by {engine}, {scenario}"));
            }
        }
    }
    fail.extend(here.iter().filter_map(|(place, cell)| thin(place, cell, baseline, policy)));
    fail
}

fn thin(place: &Place, cell: &Cell, baseline: &Baseline, policy: &Policy) -> Option<String> {
    // A search that has seen all there is cannot do more, whatever a policy for all scenarios asks for.
    let asked = if cell.complete { 0 } else { policy.minimum(&place.scenario, place.engine) };
    let least = baseline.least(place).unwrap_or(0).max(asked);
    (cell.verdict != Verdict::Fail && cell.executions < least).then(|| {
        let executions = counted(cell.executions, "execution");
        format!("clean after {executions}, at least {} are asked for: {}", count(least), place.title())
    })
}

/// Losses over the policy's limits, where nothing of the kind is expected or accepted.
fn losses(reports: &[Report], baseline: &Baseline, policy: &Policy) -> Vec<String> {
    let mut over = Vec::new();
    for one in reports.iter().flat_map(|report| &report.scenarios) {
        let name = &one.scenario.name;
        let limits = policy.loss(name);
        for trial in &one.trials {
            let ledger = &trial.ledger;
            let fates = [
                (FindingKind::Lost, ledger.lost, limits.lost),
                (FindingKind::Duplicated, ledger.duplicated, limits.duplicated),
                (FindingKind::Phantom, ledger.phantom, limits.phantom),
            ];
            for (kind, n, limit) in fates {
                let Some(limit) = limit.filter(|limit| n > *limit && !allowed(one, trial, kind, baseline)) else {
                    continue;
                };
                let (ids, id) = (counted(n, "id"), &trial.trial.id);
                over.push(format!("{ids} {kind}, at most {} by the policy: {id}, {name}", count(limit)));
            }
        }
    }
    over
}

/// True if the scenario expects a finding of the kind here, or somebody has accepted one.
fn allowed(one: &ScenarioReport, trial: &TrialOutcome, kind: FindingKind, baseline: &Baseline) -> bool {
    let (variant, engine) = (&trial.trial.variant, trial.trial.engine.kind());
    let expected = one
        .expectations
        .iter()
        .any(|cell| (&cell.variant, cell.engine, cell.finding) == (variant, engine, kind) && cell.cannot_see.is_none());
    let known = |a: &AcceptedFinding| (&a.scenario, &a.variant, a.kind) == (&one.scenario.name, variant, kind);
    expected || baseline.findings.iter().any(known)
}

/// Checkers that judged nothing in a whole scenario. A single trial may end before they can (a deadlock).
fn idle(reports: &[Report], policy: &Policy) -> Vec<String> {
    let mut judged: Vec<(&str, Vec<(FindingKind, u64)>)> = Vec::new();
    for one in reports.iter().flat_map(|report| &report.scenarios) {
        let name = one.scenario.name.as_str();
        let at = judged.iter().position(|(scenario, _)| *scenario == name).unwrap_or_else(|| {
            judged.push((name, Vec::new()));
            judged.len() - 1
        });
        let all = &mut judged[at].1;
        for checked in one.trials.iter().flat_map(|trial| &trial.checked) {
            match all.iter_mut().find(|(checker, _)| *checker == checked.checker) {
                Some((_, n)) => *n += checked.judged,
                None => all.push((checked.checker, checked.judged)),
            }
        }
    }
    let mut idle = Vec::new();
    for (name, all) in judged {
        if all.is_empty() {
            idle.push(format!("no checker judged anything in {name}"));
        }
        for (checker, _) in all.iter().filter(|(checker, n)| *n == 0 && !policy.may_judge_nothing(name, *checker)) {
            idle.push(format!("the checker for {checker} judged nothing in {name}"));
        }
    }
    idle
}

/// What no baseline can accept, because there is no finding to accept: an expected one is missing, a trial broke.
fn failed_without_a_finding(one: &ScenarioReport) -> Vec<String> {
    let mut failed = Vec::new();
    let name = &one.scenario.name;
    let missing = |cell: &&ExpectationCell| cell.verdict == Verdict::Fail && cell.cannot_see.is_none();
    for cell in one.expectations.iter().filter(missing) {
        let ExpectationCell { race, finding, variant, engine, .. } = cell;
        let executions = counted(cell.of_executions, "execution");
        failed.push(format!("expected {finding} ({race}) in {variant} by {engine}, {name}: not found in {executions}"));
    }
    for trial in one.trials.iter().filter(|t| t.verdict == Verdict::Fail && t.findings.is_empty()) {
        failed.push(format!("trial {} failed, {name}: {}", trial.trial.id, trial.reasons.join("; ")));
    }
    // Whatever the report calls a failure must show above or among the findings.
    if one.verdict == Verdict::Fail && one.unexpected.is_empty() && failed.is_empty() {
        failed.push(format!("{name} failed: {}", one.reasons.join("; ")));
    }
    failed
}

fn unknown(reports: &[Report]) -> Vec<String> {
    let mut unknown = Vec::new();
    for report in reports {
        let before = unknown.len();
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
        if report.verdict == Verdict::Unknown && unknown.len() == before {
            unknown.push(format!("the run is unknown: {}", report.reasons.join("; ")));
        }
    }
    if reports.is_empty() {
        unknown.push("there is no report".to_owned());
    }
    unknown
}
