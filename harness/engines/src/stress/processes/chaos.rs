//! Pauses of whole processes, after rr's chaos mode (O'Callahan, 2016).
//!
//! Each member is of low priority with some chance, drawn anew at random intervals; now and then, for a time between
//! 1 ms and 2 s (powers of two), only the others may run. That finds what needs one process to stand still for long
//! while another does a lot. Deviations: priorities are drawn at the start of each such phase; and a phase is no longer
//! than a fifth of the time that has gone by, so that short trials have some too and no trial has more than a fifth.

use super::super::gate::Dice;
use super::troop::{State, Troop};
use nix::sys::signal::Signal;
use racehunt_core::plan::{EngineConfig, Trial};
use racehunt_core::scenario::StressFault;
use std::time::{Duration, Instant};

/// The longest phase is 2 to the power of this many milliseconds.
const LONGEST: u32 = 11;

/// A phase in which only some run.
struct Phase {
    since: Instant,
    until: Instant,
    stopped: Vec<usize>,
}

/// The pauses of a trial.
pub(super) struct Chaos {
    chance: f64,
    dice: Dice,
    started: Instant,
    next: Instant,
    phase: Option<Phase>,
    paused: Duration,
    /// Processes that were paused, each time.
    pub(super) count: u64,
}

impl Chaos {
    /// The pauses that the trial asks for.
    pub(super) fn of(trial: &Trial) -> Self {
        let chance = match &trial.engine {
            EngineConfig::Stress(config) => config.faults.iter().find_map(|fault| match fault {
                StressFault::Pause { chance } => Some(chance.get()),
                StressFault::Kill { .. } => None,
            }),
            _ => None,
        };
        let now = Instant::now();
        let dice = Dice::new(trial.seed, usize::MAX - 2);
        let (phase, paused, count) = (None, Duration::ZERO, 0);
        let mut chaos = Self { chance: chance.unwrap_or(0.0), dice, started: now, next: now, phase, paused, count };
        chaos.next = now + chaos.gap(Duration::from_millis(1));
        chaos
    }

    /// True if somebody is to be paused.
    pub(super) fn any(&self) -> bool {
        self.chance > 0.0
    }

    /// Starts or ends a phase if it is time to. Only while a round is played.
    pub(super) fn step(&mut self, now: Instant, troop: &Troop) {
        if let Some(phase) = &self.phase {
            // Those that may run are through: waiting for the end of the phase would wait for nobody.
            let alone = troop.those(&[State::Playing]).iter().all(|p| phase.stopped.contains(p));
            if now >= phase.until || alone {
                self.resume(troop);
            }
        } else if self.any() && now >= self.next {
            let playing = troop.those(&[State::Playing]);
            let low: Vec<usize> = playing.iter().copied().filter(|_| self.dice.unit() <= self.chance).collect();
            let length = self.length(now);
            self.next = now + length + self.gap(length);
            if low.is_empty() || low.len() == playing.len() {
                return;
            }
            low.iter().for_each(|process| troop.signal(*process, Signal::SIGSTOP));
            self.count += low.len() as u64;
            self.phase = Some(Phase { since: now, until: now + length, stopped: low });
        }
    }

    /// Lets all go on.
    pub(super) fn resume(&mut self, troop: &Troop) {
        if let Some(phase) = self.phase.take() {
            phase.stopped.iter().for_each(|process| troop.signal(*process, Signal::SIGCONT));
            self.paused += phase.since.elapsed();
        }
    }

    /// Time in which somebody was paused, so far: it says nothing about who hangs.
    pub(super) fn paused(&self, now: Instant) -> Duration {
        self.paused + self.phase.as_ref().map_or(Duration::ZERO, |phase| now.saturating_duration_since(phase.since))
    }

    /// Time until there is something to do.
    pub(super) fn wait(&self, now: Instant) -> Option<Duration> {
        let at = self.phase.as_ref().map_or(self.next, |phase| phase.until);
        self.any().then(|| at.saturating_duration_since(now))
    }

    fn length(&mut self, now: Instant) -> Duration {
        let most = now.saturating_duration_since(self.started) / 5;
        let drawn = Duration::from_millis(1 << self.dice.below(LONGEST + 1));
        let mut length = drawn;
        while length > most && length > Duration::from_millis(1) {
            length /= 2;
        }
        length
    }

    /// Four to eight times the phase before: at most a fifth of the time is in phases.
    fn gap(&mut self, length: Duration) -> Duration {
        length.mul_f64(4.0 + 4.0 * self.dice.unit())
    }
}
