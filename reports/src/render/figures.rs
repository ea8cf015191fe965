//! What became of the items, and what was measured beside it, where a trial has more to tell than "nothing is lost".

use crate::model::ScenarioReport;
use crate::words::{clean, count};
use racehunt_core::observation::Gauge;
use racehunt_core::outcome::TrialOutcome;

/// Trials that refused or evicted items, measured something or had processes killed.
pub(super) fn worth_telling(one: &ScenarioReport) -> impl Iterator<Item = &TrialOutcome> {
    one.trials
        .iter()
        .filter(|trial| trial.ledger.rejected + trial.ledger.evicted + trial.crashes > 0 || !trial.gauges.is_empty())
}

/// Fates of items, in the order in which tables have them, and how many of each.
pub(super) fn fates(outcome: &TrialOutcome) -> [(&'static str, u64); 8] {
    let ledger = &outcome.ledger;
    [
        ("accepted", ledger.accepted),
        ("rejected", ledger.rejected),
        ("uncertain", ledger.uncertain),
        ("delivered", ledger.delivered),
        ("evicted", ledger.evicted),
        ("retained", ledger.retained),
        ("lost", ledger.lost),
        ("duplicated", ledger.duplicated),
    ]
}

/// One line: `3,200 accepted, 1,440 rejected; files: peak 203, bound 200; 12 processes killed`. Fates of no item are
/// left out.
pub(super) fn figures(outcome: &TrialOutcome) -> String {
    let fates = fates(outcome).into_iter().filter(|(_, n)| *n > 0);
    let fates: Vec<String> = fates.map(|(fate, n)| format!("{} {fate}", count(n))).collect();
    let mut parts = Vec::new();
    if !fates.is_empty() {
        parts.push(fates.join(", "));
    }
    parts.extend(outcome.gauges.iter().map(|one| format!("{}: peak {}", clean(&one.name), gauge(one))));
    if outcome.crashes > 0 {
        let noun = if outcome.crashes == 1 { "process" } else { "processes" };
        parts.push(format!("{} {noun} killed", count(outcome.crashes)));
    }
    parts.join("; ")
}

pub(super) fn gauge(gauge: &Gauge) -> String {
    match gauge.bound {
        Some(bound) => format!("{}, bound {}", count(gauge.peak), count(bound)),
        None => count(gauge.peak),
    }
}
