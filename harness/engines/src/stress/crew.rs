//! The actors' threads and the one that looks after them.
//!
//! The overseer is the calling thread. It sleeps, wakes some fifty times a second to look for a stall, and is the
//! only one that talks to the outside. The threads are not scoped: those that are stuck in an op are left behind,
//! and the worker process ends with them.

use super::cpu;
use super::film::Film;
use super::gate::{Gate, spins};
use super::graph;
use super::settings::Settings;
use super::watch::{Beat, Watch};
use crate::emit::{Emit, EngineError, Progress};
use racehunt_core::finding::Finding;
use racehunt_core::observation::Violation;
use racehunt_core::scenario::Pace;
use racehunt_core::subject::OpKind;
use racehunt_sync::perturb;
use racehunt_sync::waits::Group;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{JoinHandle, Thread};
use std::time::{Duration, Instant};

/// How often the overseer looks.
const TICK: Duration = Duration::from_millis(20);
/// How often it tells how far the trial is.
const TELL: Duration = Duration::from_millis(100);

/// What all threads of a trial share, whatever the pace.
pub(super) struct Crew {
    /// The subject's ops.
    pub(super) ops: &'static [OpKind],
    /// One for each actor.
    pub(super) beats: Box<[Beat]>,
    /// What their threads and those that they start are known as.
    pub(super) group: Group,
    /// Where they wait for each other.
    pub(super) gate: Gate,
    /// Set once the trial should end; looked at between ops (load) or batches (rounds).
    stop: AtomicBool,
    /// Threads that are not at their end.
    running: AtomicUsize,
    /// Findings the outside does not know yet.
    fresh: Mutex<Vec<Finding>>,
    /// Remarks for people, each once.
    notes: Mutex<Vec<String>>,
    overseer: Thread,
}

impl Crew {
    /// A crew for the trial, looked after by the calling thread.
    pub(super) fn new(settings: &Settings, ops: &'static [OpKind], group: Group) -> Self {
        let n = settings.threads;
        Self {
            ops,
            beats: (0..n).map(|_| Beat::default()).collect(),
            group,
            gate: Gate::new(n, spins(n, settings.cpus.len())),
            stop: AtomicBool::new(false),
            running: AtomicUsize::new(0),
            fresh: Mutex::default(),
            notes: Mutex::default(),
            overseer: std::thread::current(),
        }
    }

    /// True if a trial of this `duration` has lasted long enough: a little longer if the machine was too busy to let every
    /// actor end an op, for then nothing could be said of it.
    fn is_over(&self, elapsed: Duration, duration: Duration, patience: Duration) -> bool {
        elapsed >= duration + patience || (elapsed >= duration && self.beats.iter().all(|beat| beat.ops() > 0))
    }

    /// True once the trial should end.
    #[inline]
    pub(super) fn stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Asks all threads to end.
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Hands a new finding to the overseer.
    pub(super) fn report(&self, finding: Finding) {
        locked(&self.fresh).push(finding);
        self.overseer.unpark();
    }

    /// A remark for people; the same one twice is kept once.
    pub(super) fn remark(&self, note: String) {
        let mut notes = locked(&self.notes);
        if !notes.contains(&note) {
            notes.push(note);
        }
    }

    /// The remarks so far.
    pub(super) fn take_remarks(&self) -> Vec<String> {
        std::mem::take(&mut *locked(&self.notes))
    }

    /// Ops ended so far, by actor.
    pub(super) fn ops_ended(&self) -> Vec<u64> {
        self.beats.iter().map(Beat::ops).collect()
    }
}

/// Locks even after a panic elsewhere: the data of this engine is never left half-changed.
pub(super) fn locked<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How the threads ended.
#[derive(Debug)]
pub(super) enum Ending {
    /// All came to their end.
    Done,
    /// All came to their end, before the budget was used up, because the outside asked for it.
    Asked,
    /// They are stuck, as described, and were left behind.
    Stuck(Violation),
}

/// The threads of a trial, started.
pub(super) struct Threads(Vec<JoinHandle<()>>);

/// Starts one thread for each actor: pinned, perturbed, and playing `body(actor)`.
///
/// # Errors
/// If the machine refuses a thread; those that started are let go.
pub(super) fn start(
    crew: &Arc<Crew>,
    settings: &Settings,
    body: &Arc<dyn Fn(usize) + Send + Sync>,
) -> Result<Threads, EngineError> {
    crew.running.store(settings.threads, Ordering::Relaxed);
    let mut handles = Vec::with_capacity(settings.threads);
    for me in 0..settings.threads {
        let (crew_of_thread, body) = (Arc::clone(crew), Arc::clone(body));
        let (cpu, perturb) = (settings.cpus[me % settings.cpus.len()], settings.perturb_of(me, 0));
        let spawned = std::thread::Builder::new().name(format!("actor-{me}")).spawn(move || {
            let _leaving = Leaving(&crew_of_thread);
            if let Err(refusal) = cpu::pin(cpu) {
                crew_of_thread.remark(format!("threads could not be pinned to CPUs ({refusal}): expect fewer races"));
            }
            perturb::set(perturb);
            body(me);
        });
        match spawned {
            Ok(handle) => handles.push(handle),
            Err(source) => {
                crew.stop();
                crew.gate.abandon();
                return Err(EngineError::Io { what: format!("starting the thread of actor {me}"), source });
            }
        }
    }
    Ok(Threads(handles))
}

/// Tells the overseer that a thread is at its end, even if the engine itself panicked on it.
struct Leaving<'a>(&'a Crew);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop();
            self.0.gate.abandon();
        }
        self.0.running.fetch_sub(1, Ordering::Release);
        self.0.overseer.unpark();
    }
}

/// Looks after started threads until they end, the time is up and they end, or they are stuck.
///
/// # Errors
/// If a thread panicked outside of the code under test: an error of the engine is never taken for a clean trial.
pub(super) fn oversee(
    crew: &Crew,
    threads: Threads,
    settings: &Settings,
    film: &mut Film,
    emit: &mut dyn Emit,
    mut progress: impl FnMut() -> Progress,
) -> Result<Ending, EngineError> {
    let started = Instant::now();
    let mut watch = Watch::new(settings.threads, settings.stall);
    let (mut told, mut asked) = (started, false);
    let tick = TICK.min(settings.stall / 8).max(Duration::from_millis(1));
    film.look_at(crew);
    while crew.running.load(Ordering::Acquire) > 0 {
        let left = settings.duration.map_or(tick, |d| d.saturating_sub(started.elapsed()));
        std::thread::park_timeout(if left.is_zero() { tick } else { tick.min(left) });
        let now = Instant::now();
        tell_findings(crew, emit);
        if now - told >= TELL {
            told = now;
            emit.progress(progress());
            if film.is_due(now) {
                film.look_at(crew);
            }
        }
        if film.full().is_some() {
            crew.stop();
        }
        if emit.stopped() && !crew.stopping() {
            asked = true;
            crew.stop();
        }
        if settings.duration.is_some_and(|d| crew.is_over(now - started, d, settings.stall)) {
            crew.stop();
        }
        if let Some(stall) = watch.look(&crew.beats, crew.ops, now) {
            // Under an open load the next op may be due, and no other actor has to go on for it.
            let rests = settings.pace != Pace::Open || crew.stopping();
            let found = graph::look(&crew.group, &crew.beats, rests);
            crew.stop();
            crew.gate.abandon();
            tell_findings(crew, emit);
            return Ok(Ending::Stuck(graph::explain(stall, &found)));
        }
    }
    for thread in threads.0 {
        if thread.join().is_err() {
            return Err(EngineError::Trial("the stress engine itself panicked; see its stderr".to_owned()));
        }
    }
    tell_findings(crew, emit);
    emit.progress(progress());
    film.look_at(crew);
    Ok(if asked { Ending::Asked } else { Ending::Done })
}

fn tell_findings(crew: &Crew, emit: &mut dyn Emit) {
    for finding in std::mem::take(&mut *locked(&crew.fresh)) {
        emit.finding(&finding);
    }
}
