//! One round of a member: its actors' threads, from the opening of the instance to the last entry of their journals.

use crate::emit::EngineError;
use crate::panics::{Caught, catch};
use crate::stress::crew::locked;
use crate::stress::inject::Injection;
use crate::stress::journal::{self, Journal, Record};
use crate::stress::latency::{self, Recorder};
use crate::stress::member::Say;
use crate::stress::settings::Settings;
use crate::stress::watch::{Beat, OPENING};
use hdrhistogram::Histogram;
use racehunt_core::observation::OpFailure;
use racehunt_core::protocol::{FromWorker, Round};
use racehunt_core::scenario::Pace;
use racehunt_core::subject::{Actor, Call, Instance, OpKind, Opener};
use racehunt_sync::perturb;
use racehunt_sync::waits::Group;
use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::Thread;
use std::time::Duration;

/// What a round needs.
pub(super) struct Stage {
    pub(super) process: usize,
    /// The number of its first actor.
    pub(super) first: usize,
    pub(super) ops: &'static [OpKind],
    pub(super) settings: Arc<Settings>,
    pub(super) round: Round,
    pub(super) injection: Injection,
    pub(super) opener: Opener,
    /// Of each actor of this member.
    pub(super) names: Vec<String>,
    pub(super) calls: Vec<Vec<Call>>,
    pub(super) say: Say,
    pub(super) group: Arc<Group>,
    pub(super) stop: Arc<AtomicBool>,
}

/// A round that is being played.
pub(super) struct Floor {
    stage: Stage,
    journals: Vec<Arc<Journal>>,
    beats: Box<[Beat]>,
    /// From its opening to the end of the last actor.
    instance: Mutex<Option<Arc<dyn Instance>>>,
    /// Moments of the monotonic clock; 0 until they are known.
    start: AtomicU64,
    end: AtomicU64,
    /// Actors that are not at their end.
    working: AtomicUsize,
    playing: AtomicBool,
    ended: AtomicU64,
    measured: Mutex<Vec<Vec<Histogram<u64>>>>,
    threads: OnceLock<Vec<Thread>>,
}

impl Floor {
    /// Starts the actors' threads; the first of them opens the instance, and all of them wait for [`Floor::go`].
    ///
    /// # Errors
    /// If the machine refuses a thread or a file.
    pub(super) fn open(stage: Stage) -> Result<Arc<Self>, EngineError> {
        let actors = stage.calls.len();
        let first = stage.first;
        let journals = (0..actors).map(|me| {
            let path = journal::path(&stage.round.journals, first + me, stage.round.life);
            let journal = Journal::create(&path);
            journal.map(Arc::new).map_err(|source| EngineError::Io { what: "making a journal".to_owned(), source })
        });
        let floor = Arc::new(Self {
            journals: journals.collect::<Result<_, _>>()?,
            beats: (0..actors).map(|_| Beat::default()).collect(),
            instance: Mutex::default(),
            start: AtomicU64::new(0),
            end: AtomicU64::new(u64::MAX),
            working: AtomicUsize::new(actors),
            playing: AtomicBool::new(true),
            ended: AtomicU64::new(0),
            measured: Mutex::default(),
            threads: OnceLock::new(),
            stage,
        });
        let threads = (0..actors).map(|me| {
            let floor = Arc::clone(&floor);
            let thread = std::thread::Builder::new().name(format!("actor-{}", first + me));
            let thread = thread.spawn(move || {
                if let Err(Caught { message, site, .. }) = catch(|| floor.play(me)) {
                    // Not the subject's, whose panics are caught below. The round would never end.
                    let message = format!("the engine panicked: {message} ({site})");
                    (floor.stage.say)(&FromWorker::Failed { message });
                }
            });
            let thread = thread.map_err(|source| EngineError::Io { what: "starting an actor".to_owned(), source });
            thread.map(|handle| handle.thread().clone())
        });
        let threads = threads.collect::<Result<_, _>>()?;
        let _ = floor.threads.set(threads);
        Ok(floor)
    }

    /// Lets the actors start at a moment of the monotonic clock, and end at another.
    pub(super) fn go(&self, at: u64, until: Option<u64>) {
        self.stage.injection.arm(self.stage.round.number ^ (u64::from(self.stage.round.life) << 32));
        self.end.store(until.unwrap_or(u64::MAX), Ordering::Relaxed);
        self.start.store(at.max(1), Ordering::Release);
        self.threads.get().into_iter().flatten().for_each(Thread::unpark);
    }

    pub(super) fn is_playing(&self) -> bool {
        self.playing.load(Ordering::Acquire)
    }

    pub(super) fn beats(&self) -> Vec<u64> {
        self.beats.iter().map(Beat::word).collect()
    }

    pub(super) fn actors(&self) -> &[Beat] {
        &self.beats
    }

    fn play(&self, me: usize) {
        self.stage.group.enter(&self.stage.names[me], Some(me));
        if me == 0 {
            self.beats[0].begin(OPENING);
            let instance = catch(|| (self.stage.opener)());
            self.beats[0].end_phase();
            match instance {
                Ok(instance) => *locked(&self.instance) = Some(instance),
                Err(panic) => self.panicked(me, panic),
            }
            (self.stage.say)(&FromWorker::Ready { actors: self.beats.len() as u32 });
        }
        self.wait();
        let instance = locked(&self.instance).clone();
        if let Some(instance) = instance {
            self.work(me, &*instance);
        }
        self.leave(me);
    }

    fn panicked(&self, me: usize, Caught { message, site, .. }: Caught) {
        self.journals[me].append(&Record::Panicked { message, site });
    }

    /// Waits for the start. Who is woken early spins until its moment has come, so that the actors of all processes
    /// start together however the order came to them.
    fn wait(&self) {
        while self.start.load(Ordering::Acquire) == 0 {
            std::thread::park_timeout(Duration::from_millis(10));
        }
        while journal::now() < self.start.load(Ordering::Relaxed) {
            std::thread::yield_now();
        }
    }

    fn work(&self, me: usize, instance: &dyn Instance) {
        let Stage { process, first, settings, round, .. } = &self.stage;
        let number = first + me;
        let journal = &self.journals[me];
        let seed = settings.seed_of(round.number as usize) ^ u64::from(round.life).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let first_serial = round.first_serial.get(me).copied().unwrap_or_default();
        let mut actor = Actor::new(number as u32, seed)
            .with_clock(journal::now)
            .with_journal(Arc::clone(journal) as Arc<dyn racehunt_core::history::Journal>, first_serial);
        actor.process = *process as u32;
        let closed = settings.pace != Pace::Rounds;
        let mut recorder = closed.then(|| Recorder::new(self.stage.ops.len()));
        perturb::set(settings.perturb_of(number, round.number ^ (u64::from(round.life) << 32)));
        let calls = &self.stage.calls[me];
        let made = round.made.get(me).copied().unwrap_or_default() as usize;
        journal.append(&Record::Started(journal::now()));
        let all: Box<dyn Iterator<Item = &Call>> =
            if closed { Box::new(calls.iter().cycle().skip(made)) } else { Box::new(calls.iter().skip(made)) };
        for call in all {
            let over = journal::now() >= self.end.load(Ordering::Relaxed);
            if over
                || self.stage.stop.load(Ordering::Relaxed)
                || !self.call(me, instance, *call, &mut actor, &mut recorder)
            {
                break;
            }
        }
        perturb::set(perturb::Perturb::default());
        locked(&self.measured).extend(recorder.map(Recorder::into_histograms));
    }

    /// Makes one call. False if the actor should not go on.
    fn call(
        &self,
        me: usize,
        instance: &dyn Instance,
        call: Call,
        actor: &mut Actor,
        recorder: &mut Option<Recorder>,
    ) -> bool {
        let journal = &self.journals[me];
        self.beats[me].begin(call.op);
        let from = recorder.as_ref().map(Recorder::now);
        let result = catch(|| instance.apply(call, actor));
        if let (Some(recorder), Some(from)) = (recorder, from) {
            recorder.note(call.op, from, recorder.now());
        }
        self.ended.fetch_add(1, Ordering::Relaxed);
        let result = match result {
            Ok(result) => result,
            Err(panic) => {
                self.panicked(me, panic);
                self.beats[me].end();
                return false;
            }
        };
        let failure = result.err().map(|error| OpFailure {
            actor: actor.number,
            op: self.stage.ops[call.op].name.to_owned(),
            kind: error.kind.to_owned(),
            message: error.message,
        });
        let filled = actor.ledger != racehunt_core::ledger::Ledger::default();
        journal.append(&Record::Ended { ledger: filled.then_some(Cow::Borrowed(&actor.ledger)), failure });
        if filled {
            actor.ledger.clear();
        }
        // Only now: a call that is not in the journal has not ended.
        self.beats[me].end();
        journal.broken().is_none()
    }

    /// The last thing an actor does; the last of them drops the instance and says that the round is over.
    fn leave(&self, me: usize) {
        self.journals[me].append(&Record::Finished(journal::now()));
        self.fail_if_broken(me);
        if self.working.fetch_sub(1, Ordering::AcqRel) > 1 {
            return;
        }
        self.stage.injection.disarm();
        // In the round, so that a drop that hangs or panics is this round's, and before others come to rest.
        self.beats[me].begin(OPENING);
        let instance = locked(&self.instance).take();
        let ended = catch(move || instance.map(|instance| instance.violations()).unwrap_or_default());
        match ended {
            Ok(violations) if violations.is_empty() => {}
            Ok(violations) => self.journals[me].append(&Record::Broken(violations)),
            Err(panic) => self.panicked(me, panic),
        }
        self.fail_if_broken(me);
        self.beats[me].end_phase();
        self.playing.store(false, Ordering::Release);
        let measured = std::mem::take(&mut *locked(&self.measured));
        if !measured.is_empty() {
            let histograms = latency::sum(self.stage.ops.len(), measured).iter().map(latency::encode).collect();
            (self.stage.say)(&FromWorker::Latencies { histograms });
        }
        (self.stage.say)(&FromWorker::Done { rounds: 1, ops: self.ended.load(Ordering::Relaxed) });
    }

    fn fail_if_broken(&self, me: usize) {
        if let Some(why) = self.journals[me].broken() {
            (self.stage.say)(&FromWorker::Failed { message: format!("a journal could not be written: {why}") });
        }
    }
}
