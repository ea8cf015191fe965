//! The seeds of a run.

use super::{Plan, Trial};
use crate::scenario::Scenario;

/// One seed or several in a row: every trial is run with each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seeds {
    first: u64,
    count: u64,
}

impl Seeds {
    /// One seed.
    #[must_use]
    pub const fn one(seed: u64) -> Self {
        Self { first: seed, count: 1 }
    }

    /// `count` seeds from `first` on; `None` if there are none, or not that many numbers.
    #[must_use]
    pub fn new(first: u64, count: u64) -> Option<Self> {
        first.checked_add(count.checked_sub(1)?)?;
        Some(Self { first, count })
    }

    /// The first.
    #[must_use]
    pub const fn first(self) -> u64 {
        self.first
    }

    /// How many.
    #[must_use]
    pub const fn count(self) -> u64 {
        self.count
    }

    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = u64> {
        self.first..=self.first + (self.count - 1)
    }

    /// The plan of a scenario, seed after seed. With several, each trial's id ends in its seed (`…/seed=7`); what the trial
    /// draws is what it draws in a run with that seed alone, so that what is found here is found there.
    #[must_use]
    pub fn plan(self, scenario: &Scenario) -> Plan {
        let trials = self.iter().flat_map(|seed| self.trials(scenario, seed)).collect();
        Plan { trials }
    }

    /// The part of the plan that has one of the seeds.
    #[must_use]
    pub fn trials(self, scenario: &Scenario, seed: u64) -> Vec<Trial> {
        let mut trials = Plan::expand(scenario, seed).trials;
        if self.count > 1 {
            trials.iter_mut().for_each(|trial| trial.id.push_str(&format!("/seed={seed}")));
        }
        trials
    }

    /// The seed of the run that the trial with this id is part of.
    #[must_use]
    pub fn of(self, id: &str) -> u64 {
        let named = || id.rsplit_once("/seed=")?.1.parse().ok();
        if self.count > 1 { named().unwrap_or(self.first) } else { self.first }
    }
}

impl std::fmt::Display for Seeds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.count {
            1 => write!(f, "seed {}", self.first),
            _ => write!(f, "seeds {} to {}", self.first, self.first + (self.count - 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scenario() -> Scenario {
        let text = "schema = 1\nname = \"t\"\nabout = \"T.\"\n[subject]\nname = \"metrics-buffer\"\n\
                    variant = [\"a\", \"b\"]\nparams = { seed = [1, 2] }\n[workload]\nmix = { flush = 1 }\n\
                    [shuttle]\nstrategy = [\"random\", \"urw\"]\n";
        Scenario::parse("t.toml", text).expect("a scenario")
    }

    #[test]
    fn one_seed_is_the_plan_as_ever() {
        assert_eq!(Seeds::one(7).plan(&scenario()), Plan::expand(&scenario(), 7));
        assert_eq!(Seeds::one(7).of("x/seed=1/shuttle/random"), 7);
        assert_eq!(Seeds::one(7).to_string(), "seed 7");
    }

    #[test]
    fn of_several_each_trial_draws_what_it_draws_alone() {
        let seeds = Seeds::new(7, 3).expect("three");
        let all = seeds.plan(&scenario()).trials;
        let alone: Vec<Trial> = (7..10).flat_map(|seed| Plan::expand(&scenario(), seed).trials).collect();
        assert_eq!(all.len(), alone.len());
        for (i, (one, alone)) in all.iter().zip(&alone).enumerate() {
            let seed = 7 + i as u64 / 8;
            assert_eq!((one.seed, one.id.clone()), (alone.seed, format!("{}/seed={seed}", alone.id)));
            assert_eq!(seeds.of(&one.id), seed);
        }
        let ids: std::collections::BTreeSet<&str> = all.iter().map(|trial| trial.id.as_str()).collect();
        assert_eq!(ids.len(), 24, "the ids are different");
        assert_eq!(seeds.to_string(), "seeds 7 to 9");
    }

    #[test]
    fn there_are_as_many_as_there_are_numbers() {
        assert_eq!(Seeds::new(1, 0), None);
        assert_eq!(Seeds::new(u64::MAX, 2), None);
        assert_eq!(Seeds::new(u64::MAX, 1).map(|s| s.iter().count()), Some(1));
    }
}
