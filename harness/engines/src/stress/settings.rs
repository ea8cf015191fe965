//! What a trial asks of this engine, in the engine's own terms.

use super::cpu;
use super::gate::Dice;
use crate::emit::EngineError;
use crate::faults::out_of;
use racehunt_core::plan::{ActorProgram, EngineConfig, Program, StressConfig, Trial};
use racehunt_core::scenario::{DurationRange, Fault, Pace, Rate};
use racehunt_sync::perturb::Perturb;
use std::ops::Range;
use std::time::Duration;

/// Settings of one trial.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    /// Processes that the actors belong to.
    pub(super) processes: usize,
    /// Threads of each process, as asked for; one whose name few actors give has fewer.
    pub(super) threads: usize,
    /// The numbers of each process's actors, each a thread.
    pub(super) posts: Vec<Range<usize>>,
    /// What starts the next op.
    pub(super) pace: Pace,
    /// CPUs this process may use.
    pub(super) cpus: Vec<usize>,
    /// Seed of all that is drawn.
    pub(super) seed: u64,
    /// How long nothing may end before it is a stall.
    pub(super) stall: Duration,
    /// How long the trial takes at most.
    pub(super) duration: Option<Duration>,
    /// How many rounds at most.
    pub(super) rounds: Option<u64>,
    /// Counts of every finding at which the trial may end.
    pub(super) stop_after: Option<u64>,
    /// Ops a second over all actors, for the open pace.
    pub(super) rate: Option<f64>,
    /// Ops of each actor to deal at a time.
    pub(super) ops_per_thread: usize,
    /// True if the actors are in processes of their own.
    pub(super) over_processes: bool,
    perturb: Perturb,
}

impl Settings {
    /// Reads the settings of a trial.
    ///
    /// # Errors
    /// If the trial is for another engine, or asks for what this one does not have.
    pub(super) fn of(trial: &Trial) -> Result<Self, EngineError> {
        let EngineConfig::Stress(config) = &trial.engine else {
            return Err(EngineError::Trial(format!("{} is not a trial of the stress engine", trial.id)));
        };
        refuse(trial, config)?;
        Ok(Self {
            processes: config.processes,
            threads: config.threads,
            posts: posts(trial, config)?,
            pace: config.pace,
            cpus: cpu::available(),
            seed: trial.seed,
            stall: trial.limits.stall.get(),
            duration: config.duration.map(Duration::from),
            rounds: config.rounds.filter(|_| config.pace == Pace::Rounds),
            stop_after: config.stop_after.filter(|_| config.pace == Pace::Rounds),
            rate: config.rate.filter(|_| config.pace == Pace::Open).map(Rate::per_second),
            ops_per_thread: config.ops_per_thread,
            over_processes: over_processes(trial, config),
            perturb: perturb(config),
        })
    }

    /// Actors of all processes.
    pub(super) fn actors(&self) -> usize {
        self.posts.last().map_or(0, |post| post.end)
    }

    /// What a component is told of the number of processes where actors are in processes of their own. One is said to
    /// be two, as in truth it is: one would mean that the coordinator's instance is the actors' own.
    pub(super) fn processes_beside(&self) -> usize {
        self.processes.max(2)
    }

    /// The part of the trial that is done, by its time or its rounds.
    pub(super) fn spent(&self, elapsed: Duration, rounds: u64) -> f64 {
        let of_time = self.duration.map_or(0.0, |most| elapsed.as_secs_f64() / most.as_secs_f64());
        let of_rounds = self.rounds.map_or(0.0, |most| rounds as f64 / most as f64);
        of_time.max(of_rounds).min(1.0)
    }

    /// How actor `me` is perturbed; every actor and every `batch` has decisions of its own.
    pub(super) fn perturb_of(&self, me: usize, batch: u64) -> Perturb {
        let mut dice = Dice::new(self.seed.wrapping_add(batch.wrapping_mul(0xd134_2543_de82_ef95)), me);
        Perturb { seed: dice.next(), ..self.perturb }
    }

    /// Seed of the values drawn on the object at place `slot` of a batch.
    pub(super) fn seed_of(&self, slot: usize) -> u64 {
        self.seed ^ (slot as u64).wrapping_mul(0xff51_afd7_ed55_8ccd)
    }
}

/// True if the actors of the trial are in processes of their own: there are several, or one that something is done to
/// which the process that judges must survive.
fn over_processes(trial: &Trial, config: &StressConfig) -> bool {
    config.processes > 1
        || !config.faults.is_empty()
        || trial.faults.iter().any(|fault| matches!(fault, Fault::Kill { .. }))
}

fn refuse(trial: &Trial, config: &StressConfig) -> Result<(), EngineError> {
    let wrong = |text: String| Err(EngineError::Trial(text));
    if config.processes == 0 {
        return wrong("stress.processes = 0: nobody would do anything".to_owned());
    }
    if config.pace == Pace::Open && over_processes(trial, config) {
        return wrong("stress.rate: the pace `open` is not there for several processes or faults".to_owned());
    }
    if config.threads == 0 {
        return wrong("stress.threads = 0: nobody would do anything".to_owned());
    }
    match config.pace {
        Pace::Rounds if config.rounds.is_none() && config.duration.is_none() => {
            wrong("stress.rounds or stress.duration: one is needed, or the trial would never end".to_owned())
        }
        Pace::Closed | Pace::Open if config.duration.is_none() => {
            wrong(format!("stress.duration: needed for the pace `{}`", config.pace))
        }
        Pace::Open if config.rate.is_none() => wrong("stress.rate: needed for the pace `open`".to_owned()),
        _ => Ok(()),
    }
}

/// Who is in which process, which is the same for every batch.
fn posts(trial: &Trial, config: &StressConfig) -> Result<Vec<Range<usize>>, EngineError> {
    let wrong = |text: String| Err(EngineError::Trial(text));
    if let Program::Actors(actors) = &trial.program
        && actors.iter().any(|actor| actor.process.is_some())
    {
        let groups = ActorProgram::by_process(actors);
        if groups.len() != config.processes {
            return wrong(format!("stress.processes = {}: the actors name {}", config.processes, groups.len()));
        }
        if let Some(most) = groups.iter().map(Vec::len).max().filter(|most| *most > config.threads) {
            return wrong(format!("stress.threads = {}: one process has {most} actors", config.threads));
        }
    }
    let mut first = 0;
    let dealt = trial.program.deal_processes(config.processes, config.threads, 0, 0);
    if dealt.is_empty() {
        return wrong("workload: there are no actors and no mix".to_owned());
    }
    let post = |own: Vec<_>| {
        let post = first..first + own.len();
        first = post.end;
        post
    };
    Ok(dealt.into_iter().map(post).collect())
}

fn perturb(config: &StressConfig) -> Perturb {
    let Some(p) = &config.perturb else { return Perturb::default() };
    Perturb {
        yield_chance: out_of(p.yield_chance),
        pause_chance: p.pause_chance.map_or(0, out_of),
        pause_spins: cpu::spins_in(p.pause.map_or(Duration::ZERO, DurationRange::max)),
        seed: 0,
    }
}
