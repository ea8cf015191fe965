//! Each distinct finding with its interleaving, the unexpected ones first.

use super::TextOptions;
use crate::distinct::{Distinct, Standing};
use crate::render::{exact, interleaving};
use crate::words::{clean, count, counted};
use racehunt_core::finding::{Confirmed, Finding, Repro};
use racehunt_core::verdict::Verdict;
use std::fmt::Write as _;

pub(super) fn all(found: &[&Distinct<'_>], options: &TextOptions, out: &mut String) {
    let mut found = found.to_vec();
    found.sort_by_key(|one| (one.standing, one.number));
    let told = |one: &&Distinct<'_>| options.full || one.standing == Standing::Unexpected;
    for one in found.into_iter().filter(told) {
        finding(one, options, out);
    }
}

fn finding(one: &Distinct<'_>, options: &TextOptions, out: &mut String) {
    let best = one.best.finding;
    let race = best.race.as_ref().map_or_else(String::new, |race| format!(" ({})", clean(race)));
    let title = format!("finding {}: {}{race} in {}", one.number, best.kind, clean(one.variant()));
    let standing = match one.standing {
        Standing::Unexpected => options.style.verdict(Verdict::Fail, "unexpected"),
        Standing::Tolerated | Standing::Expected => options.style.faint(one.standing.word()),
    };
    let _ = writeln!(out, "  {}, {standing}", options.style.strong(&title));
    let _ = writeln!(out, "    {}", clean(&best.message));
    let seen = one.by_engine();
    let seen: Vec<String> =
        seen.iter().map(|(engine, n, of)| format!("{} of {} by {engine}", count(*n), count(*of))).collect();
    let _ = writeln!(out, "    seen in {}; fingerprint {}", seen.join(", "), clean(&best.fingerprint));
    if one.replays() {
        let _ = writeln!(out, "    {}", repro(best));
    }
    if let Some(line) = exact::line(one) {
        let _ = writeln!(out, "    {line}");
    }
    if let Some(shown) = one.steps() {
        out.push('\n');
        for line in interleaving(shown, options.width.saturating_sub(4), options.style).lines() {
            let _ = writeln!(out, "    {line}");
        }
    }
    out.push('\n');
}

/// How to see it again, and how far that can be relied on.
pub(in crate::render) fn repro(finding: &Finding) -> String {
    match &finding.repro {
        Repro::Schedule { switches, confirmed, .. } => format!(
            "{}: schedule of {} (found with {}), {} of {} showed the same",
            claim(*confirmed),
            switched(switches.minimal),
            count(switches.found.into()),
            count(confirmed.same.into()),
            counted(confirmed.of.into(), "replay")
        ),
        Repro::Execution { execution, preemptions, confirmed, .. } => format!(
            "{}: execution {} of loom {}, {} of {} showed the same",
            claim(*confirmed),
            count(*execution),
            preemptions
                .map_or_else(|| "without a bound".to_owned(), |n| format!("at ≤ {}", counted(n as u64, "preemption"))),
            count(confirmed.same.into()),
            counted(confirmed.of.into(), "replay")
        ),
        Repro::Statistical { seen, executions, .. } => format!(
            "no schedule is known (real threads): run again with the same --seed and expect about {} in {}",
            count(*seen),
            counted(*executions, "execution")
        ),
    }
}

/// How a finding of a model replays, in the words of [`repro`] and shorter.
pub(in crate::render) fn replays(confirmed: Confirmed) -> String {
    match confirmed {
        Confirmed { of: 0, .. } => claim(confirmed).to_owned(),
        Confirmed { same, of } => format!("{} of {} replays showed the same", count(same.into()), count(of.into())),
    }
}

/// No more than the replays showed: an interrupted run has none, and a subject that is not deterministic fails some.
fn claim(confirmed: Confirmed) -> &'static str {
    match confirmed {
        Confirmed { of: 0, .. } => "not replayed yet",
        Confirmed { same, of } if same == of => "replays exactly",
        Confirmed { .. } => "does not replay every time",
    }
}

fn switched(n: u32) -> String {
    format!("{} context switch{}", count(n.into()), if n == 1 { "" } else { "es" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_is_called_exact_only_if_all_of_them_were() {
        let said = |same, of| claim(Confirmed { same, of });
        assert_eq!(
            [said(0, 0), said(9, 10), said(10, 10)],
            ["not replayed yet", "does not replay every time", "replays exactly"]
        );
    }
}
