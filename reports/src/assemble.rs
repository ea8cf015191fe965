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
use crate::model::{Elsewhere, Environment, LeftOut, Partitions, Report, SCHEMA, ScenarioReport, Tool, Totals};
use crate::words::counted;
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::{Part, Seeds, Trial, deal};
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
    /// Seeds of the run.
    pub seeds: Seeds,
    /// How much of the run it is.
    pub share: Share,
    /// Where it ran.
    pub environment: Environment,
    /// What the given folders have and was not run.
    pub left_out: Vec<LeftOut>,
}

/// How much of a run is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Share {
    /// All of it.
    All,
    /// What fell to this part; the rest is no matter of this report.
    Part(Part),
    /// All of it, from those of its parts that have a result.
    Merged {
        /// How many parts it has.
        of: u32,
        /// Those that have a result, from 1, in order.
        present: Vec<u32>,
    },
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

/// Puts the report together and judges it. `executed` has every scenario of the run, whichever part of it this is.
#[must_use]
pub fn assemble(header: Header, executed: Vec<Executed>, interrupted: bool) -> Report {
    let Header { version, started, command, seeds, share, environment, left_out } = header;
    let (planned, elsewhere) = planned(&executed, seeds, &share);
    let judged = |planned: &Planned| !planned.here.is_empty() || planned.elsewhere.is_empty();
    let executed = executed.into_iter().zip(planned).filter(|(_, planned)| judged(planned));
    let scenarios: Vec<ScenarioReport> =
        executed.map(|(one, planned)| scenario::judge(one, &planned, interrupted)).collect();
    let (verdict, reasons) = run_verdict(&scenarios, &share, interrupted);
    Report {
        schema: SCHEMA,
        tool: Tool { name: "racehunt".to_owned(), version },
        started,
        command,
        seed: seeds.first(),
        seeds: seeds.count(),
        partitions: partitions(share, elsewhere),
        environment,
        interrupted,
        verdict,
        reasons,
        exit_code: exit::code(verdict, interrupted),
        totals: totals(&scenarios),
        soak: None,
        left_out,
        scenarios,
    }
}

/// The plan of a scenario: what is judged, and what other parts of the run have.
pub(crate) struct Planned {
    pub(crate) here: Vec<Trial>,
    pub(crate) elsewhere: Vec<Trial>,
}

fn planned(executed: &[Executed], seeds: Seeds, share: &Share) -> (Vec<Planned>, Vec<Elsewhere>) {
    let plans = executed.iter().map(|one| seeds.plan(&one.scenario).trials);
    let Share::Part(part) = share else {
        return (plans.map(|here| Planned { here, elsewhere: Vec::new() }).collect(), Vec::new());
    };
    let scenarios: Vec<&Scenario> = executed.iter().map(|one| &one.scenario).collect();
    let (mut all, mut elsewhere) = (Vec::new(), Vec::new());
    for (place, (plan, dealt)) in plans.zip(deal(&scenarios, seeds, part.of())).enumerate() {
        let (here, others): (Vec<_>, Vec<_>) = plan.into_iter().zip(dealt).partition(|(_, to)| *to == part.index());
        let trials = |dealt: Vec<(Trial, u32)>| dealt.into_iter().map(|(trial, _)| trial).collect();
        if here.is_empty() {
            let Executed { file, scenario, .. } = &executed[place];
            elsewhere.push(Elsewhere { place, file: file.clone(), scenario: scenario.clone() });
        }
        all.push(Planned { here: trials(here), elsewhere: trials(others) });
    }
    (all, elsewhere)
}

fn partitions(share: Share, elsewhere: Vec<Elsewhere>) -> Option<Partitions> {
    match share {
        Share::All => None,
        Share::Part(part) => Some(Partitions { of: part.of(), present: vec![part.index()], merged: false, elsewhere }),
        Share::Merged { of, present } => {
            ((present.len() as u64) < u64::from(of)).then_some(Partitions { of, present, merged: true, elsewhere })
        }
    }
}

/// The worst scenario's verdict. `Verdict` is ordered for this: pass, unknown, fail.
fn run_verdict(scenarios: &[ScenarioReport], share: &Share, interrupted: bool) -> (Verdict, Vec<String>) {
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
    let mut least = Verdict::Pass;
    if let Share::Merged { of, present } = share {
        for part in (1..=*of).filter(|part| !present.contains(part)) {
            reasons.push(format!("partition {part} of {of} has no result"));
            least = Verdict::Unknown;
        }
    }
    if interrupted {
        reasons.push("the run was interrupted".to_owned());
        least = Verdict::Unknown;
    }
    let verdict = worst.unwrap_or_else(|| {
        reasons.push(match share {
            Share::Part(part) => format!("no trial fell to partition {} of {}", part.index(), part.of()),
            Share::All | Share::Merged { .. } => "no scenario ran".to_owned(),
        });
        Verdict::Unknown
    });
    (verdict.max(least), reasons)
}

/// Sums over scenarios.
fn totals(scenarios: &[ScenarioReport]) -> Totals {
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
