//! The summary for people.

mod cells;
mod findings;

pub(super) use cells::{lay_out as put_table, plain as plain_table, rows as cells_of};
pub use findings::repro;
pub(super) use findings::{command, replays};

use super::coverage::coverage;
use super::{figures, unseen};
use crate::catalogue::catalogue;
use crate::distinct::{Distinct, distinct};
use crate::model::{Report, ScenarioReport};
use crate::style::Style;
use crate::words::{clean, count, counted, cut, span};
use racehunt_core::verdict::Verdict;
use std::fmt::Write as _;

/// What the summary looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextOptions {
    /// Columns to fill at most.
    pub width: usize,
    /// Colour or none.
    pub style: Style,
    /// Where the report is, for the last line.
    pub report: Option<String>,
    /// Show each scenario with its table, what it covered and all it found. Else one that passed is a line, and of the
    /// others there is what speaks against them.
    pub full: bool,
}

impl Default for TextOptions {
    fn default() -> Self {
        Self { width: 100, style: Style::Plain, report: None, full: true }
    }
}

/// Reasons a scenario has at most.
const MOST_REASONS: usize = 16;

/// Lines of coverage a scenario has at most; a sweep over many sizes repeats itself.
const MOST_COVERAGE: usize = 12;

/// The whole summary: one block a scenario, of several the catalogue, then the verdict on the last line.
#[must_use]
pub fn text(report: &Report, options: &TextOptions) -> String {
    let mut out = head(report, options);
    let all = distinct(report);
    for one in &report.scenarios {
        let here: Vec<&Distinct<'_>> = all.iter().filter(|found| std::ptr::eq(found.scenario, one)).collect();
        scenario(one, &here, options, &mut out);
    }
    if report.scenarios.len() > 1 {
        if !out.ends_with("\n\n") {
            out.push('\n');
        }
        super::catalogue::text(&catalogue(report), options, &mut out);
    }
    last(report, options, &mut out);
    out
}

fn head(report: &Report, options: &TextOptions) -> String {
    let at = &report.environment;
    let mut about =
        format!("racehunt {}, {}, {}", report.tool.version, report.all_seeds(), counted(at.cores.into(), "core"));
    let _ = write!(about, ", {} {} {}", at.os, at.kernel, at.arch);
    if let Some(commit) = &at.commit {
        let _ = write!(about, ", commit {}", cut(commit, 12).trim_end_matches('…'));
    }
    format!("{}\n\n", options.style.faint(&clean(&about)))
}

/// `, partition 3 of 16`, or, merged, `, 15 of 16 partitions`, if it is not the whole run.
pub(crate) fn part_of(report: &Report) -> String {
    let Some(parts) = &report.partitions else { return String::new() };
    match parts.present.as_slice() {
        [one] if !parts.merged => format!(", partition {one} of {}", parts.of),
        some => format!(", {} of {} partitions", some.len(), parts.of),
    }
}

fn scenario(one: &ScenarioReport, found: &[&Distinct<'_>], options: &TextOptions, out: &mut String) {
    let style = options.style;
    let word = style.verdict(one.verdict, &format!("{:<8}", one.verdict.word().to_uppercase()));
    let _ = writeln!(out, "{word}{}  {}", style.strong(&clean(&one.scenario.name)), style.faint(&clean(&one.file)));
    if !options.full && one.verdict == Verdict::Pass {
        return;
    }
    if options.full {
        about(one, options, out);
    }
    out.push('\n');
    cells::table(one, options, out);
    reasons(one, out);
    if options.full {
        coverages(one, out);
        all_figures(one, out);
    }
    findings::all(found, options, out);
}

fn about(one: &ScenarioReport, options: &TextOptions, out: &mut String) {
    for line in textwrap::wrap(
        &clean(&one.scenario.about.split_whitespace().collect::<Vec<_>>().join(" ")),
        options.width.saturating_sub(8).max(20),
    ) {
        let _ = writeln!(out, "        {line}");
    }
}

fn reasons(one: &ScenarioReport, out: &mut String) {
    for reason in one.reasons.iter().take(MOST_REASONS) {
        let _ = writeln!(out, "  ! {}", clean(reason));
    }
    let more = one.reasons.len().saturating_sub(MOST_REASONS);
    if more > 0 {
        let _ = writeln!(out, "  ! and {}, in the report", counted(more as u64, "more reason"));
    }
    if !one.reasons.is_empty() {
        out.push('\n');
    }
}

/// What stands behind each "nothing found".
fn coverages(one: &ScenarioReport, out: &mut String) {
    let clean_ones: Vec<_> = one.trials.iter().filter(|trial| trial.findings.is_empty()).collect();
    for trial in clean_ones.iter().take(MOST_COVERAGE) {
        let time = span(trial.elapsed_ns);
        // Without this, a trial that died after 10,000 executions reads as 10,000 clean ones.
        let judged = if trial.verdict == Verdict::Unknown { "not judged; " } else { "" };
        let _ = writeln!(out, "  {}: {judged}{} ({time})", clean(&trial.trial.id), coverage(trial));
        if let Some(promise) = unseen::promise(trial) {
            let _ = writeln!(out, "    {promise}");
        }
    }
    let more = clean_ones.len().saturating_sub(MOST_COVERAGE);
    if more > 0 {
        let _ = writeln!(out, "  and {} without a finding, in the report", counted(more as u64, "more trial"));
    }
    if !clean_ones.is_empty() {
        out.push('\n');
    }
}

/// What became of the items, of trials with findings too.
fn all_figures(one: &ScenarioReport, out: &mut String) {
    let trials: Vec<_> = figures::worth_telling(one).collect();
    for trial in trials.iter().take(MOST_COVERAGE) {
        let _ = writeln!(out, "  {}: {}", clean(&trial.trial.id), figures::figures(trial));
    }
    let more = trials.len().saturating_sub(MOST_COVERAGE);
    if more > 0 {
        let _ = writeln!(out, "  and the figures of {}, in the report", counted(more as u64, "more trial"));
    }
    if !trials.is_empty() {
        out.push('\n');
    }
}

fn last(report: &Report, options: &TextOptions, out: &mut String) {
    let totals = &report.totals;
    super::soak::text(report, out);
    for left in &report.left_out {
        let _ = writeln!(out, "  {}", super::left_out(left));
    }
    // Of one scenario they have been told, but for which parts are missing.
    if report.scenarios.len() != 1 || report.partitions.as_ref().is_some_and(|parts| parts.merged) {
        for reason in &report.reasons {
            let _ = writeln!(out, "  ! {}", clean(reason));
        }
    }
    let mut counts = Vec::new();
    for (n, word) in [(totals.passed, "passed"), (totals.failed, "failed"), (totals.unknown, "unknown")] {
        if n > 0 {
            counts.push(format!("{} {word}", count(n)));
        }
    }
    let left: usize = report.left_out.iter().map(|left| left.scenarios.len()).sum();
    let scenarios = if counts.is_empty() { "no scenario".to_owned() } else { counts.join(", ") };
    let scenarios = if left > 0 { format!("{scenarios}, {} left out", count(left as u64)) } else { scenarios };
    let word = options.style.verdict(report.verdict, &report.verdict.word().to_uppercase());
    let interrupted = if report.interrupted { ", interrupted" } else { "" };
    let part = part_of(report);
    let _ = write!(out, "{word}{interrupted}{part}: {scenarios}; {}", counted(totals.executions, "execution"));
    let _ = write!(out, " in {}", counted(totals.trials, "trial"));
    if let Some(path) = &options.report {
        let _ = write!(out, "; report: {}", clean(path));
    }
    out.push('\n');
}
