//! One finding on the page: what was seen, how to see it again, its steps.

use super::anchors::Anchors;
use super::{Badge, Link, engines};
use crate::distinct::{Distinct, Standing};
use crate::model::Report;
use crate::render::interleaving::rows;
use crate::render::text::command;
use crate::render::{exact, interleaving, repro, svg};
use crate::style::Style;
use crate::words::{clean, count, cut};
use racehunt_core::interleaving::{Interleaving, Race};

pub(super) struct FindingView {
    pub(super) anchor: String,
    pub(super) verdict: Badge,
    pub(super) title: String,
    pub(super) message: String,
    /// The message in full, if what is shown of it first is cut.
    pub(super) whole: String,
    pub(super) cut: bool,
    pub(super) seen: String,
    pub(super) engines: String,
    /// What the filter finds beside what is shown.
    pub(super) words: String,
    pub(super) marked: Vec<String>,
    pub(super) command: Option<String>,
    pub(super) again: Vec<String>,
    pub(super) sources: Vec<Source>,
    pub(super) diagram: Option<String>,
    pub(super) no_diagram: Option<String>,
    pub(super) table: Option<String>,
    pub(super) scenario: Link,
    pub(super) facts: Vec<(&'static str, String)>,
}

/// A step that matters, with its line in the source.
pub(super) struct Source {
    pub(super) role: &'static str,
    pub(super) number: String,
    pub(super) actor: String,
    pub(super) does: String,
    pub(super) object: String,
    pub(super) site: String,
}

/// Letters of a message that stand in the line that is always seen.
const LONGEST_LINE: usize = 220;

/// Races of one finding whose steps are listed.
const MOST_RACES: usize = 3;

/// Bytes of all diagrams. A browser takes its time over many thousands of elements; the tables say the same.
const MOST_DIAGRAMS: usize = 10 << 20;

/// Columns of the table: it scrolls, so that it never has to leave anything out.
const TABLE_WIDTH: usize = 160;

impl FindingView {
    pub(super) fn link(&self) -> Link {
        Link { anchor: self.anchor.clone(), text: format!("{}, {}", self.title, self.verdict.word) }
    }
}

/// In the order of the report. Those that nobody expects get the room for diagrams first.
pub(super) fn views(all: &[Distinct<'_>], anchors: &Anchors, report: &Report) -> Vec<FindingView> {
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by_key(|i| all[*i].standing);
    let mut diagrams: Vec<Option<String>> = vec![None; all.len()];
    let mut left = MOST_DIAGRAMS;
    for i in order {
        let Some(drawn) = all[i].steps().map(svg::on_page) else { continue };
        if drawn.len() <= left {
            left -= drawn.len();
            diagrams[i] = Some(drawn);
        }
    }
    let rest = all.iter().zip(&anchors.findings).zip(diagrams);
    rest.map(|((one, anchor), diagram)| view(one, anchor, anchors.scenario(report, one), diagram)).collect()
}

fn view(one: &Distinct<'_>, anchor: &str, scenario: String, diagram: Option<String>) -> FindingView {
    let best = one.best.finding;
    let race = best.race.as_ref().map_or_else(String::new, |race| format!(" ({})", clean(race)));
    let seen = one.by_engine();
    let seen: Vec<String> =
        seen.iter().map(|(engine, n, of)| format!("{} of {} by {engine}", count(*n), count(*of))).collect();
    let whole = clean(&best.message);
    let message = cut(&whole, LONGEST_LINE);
    let steps = one.steps();
    let left_out = steps.is_some() && diagram.is_none();
    FindingView {
        anchor: anchor.to_owned(),
        verdict: badge(one.standing),
        title: format!("{}: {}{race} in {}", one.number, best.kind, clean(one.variant())),
        cut: message != whole,
        message,
        whole,
        seen: format!("seen in {}", seen.join(", ")),
        engines: engines(one.seen.iter().map(|sighting| sighting.trial.trial.engine.kind())),
        words: clean(&format!("{} {} {}", best.fingerprint, one.scenario.scenario.name, best.detail)),
        marked: steps.map(rows::sentences).unwrap_or_default(),
        command: command(one, Some("report.json")),
        again: one.replays().then(|| repro(best)).into_iter().chain(exact::line(one)).collect(),
        sources: steps.map(sources).unwrap_or_default(),
        no_diagram: left_out.then(|| {
            let number = one.number;
            format!("Its diagram: racehunt render report.json --format svg --finding {number}")
        }),
        diagram,
        table: steps.map(|shown| interleaving(shown, TABLE_WIDTH, Style::Plain)),
        scenario: Link { anchor: scenario, text: clean(&one.scenario.scenario.name) },
        facts: facts(one),
    }
}

fn facts(one: &Distinct<'_>) -> Vec<(&'static str, String)> {
    let best = one.best.finding;
    let ids: Vec<String> = best.ids.iter().map(ToString::to_string).collect();
    let trials: Vec<String> = one.seen.iter().map(|sighting| clean(&sighting.trial.trial.id)).collect();
    let mut facts = vec![("fingerprint", clean(&best.fingerprint)), ("told apart by", clean(&best.detail))];
    if !ids.is_empty() {
        facts.push(("first ids", ids.join(", ")));
    }
    facts.push(("first seen in execution", count(best.first_execution)));
    facts.push(("trials", trials.join(", ")));
    facts
}

fn badge(standing: Standing) -> Badge {
    match standing {
        Standing::Unexpected => Badge { class: "fail", sign: "✗", word: standing.word() },
        Standing::Tolerated | Standing::Expected => Badge { class: "pass", sign: "✓", word: standing.word() },
    }
}

/// The steps of the races, in their order, then the waits that never end.
fn sources(shown: &Interleaving) -> Vec<Source> {
    let mut all: Vec<Source> = Vec::new();
    for race in shown.racing.iter().take(MOST_RACES) {
        let mut steps = roles(race);
        steps.sort_by_key(|step| step.1);
        all.extend(steps.into_iter().filter_map(|(role, at)| source(shown, role, at)));
    }
    for wait in shown.waits.iter().filter(|wait| wait.to.is_none()) {
        all.push(Source {
            role: "waits for ever",
            number: "–".to_owned(),
            actor: rows::actor(shown, wait.actor),
            does: clean(&wait.kind),
            object: rows::object(shown, wait.object_id, &wait.object),
            site: clean(&wait.site),
        });
    }
    all
}

/// What the four steps of a race are in it; two of them may be one.
fn roles(race: &Race) -> Vec<(&'static str, usize)> {
    let mut steps = vec![("opens the window", race.opens)];
    if !race.is_simple() {
        steps.push(("comes in between", race.entered));
    }
    steps.extend([("first of the pair", race.first), ("second of the pair", race.second)]);
    steps
}

fn source(shown: &Interleaving, role: &'static str, at: usize) -> Option<Source> {
    let step = shown.steps.get(at)?;
    Some(Source {
        role,
        number: (at + 1).to_string(),
        actor: rows::actor(shown, step.actor),
        does: rows::what_and_value(step),
        object: rows::object(shown, step.object_id, &step.object),
        site: clean(&step.site),
    })
}
