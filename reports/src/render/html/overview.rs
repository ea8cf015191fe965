//! The head of the page: the verdict and why, what ran where, and the races.

use super::{Cell, Link};
use crate::catalogue::{self, Race, Row, Standing};
use crate::distinct::Distinct;
use crate::model::Report;
use crate::render::catalogue::{Footnotes, LEGEND};
use crate::render::text::part_of;
use crate::words::{clean, count, counted, cut, span};
use racehunt_core::scenario::EngineKind;

/// Reasons that the head has at most; each scenario has its own.
const MOST_REASONS: usize = 16;

/// `2 passed, 1 failed; 10,000 executions in 4 trials`.
pub(super) fn headline(report: &Report) -> String {
    let totals = &report.totals;
    let counts = [(totals.passed, "passed"), (totals.failed, "failed"), (totals.unknown, "unknown")];
    let counts: Vec<String> =
        counts.into_iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{} {word}", count(n))).collect();
    let scenarios = if counts.is_empty() { "no scenario ran".to_owned() } else { counts.join(", ") };
    let interrupted = if report.interrupted { "interrupted; " } else { "" };
    let (executions, trials) = (counted(totals.executions, "execution"), counted(totals.trials, "trial"));
    format!("{interrupted}{scenarios}; {executions} in {trials}")
}

pub(super) fn reasons(report: &Report) -> Vec<String> {
    let mut reasons: Vec<String> = report.reasons.iter().take(MOST_REASONS).map(|reason| clean(reason)).collect();
    let more = report.reasons.len().saturating_sub(MOST_REASONS);
    if more > 0 {
        reasons.push(format!("and {}, with the scenarios", counted(more as u64, "more reason")));
    }
    reasons
}

pub(super) fn facts(report: &Report) -> Vec<(&'static str, String)> {
    let (at, totals) = (&report.environment, &report.totals);
    let commit = at.commit.as_ref().map(|commit| cut(&clean(commit), 13));
    let command: Vec<String> = report.command.iter().map(|word| clean(word)).collect();
    let mut facts = vec![
        ("began", clean(&report.started)),
        ("command", command.join(" ")),
        ("run", format!("{}{}", report.all_seeds(), part_of(report))),
        ("machine", clean(&format!("{}, {} {} {}", counted(at.cores.into(), "core"), at.os, at.kernel, at.arch))),
        ("compiler", clean(&at.toolchain)),
    ];
    facts.extend(commit.map(|commit| ("commit", commit)));
    facts.extend([
        ("calls", count(totals.ops)),
        ("time in trials", span(totals.trial_time_ns)),
        ("distinct findings", count(totals.distinct_findings)),
        ("exit code", report.exit_code.to_string()),
    ]);
    facts
}

/// The catalogue of races as a table.
pub(super) struct Races {
    pub(super) engines: Vec<String>,
    pub(super) systems: Vec<System>,
    pub(super) notes: Vec<String>,
}

pub(super) struct System {
    pub(super) name: String,
    pub(super) rows: Vec<RaceRow>,
}

pub(super) struct RaceRow {
    /// In the first row of a race: its name, how it shows, and its rows.
    pub(super) name: Option<(String, String, usize)>,
    pub(super) variant: String,
    pub(super) cells: Vec<RaceCell>,
}

pub(super) struct RaceCell {
    pub(super) cell: Cell,
    /// The finding that it is about.
    pub(super) href: Option<String>,
}

/// `None` if there is neither a race nor anything clean.
pub(super) fn races(report: &Report, found: &[(&Distinct<'_>, Link)]) -> Option<Races> {
    let all = catalogue::catalogue(report);
    if all.engines.is_empty() {
        return None;
    }
    let mut notes = Footnotes::default();
    let mut systems = Vec::new();
    for system in &all.systems {
        let mut rows = Vec::new();
        for race in &system.races {
            let (name, kind) = race
                .shows
                .as_ref()
                .map_or_else(|| ("–".into(), "no race named".into()), |(name, kind)| (clean(name), kind.to_string()));
            for (i, row) in race.rows.iter().enumerate() {
                let cells = all.engines.iter().map(|engine| {
                    let shown = found.iter().find(|(one, _)| shows(one, &system.name, race, row, *engine));
                    let href = shown.map(|(_, link)| link.anchor.clone());
                    RaceCell { cell: cell(row, *engine, &mut notes), href }
                });
                let cells = cells.collect();
                // The name stands where the race begins.
                let name = (i == 0).then(|| (name.clone(), kind.clone(), race.rows.len()));
                rows.push(RaceRow { name, variant: clean(&row.variant), cells });
            }
        }
        systems.push(System { name: clean(&system.name), rows });
    }
    let engines = all.engines.iter().map(ToString::to_string).collect();
    Some(Races { engines, systems, notes: notes.lines().chain([LEGEND.to_owned()]).collect() })
}

/// Whether the finding is what that cell counts.
fn shows(one: &Distinct<'_>, system: &str, race: &Race, row: &Row, engine: EngineKind) -> bool {
    let best = one.best.finding;
    let named = race.shows.as_ref().is_none_or(|(name, kind)| best.race.as_ref() == Some(name) && best.kind == *kind);
    // What nobody expects stands with the scenarios that expect nothing.
    let named = named && (race.shows.is_some() || one.standing == crate::distinct::Standing::Unexpected);
    named
        && one.variant() == row.variant
        && one.scenario.scenario.subject.label() == system
        && one.seen.iter().any(|sighting| sighting.trial.trial.engine.kind() == engine)
}

fn cell(row: &Row, engine: EngineKind, notes: &mut Footnotes) -> Cell {
    let cell = row.by(engine);
    // The worst is shown first.
    let class = match cell.and_then(|cell| cell.shown().next()).map(|worst| worst.0) {
        Some(Standing::Unexpected | Standing::OutOfSight | Standing::NotFound) => "fail",
        Some(Standing::NotJudged) => "unknown",
        Some(Standing::Found) => "found",
        Some(Standing::WithinLimits | Standing::Clean) => "pass",
        Some(Standing::Shared | Standing::CannotSee) | None => "none",
    };
    Cell { class, text: notes.cell(cell) }
}
