//! Trials and supervision for the supervisor's tests.

use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::{AdapterConfig, EngineConfig, Params, Program, StressConfig, Trial};
use racehunt_core::scenario::{Limits, Pace, Timespan};
use racehunt_engines::supervisor::{Event, Supervise, run_trial};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const FAKE: &str = env!("CARGO_BIN_EXE_racehunt-fake-worker");

fn trial(engine: EngineConfig) -> Trial {
    Trial {
        id: "toy/only/test".to_owned(),
        scenario: "supervisor".to_owned(),
        subject: "toy".to_owned(),
        variant: "only".to_owned(),
        params: Params::new(),
        program: Program::Mix(vec![("put".to_owned(), 1)]),
        engine,
        faults: Vec::new(),
        limits: Limits::default(),
        seed: 7,
        mutation: None,
    }
}

/// A trial for a worker of ours.
pub(crate) fn own() -> Trial {
    trial(EngineConfig::Stress(StressConfig {
        processes: 1,
        threads: 2,
        pace: Pace::Rounds,
        rate: None,
        ops_per_thread: 1,
        duration: None,
        rounds: Some(10),
        perturb: None,
        stop_after: None,
        faults: Vec::new(),
    }))
}

/// A trial for a foreign worker that plays `part`.
pub(crate) fn foreign(part: &str) -> Trial {
    trial(EngineConfig::Adapter(AdapterConfig {
        command: vec![FAKE.to_owned(), part.to_owned()],
        threads: 2,
        ops_per_thread: 3,
        rounds: Some(10),
        duration: None,
        silence: Timespan::new(Duration::from_secs(20)).expect("a timespan"),
        batch: 4,
    }))
}

/// Patient with everything: a slow machine must not fail a test.
pub(crate) fn patient(part: &str) -> Supervise {
    Supervise {
        disk: None,
        program: PathBuf::from(FAKE),
        args: vec![part.into()],
        adapter_dir: None,
        silence: Duration::from_secs(20),
        grace: Duration::from_secs(20),
        overrun: Duration::from_secs(60),
        stop: Arc::new(AtomicBool::new(false)),
    }
}

/// Runs a trial and keeps its events.
pub(crate) fn run(trial: &Trial, how: &Supervise) -> (TrialOutcome, Vec<Event>) {
    let mut events = Vec::new();
    let outcome = run_trial(trial, how, &mut |event| events.push(event));
    (outcome, events)
}

/// Runs a trial and asks it to stop as soon as `when` says so of an event.
pub(crate) fn run_until(trial: &Trial, how: &Supervise, when: impl Fn(&Event) -> bool) -> (TrialOutcome, Vec<Event>) {
    let mut events = Vec::new();
    let outcome = run_trial(trial, how, &mut |event| {
        if when(&event) {
            how.stop.store(true, Ordering::Relaxed);
        }
        events.push(event);
    });
    (outcome, events)
}

/// The worker's process id.
pub(crate) fn pid(events: &[Event]) -> u32 {
    let pid = events.iter().find_map(|e| if let Event::Started { pid } = e { Some(*pid) } else { None });
    pid.expect("a worker was started")
}

/// True if there is such a process, a zombie included.
pub(crate) fn exists(pid: u32) -> bool {
    PathBuf::from(format!("/proc/{pid}")).exists()
}
