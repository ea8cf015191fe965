//! The lines of a summary on a soak.

use crate::model::{Report, Soak};
use crate::words::{clean, count, counted, span};
use racehunt_core::drift::{Drift, Trend};
use racehunt_core::id::Id;
use std::fmt::Write as _;

/// Legs whose ids are told one by one.
const MOST_LEGS: usize = 8;
/// Ids of a kind that are told of a leg.
const MOST_IDS: usize = 8;

/// What a soak came to, beside its trials; nothing for a run.
pub(super) fn text(report: &Report, out: &mut String) {
    let Some(soak) = &report.soak else { return };
    let _ = writeln!(out, "  {}", headline(soak));
    for drift in &soak.drift {
        let _ = writeln!(out, "    {:<24} {:>12}  {}", drift.of, typical(drift), says(drift));
    }
    for line in ids(soak) {
        let _ = writeln!(out, "    {line}");
    }
    out.push('\n');
}

/// How long it went, and why it ended.
pub(super) fn headline(soak: &Soak) -> String {
    let of = match (soak.planned_ns, soak.planned_legs) {
        (Some(ns), _) => format!(" of {}", span(ns)),
        (None, Some(legs)) => format!(" of {}", counted(legs, "leg")),
        (None, None) => String::new(),
    };
    let resumed = match soak.resumed {
        0 => String::new(),
        times => format!(", resumed {}", counted(times, "time")),
    };
    let (legs, ended) = (counted(soak.legs, "leg"), soak.ended.as_deref().unwrap_or("it can go on with --resume"));
    format!("soaked {}{of}: {legs} of {}{resumed}; {}", span(soak.elapsed_ns), span(soak.leg_ns), clean(ended))
}

/// The value that it typically has.
pub(super) fn typical(drift: &Drift) -> String {
    amount(drift.typical, &drift.unit, false)
}

/// One sentence on a drift: `flat: +0.1 MiB in all (an hour: +0.2 MiB, 95 % confidence -0.3 MiB to +0.6 MiB)`.
#[must_use]
pub fn says(drift: &Drift) -> String {
    let with = |n: f64| amount(n, &drift.unit, true);
    let (Some(at), Some(low), Some(high)) = (drift.per_hour, drift.low, drift.high) else {
        return format!("unknown: too few legs ({})", drift.legs);
    };
    let word = word(drift.verdict);
    let mark = if drift.bad { "  <-- drift" } else { "" };
    let change = with(drift.change.unwrap_or_default());
    format!("{word}: {change} in all (an hour: {}, 95 % confidence {} to {}){mark}", with(at), with(low), with(high))
}

/// A trend in a word.
pub(super) fn word(trend: Trend) -> &'static str {
    match trend {
        Trend::Flat => "flat",
        Trend::Grows => "grows",
        Trend::Falls => "falls",
        Trend::Unknown => "unknown",
    }
}

pub(super) fn amount(n: f64, unit: &str, signed: bool) -> String {
    let size = match unit {
        "bytes" => format!("{:.1} MiB", n.abs() / 1_048_576.0),
        "ns" => span(n.abs().round() as u64),
        _ => format!("{} {unit}", digits(n.abs())),
    };
    let nothing = size.starts_with("0 ") || size.starts_with("0.0 ");
    match n {
        _ if nothing || (n >= 0.0 && !signed) => size,
        n if n < 0.0 => format!("-{size}"),
        _ => format!("+{size}"),
    }
}

/// A number of things, with a decimal only where it says something.
fn digits(n: f64) -> String {
    if n >= 100.0 || n.fract() == 0.0 { count(n.round() as u64) } else { format!("{n:.1}") }
}

/// The ids of which something is wrong, leg by leg.
pub(super) fn ids(soak: &Soak) -> Vec<String> {
    let mut lines = Vec::new();
    for leg in soak.ids.iter().take(MOST_LEGS) {
        let kinds = [("lost", &leg.ids.lost), ("duplicated", &leg.ids.duplicated), ("phantom", &leg.ids.phantom)];
        for (kind, ids) in kinds.into_iter().filter(|(_, ids)| !ids.is_empty()) {
            let first: Vec<String> = ids.iter().take(MOST_IDS).map(Id::to_string).collect();
            let more = if ids.len() > MOST_IDS { ", …" } else { "" };
            lines.push(format!("leg {}: {} {kind}: {}{more}", leg.leg, count(ids.len() as u64), first.join(", ")));
        }
    }
    let legs = soak.ids.len().saturating_sub(MOST_LEGS);
    if legs > 0 {
        lines.push(format!("and the ids of {}, in the report", counted(legs as u64, "more leg")));
    }
    if soak.unnamed > 0 {
        lines.push(format!("and {} that are not named", counted(soak.unnamed, "more id")));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned;
    use crate::model::LegIds;
    use racehunt_core::outcome::Named;

    fn drift(of: &str, unit: &str, at: Option<f64>, verdict: Trend, bad: bool) -> Drift {
        let near = |by: f64| at.map(|at| at + by);
        let (low, high) = (near(-2e6), near(2e6));
        let (of, unit) = (of.to_owned(), unit.to_owned());
        Drift { of, unit, legs: 4, typical: 3e7, per_hour: at, low, high, change: at, least: 1.0, verdict, bad }
    }

    #[test]
    fn a_soak_says_how_long_what_drifts_and_which_ids() {
        let mut report = canned::canary();
        let mut out = String::new();
        text(&report, &mut out);
        assert_eq!(out, "");
        let lost = (0..9).map(|n| Id::new(2, n)).collect();
        let ids = LegIds { leg: 3, trial: "t".into(), seed: 1, ids: Named { lost, ..Named::default() } };
        report.soak = Some(Soak {
            legs: 4,
            leg_ns: 60_000_000_000,
            planned_ns: Some(28_800_000_000_000),
            elapsed_ns: 250_000_000_000,
            resumed: 1,
            drift: vec![
                drift("harness memory", "bytes", Some(1e6), Trend::Flat, false),
                drift("memory", "bytes", Some(9e7), Trend::Grows, true),
                drift("threads", "threads", None, Trend::Unknown, false),
            ],
            ids: vec![ids],
            unnamed: 2,
            ..Soak::default()
        });
        text(&report, &mut out);
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/golden"));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!("text-soak", out));
    }
}
