//! A system with a monitor in an execution: generations, looks, faults, and what was true meanwhile.

use super::care::{Care, Workers};
use super::children::Children;
use super::clock::Clock;
use super::far_end::Effects;
use super::labour::Labour;
use super::monitor::{Crew, Monitor};
use super::notes::Notes;
use super::plan::{Kind, Plan};
use super::record::{Note, Record};
use super::standby::Standbys;
use super::vitals::Pulse;
use super::{Files, Vitals, Work, child, far_end, figures};
use nix::sys::signal::Signal;
use racehunt_core::finding::FindingKind;
use racehunt_core::id::Id;
use racehunt_core::observation::{Gauge, Health, Look, Outage, Part, View, Violation};
use racehunt_core::subject::{OpError, OpKind};
use racehunt_sync::thread;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The ops of a system that is watched.
pub(super) const OPS: [OpKind; 4] = [
    OpKind {
        name: "monitor",
        about: "the health monitor looks `arg` times, and replaces a worker that it takes for failed",
    },
    OpKind {
        name: "kill",
        about: "kills the worker's process, and waits until the monitor has noticed or `arg` ms are over",
    },
    OpKind { name: "pause", about: "stops the worker's process (SIGSTOP) for `arg` ms" },
    OpKind { name: "wait", about: "does nothing for `arg` ms" },
];
pub(super) const MONITOR: usize = 0;
const KILL: usize = 1;
const PAUSE: usize = 2;

/// The generations.
enum Generations {
    Actors(Standbys),
    Processes(Children),
}

/// One generation that was an actor.
struct Ended {
    record: Arc<Record>,
    /// When it was killed.
    at_ns: Option<u64>,
}

/// The system. Its locks are std's: no step is taken under them.
pub(super) struct Watched {
    plan: Arc<Plan>,
    files: Files,
    clock: Clock,
    generations: Generations,
    begun: Mutex<bool>,
    drained: Mutex<bool>,
    /// `None` before the first op, and while it looks.
    monitor: Mutex<Option<Monitor>>,
    looks: Mutex<Vec<Look>>,
    late_ns: Mutex<u64>,
    actors: Mutex<Vec<Ended>>,
    outages: Mutex<Vec<Outage>>,
    violations: Mutex<Vec<Violation>>,
    workers_notes: Mutex<Vec<Arc<Notes>>>,
    views: Mutex<Vec<View>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A worker of a generation, to be run with this work and these vitals until it is asked to end.
pub(super) type Run<'a> = &'a mut dyn FnMut(&mut dyn Work, &mut dyn Vitals, &dyn Fn() -> bool);

impl Watched {
    /// A fresh one over these files; `None` if nobody watches.
    pub(super) fn new(plan: &Arc<Plan>, files: &Files) -> Option<Self> {
        let care = &plan.knobs.care;
        if !care.is_on() {
            return None;
        }
        let (clock, generations) = match (care.workers, &plan.launch) {
            (Workers::Processes, Some(launch)) => {
                let clock = Clock::of_processes();
                let spec = child::Spec::of(plan, files);
                let children = Children::new(launch.clone(), Box::new(move |n| spec.arguments(n)), clock);
                (clock, Generations::Processes(children))
            }
            _ => (Clock::of_threads(), Generations::Actors(Standbys::new(care.generations, plan.model))),
        };
        Some(Self {
            plan: Arc::clone(plan),
            files: files.clone(),
            clock,
            generations,
            begun: Mutex::default(),
            drained: Mutex::default(),
            monitor: Mutex::default(),
            looks: Mutex::default(),
            late_ns: Mutex::default(),
            actors: Mutex::default(),
            outages: Mutex::default(),
            violations: Mutex::default(),
            workers_notes: Mutex::default(),
            views: Mutex::default(),
        })
    }

    fn care(&self) -> &Care {
        &self.plan.knobs.care
    }

    /// Generation 0 starts with the first op, whoever makes it.
    fn begin(&self) -> io::Result<()> {
        let mut begun = lock(&self.begun);
        if !std::mem::replace(&mut *begun, true) {
            let monitor = Monitor::new(self.files.clone(), self.clock, self.care().rules(self.plan.kind));
            *lock(&self.monitor) = Some(monitor);
            if let Generations::Processes(children) = &self.generations {
                children.start(0)?;
            }
        }
        Ok(())
    }

    /// The worker of `generation`, if it is an actor, once it is started; if it is a process, nobody's: the actor of the
    /// first waits until `ended` says so, and has all of them end.
    pub(super) fn work(&self, generation: u32, ended: &dyn Fn() -> bool, run: Run<'_>) -> Result<(), OpError> {
        self.begin().map_err(|error| failed(&error))?;
        match &self.generations {
            Generations::Actors(standbys) => {
                if standbys.enter(generation) {
                    self.play(generation, &|| ended() || standbys.is_asked(generation), run);
                }
            }
            Generations::Processes(_) if generation == 0 => {
                while !ended() {
                    thread::sleep(Duration::from_millis(1));
                }
                self.drain();
            }
            Generations::Processes(_) => {}
        }
        Ok(())
    }

    /// Notes of another generation.
    pub(super) fn notes_of(&self, kind: Kind) -> Arc<Notes> {
        let notes = Arc::new(Notes::new(kind != Kind::AsShipped));
        lock(&self.workers_notes).push(Arc::clone(&notes));
        notes
    }

    fn play(&self, generation: u32, ended: &dyn Fn() -> bool, run: Run<'_>) {
        let gap_ns = self.care().gap_ns(self.plan.knobs.poll);
        let record = Arc::new(Record::new(generation, gap_ns, self.clock.now()));
        lock(&self.actors).push(Ended { record: Arc::clone(&record), at_ns: None });
        let (mut labour, mut pulse) = parts(&self.plan, &self.files, generation, self.clock, &record);
        run(&mut labour, &mut pulse, ended);
    }

    /// One of [`OPS`].
    pub(super) fn apply(&self, op: usize, arg: u32) -> Result<(), OpError> {
        self.begin().map_err(|error| failed(&error))?;
        let time = Duration::from_millis(u64::from(arg));
        match op {
            MONITOR => self.look(arg),
            KILL => self.strike(time),
            PAUSE => self.pause(time),
            _ => {
                thread::sleep(time);
                Ok(())
            }
        }
    }

    fn look(&self, times: u32) -> Result<(), OpError> {
        let taken = lock(&self.monitor).take();
        let mut monitor = taken.ok_or_else(|| refused("there is one monitor, and it is at it"))?;
        let looked = (0..times).try_for_each(|_| {
            let failed = monitor.look(self);
            // As soon as it is known: others wait for it.
            lock(&self.looks).extend(monitor.looks().last().cloned());
            failed.map(drop)
        });
        *lock(&self.late_ns) = monitor.late_ns();
        *lock(&self.monitor) = Some(monitor);
        looked.map_err(|error| failed(&error))
    }

    /// Ends the worker without a word, and waits for whoever notices, `most` at most.
    fn strike(&self, most: Duration) -> Result<(), OpError> {
        let note = |worker, from_ns| {
            lock(&self.outages).push(Outage { worker, of: Part::Process, from_ns, to_ns: None });
        };
        let children = match &self.generations {
            Generations::Processes(children) => children,
            Generations::Actors(standbys) => {
                let no_thread = || refused("no thread can be killed: this needs workers = \"processes\", or a model");
                let worker = standbys.mortal().ok_or_else(no_thread)?;
                let now = self.clock.now();
                self.kill(worker);
                note(worker, now);
                return Ok(());
            }
        };
        let Some((worker, from_ns)) = children.latest().and_then(|n| Some((n, children.strike(n)?))) else {
            return Ok(());
        };
        note(worker, from_ns);
        let by = self.clock.now() + most.as_nanos() as u64;
        while self.clock.now() < by && children.latest() == Some(worker) {
            thread::sleep(Duration::from_micros(500));
        }
        Ok(())
    }

    fn pause(&self, time: Duration) -> Result<(), OpError> {
        let Generations::Processes(children) = &self.generations else {
            return Err(refused("nobody stops an actor: this needs workers = \"processes\""));
        };
        let (from_ns, latest) = (self.clock.now(), children.latest());
        let Some(worker) = latest.filter(|worker| children.signal(*worker, Signal::SIGSTOP)) else { return Ok(()) };
        thread::sleep(time);
        let went_on = children.signal(worker, Signal::SIGCONT);
        let to_ns = went_on.then(|| self.clock.now());
        lock(&self.outages).push(Outage { worker, of: Part::Process, from_ns, to_ns });
        Ok(())
    }

    /// No further generation is needed.
    pub(super) fn close(&self) {
        if let Generations::Actors(standbys) = &self.generations {
            standbys.close();
        }
    }

    /// Has all processes end; what they know is then in their files.
    pub(super) fn drain(&self) {
        let Generations::Processes(children) = &self.generations else { return };
        let Some(latest) = children.latest() else { return };
        if std::mem::replace(&mut *lock(&self.drained), true) {
            return;
        }
        if !children.is_there(latest) {
            // Nobody watches any more, and somebody has to bring it to its end.
            let next = latest + 1;
            let fenced = self.plan.kind != Kind::Hardened || far_end::raise(&self.files, next).is_ok();
            let _ = if fenced { children.start(next) } else { Ok(()) };
        }
        let patience = 4 * self.care().backlog + 2 * self.care().mishaps.stall + Duration::from_secs(2);
        for (generation, status) in children.drain(patience) {
            let message = format!("the process of generation {generation} ended by itself: {status}");
            let detail = "worker process died".to_owned();
            lock(&self.violations).push(Violation { kind: FindingKind::Panic, detail, message, ids: Vec::new() });
        }
        for span in children.spans() {
            let left = child::left(self.files.dir(), span.generation);
            lock(&self.violations).extend(left.iter().flat_map(child::Left::violations));
            // Only the latest has the last word.
            *lock(&self.views) = left.map(|left| left.views).unwrap_or_default();
        }
    }

    /// True if two generations may have been at work at once: then neither's view is the system's.
    pub(super) fn is_crowded(&self) -> bool {
        self.plan.kind != Kind::Hardened && lock(&self.looks).iter().any(|look| look.failed)
    }

    /// What the workers took the files to hold in the end, if they are processes.
    pub(super) fn take_views(&self) -> Vec<View> {
        std::mem::take(&mut *lock(&self.views))
    }

    pub(super) fn take_violations(&self) -> Vec<Violation> {
        let of_workers: Vec<Violation> =
            lock(&self.workers_notes).iter().flat_map(|notes| notes.take_violations()).collect();
        lock(&self.violations).drain(..).chain(of_workers).collect()
    }

    /// True if the last worker ended by itself, with its view (one of `own`, where it was an actor), and no item was lost.
    pub(super) fn has_seen_all(&self, own: &Mutex<Vec<View>>) -> bool {
        let lost = |note: &Note| matches!(note, Note::Outage(Outage { of: Part::Item, .. }));
        let ended = !lock(&self.views).is_empty() || !lock(own).is_empty();
        ended && !self.notes().iter().any(lost)
    }

    fn notes(&self) -> Vec<Note> {
        let gap_ns = self.care().gap_ns(self.plan.knobs.poll);
        match &self.generations {
            Generations::Actors(_) => {
                lock(&self.actors).iter().flat_map(|ended| ended.record.notes(ended.at_ns.unwrap_or(0))).collect()
            }
            Generations::Processes(children) => {
                let left = |span: super::children::Span| {
                    Record::left_behind(
                        self.files.dir(),
                        span.generation,
                        gap_ns,
                        span.from_ns,
                        span.to_ns.unwrap_or(0),
                    )
                };
                children.spans().into_iter().flat_map(left).collect()
            }
        }
    }

    /// What the monitor said, beside what was true.
    pub(super) fn health(&self) -> Health {
        let looks = lock(&self.looks).clone();
        let (mut outages, mut leases) = (lock(&self.outages).clone(), Vec::new());
        for note in self.notes() {
            match note {
                Note::Outage(outage) => outages.push(outage),
                Note::Lease(lease) => leases.push(lease),
            }
        }
        let late_ns = if self.plan.model { 0 } else { *lock(&self.late_ns) };
        let until_ns = looks.last().map_or(0, |look| look.at_ns);
        Health { contract: self.care().contract(self.plan.knobs.poll, late_ns), outages, looks, leases, until_ns }
    }

    /// Figures of a long run, if the generations are processes.
    pub(super) fn gauges(&self, health: &Health) -> Vec<Gauge> {
        let Generations::Processes(children) = &self.generations else { return Vec::new() };
        figures::of(health, children.spans().len() as u64, *lock(&self.late_ns))
    }
}

/// Every effect that a record tells of.
pub(super) fn delivered(record: &str) -> Vec<Id> {
    far_end::parse(record).iter().map(|effect| effect.id).collect()
}

/// What a worker of `generation` works and tells with.
pub(super) fn parts(
    plan: &Plan,
    files: &Files,
    generation: u32,
    clock: Clock,
    record: &Arc<Record>,
) -> (Labour, Pulse) {
    let care = &plan.knobs.care;
    let far = match plan.kind {
        Kind::Hardened => Effects::fenced(files.clone()),
        Kind::AsShipped | Kind::PublishedFix => Effects::open_to_all(files.clone()),
    };
    let (record, mishaps) = (Arc::clone(record), care.mishaps.clone());
    let pulse = Pulse::new(files.clone(), generation, clock, care.rhythm(plan.kind), Arc::clone(&record));
    (Labour { far, generation, clock, record, mishaps, begun: 0 }, pulse)
}

fn failed(error: &io::Error) -> OpError {
    OpError { kind: "io", message: error.to_string() }
}

fn refused(why: &str) -> OpError {
    OpError { kind: "refused", message: why.to_owned() }
}

impl Crew for Watched {
    fn ask(&self, generation: u32) {
        match &self.generations {
            Generations::Actors(standbys) => standbys.ask(generation),
            Generations::Processes(children) => children.ask(generation),
        }
    }

    fn kill(&self, generation: u32) {
        match &self.generations {
            Generations::Actors(standbys) => standbys.kill(generation),
            Generations::Processes(children) => children.kill(generation),
        }
        let now = self.clock.now();
        for ended in lock(&self.actors).iter_mut().filter(|ended| ended.record.generation() == generation) {
            ended.at_ns = Some(now);
        }
    }

    fn start(&self, generation: u32) -> io::Result<()> {
        match &self.generations {
            Generations::Actors(standbys) => standbys.start(generation),
            Generations::Processes(children) => children.start(generation),
        }
    }
}
