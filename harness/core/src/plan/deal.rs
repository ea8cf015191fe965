//! Deals a run to machines that know nothing of each other: each trial to exactly one partition.
//!
//! The deal is a function of the scenarios, the seeds and the number of partitions, and of nothing else, so that every
//! machine comes to the same. What belongs together stays together: where findings of real threads are looked for under a
//! model, the answer hangs on the other trials of the same variant and seed.
//!
//! Each unit, the most expensive first, goes to the partition that has the least to do: the longest-processing-time rule,
//! at most a third above the best there is (Graham, "Bounds on Multiprocessing Timing Anomalies", 1969), if the costs were
//! known. They are guessed.

use super::{EngineConfig, Seeds, Trial};
use crate::scenario::{Scenario, Strategy, Timespan};

/// One of the parts of a run: `index` from 1 to `of`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    index: u32,
    of: u32,
}

impl Part {
    /// Parts that a run may have: more than any array of tasks has.
    pub const MOST: u32 = 100_000;

    /// Part `index` of `of`; `None` if there is no such part.
    #[must_use]
    pub fn new(index: u32, of: u32) -> Option<Self> {
        ((1..=Self::MOST).contains(&of) && (1..=of).contains(&index)).then_some(Self { index, of })
    }

    /// Which, from 1.
    #[must_use]
    pub const fn index(self) -> u32 {
        self.index
    }

    /// Of how many.
    #[must_use]
    pub const fn of(self) -> u32 {
        self.of
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

/// Milliseconds that starting a trial's worker takes.
const START_MS: u64 = 50;

/// What goes to a partition as one.
struct Unit {
    cost: u64,
    /// Scenario, and place in the plan of it.
    trials: Vec<(usize, usize)>,
}

/// For each scenario, the partition (from 1) of each trial of its plan, in the order of the plan.
#[must_use]
pub fn deal(scenarios: &[&Scenario], seeds: Seeds, of: u32) -> Vec<Vec<u32>> {
    let plans: Vec<Vec<Trial>> = scenarios.iter().map(|one| seeds.plan(one).trials).collect();
    let mut units: Vec<Unit> = Vec::new();
    for (number, (scenario, trials)) in scenarios.iter().zip(&plans).enumerate() {
        units.extend(groups(number, scenario, seeds, trials));
    }
    // Stable: of equal ones the first in the plan goes first.
    units.sort_by_key(|unit| std::cmp::Reverse(unit.cost));
    let mut load = vec![0_u64; of as usize];
    let mut dealt: Vec<Vec<u32>> = plans.iter().map(|trials| vec![1; trials.len()]).collect();
    for unit in units {
        let least = (0..load.len()).min_by_key(|part| load[*part]).unwrap_or(0);
        load[least] = load[least].saturating_add(unit.cost);
        for (scenario, place) in unit.trials {
            dealt[scenario][place] = least as u32 + 1;
        }
    }
    dealt
}

fn groups(number: usize, scenario: &Scenario, seeds: Seeds, trials: &[Trial]) -> Vec<Unit> {
    let chased = scenario.stress.as_ref().is_some_and(|stress| stress.chase);
    let mut units: Vec<(u64, &str, Unit)> = Vec::new();
    for (place, trial) in trials.iter().enumerate() {
        let (seed, variant) = (seeds.of(&trial.id), trial.variant.as_str());
        let same = if chased { units.iter_mut().find(|(s, v, _)| (*s, *v) == (seed, variant)) } else { None };
        match same {
            Some((_, _, unit)) => {
                unit.cost += cost(trial);
                unit.trials.push((number, place));
            }
            None => units.push((seed, variant, Unit { cost: cost(trial), trials: vec![(number, place)] })),
        }
    }
    units.into_iter().map(|(_, _, unit)| unit).collect()
}

/// A guess at the milliseconds a trial takes, from what those of the shipped scenarios took: good to compare with others.
fn cost(trial: &Trial) -> u64 {
    let ms = |time: Timespan| time.nanos() / 1_000_000;
    let rounds = |rounds: Option<u64>, time: Option<Timespan>, micros: u64| {
        let counted = rounds.map(|rounds| rounds.saturating_mul(micros) / 1000);
        counted.into_iter().chain(time.map(ms)).min().unwrap_or(0)
    };
    let work = match &trial.engine {
        EngineConfig::Stress(config) => {
            let micros = if config.processes > 1 { 1_000 } else { 100 };
            rounds(config.rounds, config.duration, micros)
        }
        EngineConfig::Adapter(config) => rounds(config.rounds, config.duration, 1_000),
        EngineConfig::Shuttle(config) => {
            // A search in order mostly ends long before its budget, and so do those of loom.
            let ordered = matches!(config.strategy, Strategy::Dfs | Strategy::Exhaustive);
            let executions = if ordered { config.executions.min(20_000) } else { config.executions };
            (executions.saturating_mul(30) / 1000).min(ms(config.time))
        }
        EngineConfig::Loom(config) => config.preemptions.len() as u64 * ms(config.time).min(150),
    };
    START_MS + work
}

#[cfg(test)]
mod tests;
