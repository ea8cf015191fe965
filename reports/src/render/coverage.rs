//! How far "nothing found" goes, in words that cannot be read as more.

use super::unseen;
use crate::words::{chance_of_new, count, counted};
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::EngineConfig;
use racehunt_core::scenario::Strategy;
use racehunt_core::verdict::Coverage;

/// One sentence on what a trial explored.
#[must_use]
pub fn coverage(outcome: &TrialOutcome) -> String {
    let executions = counted(outcome.executions, "execution");
    let result = if outcome.findings.is_empty() {
        "no finding in".to_owned()
    } else {
        counted(outcome.findings.len() as u64, "finding") + " in"
    };
    match &outcome.coverage {
        Coverage::Nothing => "nothing was explored".to_owned(),
        _ if outcome.executions == 0 => "no execution came to an end".to_owned(),
        Coverage::Exhaustive => {
            format!("{result} {executions}: exhaustive for this program, {}", memory(outcome))
        }
        Coverage::Bounded { preemptions } => match bounds(preemptions) {
            Some(bounds) => {
                format!("{result} {executions}: every schedule with {bounds}, {}", memory(outcome))
            }
            None => format!("{result} {executions}: no bound was completed"),
        },
        Coverage::Sampled { .. } if in_order(outcome) => {
            format!("{result} {executions}: the first ones in order, one corner of the space and no sample of it")
        }
        Coverage::Sampled { executions: sampled, distinct, unseen } => match &outcome.discovery {
            Some(discovery) => format!("{result} {executions}, {}", unseen::line(outcome, discovery)),
            // The worker died with what it knew.
            None => format!(
                "{result} {executions}, {} distinct; chance that the next one is new: {}",
                count(*distinct),
                chance_of_new(*unseen, *sampled)
            ),
        },
        Coverage::Stressed { .. } => {
            let on = processes(outcome).map_or_else(
                || "on real threads".to_owned(),
                |n| {
                    format!("in {} processes of {}", count(n), counted(outcome.trial.engine.threads() as u64, "thread"))
                },
            );
            format!("{result} {executions} {on}, whose schedules are not known")
        }
    }
}

/// The same in a word or two, for a table.
pub(super) fn label(outcome: &TrialOutcome) -> String {
    match &outcome.coverage {
        Coverage::Nothing => "nothing explored".to_owned(),
        Coverage::Exhaustive if is_shuttle(outcome) => "exhaustive, SC only".to_owned(),
        Coverage::Exhaustive => "exhaustive".to_owned(),
        Coverage::Bounded { preemptions } => bounds(preemptions).unwrap_or_else(|| "no bound completed".to_owned()),
        Coverage::Sampled { .. } if in_order(outcome) => "cut off".to_owned(),
        Coverage::Sampled { .. } => "sampled".to_owned(),
        Coverage::Stressed { .. } => match processes(outcome) {
            Some(n) => format!("{} processes", count(n)),
            None => "real threads".to_owned(),
        },
    }
}

/// The same in as little as can be, for a table whose legend explains it.
pub(crate) fn mark(outcome: &TrialOutcome) -> String {
    match &outcome.coverage {
        Coverage::Nothing => "nothing explored".to_owned(),
        Coverage::Exhaustive if is_shuttle(outcome) => "exhaustive, SC".to_owned(),
        Coverage::Exhaustive => EXHAUSTIVE.to_owned(),
        Coverage::Bounded { preemptions } => {
            preemptions.iter().max().map_or_else(|| "no bound completed".to_owned(), |most| format!("≤ {most}"))
        }
        Coverage::Sampled { .. } if in_order(outcome) => "cut off".to_owned(),
        Coverage::Sampled { .. } | Coverage::Stressed { .. } => SAMPLE.to_owned(),
    }
}

/// The mark of what is a sample of the space and no more, whether of a model or of what real threads do.
pub(super) const SAMPLE: &str = "sampled";

/// The mark of a search that left nothing out.
pub(super) const EXHAUSTIVE: &str = "exhaustive";

/// The processes of a trial of more than one.
fn processes(outcome: &TrialOutcome) -> Option<u64> {
    match &outcome.trial.engine {
        EngineConfig::Stress(config) if config.processes > 1 => Some(config.processes as u64),
        _ => None,
    }
}

/// An estimate from a sample says nothing about a search in order that was cut off.
fn in_order(outcome: &TrialOutcome) -> bool {
    matches!(&outcome.trial.engine, EngineConfig::Shuttle(config) if matches!(config.strategy, Strategy::Dfs | Strategy::Exhaustive))
}

fn is_shuttle(outcome: &TrialOutcome) -> bool {
    matches!(outcome.trial.engine, EngineConfig::Shuttle(_))
}

fn memory(outcome: &TrialOutcome) -> &'static str {
    match outcome.trial.engine {
        EngineConfig::Shuttle(_) => "sequentially consistent only",
        EngineConfig::Loom(_) => "C11 memory model as far as loom has it",
        EngineConfig::Stress(_) | EngineConfig::Adapter(_) => "on this machine's memory model",
    }
}

fn bounds(preemptions: &[usize]) -> Option<String> {
    preemptions.iter().max().map(|most| format!("≤ {}", counted(*most as u64, "preemption")))
}
