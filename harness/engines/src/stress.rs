//! The stress engine: real threads.
//!
//! Two jobs. *Rounds* hunt races: short programs on fresh objects, all actors started within tens of nanoseconds of
//! each other, tens of thousands of times a second, each object judged by itself. *Load* (`closed`, `open`) keeps one
//! object busy for a while and measures latency. Both run in a worker process, which they may pin to CPUs and
//! leave with stuck threads: a subject that deadlocks is reported with who holds and who waits, and the process ends.
//!
//! What it cannot tell: the schedule. Its findings come with a rate, not with an interleaving.

mod cpu;
mod crew;
mod deal;
mod disk;
mod film;
mod gate;
mod graph;
mod inject;
pub mod journal;
pub mod latency;
mod load;
mod member;
mod processes;
mod rounds;
mod settings;
mod watch;

pub(crate) use disk::MOST as MOST_DISK;
pub use disk::{DiskBounds, is_out_of_room};

pub(crate) use member::{Say, serve};

use crate::emit::{Emit, EngineError};
use crate::worker;
use deal::Deal;
use film::Film;
use inject::Injection;
use racehunt_core::observation::Violation;
use racehunt_core::outcome::{OpLatency, TrialOutcome};
use racehunt_core::plan::Trial;
use racehunt_core::scenario::Pace;
use racehunt_core::subject::{Env, OpKind, Opener, Subject};
use racehunt_core::tally::{Explored, Tally};
use racehunt_core::verdict::Coverage;
use racehunt_sync::waits::Group;
use settings::Settings;
use std::time::Instant;

/// Why a trial that was ended from outside proves nothing.
const ASKED: &str = "stopped by request before the budget was used up";

/// A trial made ready.
struct Job {
    settings: Settings,
    opener: Opener,
    ops: &'static [OpKind],
    deal: Deal,
    injection: Injection,
    film: Film,
    group: Group,
}

/// What a pace came to.
struct Ended {
    tally: Tally,
    latencies: Vec<OpLatency>,
    /// Ops that ended, by actor.
    ops_ended: Vec<u64>,
    doubts: Vec<String>,
    notes: Vec<String>,
}

/// Runs a trial of this engine to its end, in the calling process.
///
/// If the subject is stuck, the outcome has a finding of kind `deadlock` if the facade's wait-for graph proves one, else of
/// kind `stall`. The stuck threads stay behind: the caller should end the process soon after.
///
/// # Errors
/// If the trial is not one for this engine, names an op or a process that is not there, cannot be opened, or the machine refuses a thread or a directory.
pub fn run(trial: &Trial, subject: &dyn Subject, emit: &mut dyn Emit) -> Result<TrialOutcome, EngineError> {
    run_within(DiskBounds::asked(), trial, subject, emit)
}

/// [`run`] with other bounds on what the trial may use of the disk.
///
/// # Errors
/// As [`run`].
pub fn run_within(
    bounds: DiskBounds,
    trial: &Trial,
    subject: &dyn Subject,
    emit: &mut dyn Emit,
) -> Result<TrialOutcome, EngineError> {
    let started = Instant::now();
    let settings = Settings::of(trial)?;
    let (actors, cpus) = (settings.actors(), settings.cpus.len());
    let mut ended = if settings.over_processes {
        processes::run(trial, subject, settings, bounds, emit)?
    } else {
        in_process(trial, subject, settings, bounds, emit)?
    };
    doubt_concurrency(&mut ended, actors, cpus);
    let executions = ended.tally.executions();
    let coverage = if executions == 0 { Coverage::Nothing } else { Coverage::Stressed { executions } };
    Ok(ended.tally.finish(Explored {
        coverage,
        steps: None,
        ops: ended.ops_ended.iter().sum(),
        elapsed_ns: u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX),
        latencies: ended.latencies,
        doubts: ended.doubts,
        notes: ended.notes,
    }))
}

/// Runs a trial whose actors are all threads of this process.
fn in_process(
    trial: &Trial,
    subject: &dyn Subject,
    settings: Settings,
    bounds: DiskBounds,
    emit: &mut dyn Emit,
) -> Result<Ended, EngineError> {
    let dir = tempfile::tempdir()
        .map_err(|source| EngineError::Io { what: "making a directory for the trial".to_owned(), source })?;
    let film = Film::start(dir.path().to_owned(), bounds);
    // After the last thread of ours that is no actor, and before the subject can start one.
    let group = Group::new();
    let deal = Deal::new(trial.program.clone(), subject.ops(), &settings);
    let in_rounds = settings.pace == Pace::Rounds;
    let calls = deal.parts(0)?.iter().map(|part| part.calls.len()).sum();
    let env = Env {
        calls: in_rounds.then_some(calls),
        dir: Some(dir.path().to_owned()),
        launch: worker::launch(&trial.subject),
        ..Env::default()
    };
    let opener = subject
        .open(&trial.variant, &trial.params, &env)
        .map_err(|source| EngineError::Subject { subject: trial.subject.clone(), source })?;
    let injection = Injection::of(trial, 0);
    let job = Job { settings, opener, ops: subject.ops(), deal, injection, film, group };
    let tally = Tally::new(trial.clone());
    if in_rounds { rounds::run(job, tally, emit) } else { load::run(job, tally, emit) }
}

/// Says what a clean result would not be worth.
fn doubt_concurrency(ended: &mut Ended, threads: usize, cpus: usize) {
    if threads == 1 {
        ended.doubts.push("one actor alone: nothing ran at the same time".to_owned());
    } else if cpus == 1 {
        ended.doubts.push(
            "one CPU: no two actors ran at the same time, they only took turns where the kernel or an injected yield \
             let them"
                .to_owned(),
        );
    }
    for (actor, _) in ended.ops_ended.iter().enumerate().filter(|(_, ops)| **ops == 0) {
        ended.doubts.push(format!("actor {actor} never ended an op"));
    }
}

/// Adds a stall, or the deadlock that it is, to the findings and tells of it.
fn find_stall(tally: &mut Tally, stall: &Violation, emit: &mut dyn Emit) {
    if let Some((place, true)) = tally.hung(stall) {
        emit.finding(&tally.findings_mut()[place]);
    }
}
