//! Executions a second of the models: a lost update between two programs (PL4), and two workers at once (HM3).
//!
//! The programs are those of the scenarios. How long the monitor takes to notice is no figure of this bench: it is real
//! time, and the soak of `hardened` measures it (the latencies of `kill`, and the gauges `noticed-after-…`).

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use racehunt_core::finding::Finding;
use racehunt_core::plan::{EngineConfig, Plan, Trial};
use racehunt_core::scenario::Scenario;
use racehunt_engines::emit::{Emit, Progress};
use racehunt_engines::{loom, shuttle};
use racehunt_scenarios::polling_worker::PollingWorkerSubject;
use std::path::Path;

/// Executions of shuttle in one measured call.
const EXECUTIONS: u64 = 500;

const SCENARIOS: [&str; 2] = ["pl4-written-over", "hm3-two-workers"];

struct Silent;

impl Emit for Silent {
    fn progress(&mut self, _: Progress) {}
    fn finding(&mut self, _: &Finding) {}
    fn stopped(&self) -> bool {
        false
    }
}

/// The trials of `hardened`, which runs to the end of its budget, under the first strategy of each model.
fn trials(name: &str) -> Vec<Trial> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("polling-worker/{name}.toml"));
    let text = std::fs::read_to_string(path).expect("a scenario of this crate");
    let trials = Plan::expand(&Scenario::parse(name, &text).expect("a scenario"), 1).trials;
    let hardened = trials.into_iter().filter(|trial| trial.variant == "hardened");
    let modelled = |trial: &Trial| !matches!(trial.engine, EngineConfig::Stress(_) | EngineConfig::Adapter(_));
    hardened.filter(modelled).collect()
}

fn bench(criterion: &mut Criterion) {
    for name in SCENARIOS {
        let mut group = criterion.benchmark_group(format!("polling-worker/{name}"));
        group.sample_size(10);
        for mut trial in trials(name) {
            if let EngineConfig::Shuttle(config) = &mut trial.engine {
                config.executions = EXECUTIONS;
            }
            let run = || match trial.engine {
                EngineConfig::Loom(_) => loom::run(&trial, &PollingWorkerSubject, &mut Silent),
                _ => shuttle::run(&trial, &PollingWorkerSubject, &mut Silent),
            };
            let executions = run().expect("a trial").executions;
            group.throughput(Throughput::Elements(executions));
            group.bench_function(BenchmarkId::from_parameter(&trial.id), |bencher| {
                bencher.iter(|| assert_eq!(run().expect("a trial").executions, executions));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
