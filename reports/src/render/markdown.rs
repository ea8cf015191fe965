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

/// Scenarios whose reasons stand before the findings.
const MOST_FIRST: usize = 10;

/// Reasons shown for each scenario.
const MOST_REASONS: usize = 5;

/// Findings that have a line when those shown in full are not all.
const MOST_LISTED: usize = 20;

/// Scenarios that have a row; of more those that passed are counted only.
const MOST_ROWS: usize = 60;

/// Rows of what became of the items.
const MOST_FIGURES: usize = 20;

/// Bytes of the page: a comment takes 65,536 characters.
const MOST_BYTES: usize = 60_000;

/// What a page says when something did not fit.
const LEFT_OUT: &str = "Some of it is left out, since a comment holds no more: the report has all of it.\n";

/// The verdict, a table of the scenarios, the reasons, and the first unexpected findings; then what was measured. At most
/// 60 KB: what does not fit is left out, from the end, and that is said.
#[must_use]
pub fn markdown(report: &Report) -> String {
    let mut parts = vec![head(report), scenarios(report)];
    if report.scenarios.is_empty() {
        parts.push(format!("- {}\n\n", report.reasons.iter().map(|r| escape(r)).collect::<Vec<_>>().join("; ")));
    }
    let wrong = report.scenarios.iter().filter(|one| one.verdict != Verdict::Pass);
    let mut why = wrong.map(|one| {
        let mut part = String::new();
        reasons(one, &mut part);
        part
    });
    parts.extend(why.by_ref().take(MOST_FIRST));
    findings(report, &mut parts);
    parts.extend(why);
    let mut figures = String::new();
    table_of_figures(report, &mut figures);
    parts.push(figures);
    let mut open = String::new();
    unseen::table(report, &mut open);
    parts.push(open);
    fit(&parts)
}

/// As many parts as there is room for.
fn fit(parts: &[String]) -> String {
    let mut out = String::new();
    let mut whole = true;
    for part in parts {
        if out.len() + part.len() + LEFT_OUT.len() <= MOST_BYTES {
            out.push_str(part);
        } else {
            whole = false;
        }
    }
    if !whole {
        out.push_str(LEFT_OUT);
    }
    out
}

fn head(report: &Report) -> String {
    let totals = &report.totals;
    let interrupted = if report.interrupted { ", interrupted" } else { "" };
    format!(
        "### racehunt: {}\n\n{} in {} of {}, {}{}{interrupted}\n\n",
        report.verdict.word(),
        counted(totals.executions, "execution"),
        counted(totals.trials, "trial"),
        counted(totals.scenarios, "scenario"),
        report.all_seeds(),
        super::text::part_of(report)
    )
}

fn scenarios(report: &Report) -> String {
    let mut out =
        String::from("| scenario | verdict | expected and found | clean | executions |\n|---|---|---|---|---:|\n");
    let few = report.scenarios.len() <= MOST_ROWS;
    let shown: Vec<_> = report.scenarios.iter().filter(|one| few || one.verdict != Verdict::Pass).collect();
    for one in shown.iter().take(MOST_ROWS) {
        row(one, &mut out);
    }
    let wrong = shown.len().saturating_sub(MOST_ROWS) as u64;
    let passed = if few { 0 } else { (report.scenarios.len() - shown.len()) as u64 };
    for (n, what) in [(wrong, "that did not pass"), (passed, "that passed")] {
        if n > 0 {
            let _ = write!(out, "\nand {} {what}\n", counted(n, "scenario"));
        }
    }
    out.push('\n');
    out
}

/// The first unexpected findings in full, further ones in a line each.
fn findings(report: &Report, parts: &mut Vec<String>) {
    let all = distinct(report);
    let unexpected: Vec<&Distinct<'_>> = all.iter().filter(|one| one.standing == Standing::Unexpected).collect();
    for one in unexpected.iter().take(MOST_SHOWN) {
        let mut part = String::new();
        details(one, &mut part);
        parts.push(part);
    }
    let mut rest = String::new();
    for one in unexpected.iter().skip(MOST_SHOWN).take(MOST_LISTED) {
        let _ = writeln!(rest, "- {}, fingerprint {}", title(one), escape(&one.best.finding.fingerprint));
    }
    let more = unexpected.len().saturating_sub(MOST_SHOWN + MOST_LISTED) as u64;
    if more > 0 {
        let _ = writeln!(rest, "- and {} in the report", counted(more, "more unexpected finding"));
    }
    if !rest.is_empty() {
        rest.push('\n');
        parts.push(rest);
    }
}

fn title(one: &Distinct<'_>) -> String {
    let best = one.best.finding;
    escape(&format!("{} in {}: {}", best.kind, one.variant(), cut(&best.message, 120)))
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
    for (one, trial) in trials.iter().take(MOST_FIGURES) {
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
    if trials.len() > MOST_FIGURES {
        let _ = writeln!(out, "\nand {} in the report", counted((trials.len() - MOST_FIGURES) as u64, "more trial"));
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
    let _ = writeln!(out, "<details><summary>{}</summary>\n", title(one));
    let real = exact::line(one);
    let said = one.replays().then(|| super::text::repro(best)).into_iter().chain(real);
    let said = said.collect::<Vec<_>>().join("; ");
    let _ = writeln!(out, "{}, fingerprint {}\n", escape(&said), escape(&best.fingerprint));
    if let Some(command) = super::text::command(one, Some("report.json")) {
        let _ = writeln!(out, "``````sh\n{command}\n``````\n");
    }
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
