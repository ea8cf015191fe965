//! The catalogue as Markdown, to be pasted where it is wanted.

use super::{Footnotes, LEGEND};
use crate::catalogue::{Catalogue, catalogue};
use crate::model::Report;
use crate::render::markdown::escape;
use crate::words::counted;
use std::fmt::Write as _;

/// One table over all scenarios of the report, and what its marks mean.
#[must_use]
pub fn markdown(report: &Report) -> String {
    let all = catalogue(report);
    let totals = &report.totals;
    let (executions, trials) = (counted(totals.executions, "execution"), counted(totals.trials, "trial"));
    let scenarios = counted(totals.scenarios, "scenario");
    let mut out = format!("{executions} in {trials} of {scenarios}: {}\n\n", report.verdict.word());
    if !all.engines.is_empty() {
        table(&all, &mut out);
    }
    for left in &report.left_out {
        let _ = writeln!(out, "{}\n", escape(&super::super::left_out(left)));
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn table(all: &Catalogue, out: &mut String) {
    let engines: Vec<String> = all.engines.iter().map(ToString::to_string).collect();
    let _ = writeln!(out, "| race | shows as | variant | {} |", engines.join(" | "));
    let _ = writeln!(out, "|{}", "---|".repeat(engines.len() + 3));
    let mut notes = Footnotes::default();
    for system in &all.systems {
        let _ = writeln!(out, "| **{}** |{}", escape(&system.name), " |".repeat(engines.len() + 2));
        for race in &system.races {
            let (name, kind) = race.shows.as_ref().map_or_else(
                || ("–".to_owned(), "no race named".to_owned()),
                |(name, kind)| (escape(name), kind.to_string()),
            );
            for row in &race.rows {
                let cells: Vec<String> =
                    all.engines.iter().map(|engine| escape(&notes.cell(row.by(*engine)))).collect();
                let _ = writeln!(out, "| {name} | {kind} | {} | {} |", escape(&row.variant), cells.join(" | "));
            }
        }
    }
    out.push('\n');
    for line in notes.lines().chain(std::iter::once(LEGEND.to_owned())) {
        let _ = writeln!(out, "{}\n", escape(&line));
    }
}
