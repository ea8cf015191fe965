//! The races of the shipped systems: executions to the first finding, by strategy.

use crate::classes::Silent;
use crate::table::{Cell, OURS, SEEDS, geometric_mean};
use racehunt_core::finding::{FindingKind, Repro};
use racehunt_core::plan::{EngineConfig, Plan, ShuttleConfig, Trial};
use racehunt_core::scenario::{EngineKind, Scenario, Strategy as Name};
use racehunt_core::subject::Subject;
use racehunt_core::tally::Tally;
use racehunt_engines::distinct::Distinct;
use racehunt_engines::model::Model;
use racehunt_engines::shuttle::{self, Budget, Driver, Execution, Judged, Seeds};
use racehunt_engines::strategy::{self, Strategy};
use racehunt_engines::{panics, registry};
use racehunt_sync::engine::{self, Engine};
use racehunt_sync::{hook, tries};
use rayon::prelude::*;
use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

/// Executions after which a run of a race counts as one that did not find it.
pub const RACES_CAP: u64 = 2_000;

/// A race of the catalogue in a trial of a scenario.
#[derive(Clone)]
pub struct Race {
    /// The catalogue's name of it: `MB3`.
    pub name: String,
    /// The scenario without its folder.
    pub scenario: String,
    /// What a checker says of it.
    pub finding: FindingKind,
    /// The trial, by whatever strategy.
    trial: Trial,
    config: ShuttleConfig,
    subject: &'static dyn Subject,
}

impl std::fmt::Debug for Race {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} of {}", self.name, self.finding, self.trial.id)
    }
}

/// Every race that a shipped scenario expects of the shuttle engine, once for each variant and parameters.
///
/// # Panics
/// If a scenario does not read.
#[must_use]
pub fn races() -> Vec<Race> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let mut all = Vec::new();
    for subject in racehunt_scenarios::subjects() {
        let folder = std::fs::read_dir(root.join(subject.name())).expect("the folder of a system");
        let mut files: Vec<_> = folder.map(|entry| entry.expect("a readable folder").path()).collect();
        files.sort();
        for file in files {
            let text = std::fs::read_to_string(&file).expect("a readable file");
            let scenario = Scenario::parse(&file.display().to_string(), &text).unwrap_or_else(|e| panic!("{e}"));
            all.extend(of(&scenario));
        }
    }
    all
}

/// The races of one scenario.
fn of(scenario: &Scenario) -> Vec<Race> {
    let mut all: Vec<Race> = Vec::new();
    for trial in Plan::expand(scenario, 0).trials {
        let EngineConfig::Shuttle(config) = trial.engine.clone() else { continue };
        let Some(subject) = registry::find(racehunt_scenarios::subjects(), &trial.subject) else { continue };
        for expected in scenario.expect.iter().filter(|e| e.covers(&trial.variant, EngineKind::Shuttle)) {
            let same = |r: &Race| {
                (&r.trial.variant, &r.trial.params, r.finding) == (&trial.variant, &trial.params, expected.finding)
            };
            if !all.iter().any(same) {
                let scenario = trial.scenario.rsplit('/').next().unwrap_or_default().to_owned();
                let name = expected.race.clone();
                let (trial, config) = (trial.clone(), config.clone());
                all.push(Race { name, scenario, finding: expected.finding, trial, config, subject });
            }
        }
    }
    all
}

/// The number, from 1, of the first execution that shows the race, under the strategy that `make` makes of a seed.
///
/// # Panics
/// If the engine fails.
pub fn first_finding(race: &Race, make: &dyn Fn(u64) -> Box<dyn Strategy>, seed: u64, cap: u64) -> Option<u64> {
    let _quiet = panics::keep();
    let _entered = engine::enter(Engine::Shuttle);
    tries::forget();
    let program = race.trial.program.deal(race.config.threads, race.config.ops_per_thread, seed);
    let model = Arc::new(Model::new(&race.trial, &program, race.subject).expect("a trial of a shipped scenario"));
    let first = Rc::new(RefCell::new(None));
    let (found, finding) = (Rc::clone(&first), race.finding);
    let (mut distinct, mut tally) = (Distinct::default(), Tally::new(race.trial.clone()));
    let judge = Box::new(move |e: &Execution<'_>| {
        let fresh = distinct.add(hook::fingerprint());
        let shown = tally.observe(&e.ended.observation);
        let failed = shown.iter().any(|(i, _)| tally.findings()[*i].kind == finding);
        if failed {
            found.replace(Some(e.number));
        }
        Judged { go_on: !failed, fresh }
    });
    let budget = Budget { executions: cap, steps: race.config.steps, deadline: None };
    let driver = Driver::new(model, make(seed), race.config.reduce, budget, Seeds::Vary(seed), false, judge);
    driver.run(None);
    assert_eq!(driver.seen().broken, None, "{race:?}");
    drop(driver);
    first.take()
}

/// The context switches of the race's schedule as a trial by `strategy` leaves it, and whether ten replays in ten showed
/// it; `None` if the trial did not find it.
fn minimal(race: &Race, strategy: Name) -> Option<(u32, bool)> {
    let config = ShuttleConfig { strategy, executions: RACES_CAP, ..race.config.clone() };
    let trial = Trial { engine: EngineConfig::Shuttle(config), ..race.trial.clone() };
    let outcome = shuttle::run(&trial, race.subject, &mut Silent).ok()?;
    let of = |f: &racehunt_core::finding::Finding| match &f.repro {
        Repro::Schedule { switches, confirmed, .. } => Some((switches.kept, confirmed.same == confirmed.of)),
        _ => None,
    };
    outcome.findings.iter().filter(|f| f.kind == race.finding).filter_map(of).min()
}

/// The table in Markdown. Rows of one race and scenario that differ in nothing else are one. `words` are names of
/// strategies or beginnings of names of races to leave the others out.
#[must_use]
pub fn races_table(words: &[String]) -> String {
    let names: Vec<&str> = OURS.iter().copied().filter(|n| words.iter().any(|w| w == n)).collect();
    let names = if names.is_empty() { OURS.to_vec() } else { names };
    let races = races();
    let named = |r: &&Race| words.iter().any(|w| r.name.starts_with(w.as_str()));
    let some = races.iter().any(|r| named(&r));
    let (mut rows, mut all): (Vec<Row>, Vec<Vec<Cell>>) = (Vec::new(), Vec::new());
    for race in races.iter().filter(|r| !some || named(r)) {
        let cells: Vec<Cell> = names.iter().map(|name| cell(race, name)).collect();
        let switches = names.last().and_then(|name| minimal(race, name.parse().ok()?));
        let switches =
            switches.map_or_else(|| "–".to_owned(), |(n, sure)| format!("{n}{}", if sure { "" } else { "?" }));
        let figures: Vec<String> = cells.iter().map(ToString::to_string).chain([switches]).collect();
        Row::add(&mut rows, race, figures.join(" | "));
        all.push(cells);
    }
    let mut text = format!("| race | scenario | finding | variants | {} | switches |\n", names.join(" | "));
    text.push_str(&format!("|---|---|---|---|{}---|\n", "---|".repeat(names.len())));
    for Row { race, findings, variants, figures } in rows {
        let (findings, variants) = (findings.join(", "), variants.join(", "));
        text.push_str(&format!("| {} | {} | {findings} | {variants} | {figures} |\n", race.name, race.scenario));
    }
    let means = (0..names.len()).map(|at| format!("{:.1}", geometric_mean(all.iter().map(|row| &row[at]))));
    text.push_str(&format!("| geometric mean | | | | {} | |", means.collect::<Vec<_>>().join(" | ")));
    text
}

fn cell(race: &Race, strategy: &str) -> Cell {
    let parsed: Name = strategy.parse().expect("the name of a strategy");
    let run = |seed| first_finding(race, &|seed| strategy::named(&parsed, seed), seed, RACES_CAP);
    Cell { firsts: (1..=SEEDS).into_par_iter().map(run).collect(), cap: RACES_CAP }
}

/// A row of the table.
struct Row<'a> {
    race: &'a Race,
    findings: Vec<String>,
    variants: Vec<String>,
    figures: String,
}

impl<'a> Row<'a> {
    /// Adds a row, or what is new in it to one that is the same otherwise.
    fn add(rows: &mut Vec<Self>, race: &'a Race, figures: String) {
        let (finding, variant) = (race.finding.to_string(), race.trial.variant.clone());
        let same = |r: &&mut Self| {
            let what = (&r.race.name, &r.race.scenario, &r.figures) == (&race.name, &race.scenario, &figures);
            // Both at once would claim more than was measured.
            what && (r.findings == [finding.clone()] || r.variants == [variant.clone()])
        };
        match rows.iter_mut().find(same) {
            Some(row) if row.variants == [variant.clone()] => row.findings.push(finding),
            Some(row) => row.variants.push(variant),
            None => rows.push(Self { race, findings: vec![finding], variants: vec![variant], figures }),
        }
    }
}
