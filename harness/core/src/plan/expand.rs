//! The sweeps, one level each.

use super::config::{AdapterConfig, EngineConfig, LoomConfig, ShuttleConfig, StressConfig};
use super::ident::escaped;
use crate::scenario::{Adapter, Loom, Params, Preemptions, Scenario, Shuttle, Stress, SubjectSpec, Sweep, Workload};

/// An engine's configuration with the end of the trial's id.
type Named = (String, EngineConfig);

/// Ops dealt at a time where a mix runs without rounds.
const DEALT: usize = 3;

/// All combinations of the parameters' values, by key, the last key changing fastest.
pub(super) fn params(subject: &SubjectSpec) -> Vec<Params> {
    let mut all = vec![Params::new()];
    for (name, values) in &subject.params {
        all = all
            .into_iter()
            .flat_map(|params| {
                values.values().iter().map(move |value| {
                    let mut params = params.clone();
                    params.insert(name.clone(), value.clone());
                    params
                })
            })
            .collect();
    }
    all
}

/// All engines with all their sizes and strategies.
pub(super) fn engines(scenario: &Scenario) -> Vec<Named> {
    let workload = &scenario.workload;
    let mut all = Vec::new();
    if let Some(section) = &scenario.stress {
        stress(section, workload, &mut all);
    }
    if let Some(section) = &scenario.shuttle {
        shuttle(section, workload, &mut all);
    }
    if let Some(section) = &scenario.loom {
        all.push((String::new(), loom(section, workload)));
    }
    if let (Some(section), Some(command)) = (&scenario.adapter, scenario.subject.command()) {
        adapter(section, command, workload, &mut all);
    }
    all
}

fn stress(section: &Stress, workload: &Workload, all: &mut Vec<Named>) {
    let sizes = section.processes.values().iter().flat_map(|p| section.threads.values().iter().map(move |t| (*p, *t)));
    for (processes, threads) in sizes {
        let config = StressConfig {
            processes,
            threads,
            pace: section.pace,
            rate: section.rate,
            ops_per_thread: ops(section.ops_per_thread, workload),
            duration: section.duration,
            rounds: section.rounds,
            perturb: section.perturb,
            stop_after: section.stop_after,
            faults: section.faults.clone(),
        };
        let suffix = if section.processes.is_swept() { format!("/processes={processes}") } else { String::new() };
        all.push((suffix + &threads_suffix(&section.threads, threads), EngineConfig::Stress(config)));
    }
}

fn shuttle(section: &Shuttle, workload: &Workload, all: &mut Vec<Named>) {
    for &strategy in section.strategy.values() {
        let config = ShuttleConfig {
            threads: actors(section.threads, workload),
            ops_per_thread: ops(section.ops_per_thread, workload),
            strategy,
            executions: section.executions,
            time: section.time,
            steps: section.steps,
            reduce: section.reduce,
            seek: None,
        };
        all.push((format!("/{}", escaped(&strategy.to_string())), EngineConfig::Shuttle(config)));
    }
}

fn loom(section: &Loom, workload: &Workload) -> EngineConfig {
    EngineConfig::Loom(LoomConfig {
        threads: actors(section.threads, workload),
        ops_per_thread: ops(section.ops_per_thread, workload),
        preemptions: section.preemptions.iter().copied().map(Preemptions::bound).collect(),
        executions: section.executions,
        time: section.time,
    })
}

fn adapter(section: &Adapter, command: &[String], workload: &Workload, all: &mut Vec<Named>) {
    for &threads in section.threads.values() {
        let config = AdapterConfig {
            command: command.to_vec(),
            threads,
            ops_per_thread: ops(section.ops_per_thread, workload),
            rounds: section.rounds,
            duration: section.duration,
            silence: section.silence,
            batch: section.batch,
        };
        all.push((threads_suffix(&section.threads, threads), EngineConfig::Adapter(config)));
    }
}

fn threads_suffix(sweep: &Sweep<usize>, threads: usize) -> String {
    if sweep.is_swept() { format!("/threads={threads}") } else { String::new() }
}

/// Actors of a model: those of the workload, or as many as the section says.
fn actors(threads: Option<usize>, workload: &Workload) -> usize {
    workload.actors().or(threads).unwrap_or(1)
}

fn ops(ops_per_thread: Option<usize>, workload: &Workload) -> usize {
    match workload {
        Workload::Mix(_) => ops_per_thread.unwrap_or(DEALT),
        Workload::Actors(actors) => actors.iter().map(|actor| actor.ops.len()).max().unwrap_or(0),
    }
}
