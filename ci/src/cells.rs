//! The clean cells of several reports, added up.

use racehunt_core::outcome::TrialOutcome;
use racehunt_core::scenario::EngineKind;
use racehunt_core::verdict::{Coverage, Verdict};
use racehunt_reports::Report;
use std::collections::BTreeMap;

/// A variant of a scenario under an engine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) scenario: String,
    pub(crate) variant: String,
    pub(crate) engine: EngineKind,
}

impl Place {
    /// For people.
    pub(crate) fn title(&self) -> String {
        format!("{} by {}, {}", self.variant, self.engine, self.scenario)
    }
}

/// What all reports say of a clean cell.
pub(crate) struct Cell {
    /// The worst of them.
    pub(crate) verdict: Verdict,
    /// Of all reports; those of the same seed count once, because a search repeats itself.
    pub(crate) executions: u64,
    /// True if every trial has searched all there is within its bounds, so that no more executions are to be had.
    pub(crate) complete: bool,
}

/// Every clean cell by its place.
pub(crate) fn cells(reports: &[Report]) -> BTreeMap<Place, Cell> {
    let mut by_seed: BTreeMap<Place, BTreeMap<u64, u64>> = BTreeMap::new();
    let mut cells: BTreeMap<Place, Cell> = BTreeMap::new();
    for report in reports {
        for one in &report.scenarios {
            for cell in &one.clean {
                let scenario = one.scenario.name.clone();
                let place = Place { scenario, variant: cell.variant.clone(), engine: cell.engine };
                let seeds = by_seed.entry(place.clone()).or_default();
                let most = seeds.entry(report.seed).or_default();
                *most = cell.executions.max(*most);
                let executions = seeds.values().sum();
                let mut trials = one.trials.iter().filter(|trial| cell.trials.contains(&trial.trial.id));
                let complete = !cell.trials.is_empty() && trials.all(is_complete);
                let all = cells.entry(place).or_insert(Cell { verdict: cell.verdict, executions, complete });
                all.verdict = all.verdict.max(cell.verdict);
                all.executions = executions;
                all.complete |= complete;
            }
        }
    }
    cells
}

fn is_complete(trial: &TrialOutcome) -> bool {
    match &trial.coverage {
        Coverage::Exhaustive => true,
        Coverage::Bounded { preemptions } => !preemptions.is_empty(),
        Coverage::Nothing | Coverage::Sampled { .. } | Coverage::Stressed { .. } => false,
    }
}
