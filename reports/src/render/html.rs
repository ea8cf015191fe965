//! The whole report as one page: nothing is loaded, everything can be read without its script, folded out and printed.
//!
//! The templates ([`askama`], which escapes whatever is put in) stand in `reports/templates/`. What is put in is text that
//! the other renderers have the words for; only pictures made here go in as markup. A policy in the page forbids the
//! browser every load, and every script but the page's own.

mod anchors;
mod finding;
mod overview;
mod scenario;
mod soak;
mod trial;

use super::{curve, plot, svg};
use crate::distinct::{Standing, distinct};
use crate::model::Report;
use crate::words::{clean, counted};
use anchors::Anchors;
use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use finding::FindingView;
use overview::Races;
use racehunt_core::scenario::EngineKind;
use racehunt_core::verdict::Verdict;
use scenario::ScenarioView;
use sha2::{Digest, Sha256};
use soak::SoakView;
use std::collections::BTreeSet;

const SCRIPT: &str = include_str!("../../templates/report.js");
const STYLE: &str = include_str!("../../templates/report.css");

/// The page. Ends with a newline.
///
/// `#scenario-NAME` and `#finding-FINGERPRINT` lead to a scenario and to a finding.
#[must_use]
pub fn html(report: &Report) -> String {
    let mut page = Page::of(report).render().unwrap_or_else(|error| {
        // Writing to a string fails in no other way than by a template that is wrong, which a test would show.
        format!(
            "<!doctype html><title>racehunt</title><p>the page could not be written: {}",
            svg::escape(&error.to_string())
        )
    });
    page.push('\n');
    page
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page {
    policy: String,
    title: String,
    style: String,
    defs: &'static str,
    script: &'static str,
    version: String,
    verdict: Badge,
    headline: String,
    reasons: Vec<String>,
    unexpected: Vec<Link>,
    more_unexpected: usize,
    left_out_counted: String,
    left_out: Vec<String>,
    facts: Vec<(&'static str, String)>,
    soak: Option<SoakView>,
    races: Option<Races>,
    engines: Vec<String>,
    scenarios: Vec<ScenarioView>,
    findings: Vec<FindingView>,
}

/// A verdict, or how a finding stands: its sign and word for those who see no colour.
struct Badge {
    class: &'static str,
    sign: &'static str,
    word: &'static str,
}

/// A place on the page.
#[derive(Clone)]
struct Link {
    anchor: String,
    text: String,
}

/// A cell of a table.
struct Cell {
    class: &'static str,
    text: String,
}

/// Unexpected findings that the head of the page names.
const MOST_NAMED: usize = 12;

impl Page {
    fn of(report: &Report) -> Self {
        let all = distinct(report);
        let anchors = Anchors::of(report, &all);
        let findings = finding::views(&all, &anchors, report);
        let mut unexpected: Vec<Link> = Vec::new();
        for (one, view) in all.iter().zip(&findings).filter(|(one, _)| one.standing == Standing::Unexpected) {
            let name = clean(&one.scenario.scenario.name);
            unexpected.push(Link { anchor: view.anchor.clone(), text: format!("{}, by {name}", view.title) });
        }
        let more_unexpected = unexpected.len().saturating_sub(MOST_NAMED);
        unexpected.truncate(MOST_NAMED);
        let links: Vec<_> = all.iter().zip(&findings).map(|(one, view)| (one, view.link())).collect();
        let trials = report.scenarios.iter().flat_map(|one| &one.trials);
        let engines: BTreeSet<EngineKind> = trials.map(|trial| trial.trial.engine.kind()).collect();
        Self {
            policy: policy(),
            title: format!("racehunt: {}", report.verdict.word()),
            style: style(),
            defs: svg::PAGE_DEFS,
            script: SCRIPT,
            version: clean(&report.tool.version),
            verdict: verdict(report.verdict),
            headline: overview::headline(report),
            reasons: overview::reasons(report),
            unexpected,
            more_unexpected,
            left_out_counted: counted(report.left_out.iter().map(|left| left.scenarios.len() as u64).sum(), "scenario"),
            left_out: report.left_out.iter().map(super::left_out).collect(),
            facts: overview::facts(report),
            soak: report.soak.as_ref().map(soak::view),
            races: overview::races(report, &links),
            engines: engines.iter().map(ToString::to_string).collect(),
            scenarios: scenario::views(report, &all, &anchors, &findings),
            findings,
        }
    }
}

/// All that may run is the page's script, by its digest; nothing may be loaded, sent or framed.
fn policy() -> String {
    let digest = STANDARD.encode(Sha256::digest(SCRIPT.as_bytes()));
    format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
}

/// The page's own, and what pictures that stand by themselves carry with them. On paper all is light.
fn style() -> String {
    let pictures = format!("{}{}{}", svg::PAGE_STYLE, curve::STYLE, plot::STYLE);
    // A later rule wins: the page's come last.
    let pictures = pictures.replace("@media (prefers-color-scheme", "@media screen and (prefers-color-scheme");
    format!("{}\n{STYLE}", pictures.replace("@media(prefers-color-scheme", "@media screen and (prefers-color-scheme"))
}

fn verdict(verdict: Verdict) -> Badge {
    match verdict {
        Verdict::Pass => Badge { class: "pass", sign: "✓", word: "pass" },
        Verdict::Unknown => Badge { class: "unknown", sign: "?", word: "unknown" },
        Verdict::Fail => Badge { class: "fail", sign: "✗", word: "fail" },
    }
}

/// Engines as the filter has them: words with a space between.
fn engines(kinds: impl Iterator<Item = EngineKind>) -> String {
    let kinds: BTreeSet<EngineKind> = kinds.collect();
    kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
