//! What models make of a finding of real threads, on one line.

use super::text::{replays, repro};
use crate::distinct::Distinct;
use crate::words::{clean, count, counted};
use racehunt_core::exact::Exact;
use racehunt_core::finding::{Confirmed, Finding, Repro};
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::Trial;

/// How often real threads showed it, and where there is a schedule of it, or why there is none. `None` if no real threads
/// saw it.
pub(super) fn line(one: &Distinct<'_>) -> Option<String> {
    let real = one.seen.iter().filter(|s| matches!(s.finding.repro, Repro::Statistical { .. }));
    let (mut seen, mut of) = (0, 0);
    for sighting in real.clone() {
        seen += sighting.finding.count;
        of += sighting.trial.executions;
    }
    // Of several trials, the one whose answer is worth most.
    let asked = real.clone().filter_map(|s| s.finding.exact.as_ref());
    let first = real.clone().next()?.finding;
    let rate = format!("{} of {}", count(seen), counted(of, "execution"));
    Some(match asked.min_by_key(|exact| rank(exact)) {
        // The report says elsewhere how often it was seen, and how it replays.
        None if one.replays() => return None,
        None => repro(first),
        Some(Exact::Linked { trial }) if one.replays() => {
            format!("on real threads too; the exact replay is that of {}", clean(trial))
        }
        Some(Exact::Linked { trial }) => {
            let how = replays_in(one, trial).map_or_else(String::new, |how| format!(", where {how}"));
            format!("on real threads: {rate}; exact: under the same fingerprint in {}{how}", clean(trial))
        }
        Some(Exact::Found { search, finding, executions }) => format!(
            "on real threads: {rate}; exact: a model search of {} found it after {}: {}",
            size(search.engine.threads(), search.engine.ops_per_thread()),
            counted(*executions, "execution"),
            repro(finding)
        ),
        Some(Exact::NotFound { executions, actors, ops, remarks }) => {
            let remarks: String = remarks.iter().map(|remark| format!("; {}", clean(remark))).collect();
            format!(
                "no model search showed it ({} at up to {}{remarks}): the repro is statistical: {}",
                counted(*executions, "execution"),
                size(*actors, *ops),
                again(&rate)
            )
        }
        Some(Exact::NotSearched { why }) => {
            format!("no model search ({}): the repro is statistical: {}", clean(why), again(&rate))
        }
    })
}

fn rank(exact: &Exact) -> u8 {
    match exact {
        Exact::Found { .. } => 0,
        Exact::Linked { .. } => 1,
        Exact::NotFound { .. } => 2,
        Exact::NotSearched { .. } => 3,
    }
}

fn again(rate: &str) -> String {
    format!("{rate} on real threads, and about as many with the same --seed")
}

fn size(actors: usize, ops: usize) -> String {
    format!("{} × {}", counted(actors as u64, "actor"), counted(ops as u64, "op"))
}

/// How it replays in the trial to which a link leads.
fn replays_in(one: &Distinct<'_>, id: &str) -> Option<String> {
    let there = one.seen.iter().find(|sighting| sighting.trial.trial.id == id)?;
    companion(there.trial, there.finding).and_then(|(_, finding)| confirmed(finding)).map(replays)
}

/// The finding that replays, of a trial that has one by itself or by a search that followed it.
fn companion<'a>(outcome: &'a TrialOutcome, finding: &'a Finding) -> Option<(&'a Trial, &'a Finding)> {
    match &finding.exact {
        Some(exact) => exact.companion(),
        None => Some((&outcome.trial, finding)),
    }
}

fn confirmed(finding: &Finding) -> Option<Confirmed> {
    match &finding.repro {
        Repro::Schedule { confirmed, .. } | Repro::Execution { confirmed, .. } => Some(*confirmed),
        Repro::Statistical { .. } => None,
    }
}

#[cfg(test)]
mod tests;
