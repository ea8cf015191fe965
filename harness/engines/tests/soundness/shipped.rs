//! The shipped scenarios, by every schedule in order and by one of each class: the same findings.
//!
//! They have what random programs have not: files, kills, histories of calls, virtual time.

use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::{EngineConfig, Plan, Trial};
use racehunt_core::scenario::{Scenario, Strategy};
use racehunt_core::verdict::Coverage;
use racehunt_engines::emit::{Emit, Progress};
use racehunt_engines::{registry, shuttle};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

struct Quiet;

impl Emit for Quiet {
    fn progress(&mut self, _: Progress) {}

    fn finding(&mut self, _: &racehunt_core::finding::Finding) {}

    fn stopped(&self) -> bool {
        false
    }
}

/// The trials of all scenarios under shuttle, one of each subject, variant, parameters and program.
fn trials() -> BTreeMap<String, Trial> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let mut trials = BTreeMap::new();
    let mut folders: Vec<_> = std::fs::read_dir(root).unwrap().map(|e| e.unwrap().path()).collect();
    folders.sort();
    for folder in folders.into_iter().filter(|f| f.is_dir() && !f.ends_with("src")) {
        let Ok(files) = std::fs::read_dir(folder) else { continue };
        for file in files.map(|f| f.unwrap().path()).filter(|f| f.extension().is_some_and(|e| e == "toml")) {
            let text = std::fs::read_to_string(&file).unwrap();
            let Ok(scenario) = Scenario::parse(&file.display().to_string(), &text) else { continue };
            for trial in Plan::expand(&scenario, 1).trials {
                if matches!(trial.engine, EngineConfig::Shuttle(_)) {
                    let id = format!("{}/{}/{:?}", trial.scenario, trial.variant, trial.params);
                    trials.entry(id).or_insert(trial);
                }
            }
        }
    }
    trials
}

fn hunt(trial: &Trial, strategy: Strategy, executions: u64) -> Option<TrialOutcome> {
    let mut trial = trial.clone();
    let EngineConfig::Shuttle(config) = &mut trial.engine else { unreachable!("filtered") };
    (config.strategy, config.executions, config.reduce) = (strategy, executions, true);
    config.time = "60s".parse().unwrap();
    let subject = registry::find(racehunt_scenarios::subjects(), &trial.subject)?;
    shuttle::run(&trial, subject, &mut Quiet).ok()
}

fn found(outcome: &TrialOutcome) -> BTreeSet<String> {
    outcome.findings.iter().map(|f| format!("{:?} {}", f.kind, f.detail)).collect()
}

/// Executions beyond which a scenario is too large to be compared.
fn most() -> u64 {
    1_500 * crate::agree::times() as u64
}

#[test]
fn exhaustive_finds_what_every_schedule_shows() {
    let (mut compared, mut fewer) = (0, 0);
    for (id, trial) in trials() {
        let Some(whole) = hunt(&trial, Strategy::Dfs, most()) else { continue };
        if whole.coverage != Coverage::Exhaustive {
            continue;
        }
        let some = hunt(&trial, Strategy::Exhaustive, 2 * most()).unwrap();
        assert_eq!(some.coverage, Coverage::Exhaustive, "{id}: {:?} {:?}", some.notes, some.doubts);
        assert_eq!(found(&some), found(&whole), "{id}");
        assert!(some.executions <= whole.executions + 1, "{id}: {} of {}", some.executions, whole.executions);
        compared += 1;
        fewer += u32::from(some.executions < whole.executions);
    }
    assert!(compared > 20 && fewer > 10, "{compared} compared, {fewer} of them in fewer executions");
}
