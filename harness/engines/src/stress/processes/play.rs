//! One round: the members play it, and the coordinator sees to it that it ends.

mod stuck;

use super::super::deal::Part;
use super::super::film::Film;
use super::super::journal::{self, Life};
use super::super::member::TICK;
use super::super::watch::{OPENS, Watch, ops_of};
use super::chaos::Chaos;
use super::kills::{Kills, Victim};
use super::settle::{made, next_serial};
use super::troop::{Heard, Piece, State, Troop, died, soon, was_killed};
use crate::emit::EngineError;
use crate::stress::inject::kills_itself;
use racehunt_core::finding::FindingKind;
use racehunt_core::observation::Violation;
use racehunt_core::plan::Trial;
use racehunt_core::protocol::{FromWorker, Round, ToWorker};
use racehunt_core::subject::OpKind;
use std::ops::Range;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use stuck::Asked;

/// How long members that were asked to end a round may take. Less than the harness gives the coordinator.
pub(super) const GRACE: Duration = Duration::from_millis(1000);
/// Lines of a dead member's stderr in its finding.
const LAST_LINES: usize = 5;

/// What does not change from round to round.
pub(super) struct Stage<'a> {
    pub(super) trial: &'a Trial,
    pub(super) ops: &'static [OpKind],
    /// The numbers of each process's actors.
    pub(super) posts: &'a [Range<usize>],
    pub(super) stall: Duration,
    pub(super) duration: Option<Duration>,
}

/// Where a round takes place.
pub(super) struct Place {
    pub(super) number: u64,
    /// Ops that ended in the rounds before.
    pub(super) ended: u64,
    pub(super) dir: PathBuf,
    pub(super) journals: PathBuf,
    pub(super) host: Option<String>,
    pub(super) parts: Vec<Part>,
}

/// A round that is being played, and what came of it.
pub(super) struct Play<'a> {
    stage: &'a Stage<'a>,
    place: &'a Place,
    troop: &'a mut Troop,
    kills: &'a mut Kills,
    chaos: &'a mut Chaos,
    film: &'a mut Film,
    posts: Vec<Post>,
    go: Option<(u64, Instant)>,
    hurry: Option<Instant>,
    asked: Option<Asked>,
    pub(super) played: Played,
}

/// What came of a round.
#[derive(Default)]
pub(super) struct Played {
    /// Of each actor.
    pub(super) lives: Vec<Vec<Life>>,
    /// Kills of ours.
    pub(super) kills: u32,
    pub(super) restarts: u32,
    /// Members that ended by themselves.
    pub(super) crashes: Vec<Violation>,
    pub(super) stall: Option<Violation>,
    /// Why the trial cannot go on.
    pub(super) doubt: Option<String>,
    /// Some had to be killed to end the round: nothing can be said of what their actors did last.
    pub(super) cut: bool,
    pub(super) latencies: Vec<Vec<String>>,
}

/// What is known of a member in this round.
struct Post {
    life: u32,
    since: Instant,
    words: Vec<u64>,
    watch: Watch,
}

impl<'a> Play<'a> {
    pub(super) fn new(
        stage: &'a Stage<'a>,
        place: &'a Place,
        troop: &'a mut Troop,
        (kills, chaos): (&'a mut Kills, &'a mut Chaos),
        film: &'a mut Film,
    ) -> Self {
        let now = Instant::now();
        let now = now - chaos.paused(now);
        let posts = (0..stage.posts.len()).map(|process| Post::new(stage, process, 0, now)).collect();
        let played = Played { lives: place.parts.iter().map(|_| Vec::new()).collect(), ..Played::default() };
        Self { stage, place, troop, kills, chaos, film, posts, go: None, hurry: None, asked: None, played }
    }

    /// Plays the round to its end. `watch` is called some fifty times a second and says whether the round should end
    /// early, and why.
    ///
    /// # Errors
    /// If the machine refuses a process or a file.
    pub(super) fn run(mut self, watch: &mut dyn FnMut() -> Option<String>) -> Result<Played, EngineError> {
        for process in 0..self.posts.len() {
            match self.troop.state(process) {
                State::Gone => self.troop.start(process)?,
                State::Idle => self.prepare(process),
                _ => {}
            }
        }
        let mut looked = Instant::now();
        self.film(looked);
        while self.troop.those(&[State::Done, State::Gone]).len() < self.posts.len() {
            if let Some(heard) = self.troop.receive(self.wait()) {
                self.hear(heard)?;
            }
            let now = Instant::now();
            self.start_when_armed(now);
            self.hurt(now)?;
            if now - looked >= TICK {
                looked = now;
                self.look(now)?;
                if let Some(why) = self.film.full().map(str::to_owned).or_else(&mut *watch) {
                    self.played.doubt.get_or_insert(why);
                    self.hurry(now);
                }
            }
        }
        self.unexplained();
        self.chaos.resume(self.troop);
        self.kills.end();
        for process in self.troop.those(&[State::Done]) {
            self.troop.set(process, State::Idle);
            self.read(process);
            let mut lives = self.played.lives[self.stage.posts[process].clone()].iter();
            // It says that all of its actors came to their end, and so their journals must say.
            if lives.any(|lives| lives.last().is_none_or(|life| life.finished.is_none())) {
                self.doubt(format!("process {process} is done, and a journal of its actors has no end"));
            }
        }
        Ok(self.played)
    }

    fn wait(&self) -> Duration {
        let now = Instant::now();
        let faults = self.go.and_then(|_| self.kills.next().into_iter().chain(self.chaos.wait(now)).min());
        faults.unwrap_or(TICK).min(TICK)
    }

    fn prepare(&mut self, process: usize) {
        let lives = &self.played.lives[self.stage.posts[process].clone()];
        let round = Round {
            number: self.place.number,
            dir: self.place.dir.clone(),
            journals: self.place.journals.clone(),
            host: self.place.host.clone(),
            life: self.posts[process].life,
            made: lives.iter().map(|lives| made(lives)).collect(),
            first_serial: lives.iter().map(|lives| next_serial(lives)).collect(),
        };
        self.troop.set(process, State::Opening);
        self.troop.send(process, &ToWorker::Round(Box::new(round)));
    }

    fn start_when_armed(&mut self, now: Instant) {
        let armed = self.troop.those(&[State::Armed]);
        if self.go.is_some() || armed.len() < self.posts.len() {
            return;
        }
        let at = soon(armed.len());
        self.go = Some((at, now));
        self.kills.begin();
        armed.into_iter().for_each(|process| self.release(process));
    }

    /// Lets a member start that is ready; at once, if the others have started.
    fn release(&mut self, process: usize) {
        let until = self.go.zip(self.stage.duration).map(|((at, _), d)| at.saturating_add(d.as_nanos() as u64));
        let at = self.go.map_or(1, |(at, _)| at);
        // In a hurry the actors are at their end before their first call.
        let until = if self.hurry.is_some() { Some(1) } else { until };
        self.troop.set(process, State::Playing);
        self.troop.send(process, &ToWorker::Go { at, until });
    }

    fn hear(&mut self, heard: Heard) -> Result<(), EngineError> {
        let process = heard.process;
        let message = match heard.piece {
            Piece::Message(message) => *message,
            Piece::Garbage(why) => {
                self.give_up(process, &why);
                return Ok(());
            }
            Piece::Closed => return self.dead(process),
        };
        self.posts[process].since = self.clock(Instant::now());
        match (message, self.troop.state(process)) {
            (FromWorker::Hello { .. }, _) => {}
            (FromWorker::Beats { beats }, _) => self.posts[process].words = beats,
            (FromWorker::Waits(found), _) => self.explained(process, &found),
            (FromWorker::Ready { .. }, State::Starting) => self.prepare(process),
            (FromWorker::Ready { .. }, State::Opening) => {
                self.troop.set(process, State::Armed);
                if self.go.is_some() || self.hurry.is_some() {
                    self.release(process);
                }
            }
            (FromWorker::Latencies { histograms }, State::Playing) => self.played.latencies.push(histograms),
            (FromWorker::Done { .. }, State::Playing) => self.troop.set(process, State::Done),
            (FromWorker::Failed { message }, _) => self.give_up(process, &message),
            (message, state) => self.give_up(process, &format!("{message:?} came while {state:?}")),
        }
        Ok(())
    }

    /// A member cannot go on, and that is no fault of the subject's.
    fn give_up(&mut self, process: usize, why: &str) {
        self.troop.kill(process);
        self.doubt(format!("process {process} cannot go on: {why}"));
    }

    /// What was played cannot be judged as a whole.
    fn doubt(&mut self, why: String) {
        self.played.cut = true;
        self.played.doubt.get_or_insert(why);
        self.hurry(Instant::now());
    }

    /// A member's stdout is closed, or it has ended, and nobody here killed it.
    fn dead(&mut self, process: usize) -> Result<(), EngineError> {
        let state = self.troop.state(process);
        let (status, stderr) = self.troop.reap(process);
        if was_killed(status) && kills_itself(self.stage.trial) {
            return self.revive(process);
        }
        if was_killed(status) {
            self.give_up(process, "somebody else killed it (the kernel, for want of memory?)");
            return Ok(());
        }
        let lines: Vec<&str> = stderr.lines().filter(|line| !line.trim().is_empty()).collect();
        let last = lines[lines.len().saturating_sub(LAST_LINES)..].join(" | ");
        let detail = died(status);
        let message = if last.is_empty() { detail.clone() } else { format!("{detail}; its last words: {last}") };
        if state == State::Starting {
            // Before it answers nothing of the subject's has run.
            self.give_up(process, &message);
            return Ok(());
        }
        let message = format!("process {process}: {message}");
        self.played.crashes.push(Violation { kind: FindingKind::Panic, detail, message, ids: Vec::new() });
        self.hurry(Instant::now());
        Ok(())
    }

    /// Kills those whose time has come, and pauses some.
    fn hurt(&mut self, now: Instant) -> Result<(), EngineError> {
        let Some((_, since)) = self.go else { return Ok(()) };
        if self.hurry.is_some() || self.asked.is_some() {
            return Ok(());
        }
        for victim in self.kills.step(now - since) {
            let playing = self.troop.those(&[State::Opening, State::Armed, State::Playing]);
            let victim = match victim {
                Victim::Member(process) => playing.contains(&process).then_some(process),
                Victim::Any => self.kills.draw(&playing),
            };
            if let Some(process) = victim {
                self.troop.kill(process);
                self.revive(process)?;
            }
        }
        let before = self.chaos.count;
        self.chaos.step(now, self.troop);
        if self.chaos.count > before {
            self.mark("pause");
        }
        Ok(())
    }

    /// Starts a member again that a fault killed; it goes on where its journals end.
    fn revive(&mut self, process: usize) -> Result<(), EngineError> {
        self.played.kills += 1;
        self.mark("kill");
        self.read(process);
        if self.hurry.is_some() {
            return Ok(());
        }
        let life = self.posts[process].life + 1;
        self.posts[process] = Post::new(self.stage, process, life, self.clock(Instant::now()));
        self.played.restarts += 1;
        self.troop.start(process)
    }

    /// Reads what the actors of a member did in the life that has ended.
    fn read(&mut self, process: usize) {
        for actor in self.stage.posts[process].clone() {
            let path = journal::path(&self.place.journals, actor, self.posts[process].life);
            let life = Life::read(&path, actor as u32).unwrap_or_else(|why| {
                self.doubt(format!("the journal of actor {actor} cannot be read: {why}"));
                Life::default()
            });
            self.played.lives[actor].push(life);
        }
    }

    /// The time in which nobody was paused: only that counts for who hangs.
    fn clock(&self, now: Instant) -> Instant {
        now - self.chaos.paused(now)
    }

    /// Looks for those who hang, and ends a round that has not ended when it was asked to.
    ///
    /// # Errors
    /// If the machine refuses a process.
    fn look(&mut self, now: Instant) -> Result<(), EngineError> {
        self.film(now);
        // A process that it forked may hold its stdout open for long.
        for process in self.troop.ended(now) {
            self.dead(process)?;
        }
        if let Some(since) = self.hurry {
            if now - since > GRACE {
                let left: Vec<usize> = (0..self.posts.len())
                    .filter(|p| ![State::Done, State::Gone].contains(&self.troop.state(*p)))
                    .collect();
                self.played.cut |= !left.is_empty();
                left.into_iter().for_each(|process| self.troop.kill(process));
            }
            return Ok(());
        }
        self.look_for_stuck(now);
        Ok(())
    }

    fn mark(&mut self, what: &str) {
        self.film.mark(Instant::now(), what);
    }

    /// Adds a look at the members to the timeline, if it is time.
    fn film(&mut self, now: Instant) {
        if !self.film.is_due(now) {
            return;
        }
        let earlier = self.place.ended + self.played.lives.iter().flatten().map(|life| life.ended).sum::<u64>();
        let ops = self.posts.iter().flat_map(|post| &post.words).map(|word| ops_of(*word)).sum::<u64>();
        // Not this one: it keeps what the others journal.
        self.film.look(now, &self.troop.pids(), earlier + ops);
    }

    /// Has the round end as soon as may be.
    fn hurry(&mut self, now: Instant) {
        if self.hurry.is_some() {
            return;
        }
        self.hurry = Some(now);
        self.chaos.resume(self.troop);
        for process in self.troop.those(&[State::Armed]) {
            self.release(process);
        }
        for process in self.troop.those(&[State::Playing]) {
            self.troop.send(process, &ToWorker::Stop);
        }
    }
}

impl Post {
    fn new(stage: &Stage<'_>, process: usize, life: u32, now: Instant) -> Self {
        // Until the first beat comes, its first actor opens the instance.
        let actors = &stage.posts[process];
        let mut words = vec![0; actors.len()];
        words[0] = OPENS;
        let watch = Watch::from(actors.start, actors.len(), stage.stall, now);
        Self { life, since: now, words, watch }
    }
}
