//! The confirming rerun: both builds run the same trials under load, in pairs.

use super::side::{Build, Run};
use crate::{Failure, args, interrupt};
use racehunt_core::plan::EngineConfig;
use racehunt_core::scenario::{Scenario, Sweep};
use racehunt_gate::Policy;
use racehunt_gate::figures::{Key, Suspicion, figures};
use racehunt_gate::pairs::{Series, Side, order};
use racehunt_reports::Report;
use racehunt_reports::words::counted;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// How many times the pairs that were asked for are run at most, where some come to no figure.
const MOST: usize = 3;

/// What a rerun came to.
pub(super) struct Rerun {
    /// One line on what was run.
    pub(super) heading: String,
    /// The figures, pair by pair.
    pub(super) series: Vec<Series>,
    /// What could not be run.
    pub(super) unknown: Vec<String>,
    /// True if it was ended from outside.
    pub(super) interrupted: bool,
}

/// A trial to run again, alone.
struct Chosen {
    scenario: String,
    trial: String,
    toml: Result<String, String>,
    /// The figures that the report has of it and that are wanted.
    keys: Vec<Key>,
}

/// Runs what is suspicious, or all that is under load; `None` if that is nothing and nothing was asked for.
pub(super) fn rerun(
    args: &args::Gate,
    old: &Path,
    reports: &[Report],
    suspicions: &[Suspicion],
    policy: &Policy,
) -> Result<Option<Rerun>, Failure> {
    let wanted = |key: &Key| {
        let limited = key.metric.limit(&policy.worse(&key.scenario)).is_some();
        let suspicious = |one: &Suspicion| (&one.key.scenario, &one.key.trial) == (&key.scenario, &key.trial);
        limited && (args.confirm_all || suspicions.iter().any(suspicious))
    };
    let chosen = choose(reports, &wanted, policy);
    if chosen.is_empty() && !args.confirm_all {
        return Ok(None);
    }
    let this = std::env::current_exe().map_err(Failure::harness("this executable"))?;
    let new = args.candidate.as_deref().unwrap_or(&this);
    let dir = tempfile::tempdir().map_err(Failure::harness("a temporary folder"))?;
    let builds = [Build::new(old, dir.path()), Build::new(new, dir.path())];
    let stop = interrupt::flag()?;
    // Of the order of the builds within the pairs, and of what the trials draw.
    let seed = reports.first().map_or(1, |report| report.seed);
    let heading = format!(
        "speed: {} by both builds, {} of {} a run, α = {}\n  old {}\n  new {}\n",
        counted(chosen.len() as u64, "trial"),
        counted(policy.speed.pairs as u64, "pair"),
        policy.speed.duration,
        policy.speed.alpha,
        old.display(),
        new.display(),
    );
    let (mut series, mut unknown) = (Vec::new(), Vec::new());
    if chosen.is_empty() {
        unknown.push("--confirm-all: the reports have no trial under load that the policy limits".to_owned());
    }
    for one in &chosen {
        match measure(one, &builds, policy.speed.pairs, seed, &stop) {
            Ok(all) => series.extend(all),
            Err(why) => unknown.push(format!("{}, {}: {why}", one.trial, one.scenario)),
        }
    }
    let interrupted = stop.load(Ordering::Relaxed);
    Ok(Some(Rerun { heading, series, unknown, interrupted }))
}

/// Each trial with a figure that is wanted, once, though several reports may have it.
fn choose(reports: &[Report], wanted: &dyn Fn(&Key) -> bool, policy: &Policy) -> Vec<Chosen> {
    let mut chosen: Vec<Chosen> = Vec::new();
    for one in reports.iter().flat_map(|report| &report.scenarios) {
        let name = &one.scenario.name;
        for outcome in &one.trials {
            let id = &outcome.trial.id;
            let known = chosen.iter().any(|other| (&other.scenario, &other.trial) == (name, id));
            let keys: Vec<Key> = figures(name, outcome).into_iter().map(|(key, _)| key).filter(|k| wanted(k)).collect();
            if known || keys.is_empty() {
                continue;
            }
            let toml = alone(&one.scenario, outcome, policy);
            chosen.push(Chosen { scenario: name.clone(), trial: id.clone(), toml, keys });
        }
    }
    chosen
}

/// The scenario with this trial and no other, as short as the policy has it. What is expected and what is limited is for
/// the report that is there already; here only the figures count.
fn alone(
    scenario: &Scenario,
    outcome: &racehunt_core::outcome::TrialOutcome,
    policy: &Policy,
) -> Result<String, String> {
    let trial = &outcome.trial;
    let no_load = || "it is under no load of its scenario".to_owned();
    let EngineConfig::Stress(config) = &trial.engine else { return Err(no_load()) };
    let mut one = scenario.clone();
    one.on_request = None;
    one.subject.variant = Sweep::one(trial.variant.clone());
    one.subject.params = trial.params.iter().map(|(key, value)| (key.clone(), Sweep::one(value.clone()))).collect();
    let stress = one.stress.as_mut().ok_or_else(no_load)?;
    stress.processes = Sweep::one(config.processes);
    stress.threads = Sweep::one(config.threads);
    stress.duration = Some(policy.speed.duration);
    stress.chase = false;
    (one.shuttle, one.loom, one.adapter) = (None, None, None);
    one.expect.clear();
    let limits = &mut one.limits;
    for latencies in [&mut limits.p50, &mut limits.p90, &mut limits.p99, &mut limits.p999, &mut limits.max] {
        latencies.clear();
    }
    toml::to_string(&one).map_err(|e| format!("it cannot be written as a scenario of its own: {e}"))
}

/// Runs pairs until so many have each figure. A pair in which a run does not have one (too few calls, on a
/// machine that is busy) does not count for it; how many did is known, and nothing else ends it earlier.
fn measure(
    one: &Chosen,
    builds: &[Build; 2],
    pairs: usize,
    seed: u64,
    stop: &AtomicBool,
) -> Result<Vec<Series>, String> {
    let toml = one.toml.as_ref().map_err(String::clone)?;
    let mut series: BTreeMap<&Key, Vec<(f64, f64)>> = one.keys.iter().map(|key| (key, Vec::new())).collect();
    for (block, number) in order(MOST * pairs, seed).chunks(2).zip(0..) {
        for pair in block {
            let mut measured: [BTreeMap<Key, f64>; 2] = Default::default();
            for side in pair {
                let at = usize::from(*side == Side::New);
                let run = Run { toml, seed: seed.wrapping_add(number), stop };
                let own = figures(&one.scenario, &builds[at].run(&run)?);
                measured[at] = own.into_iter().map(|(key, v)| (Key { trial: one.trial.clone(), ..key }, v)).collect();
            }
            let [old, new] = measured;
            for (key, both) in &mut series {
                both.extend(old.get(*key).copied().zip(new.get(*key).copied()));
            }
        }
        if series.values().all(|both| both.len() >= pairs) {
            break;
        }
    }
    Ok(series.into_iter().map(|(key, pairs)| Series { key: key.clone(), pairs }).collect())
}
