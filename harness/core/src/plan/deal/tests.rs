//! Every trial is in one partition, the same on every machine, and the partitions are about as long as each other.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn scenario(name: &str, engines: &str) -> Scenario {
    let text = format!(
        "schema = 1\nname = \"{name}\"\nabout = \"T.\"\n[subject]\nname = \"metrics-buffer\"\nvariant = [\"a\", \"b\"]\n\
         [workload]\nmix = {{ flush = 1 }}\n{engines}"
    );
    Scenario::parse("t.toml", &text).expect("a scenario")
}

const MODELS: &str = "[shuttle]\nstrategy = [\"random\", \"pct:3\", \"dfs\"]\nexecutions = 10_000\n[loom]\n";

fn suite() -> Vec<Scenario> {
    let stress = "[stress]\nthreads = [2, 4]\nduration = \"3s\"\n";
    let unchased = "[stress]\nthreads = [2, 4]\nduration = \"3s\"\nchase = false\n";
    vec![
        scenario("models", MODELS),
        scenario("both", &format!("{stress}{MODELS}")),
        scenario("unchased", &format!("{unchased}{MODELS}")),
    ]
}

fn dealt(suite: &[Scenario], seeds: Seeds, of: u32) -> Vec<Vec<u32>> {
    deal(&suite.iter().collect::<Vec<_>>(), seeds, of)
}

#[test]
fn the_deal_never_changes() {
    // On no machine and in no build: `--partition 5/16` run again must be the part that was missing.
    let numbers = dealt(&suite(), Seeds::one(1), 4);
    assert_eq!(numbers[0], [3, 4, 3, 4, 3, 4, 3, 4]);
    assert_eq!(numbers[1], [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2]);
    assert_eq!(numbers[2], [3, 4, 1, 2, 3, 4, 3, 4, 1, 2, 3, 4]);
}

#[test]
fn what_is_chased_stays_with_its_variant_and_seed_and_the_rest_does_not() {
    let (suite, seeds) = (suite(), Seeds::new(5, 4).expect("four"));
    let numbers = dealt(&suite, seeds, 8);
    let mut parts: BTreeMap<(usize, u64, String), Vec<u32>> = BTreeMap::new();
    for (scenario, numbers) in numbers.iter().enumerate() {
        for (trial, part) in seeds.plan(&suite[scenario]).trials.iter().zip(numbers) {
            let parts = parts.entry((scenario, seeds.of(&trial.id), trial.variant.clone())).or_default();
            if !parts.contains(part) {
                parts.push(*part);
            }
        }
    }
    assert!(parts.iter().filter(|((scenario, ..), _)| *scenario == 1).all(|(_, parts)| parts.len() == 1), "{parts:?}");
    assert!(parts.iter().any(|((scenario, ..), parts)| *scenario == 0 && parts.len() > 1), "{parts:?}");
    assert!(parts.iter().any(|((scenario, ..), parts)| *scenario == 2 && parts.len() > 1), "{parts:?}");
}

/// Guessed milliseconds of each partition.
fn loads(suite: &[Scenario], seeds: Seeds, of: u32) -> Vec<u64> {
    let mut loads = vec![0; of as usize];
    for (scenario, numbers) in suite.iter().zip(dealt(suite, seeds, of)) {
        for (trial, part) in seeds.plan(scenario).trials.iter().zip(numbers) {
            loads[part as usize - 1] += cost(trial);
        }
    }
    loads
}

#[test]
fn the_partitions_cost_about_the_same() {
    let loads = loads(&suite(), Seeds::new(1, 16).expect("sixteen"), 4);
    let (least, most) = (loads.iter().min().expect("four"), loads.iter().max().expect("four"));
    assert!(most * 100 <= least * 105, "{loads:?}");
}

#[test]
fn more_partitions_than_units_leave_some_empty() {
    let loads = loads(&suite()[1..2], Seeds::one(1), 4);
    assert_eq!(loads.iter().filter(|load| **load == 0).count(), 2, "{loads:?}");
}

#[test]
fn parts_are_counted_from_one() {
    assert_eq!(Part::new(3, 16).map(|p| p.to_string()).as_deref(), Some("3/16"));
    assert!(Part::new(16, 16).is_some() && Part::new(1, 1).is_some());
    for (index, of) in [(0, 16), (17, 16), (1, 0), (1, Part::MOST + 1)] {
        assert_eq!(Part::new(index, of), None, "{index}/{of}");
    }
}

proptest! {
    #[test]
    fn each_trial_is_in_one_partition(first in any::<u32>(), count in 1_u64..5, of in 1_u32..20) {
        let (suite, seeds) = (suite(), Seeds::new(first.into(), count).expect("seeds"));
        let numbers = dealt(&suite, seeds, of);
        prop_assert_eq!(&numbers, &dealt(&suite, seeds, of));
        for (scenario, numbers) in suite.iter().zip(&numbers) {
            prop_assert_eq!(numbers.len(), seeds.plan(scenario).trials.len());
            prop_assert!(numbers.iter().all(|part| (1..=of).contains(part)));
        }
        // No more than the most expensive unit above an even share.
        let loads = loads(&suite, seeds, of);
        let even = loads.iter().sum::<u64>() / u64::from(of);
        let unit = loads_of_units(&suite, seeds);
        prop_assert!(loads.iter().all(|load| *load <= even + unit), "{:?}", loads);
    }
}

fn loads_of_units(suite: &[Scenario], seeds: Seeds) -> u64 {
    let units = suite.iter().enumerate().flat_map(|(i, one)| groups(i, one, seeds, &seeds.plan(one).trials));
    units.map(|unit| unit.cost).max().unwrap_or(0)
}
