//! Actors in processes of their own, with faults: kills and pauses.
//!
//! The process that the harness started for the trial is the *coordinator*. It starts the *members* (the same program,
//! in the same process group, speaking the same protocol), has them play rounds, and judges. A round has a directory of
//! its own. The coordinator opens an instance without actors on it, which is sampled and comes to rest in the end; each
//! member opens one and plays its actors on it. What an actor does it writes to its journal outside of the component's
//! directory, so that it is known whatever becomes of its process; at rest all journals are put together and settled.
//!
//! A member that is killed by a fault is started again and goes on with the calls that are left. One that ends by itself
//! is a finding. One that hangs is a stall, and then the trial ends, as it does for threads.
//!
//! What it cannot tell: a component that gives items up or delivers them *within a call* must say so in marks (see
//! `racehunt_core::history`), or a kill in that call looks like a loss.

mod chaos;
mod host;
mod kills;
mod play;
mod settle;
mod troop;

use super::deal::{Deal, Part};
use super::disk::DiskBounds;
use super::film::Film;
use super::inject::kills_itself;
use super::journal::Life;
use super::rounds::seen_enough;
use super::settings::Settings;
use super::watch::PATIENCE;
use super::{ASKED, Ended, find_stall, graph, latency};
use crate::emit::{Emit, EngineError, Progress};
use crate::worker::MEMBER;
use chaos::Chaos;
use host::{Host, Told};
use kills::Kills;
use play::{GRACE, Place, Play, Played, Stage};
use racehunt_core::finding::FindingKind;
use racehunt_core::ledger::Ledger;
use racehunt_core::observation::{Observation, Panic, Violation};
use racehunt_core::outcome::{NOBODY_KILLED, NOBODY_PAUSED};
use racehunt_core::plan::Trial;
use racehunt_core::scenario::Pace;
use racehunt_core::subject::{Env, Subject};
use racehunt_core::tally::Tally;
use racehunt_sync::waits::Group;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use troop::Troop;

/// How often the coordinator looks while it waits for its own instance.
const TICK: Duration = Duration::from_millis(20);
/// How long members may take to leave at the end of the trial.
const LEAVE: Duration = Duration::from_millis(500);
/// Rounds whose start skew is kept.
const MOST_SKEWS: usize = 100_000;

/// Runs the trial to its end.
pub(super) fn run(
    trial: &Trial,
    subject: &dyn Subject,
    settings: Settings,
    bounds: DiskBounds,
    emit: &mut dyn Emit,
) -> Result<Ended, EngineError> {
    if std::env::var_os(MEMBER).is_some() {
        return Err(EngineError::Trial("a process of a trial does not start others".to_owned()));
    }
    let root = tempfile::tempdir().map_err(io("making a directory for the trial"))?;
    let film = Film::start(root.path().to_owned(), bounds);
    // After the last thread of ours that is no actor.
    let group = Arc::new(Group::new());
    let mut troop = Troop::new(trial, settings.processes);
    let mut trial = Coordinator {
        trial,
        subject,
        deal: Deal::new(trial.program.clone(), subject.ops(), &settings),
        kills: Kills::of(trial)?,
        chaos: Chaos::of(trial),
        host: Host::start(&group),
        group,
        tally: Tally::new(trial.clone()),
        film,
        sums: Sums { ops_ended: vec![0; settings.actors()], ..Sums::default() },
        started: Instant::now(),
        root: root.path(),
        settings,
        emit,
    };
    if !trial.in_rounds() {
        trial.tally.name_ids();
    }
    trial.play(&mut troop)?;
    troop.dismiss(LEAVE).into_iter().for_each(|doubt| trial.doubt(doubt));
    Ok(trial.end())
}

fn io(what: &'static str) -> impl Fn(std::io::Error) -> EngineError {
    move |source| EngineError::Io { what: what.to_owned(), source }
}

struct Coordinator<'a> {
    trial: &'a Trial,
    subject: &'a dyn Subject,
    settings: Settings,
    deal: Deal,
    kills: Kills,
    chaos: Chaos,
    host: Host,
    group: Arc<Group>,
    tally: Tally,
    film: Film,
    sums: Sums,
    started: Instant,
    root: &'a Path,
    emit: &'a mut dyn Emit,
}

/// What is added up over the rounds.
#[derive(Default)]
struct Sums {
    ops_ended: Vec<u64>,
    kills: u64,
    restarts: u64,
    /// Some members' latencies went with them.
    killed_at_work: bool,
    overlapped: bool,
    skews: Vec<u64>,
    latencies: Vec<Vec<String>>,
    doubts: Vec<String>,
    notes: Vec<String>,
}

/// Whether another round follows.
#[derive(PartialEq, Eq)]
enum Next {
    Round,
    End,
}

impl Coordinator<'_> {
    fn in_rounds(&self) -> bool {
        self.settings.pace == Pace::Rounds
    }

    fn play(&mut self, troop: &mut Troop) -> Result<(), EngineError> {
        let mut number = 0;
        while !self.enough(number) && self.round(number, troop)? == Next::Round && self.in_rounds() {
            number += 1;
        }
        Ok(())
    }

    /// True if the budget is used up or there is nothing more to learn.
    fn enough(&mut self, rounds: u64) -> bool {
        if !self.in_rounds() {
            return false;
        }
        if self.emit.stopped() {
            self.doubt(ASKED.to_owned());
            return true;
        }
        if self.settings.stop_after.is_some_and(|often| seen_enough(&self.tally, often)) {
            self.sums.notes.push("ended early: every finding was seen as often as `stop_after` asks".to_owned());
            return true;
        }
        self.settings.rounds.is_some_and(|most| rounds >= most)
            || self.settings.duration.is_some_and(|most| self.started.elapsed() >= most)
    }

    fn round(&mut self, number: u64, troop: &mut Troop) -> Result<Next, EngineError> {
        let dir = self.root.join(format!("round-{number}"));
        let mut place = self.place(number, &dir)?;
        match self.open(&mut place)? {
            Ok(()) => {}
            Err(next) => return Ok(next),
        }
        let stage = Stage {
            trial: self.trial,
            ops: self.subject.ops(),
            posts: &self.settings.posts,
            stall: self.settings.stall,
            duration: self.settings.duration.filter(|_| !self.in_rounds()),
        };
        let play = Play::new(&stage, &place, troop, (&mut self.kills, &mut self.chaos), &mut self.film);
        let (emit, tally, settings) = (&mut *self.emit, &self.tally, &self.settings);
        let started = self.started;
        let played = play.run(&mut || {
            emit.progress(progress(tally, settings, started.elapsed()));
            emit.stopped().then(|| ASKED.to_owned())
        })?;
        let next = self.settle(played, &place.parts);
        // What cannot be removed now goes with the trial's directory.
        let _ = std::fs::remove_dir_all(&dir);
        Ok(next)
    }

    fn place(&self, number: u64, dir: &Path) -> Result<Place, EngineError> {
        let parts = if self.in_rounds() { self.deal.parts(number)? } else { self.deal.endless_parts()? };
        let (data, journals) = (dir.join("data"), dir.join("journals"));
        for dir in [&data, &journals] {
            std::fs::create_dir_all(dir).map_err(io("making a directory for a round"))?;
        }
        let ended = self.sums.ops_ended.iter().sum();
        Ok(Place { number, ended, dir: data, journals, host: None, parts })
    }

    /// Opens the coordinator's own instance.
    fn open(&mut self, place: &mut Place) -> Result<Result<(), Next>, EngineError> {
        let calls = place.parts.iter().map(|part| part.calls.len()).sum();
        let env = Env {
            model: false,
            calls: self.in_rounds().then_some(calls),
            dir: Some(place.dir.clone()),
            processes: self.settings.processes_beside(),
            process: None,
            host: None,
            launch: crate::worker::launch(&self.trial.subject),
        };
        let opener = self
            .subject
            .open(&self.trial.variant, &self.trial.params, &env)
            .map_err(|source| EngineError::Subject { subject: self.trial.subject.clone(), source })?;
        self.host.open(opener);
        Ok(match self.answer("the opening of an instance") {
            Ok(Told::Opened(address)) => {
                place.host = address;
                Ok(())
            }
            Ok(Told::Panicked(at, panic)) => {
                let panics = vec![Panic { actor: at.to_owned(), message: panic.message, site: panic.site }];
                self.judge(&Observation { panics, ..Observation::default() });
                Err(Next::Round)
            }
            Ok(_) => Err(Next::Round),
            Err(next) => Err(next),
        })
    }

    /// Waits for the coordinator's own instance, which may hang.
    fn answer(&mut self, doing: &str) -> Result<Told, Next> {
        let (asked, limit) = (Instant::now(), self.settings.stall * PATIENCE);
        let mut stop = None;
        loop {
            if let Some(told) = self.host.answer(TICK) {
                return Ok(told);
            }
            self.emit.progress(progress(&self.tally, &self.settings, self.started.elapsed()));
            if self.emit.stopped() && stop.get_or_insert_with(Instant::now).elapsed() > GRACE {
                self.doubt(ASKED.to_owned());
                return Err(Next::End);
            }
            if asked.elapsed() > limit {
                let message = format!("{doing} did not end within {:.1} s", limit.as_secs_f64());
                let stall = Violation { kind: FindingKind::Stall, detail: doing.to_owned(), message, ids: Vec::new() };
                let found = graph::look(&self.group, &[], false);
                find_stall(&mut self.tally, &graph::explain(stall, &found), self.emit);
                return Err(Next::End);
            }
        }
    }

    /// Judges a round that was played.
    fn settle(&mut self, mut played: Played, parts: &[Part]) -> Next {
        self.add_up(&mut played);
        if let Some(full) = self.film.full().map(str::to_owned) {
            played.doubt.get_or_insert(full);
            played.cut = true;
        }
        let mut next = if played.stall.is_some() || played.doubt.is_some() { Next::End } else { Next::Round };
        if let Some(doubt) = played.doubt.take() {
            self.doubt(doubt);
        }
        let names: Vec<String> = parts.iter().map(|part| part.name.clone()).collect();
        let (mut o, untold) = settle::gather(played.lives, &names);
        o.crashes = played.kills;
        let crashed = !played.crashes.is_empty();
        o.violations.append(&mut played.crashes);
        let mut whole = !played.cut && played.stall.is_none();
        // After a panic nothing is settled: what the panicking call did with its id is not known.
        if whole && o.panics.is_empty() && !crashed {
            self.host.rest(std::mem::take(&mut o.ledger));
        } else {
            self.host.close();
        }
        match self.answer("the drain at rest") {
            Ok(Told::Rested(rested)) => {
                (o.ledger, o.seen, o.at_rest) = (rested.ledger, rested.seen, true);
                o.violations.extend(rested.violations);
                settle::forgive(&mut o.ledger, &untold);
            }
            Ok(Told::Panicked(at, panic)) => {
                o.panics.push(Panic { actor: at.to_owned(), message: panic.message, site: panic.site });
            }
            Ok(_) => {}
            Err(end) => (next, whole) = (end, false),
        }
        if !whole {
            // Of a round that was cut short nothing is known but what somebody saw happen.
            (o.history, o.ledger) = (Vec::new(), Ledger::default());
        }
        if let Some(stall) = played.stall.take() {
            o.violations.push(stall);
        }
        if whole || !(o.panics.is_empty() && o.violations.is_empty() && o.failures.is_empty()) {
            self.judge(&o);
        }
        next
    }

    fn judge(&mut self, o: &Observation) {
        for (place, is_new) in self.tally.observe(o) {
            if is_new {
                self.emit.finding(&self.tally.findings()[place]);
            }
        }
    }

    fn add_up(&mut self, played: &mut Played) {
        let sums = &mut self.sums;
        for (sum, lives) in sums.ops_ended.iter_mut().zip(&played.lives) {
            *sum += lives.iter().map(|life: &Life| life.ended).sum::<u64>();
        }
        sums.kills += u64::from(played.kills);
        sums.restarts += u64::from(played.restarts);
        sums.killed_at_work |= played.kills > 0;
        sums.overlapped = sums.overlapped || settle::overlap(&played.lives, &self.settings.posts);
        if sums.skews.len() < MOST_SKEWS {
            sums.skews.extend(settle::skew(&played.lives));
        }
        sums.latencies.append(&mut played.latencies);
    }

    fn doubt(&mut self, doubt: String) {
        if !self.sums.doubts.contains(&doubt) {
            self.sums.doubts.push(doubt);
        }
    }

    fn end(mut self) -> Ended {
        self.tally.timed(self.film.into_timeline());
        self.emit.progress(progress(&self.tally, &self.settings, self.started.elapsed()));
        let Sums {
            ops_ended,
            kills,
            restarts,
            killed_at_work,
            overlapped,
            mut skews,
            latencies,
            mut doubts,
            mut notes,
        } = self.sums;
        let pauses = self.chaos.count;
        if kills == 0 && (self.kills.any() || kills_itself(self.trial)) {
            doubts.push(NOBODY_KILLED.to_owned());
        }
        if pauses == 0 && self.chaos.any() {
            doubts.push(NOBODY_PAUSED.to_owned());
        }
        if kills + restarts + pauses > 0 {
            let paused = self.chaos.paused(Instant::now()).as_secs_f64();
            notes.push(format!("{kills} kills, {restarts} restarts, {pauses} pauses ({paused:.3} s)"));
        }
        if self.settings.processes > 1 && self.tally.executions() > 0 && !overlapped {
            doubts.push("no concurrency: no two processes ran at the same time".to_owned());
        }
        skews.sort_unstable();
        if let (Some(median), Some(worst)) = (skews.get(skews.len() / 2), skews.last()) {
            let us = |ns: &u64| *ns as f64 / 1e3;
            notes.push(format!(
                "the actors of a round started within {:.0} us of each other (the median; {:.0} us at worst)",
                us(median),
                us(worst)
            ));
        }
        let decoded = latencies.iter().map(|member| member.iter().map(|text| latency::decode(text)).collect());
        let decoded = decoded.collect::<Option<_>>().unwrap_or_else(|| {
            doubts.push("what a process measured of latencies cannot be read".to_owned());
            Vec::new()
        });
        let latencies = latency::export(self.subject.ops(), decoded);
        if self.settings.pace == Pace::Rounds {
            notes.push("latencies are not measured in rounds: they are too short to tell".to_owned());
        } else if killed_at_work {
            notes.push("what killed processes measured of latencies is lost with them".to_owned());
        }
        Ended { tally: self.tally, latencies, ops_ended, doubts, notes }
    }
}

fn progress(tally: &Tally, settings: &Settings, elapsed: Duration) -> Progress {
    let (executions, findings) = (tally.executions(), tally.findings().len() as u64);
    Progress { executions, distinct: 0, findings, spent: settings.spent(elapsed, executions) }
}
