//! Each distinct finding with its interleaving, the unexpected ones first.

use super::TextOptions;
use crate::distinct::{Distinct, Standing};
use crate::render::{exact, interleaving};
use crate::words::{clean, count, counted};
use racehunt_core::finding::{Confirmed, Finding, Repro, ShrinkEnd, Shrunk, Size, Switches};
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
        sentence(&repro(best), options, out);
    }
    if let Some(line) = exact::line(one) {
        sentence(&line, options, out);
    }
    if let Some(command) = command(one, options.report.as_deref()) {
        let _ = writeln!(out, "    {command}");
    }
    if let Some(shown) = one.steps() {
        out.push('\n');
        for line in interleaving(shown, options.width.saturating_sub(4), options.style).lines() {
            let _ = writeln!(out, "    {line}");
        }
    }
    out.push('\n');
}

fn sentence(line: &str, options: &TextOptions, out: &mut String) {
    let wrap = textwrap::Options::new(options.width.saturating_sub(4).max(40)).subsequent_indent("  ");
    for line in textwrap::wrap(line, wrap) {
        let _ = writeln!(out, "    {line}");
    }
}

/// Letters that a token in the summary has at most: a longer one is no help to copy.
const LONGEST_TOKEN: usize = 400;

/// The command that replays it, if it is known: by its token, if that is short enough, else from the report.
pub(in crate::render) fn command(one: &Distinct<'_>, report: Option<&str>) -> Option<String> {
    let token = one.exact()?.repro.token()?;
    if token.len() <= LONGEST_TOKEN {
        return Some(format!("racehunt replay {}", clean(token)));
    }
    Some(format!("racehunt replay {} --finding {}", clean(report?), one.number))
}

/// How to see it again, and how far that can be relied on.
#[must_use]
pub fn repro(finding: &Finding) -> String {
    match &finding.repro {
        Repro::Schedule { switches, shrunk, confirmed, .. } => {
            format!("{}: {}, {}", claim(*confirmed), shrink(*switches, *shrunk), replays(*confirmed))
        }
        Repro::Execution { execution, preemptions, switches, shrunk, confirmed, .. } => format!(
            "{}: {}; execution {} of loom {}, {}",
            claim(*confirmed),
            shrink(*switches, *shrunk),
            count(*execution),
            preemptions
                .map_or_else(|| "without a bound".to_owned(), |n| format!("at ≤ {}", counted(n as u64, "preemption"))),
            replays(*confirmed)
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

/// What is executed and how often an actor is left, now and as found. No more is claimed than was tried.
fn shrink(switches: Switches, shrunk: Shrunk) -> String {
    let (kept, found) = (sized(shrunk.kept, switches.kept), sized(shrunk.found, switches.found));
    let fewest = if shrunk.fewest_switches && switches.kept > 0 { ", the fewest there are" } else { "" };
    let how = match shrunk.end {
        ShrinkEnd::NotTried => return format!("{found}, not shrunk"),
        ShrinkEnd::Stopped => ", stopped before it was at its smallest",
        ShrinkEnd::Budget => ", the smallest found before the budget for it ended",
        ShrinkEnd::Done => "",
    };
    let from = if kept == found { "as found".to_owned() } else { format!("found with {found}") };
    format!("{kept}{fewest} ({from}){how}")
}

/// A closure starts its own actors: its size is not known.
fn sized(size: Size, switches: u32) -> String {
    let Size { actors, ops, kills } = size;
    let parts = [(actors, "actor"), (ops, "op"), (kills, "kill")];
    let parts = parts.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| counted(n.into(), what));
    parts.chain([switched(switches)]).collect::<Vec<_>>().join(", ")
}

fn switched(n: u32) -> String {
    format!("{} context switch{}", count(n.into()), if n == 1 { "" } else { "es" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_has_a_short_token_or_names_the_report() {
        let (scenario, outcomes) = crate::canned::canary_outcomes();
        let mut report = crate::canned::report(scenario, outcomes);
        let named = TextOptions { report: Some("out/report.json".into()), ..TextOptions::default() };
        let all = crate::distinct::distinct(&report);
        let at = all.iter().position(|one| one.best.finding.repro.token().is_some()).unwrap();
        let said = |report: &_, options: &TextOptions| {
            command(&crate::distinct::distinct(report)[at], options.report.as_deref())
        };
        assert_eq!(said(&report, &named).as_deref(), Some("racehunt replay rh1:canned"));
        for finding in report.scenarios.iter_mut().flat_map(|s| &mut s.trials).flat_map(|t| &mut t.findings) {
            if let Repro::Schedule { token, .. } = &mut finding.repro {
                *token = format!("rh1:{}", "A".repeat(LONGEST_TOKEN));
            }
        }
        let long = format!("racehunt replay out/report.json --finding {}", at + 1);
        assert_eq!((said(&report, &named), said(&report, &TextOptions::default())), (Some(long), None));
    }

    #[test]
    fn no_more_is_claimed_than_was_tried() {
        let found = Size { actors: 3, ops: 9, kills: 1 };
        let kept = Size { actors: 2, ops: 2, kills: 0 };
        let said = |end, fewest_switches, kept| {
            shrink(Switches { found: 14, kept: 1 }, Shrunk { kept, end, fewest_switches, ..Shrunk::not_tried(found) })
        };
        let from = "(found with 3 actors, 9 ops, 1 kill, 14 context switches)";
        let to = "2 actors, 2 ops, 1 context switch";
        assert_eq!(said(ShrinkEnd::Done, false, kept), format!("{to} {from}"));
        assert_eq!(said(ShrinkEnd::Done, true, kept), format!("{to}, the fewest there are {from}"));
        let budget = format!("{to} {from}, the smallest found before the budget for it ended");
        assert_eq!(said(ShrinkEnd::Budget, false, kept), budget);
        assert_eq!(
            said(ShrinkEnd::Stopped, false, kept),
            format!("{to} {from}, stopped before it was at its smallest")
        );
        let whole = "3 actors, 9 ops, 1 kill, 14 context switches";
        assert_eq!(said(ShrinkEnd::NotTried, false, found), format!("{whole}, not shrunk"));
        let closure = Shrunk { end: ShrinkEnd::Done, ..Shrunk::default() };
        assert_eq!(shrink(Switches { found: 2, kept: 2 }, closure), "2 context switches (as found)");
    }

    #[test]
    fn a_replay_is_called_exact_only_if_all_of_them_were() {
        let said = |same, of| claim(Confirmed { same, of });
        assert_eq!(
            [said(0, 0), said(9, 10), said(10, 10)],
            ["not replayed yet", "does not replay every time", "replays exactly"]
        );
    }
}
