//! A short summary for a job page or a review comment.

use super::{exact, figures, interleaving, unseen};
use crate::distinct::{Distinct, Standing, distinct};
use crate::model::{Report, ScenarioReport};
use crate::style::Style;
use crate::words::{clean, count, counted, cut};
use racehunt_core::observation::Gauge;
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::scenario::EngineKind;
use racehunt_core::verdict::Verdict;
use std::fmt::Write as _;

/// Interleavings shown in full: a comment that has to be scrolled is not read.
const MOST_SHOWN: usize = 3;

/// Reasons shown for each scenario.
const MOST_REASONS: usize = 5;

/// The verdict, a table of the scenarios, the reasons, and the first unexpected findings.
#[must_use]
pub fn markdown(report: &Report) -> String {
    let mut out = format!("### racehunt: {}\n\n", report.verdict.word());
    let totals = &report.totals;
    let interrupted = if report.interrupted { ", interrupted" } else { "" };
    let _ = writeln!(
        out,
        "{} in {} of {}, {}{}{interrupted}\n",
        counted(totals.executions, "execution"),
        counted(totals.trials, "trial"),
        counted(totals.scenarios, "scenario"),
        report.all_seeds(),
        super::text::part_of(report)
    );
    out.push_str("| scenario | verdict | expected and found | clean | executions |\n|---|---|---|---|---:|\n");
    for one in &report.scenarios {
        row(one, &mut out);
    }
    out.push('\n');
    if report.scenarios.is_empty() {
        let _ = writeln!(out, "- {}\n", report.reasons.iter().map(|r| escape(r)).collect::<Vec<_>>().join("; "));
    }
    for one in report.scenarios.iter().filter(|one| one.verdict != Verdict::Pass) {
        reasons(one, &mut out);
    }
    table_of_figures(report, &mut out);
    unseen::table(report, &mut out);
    let all = distinct(report);
    let unexpected: Vec<&Distinct<'_>> = all.iter().filter(|one| one.standing == Standing::Unexpected).collect();
    for one in unexpected.iter().take(MOST_SHOWN) {
        details(one, &mut out);
    }
    if unexpected.len() > MOST_SHOWN {
        let more = (unexpected.len() - MOST_SHOWN) as u64;
        let _ = writeln!(out, "{} in the report.", counted(more, "more unexpected finding"));
    }
    out
}

fn row(one: &ScenarioReport, out: &mut String) {
    let must: Vec<_> = one.expectations.iter().filter(|cell| cell.cannot_see.is_none()).collect();
    let found = must.iter().filter(|cell| cell.verdict == Verdict::Pass).count();
    let clean_cells = one.clean.iter().filter(|cell| cell.verdict == Verdict::Pass).count();
    let executions = one.trials.iter().map(|trial| trial.executions).sum();
    let verdict = one.verdict.word();
    let _ = writeln!(
        out,
        "| {} | {} | {found} of {} | {clean_cells} of {} | {} |",
        escape(&one.scenario.name),
        if one.verdict == Verdict::Pass { verdict.to_owned() } else { format!("**{verdict}**") },
        must.len(),
        one.clean.len(),
        count(executions)
    );
}

/// What became of the items in each trial on real processes that tells more than "nothing is lost". (Of a model such
/// figures are sums over thousands of tiny executions.)
fn table_of_figures(report: &Report, out: &mut String) {
    let real = |trial: &&TrialOutcome| matches!(trial.trial.engine.kind(), EngineKind::Stress | EngineKind::Adapter);
    let of = |one| figures::worth_telling(one).filter(real).map(move |trial| (one, trial));
    let trials: Vec<(&ScenarioReport, _)> = report.scenarios.iter().flat_map(of).collect();
    let Some((_, first)) = trials.first() else { return };
    let head: Vec<&str> = figures::fates(first).into_iter().map(|(fate, _)| fate).collect();
    let _ = writeln!(out, "| scenario | trial | {} | peak (bound) | killed |", head.join(" | "));
    let _ = writeln!(out, "|---|---|{}", "---:|".repeat(head.len() + 2));
    for (one, trial) in trials {
        let fates: Vec<String> = figures::fates(trial).into_iter().map(|(_, n)| count(n)).collect();
        let peak = |one: &Gauge| {
            let bound = one.bound.map_or_else(String::new, |bound| format!(" ({})", count(bound)));
            format!("{} {}{bound}", escape(&one.name), count(one.peak))
        };
        let peaks: Vec<String> = trial.gauges.iter().map(peak).collect();
        let peaks = if peaks.is_empty() { "–".to_owned() } else { peaks.join(", ") };
        let (name, id) = (escape(&one.scenario.name), escape(&trial.trial.id));
        let killed = count(trial.crashes);
        let _ = writeln!(out, "| {name} | {id} | {} | {peaks} | {killed} |", fates.join(" | "));
    }
    out.push('\n');
}

fn reasons(one: &ScenarioReport, out: &mut String) {
    let _ = writeln!(out, "**{}**: {}\n", escape(&one.scenario.name), one.verdict.word());
    for reason in one.reasons.iter().take(MOST_REASONS) {
        let _ = writeln!(out, "- {}", escape(reason));
    }
    let more = one.reasons.len().saturating_sub(MOST_REASONS);
    if more > 0 {
        let _ = writeln!(out, "- and {}", counted(more as u64, "more reason"));
    }
    out.push('\n');
}

fn details(one: &Distinct<'_>, out: &mut String) {
    let best = one.best.finding;
    let title = escape(&format!("{} in {}: {}", best.kind, one.variant(), cut(&best.message, 120)));
    let _ = writeln!(out, "<details><summary>{title}</summary>\n");
    let real = exact::line(one);
    let said = one.replays().then(|| super::text::repro(best)).into_iter().chain(real);
    let said = said.collect::<Vec<_>>().join("; ");
    let _ = writeln!(out, "{}, fingerprint {}\n", escape(&said), escape(&best.fingerprint));
    if let Some(shown) = one.steps() {
        // A fence longer than any run of backticks that a label could hold.
        let _ = writeln!(out, "``````text\n{}``````\n", interleaving(shown, 120, Style::Plain));
    }
    out.push_str("</details>\n\n");
}

/// Text of the code under test must not become a link, a mention, a table cell or HTML.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in clean(text).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // A mention would call somebody by the name of a variable.
            '@' => out.push_str("&#64;"),
            '|' | '`' | '*' | '_' | '[' | ']' | '\\' | '~' | '#' | '!' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}
