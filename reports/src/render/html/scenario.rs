//! One scenario on the page: its cells, its findings, its trials.

use super::anchors::Anchors;
use super::finding::FindingView;
use super::trial::{self, TrialView};
use super::{Badge, Cell, Link, engines, verdict};
use crate::distinct::Distinct;
use crate::model::{Report, ScenarioReport};
use crate::render::text::cells_of;
use crate::words::{clean, counted};
use racehunt_core::verdict::Verdict;

pub(super) struct ScenarioView {
    pub(super) anchor: String,
    pub(super) verdict: Badge,
    pub(super) name: String,
    pub(super) about: String,
    pub(super) file: String,
    pub(super) counts: String,
    pub(super) engines: String,
    /// What the filter finds beside what is shown.
    pub(super) words: String,
    pub(super) open: bool,
    pub(super) reasons: Vec<String>,
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<CellRow>,
    pub(super) findings: Vec<Link>,
    pub(super) trials: Vec<TrialView>,
}

pub(super) struct CellRow {
    pub(super) title: [String; 3],
    pub(super) cells: Vec<Cell>,
}

pub(super) fn views(
    report: &Report,
    all: &[Distinct<'_>],
    anchors: &Anchors,
    findings: &[FindingView],
) -> Vec<ScenarioView> {
    let mut views = Vec::new();
    for (one, anchor) in report.scenarios.iter().zip(&anchors.scenarios) {
        let here = all.iter().zip(findings).filter(|(found, _)| std::ptr::eq(found.scenario, one));
        let here: Vec<(&Distinct<'_>, Link)> = here.map(|(found, view)| (found, view.link())).collect();
        let open = report.scenarios.len() == 1;
        views.push(ScenarioView { open, ..view(one, anchor.clone(), &here) });
    }
    views
}

fn view(one: &ScenarioReport, anchor: String, here: &[(&Distinct<'_>, Link)]) -> ScenarioView {
    let executions = one.trials.iter().map(|trial| trial.executions).sum();
    let trials = counted(one.trials.len() as u64, "trial");
    let found = match here.len() {
        0 => "no finding".to_owned(),
        n => counted(n as u64, "finding"),
    };
    let (columns, rows) = cells_of(one);
    let races = one.expectations.iter().map(|cell| cell.race.as_str());
    let variants = one.trials.iter().map(|trial| trial.trial.variant.as_str());
    let mut words: Vec<&str> = races.chain(variants).collect();
    words.sort_unstable();
    words.dedup();
    ScenarioView {
        anchor,
        verdict: verdict(one.verdict),
        name: clean(&one.scenario.name),
        about: clean(&one.scenario.about),
        file: clean(&one.file),
        counts: format!("{found}; {} in {trials}", counted(executions, "execution")),
        engines: engines(one.trials.iter().map(|trial| trial.trial.engine.kind())),
        words: clean(&format!("{} {}", one.file, words.join(" "))),
        open: false,
        reasons: one.reasons.iter().map(|reason| clean(reason)).collect(),
        rows: rows
            .into_iter()
            .map(|row| CellRow {
                cells: columns.iter().map(|engine| cell(row.by(*engine))).collect(),
                title: row.title,
            })
            .collect(),
        columns: columns.iter().map(ToString::to_string).collect(),
        findings: here.iter().map(|(_, link)| link.clone()).collect(),
        trials: one.trials.iter().map(|trial| trial::view(trial, one)).collect(),
    }
}

fn cell((judged, text): (Option<Verdict>, &str)) -> Cell {
    Cell { class: judged.map_or("none", |judged| verdict(judged).class), text: text.to_owned() }
}
