//! Sweeps expand to as many trials as they say, in a fixed order, each with an id and a seed of its own.

use std::collections::BTreeSet;

use proptest::prelude::*;
use racehunt_core::plan::{EngineConfig, Plan, Program, Trial, trial_seed};
use racehunt_core::scenario::Scenario;

/// A snapshot without the expression that made it, which would repeat the whole test.
macro_rules! assert_shown {
    ($shown:expr) => {
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!($shown) })
    };
}

const SWEEPS: &str = r#"
schema = 1
name = "metrics-buffer/sweeps"
about = "Everything that can be swept."

[subject]
name = "metrics-buffer"
variant = ["published-fix", "hardened"]
params = { sink = ["stat/sd", "memory"], metrics = [4, 8], fixed = 1 }

[workload]
mix = { increment = 8, flush = 1 }

[stress]
threads = [2, 4]
rounds = 1_000

[shuttle]
strategy = ["random", "pct:3"]

[loom]
preemptions = [2, "none"]
"#;

fn plan(text: &str, seed: u64) -> Plan {
    Plan::expand(&Scenario::parse("x.toml", text).unwrap_or_else(|error| panic!("{error}")), seed)
}

fn unique(trials: &[Trial]) -> BTreeSet<&str> {
    trials.iter().map(|trial| trial.id.as_str()).collect()
}

#[test]
fn the_order_and_the_ids() {
    let plan = plan(SWEEPS, 1);
    // 2 variants × 2 metrics × 2 sinks × (2 threads + 2 strategies + 1 loom)
    assert_eq!(plan.trials.len(), 40);
    assert_eq!(unique(&plan.trials).len(), 40);
    let ids: Vec<&str> = plan.trials.iter().map(|trial| trial.id.as_str()).collect();
    assert_shown!(ids.join("\n"));
}

#[test]
fn values_are_single_and_resolved() {
    let plan = plan(SWEEPS, 1);
    let EngineConfig::Stress(stress) = &plan.trials[1].engine else { panic!("not stress") };
    assert_eq!((stress.threads, stress.ops_per_thread, stress.rounds), (4, 3, Some(1000)));
    let EngineConfig::Loom(loom) = &plan.trials[4].engine else { panic!("not loom") };
    assert_eq!((loom.threads, &loom.preemptions), (2, &vec![Some(2), None]));
    assert_eq!(plan.trials[0].params["fixed"].as_integer(), Some(1));
    assert_eq!(plan.trials[0].params["sink"].as_str(), Some("stat/sd"));
    assert_eq!(plan.trials[0].program, Program::Mix(vec![("flush".into(), 1), ("increment".into(), 8)]));
}

#[test]
fn without_sweeps_an_id_is_short_and_its_seed_golden() {
    let text = SWEEPS
        .replace("variant = [\"published-fix\", \"hardened\"]", "variant = \"published-fix\"")
        .replace("params = { sink = [\"stat/sd\", \"memory\"], metrics = [4, 8], fixed = 1 }", "")
        .replace("threads = [2, 4]", "threads = 2")
        .replace("[\"random\", \"pct:3\"]", "\"random\"");
    let plan = plan(&text, 42);
    let seeds: Vec<String> = plan.trials.iter().map(|trial| format!("{} {}", trial.id, trial.seed)).collect();
    assert_shown!(seeds.join("\n"));
}

#[test]
fn a_seed_hangs_on_its_own_trial_alone() {
    let all = plan(SWEEPS, 7);
    let fewer = plan(&SWEEPS.replace("[\"published-fix\", \"hardened\"]", "[\"hardened\"]"), 7);
    for trial in &fewer.trials {
        let same = all.trials.iter().find(|other| other.id == trial.id).expect("it is in both plans");
        assert_eq!(same.seed, trial.seed);
    }
    let other = plan(SWEEPS, 8);
    assert!(all.trials.iter().zip(&other.trials).all(|(a, b)| a.seed != b.seed && a.id == b.id));
    assert_eq!(all.trials[0].seed, trial_seed(7, &all.trials[0].id));
}

#[test]
fn actors_size_the_models() {
    let text = SWEEPS.replace(
        "mix = { increment = 8, flush = 1 }",
        "actors = [{ name = \"D\", ops = [\"flush\"] }, { name = \"A\", ops = [\"increment(0)\", \"increment(1)\"] }]",
    );
    let plan = plan(&text, 1);
    let engine = |index: usize| &plan.trials[index].engine;
    assert_eq!([0, 1, 2, 4].map(|index| engine(index).threads()), [2, 4, 2, 2]);
    assert_eq!([0, 1, 2, 4].map(|index| engine(index).ops_per_thread()), [2, 2, 2, 2]);
    let dealt = plan.trials[1].program.deal(4, 0, 1);
    let names: Vec<&str> = dealt.iter().map(|actor| actor.name.as_str()).collect();
    assert_eq!(names, ["D", "A", "D#2", "A#2"]);
}

#[test]
fn an_adapter_gets_its_command() {
    let text = "schema = 1\nname = \"a\"\nabout = \"b\"\n[subject]\ncommand = [\"python3\", \"adapters/python/arroyo_adapter.py\"]\n\
                [workload]\nmix = { x = 1 }\n[adapter]\nrounds = 5\nthreads = [1, 2]\n";
    let plan = plan(text, 1);
    assert_eq!(plan.trials[1].id, "arroyo_adapter/default/adapter/threads=2");
    let EngineConfig::Adapter(adapter) = &plan.trials[1].engine else { panic!("not adapter") };
    assert_eq!(adapter.command[0], "python3");
    assert_eq!(adapter.rounds, Some(5));
}

#[test]
fn trials_survive_the_way_to_a_worker() {
    let plan = plan(SWEEPS, u64::MAX);
    let json = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&json).unwrap(), plan);
    assert_eq!(plan, self::plan(SWEEPS, u64::MAX));
    assert_shown!(serde_json::to_string_pretty(&plan.trials[2]).unwrap());
}

proptest! {
    #[test]
    fn ids_are_unique_whatever_is_swept(
        variants in prop::collection::btree_set("[a-z.=_-]{1,4}", 1..4),
        texts in prop::collection::btree_set("[ -~]{1,4}", 1..4),
        floats in prop::collection::btree_set(0..9_u8, 1..4),
        threads in prop::collection::btree_set(1..=256_usize, 1..4),
    ) {
        let variants: Vec<String> = variants.into_iter().map(|name| name.replace('=', "x")).collect();
        prop_assume!(variants.iter().collect::<BTreeSet<_>>().len() == variants.len());
        prop_assume!(texts.iter().all(|text| !text.trim().is_empty()));
        let floats: Vec<f64> = floats.into_iter().map(|n| f64::from(n) / 2.0).collect();
        let count = variants.len() * texts.len() * floats.len() * (threads.len() + 1);
        let texts: Vec<String> = texts.into_iter().collect();
        let text = format!(
            "schema = 1\nname = \"a\"\nabout = \"b\"\n[subject]\nname = \"s\"\nvariant = {}\nparams = {{ t = {}, f = {floats:?} }}\n\
             [workload]\nmix = {{ x = 1 }}\n[stress]\nrounds = 1\nthreads = {:?}\n[loom]\n",
            toml::Value::from(variants),
            toml::Value::from(texts),
            threads.iter().collect::<Vec<_>>(),
        );
        let plan = plan(&text, 3);
        prop_assert_eq!(plan.trials.len(), count);
        prop_assert_eq!(unique(&plan.trials).len(), count);
    }
}
