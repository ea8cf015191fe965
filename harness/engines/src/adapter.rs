//! A trial in a worker of another language: it runs the rounds and reports, the judgement is made here, by id.

use crate::supervisor::{End, Event, Session, Supervise, remarks};
use gate::GateRule;
use judge::{Judge, Rest};
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::{AdapterConfig, Trial};
use racehunt_core::protocol::{FromWorker, GateAction, GateState, Run, Setup, ToWorker, VERSION};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

mod gate;
mod judge;

/// The least time between two reports of progress.
const PACE: Duration = Duration::from_millis(100);

/// Runs one trial of a foreign component.
pub(crate) fn run(trial: &Trial, config: &AdapterConfig, how: &Supervise, on: &mut dyn FnMut(Event)) -> TrialOutcome {
    let started = Instant::now();
    let mut judge = Judge::new(trial.clone());
    let limits = how.deadlines(config.silence.into(), None);
    let ended = match Session::open(command(config, how.adapter_dir.as_deref()), limits, on) {
        Err(ended) => ended,
        Ok(session) => {
            let mut drive = Drive { trial, config, session, judge: &mut judge, gate: None, told: None, on };
            let result = drive.all();
            drive.session.close(result)
        }
    };
    let doubt = ended.end.map(|end| end.to_string());
    // A worker that came to its end may have chatted; only one that did not needs its last words.
    let notes = if doubt.is_some() { remarks(&ended.stderr) } else { Vec::new() };
    judge.finish(started.elapsed(), doubt, notes)
}

/// The command, with paths that mean the same whatever the working directory of the harness is.
fn command(config: &AdapterConfig, dir: Option<&Path>) -> Command {
    let mut words = config.command.iter();
    let program = PathBuf::from(words.next().map_or("", String::as_str));
    // A bare name is looked up in PATH; whether a relative path is seen from the old or the new working directory
    // is left open by the operating systems, so it is made absolute.
    let here = std::env::current_dir().unwrap_or_default();
    let dir = dir.map(|d| here.join(d));
    let program = match &dir {
        Some(dir) if program.components().count() > 1 => dir.join(program),
        _ => program,
    };
    let mut command = Command::new(program);
    command.args(words);
    if let Some(dir) = dir {
        command.current_dir(dir);
    }
    command
}

/// The state of one session.
struct Drive<'a> {
    trial: &'a Trial,
    config: &'a AdapterConfig,
    session: Session,
    judge: &'a mut Judge,
    gate: Option<GateRule>,
    told: Option<Instant>,
    on: &'a mut dyn FnMut(Event),
}

impl Drive<'_> {
    fn all(&mut self) -> Result<(), End> {
        self.gate = GateRule::of(&self.trial.params).map_err(End::Trial)?;
        self.set_up()?;
        let mut batch = 0;
        while let Some(rounds) = self.rounds_left() {
            let programs = self.programs(batch);
            let calls: usize = programs.iter().map(Vec::len).sum();
            if calls == 0 {
                return Err(End::Trial("the actors have no ops".to_owned()));
            }
            let ops = self.batch(rounds, programs)?;
            if self.session.was_stopped() {
                self.judge.expect_ops(0, ops);
                self.judge.doubt("interrupted");
                break;
            }
            self.judge.expect_ops(calls as u64 * rounds, ops);
            batch += 1;
        }
        if let Some(gate) = &self.gate {
            self.judge.note(gate.to_string());
        }
        Ok(())
    }

    fn set_up(&mut self) -> Result<(), End> {
        let actors = u32::try_from(self.config.threads).unwrap_or(u32::MAX);
        let stall_ms = u64::try_from(self.trial.limits.stall.get().as_millis()).ok();
        let setup =
            Setup { protocol: VERSION, trial: self.trial.clone(), actors: Some(actors), stall_ms, member: None };
        self.session.send(&ToWorker::Setup(Box::new(setup)))?;
        loop {
            match self.session.next()? {
                FromWorker::Ready { actors: started } if started == actors => break,
                FromWorker::Ready { actors: started } => {
                    return Err(self.session.out_of_turn(format!("{started} actors are ready, not {actors}")));
                }
                FromWorker::Progress(_) => {}
                FromWorker::Failed { message } => return Err(End::Failed(message)),
                _ => return Err(self.session.out_of_turn("the answer to `setup` is `ready` or `failed`")),
            }
        }
        if actors < 2 {
            self.judge.doubt("one actor: nothing ran concurrently");
        }
        Ok(())
    }

    /// How many rounds the next batch may have; `None` at the end of the budget.
    fn rounds_left(&self) -> Option<u64> {
        let left = self.config.rounds.map_or(u64::MAX, |all| all.saturating_sub(self.judge.rounds()));
        let over = self.config.duration.is_some_and(|d| self.session.elapsed() >= d.get());
        // A gate is armed for one passage, so a forced schedule needs a message a round.
        let most = if self.gate.is_some() { 1 } else { self.config.batch as u64 };
        (left > 0 && !over).then(|| left.min(most).max(1))
    }

    /// What each actor does in the rounds of a batch: of a mix, a new deal each time.
    fn programs(&self, batch: u64) -> Vec<Vec<String>> {
        let seed = self.trial.seed.wrapping_add(batch.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let dealt = self.trial.program.deal(self.config.threads, self.config.ops_per_thread, seed);
        dealt.iter().map(|actor| actor.ops.iter().map(ToString::to_string).collect()).collect()
    }

    fn batch(&mut self, rounds: u64, programs: Vec<Vec<String>>) -> Result<u64, End> {
        if let Some(gate) = &mut self.gate {
            let name = gate.hold();
            self.session.send(&ToWorker::Gate { name, action: GateAction::Hold })?;
        }
        let round = self.judge.rounds() + 1;
        let first_serial = self.judge.first_serial();
        self.session.send(&ToWorker::Run(Run { round, rounds, first_serial, programs }))?;
        loop {
            match self.session.next()? {
                FromWorker::History(history) => self.take(|judge| judge.history(history))?,
                FromWorker::Snapshot { round, retained, seen, crashes } => {
                    let rest = Rest { retained, seen, crashes };
                    let new = self.judge.snapshot(round, rest).map_err(|says| self.session.out_of_turn(says))?;
                    self.tell(new);
                }
                FromWorker::Violation(reported) => {
                    let new = self.judge.violation(&reported.into());
                    self.tell(new);
                }
                FromWorker::Gate { name, state } => self.gate(&name, state)?,
                FromWorker::Progress(_) => {}
                FromWorker::Done { rounds: done, ops } => {
                    self.take(|judge| judge.done(round + done))?;
                    return Ok(ops);
                }
                FromWorker::Failed { message } => return Err(End::Failed(message)),
                _ => return Err(self.session.out_of_turn("this message has no place in a run")),
            }
        }
    }

    fn take(&mut self, judge: impl FnOnce(&mut Judge) -> Result<(), String>) -> Result<(), End> {
        judge(self.judge).map_err(|says| self.session.out_of_turn(says))
    }

    fn gate(&mut self, name: &str, state: GateState) -> Result<(), End> {
        if let Some(name) = self.gate.as_mut().and_then(|rule| rule.heard(name, state)) {
            self.session.send(&ToWorker::Gate { name, action: GateAction::Open })?;
        }
        Ok(())
    }

    /// Tells of new findings at once, of progress now and then.
    fn tell(&mut self, new: Vec<usize>) {
        for i in new {
            (self.on)(Event::Finding(Box::new(self.judge.finding(i))));
        }
        if self.told.is_none_or(|t| t.elapsed() >= PACE) {
            self.told = Some(Instant::now());
            let spent = self.spent();
            (self.on)(Event::Progress(self.judge.progress(spent)));
        }
    }

    fn spent(&self) -> f64 {
        let time = self.config.duration.map_or(0.0, |d| self.session.elapsed().as_secs_f64() / d.get().as_secs_f64());
        let rounds = self.config.rounds.map_or(0.0, |all| self.judge.rounds() as f64 / all as f64);
        time.max(rounds).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use racehunt_core::scenario::Timespan;

    fn config(words: &[&str]) -> AdapterConfig {
        let silence = Timespan::new(Duration::from_secs(1)).unwrap();
        AdapterConfig {
            command: words.iter().map(ToString::to_string).collect(),
            threads: 2,
            ops_per_thread: 1,
            rounds: Some(1),
            duration: None,
            silence,
            batch: 1,
        }
    }

    #[test]
    fn a_bare_name_is_left_to_path_and_a_path_is_seen_from_the_scenario() {
        let dir = Some(Path::new("/somewhere"));
        assert_eq!(command(&config(&["python3", "../a.py"]), dir).get_program(), "python3");
        assert_eq!(command(&config(&["./run", "../a.py"]), dir).get_program(), "/somewhere/./run");
        assert_eq!(command(&config(&["/bin/run"]), dir).get_program(), "/bin/run");
        assert_eq!(command(&config(&["./run"]), dir).get_current_dir(), dir);
    }
}
