//! One of several processes of a trial: plays its actors in each round, as the coordinator tells it, and judges nothing.
//!
//! What its actors do goes into their journals; over the wire go only signs of life and that a round is over. It ends at
//! once when the coordinator goes away, whatever its actors do.

mod floor;

use super::deal::{Deal, Part};
use super::graph;
use super::inject::Injection;
use super::settings::Settings;
use crate::emit::EngineError;
use floor::Floor;
use racehunt_core::plan::Trial;
use racehunt_core::protocol::{FromWorker, Member, Round, ToWorker};
use racehunt_core::scenario::Pace;
use racehunt_core::subject::{Env, Subject};
use racehunt_sync::waits::Group;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// Time between two signs of life.
pub(super) const TICK: Duration = Duration::from_millis(20);

/// How a member says something.
pub(crate) type Say = Arc<dyn Fn(&FromWorker) + Send + Sync>;

/// Serves the rounds of a trial until it is told to end.
///
/// # Errors
/// If it cannot play a round: the subject cannot be opened, or the machine refuses a thread or a file.
pub(crate) fn serve(
    trial: &Trial,
    subject: &dyn Subject,
    member: &Member,
    orders: &Receiver<Result<ToWorker, String>>,
    say: &Say,
    stop: &Arc<AtomicBool>,
) -> Result<(), String> {
    // The kernel ends this process with the thread that started it, even if the coordinator was killed.
    let _ = nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL);
    let settings = Settings::of(trial).map_err(|e| e.to_string())?;
    let deal = Deal::new(trial.program.clone(), subject.ops(), &settings);
    let group = Arc::new(Group::new());
    let service =
        Service { trial, subject, process: member.process, settings: Arc::new(settings), deal, say, stop, group };
    service.run(orders)
}

struct Service<'a> {
    trial: &'a Trial,
    subject: &'a dyn Subject,
    process: usize,
    settings: Arc<Settings>,
    deal: Deal,
    say: &'a Say,
    stop: &'a Arc<AtomicBool>,
    group: Arc<Group>,
}

impl Service<'_> {
    fn run(&self, orders: &Receiver<Result<ToWorker, String>>) -> Result<(), String> {
        let mut floor: Option<Arc<Floor>> = None;
        let mut told = Instant::now();
        loop {
            match orders.recv_timeout(TICK) {
                Ok(order) => match order? {
                    ToWorker::Round(round) => {
                        // The request to end the round before was for that round.
                        self.stop.store(false, Ordering::Relaxed);
                        floor = Some(self.open(*round).map_err(|e| e.to_string())?);
                    }
                    ToWorker::Go { at, until } => floor.as_ref().ok_or("`go` came before `round`")?.go(at, until),
                    ToWorker::Look => {
                        let beats = floor.as_deref().map_or(&[][..], Floor::actors);
                        (self.say)(&FromWorker::Waits(graph::look(&self.group, beats, true)));
                    }
                    ToWorker::Teardown => return Ok(()),
                    ToWorker::Stop => {}
                    _ => return Err("this message has no place in a session with a member".to_owned()),
                },
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
            if let Some(floor) = &floor
                && floor.is_playing()
                && told.elapsed() >= TICK
            {
                told = Instant::now();
                (self.say)(&FromWorker::Beats { beats: floor.beats() });
            }
        }
    }

    fn open(&self, round: Round) -> Result<Arc<Floor>, EngineError> {
        let in_rounds = self.settings.pace == Pace::Rounds;
        let Some(post) = self.settings.posts.get(self.process).cloned() else {
            return Err(EngineError::Trial(format!("the trial has no process {}", self.process)));
        };
        let parts = if in_rounds { self.deal.parts(round.number)? } else { self.deal.endless_parts()? };
        let calls = parts.iter().map(|part| part.calls.len()).sum();
        let env = Env {
            model: false,
            calls: in_rounds.then_some(calls),
            dir: Some(round.dir.clone()),
            processes: self.settings.processes_beside(),
            process: Some(self.process),
            host: round.host.clone(),
            launch: crate::worker::launch(&self.trial.subject),
        };
        let opener = self
            .subject
            .open(&self.trial.variant, &self.trial.params, &env)
            .map_err(|source| EngineError::Subject { subject: self.trial.subject.clone(), source })?;
        let (first, mine) = (post.start, parts.into_iter().skip(post.start).take(post.len()));
        let (names, calls) = mine.map(|Part { name, calls }| (name, calls)).unzip();
        let stage = floor::Stage {
            process: self.process,
            first,
            ops: self.subject.ops(),
            settings: Arc::clone(&self.settings),
            injection: Injection::of(self.trial, self.process),
            round,
            opener,
            names,
            calls,
            group: Arc::clone(&self.group),
            say: Arc::clone(self.say),
            stop: Arc::clone(self.stop),
        };
        Floor::open(stage)
    }
}
