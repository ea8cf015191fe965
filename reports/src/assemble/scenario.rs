//! One scenario: its cells, its verdict, its reasons.

use super::cells::{Grid, is_at};
use super::{Executed, Planned, findings, trust};
use crate::model::{ExpectationCell, FindingCell, ScenarioReport};
use crate::words::{count, counted};
use racehunt_core::discovery::Unseen;
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::Trial;
use racehunt_core::verdict::{Coverage, Verdict};

/// What speaks against a pass, in two classes. Any failure outweighs all that is unknown.
#[derive(Default)]
struct Against {
    fail: Vec<String>,
    unknown: Vec<String>,
}

impl Against {
    fn add(&mut self, verdict: Verdict, reason: String) {
        let list = match verdict {
            Verdict::Pass => return,
            Verdict::Unknown => &mut self.unknown,
            Verdict::Fail => &mut self.fail,
        };
        if !list.contains(&reason) {
            list.push(reason);
        }
    }

    fn verdict(self) -> (Verdict, Vec<String>) {
        let verdict = match (self.fail.is_empty(), self.unknown.is_empty()) {
            (false, _) => Verdict::Fail,
            (true, false) => Verdict::Unknown,
            (true, true) => Verdict::Pass,
        };
        (verdict, self.fail.into_iter().chain(self.unknown).collect())
    }
}

/// Judges one scenario.
pub(super) fn judge(executed: Executed, planned: &Planned, interrupted: bool) -> ScenarioReport {
    let Executed { file, scenario, mut outcomes } = executed;
    outcomes.iter_mut().for_each(finite);
    let sorted = findings::sort(&scenario, &mut outcomes);
    let grid = Grid {
        scenario: &scenario,
        planned: &planned.here,
        elsewhere: &planned.elsewhere,
        outcomes: &outcomes,
        unexpected: &sorted.unexpected,
        interrupted,
    };
    let (expectations, clean) = (grid.expectations(), grid.clean());
    let came_back = |id: &str| outcomes.iter().any(|outcome| outcome.trial.id == id);
    let missing: Vec<String> =
        planned.here.iter().filter(|trial| !came_back(&trial.id)).map(|trial| trial.id.clone()).collect();

    let mut against = Against::default();
    for reason in unexpected(&sorted.unexpected) {
        against.add(Verdict::Fail, reason);
    }
    for cell in &expectations {
        against.add(cell.verdict, expectation(cell, &planned.elsewhere));
    }
    for outcome in &outcomes {
        trial(outcome, &mut against);
    }
    for id in &missing {
        against.add(Verdict::Unknown, format!("trial {id} was planned and came to no outcome"));
    }
    // Cells with a reason of their own have given it above; this keeps one without from being lost.
    if against.fail.is_empty() && against.unknown.is_empty() {
        for cell in &clean {
            against.add(cell.verdict, format!("{} by {} was not shown to be clean", cell.variant, cell.engine));
        }
    }
    if outcomes.is_empty() {
        against.add(Verdict::Unknown, "no trial ran".to_owned());
    }
    if interrupted {
        // Which trials the interruption cut short is not known here, so none of them counts as clean.
        against.add(Verdict::Unknown, "the run was interrupted".to_owned());
    }
    let (verdict, reasons) = against.verdict();
    ScenarioReport {
        file,
        scenario,
        verdict,
        reasons,
        expectations,
        clean,
        unexpected: sorted.unexpected,
        tolerated: sorted.tolerated,
        missing,
        trials: outcomes,
    }
}

/// JSON has no NaN: serde would write `null`, and the report could never be read again.
fn finite(outcome: &mut TrialOutcome) {
    if let Coverage::Sampled { unseen, .. } = &mut outcome.coverage
        && !unseen.is_finite()
    {
        // No estimate: for all that is known, the next execution is new.
        *unseen = 1.0;
    }
    if let Some(discovery) = &mut outcome.discovery {
        if let Unseen::Estimate { estimate, at_most, .. } = &mut discovery.unseen {
            *estimate = if estimate.is_finite() { *estimate } else { 1.0 };
            *at_most = at_most.filter(|bound| bound.is_finite());
        }
        discovery.pct = discovery.pct.filter(|pct| pct.found_with.is_finite());
    }
    for latency in outcome.latencies.iter_mut().filter(|latency| !latency.mean_ns.is_finite()) {
        latency.mean_ns = 0.0;
    }
}

fn trial(outcome: &TrialOutcome, against: &mut Against) {
    let id = &outcome.trial.id;
    if let Some(doubt) = trust::doubt(outcome) {
        against.add(Verdict::Unknown, format!("trial {id}: {doubt}"));
    }
    // Where every finding is tolerated the trial counts as clean, so what speaks against that counts too.
    let tolerated = !outcome.findings.is_empty() && outcome.findings.iter().all(|f| f.race.is_none());
    if tolerated && !outcome.doubts.is_empty() {
        against.add(Verdict::Unknown, format!("trial {id}: {}", outcome.doubts.join("; ")));
    }
    if outcome.verdict == Verdict::Fail && outcome.findings.is_empty() {
        let reasons = outcome.reasons.join("; ");
        let why = if reasons.is_empty() { "without a finding and without a reason" } else { &reasons };
        against.add(Verdict::Fail, format!("trial {id} failed: {why}"));
    }
}

/// One reason for each kind, variant and engine, however many trials of a sweep showed it.
fn unexpected(cells: &[FindingCell]) -> Vec<String> {
    let mut grouped: Vec<FindingCell> = Vec::new();
    for cell in cells {
        let same = |g: &&mut FindingCell| {
            (g.kind, &g.variant, g.engine, &g.fingerprint) == (cell.kind, &cell.variant, cell.engine, &cell.fingerprint)
        };
        match grouped.iter_mut().find(same) {
            Some(group) => {
                group.in_executions += cell.in_executions;
                group.of_executions += cell.of_executions;
            }
            None => grouped.push(cell.clone()),
        }
    }
    let say = |cell: FindingCell| {
        let FindingCell { kind, variant, engine, message, in_executions, of_executions, .. } = cell;
        let (seen, of) = (count(in_executions), counted(of_executions, "execution"));
        format!("unexpected {kind} in {variant} by {engine}: {message} (in {seen} of {of})")
    };
    grouped.into_iter().map(say).collect()
}

fn expectation(cell: &ExpectationCell, elsewhere: &[Trial]) -> String {
    let ExpectationCell { race, finding, variant, engine, verdict, .. } = cell;
    let executions = counted(cell.of_executions, "execution");
    match (cell.cannot_see.is_some(), verdict) {
        (false, Verdict::Fail) => {
            format!("expected {finding} ({race}) in {variant} by {engine}: not found in {executions}")
        }
        (false, _) if elsewhere.iter().any(|trial| is_at(trial, variant, *engine)) => {
            format!(
                "expected {finding} ({race}) in {variant} by {engine}: not found in {executions} here; \
                 other partitions have the rest"
            )
        }
        (false, _) => {
            format!("expected {finding} ({race}) in {variant} by {engine}: not judged, {executions} came to an end")
        }
        (true, Verdict::Fail) => {
            format!("{finding} ({race}) in {variant} by {engine}: found, and the scenario says that it cannot be seen")
        }
        (true, _) => format!("{finding} ({race}) in {variant} by {engine}: not shown to be absent"),
    }
}
