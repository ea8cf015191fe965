//! When which member is killed.

use super::super::gate::Dice;
use crate::emit::EngineError;
use racehunt_core::plan::{ActorProgram, EngineConfig, Program, Trial};
use racehunt_core::scenario::{Fault, StressFault};
use std::time::Duration;

/// Length that the first round is taken to have.
const FIRST: Duration = Duration::from_millis(50);

/// The moments of all kills, from the trial's seed. Time is counted only while a round is played: between two rounds
/// there is nothing to hit.
pub(super) struct Kills {
    dice: Dice,
    /// Means of the times between two kills of whoever comes, each with what is left until the next.
    random: Vec<(Duration, Duration)>,
    /// Members that are killed once a round.
    named: Vec<usize>,
    /// Those that are still to be killed in this round, with the moment.
    due: Vec<(Duration, usize)>,
    /// How far the round is.
    at: Duration,
    previous: Duration,
}

/// Who is to be killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Victim {
    /// This one.
    Member(usize),
    /// Any that plays.
    Any,
}

impl Kills {
    /// # Errors
    /// If a fault names a process that no actor belongs to.
    pub(super) fn of(trial: &Trial) -> Result<Self, EngineError> {
        let EngineConfig::Stress(config) = &trial.engine else { return Self::new(trial.seed, &[], Vec::new()) };
        let every: Vec<Duration> = config
            .faults
            .iter()
            .filter_map(|fault| match fault {
                StressFault::Kill { every: Some(every), .. } => Some(every.get()),
                _ => None,
            })
            .collect();
        let processes = match &trial.program {
            Program::Actors(actors) => ActorProgram::processes(actors),
            Program::Mix(_) => Vec::new(),
        };
        let named = trial.faults.iter().filter_map(|fault| match fault {
            Fault::Kill { process, .. } => Some(process),
            Fault::Io { .. } => None,
        });
        let named = named.map(|name| {
            processes.iter().position(|process| *process == Some(name)).ok_or_else(|| {
                let known = processes.iter().flatten().copied().collect::<Vec<_>>().join(", ");
                EngineError::Trial(format!("fault.process = {name:?}: no actor runs in it; there are [{known}]"))
            })
        });
        Self::new(trial.seed, &every, named.collect::<Result<_, _>>()?)
    }

    fn new(seed: u64, every: &[Duration], named: Vec<usize>) -> Result<Self, EngineError> {
        let mut dice = Dice::new(seed, usize::MAX - 1);
        let random = every.iter().map(|mean| (*mean, exponential(&mut dice, *mean))).collect();
        Ok(Self { dice, random, named, due: Vec::new(), at: Duration::ZERO, previous: FIRST })
    }

    /// True if somebody is to be killed.
    pub(super) fn any(&self) -> bool {
        !self.random.is_empty() || !self.named.is_empty()
    }

    /// A round starts.
    pub(super) fn begin(&mut self) {
        self.at = Duration::ZERO;
        let (dice, previous) = (&mut self.dice, self.previous);
        self.due = self.named.iter().map(|member| (previous.mul_f64(dice.unit()), *member)).collect();
    }

    /// The round has ended.
    pub(super) fn end(&mut self) {
        self.previous = self.at.max(Duration::from_millis(1));
    }

    /// Who is to be killed now that the round has come so far.
    pub(super) fn step(&mut self, at: Duration) -> Vec<Victim> {
        let passed = at.saturating_sub(self.at);
        self.at = at;
        let mut victims: Vec<Victim> =
            self.due.extract_if(.., |(due, _)| *due <= at).map(|(_, member)| Victim::Member(member)).collect();
        for (mean, left) in &mut self.random {
            *left = left.saturating_sub(passed);
            if left.is_zero() {
                *left = exponential(&mut self.dice, *mean);
                victims.push(Victim::Any);
            }
        }
        victims
    }

    /// Time until the next.
    pub(super) fn next(&self) -> Option<Duration> {
        let named = self.due.iter().map(|(due, _)| due.saturating_sub(self.at));
        named.chain(self.random.iter().map(|(_, left)| *left)).min()
    }

    /// One of those that play.
    pub(super) fn draw(&mut self, playing: &[usize]) -> Option<usize> {
        playing.get(self.dice.below(playing.len() as u32) as usize).copied()
    }
}

fn exponential(dice: &mut Dice, mean: Duration) -> Duration {
    mean.mul_f64(-dice.unit().ln()).max(Duration::from_micros(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn random_kills_keep_their_mean_and_hang_on_the_seed() {
        let moments = |seed| {
            let mut kills = Kills::new(seed, &[10 * MS], Vec::new()).unwrap();
            kills.begin();
            (1..=20_000).filter(|n| !kills.step(MS * *n / 4).is_empty()).collect::<Vec<u32>>()
        };
        let n = moments(1).len();
        assert!((400..600).contains(&n), "{n}");
        assert_eq!(moments(1), moments(1));
        assert_ne!(moments(1), moments(2));
    }

    #[test]
    fn a_named_kill_comes_once_a_round_that_is_as_long_as_the_one_before() {
        let mut kills = Kills::new(3, &[], vec![2]).unwrap();
        for length in [50, 60, 60] {
            kills.begin();
            assert!(kills.next().is_some());
            let victims: Vec<_> = (0..=length).flat_map(|n| kills.step(MS * n)).collect();
            assert_eq!(victims, [Victim::Member(2)]);
            kills.end();
        }
        assert_eq!(kills.next(), None);
    }
}
