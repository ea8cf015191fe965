//! Faults of file calls, put into the facade's file system while actors play, and only then: what the engine itself does
//! to files, and what the component does to open and to rest, is never met.

use super::gate::Dice;
use crate::faults::{self, io_rules, out_of};
use nix::sys::signal::{Signal, kill};
use racehunt_core::plan::{EngineConfig, Trial};
use racehunt_core::scenario::{Chance, FileCall, StressFault};
use racehunt_sync::fs::faults::{Act, Rule, When, set};

/// The faults of one process. They are the whole process's, so one trial at a time can have some.
#[derive(Clone, Debug)]
pub(super) struct Injection {
    rules: Vec<Rule>,
    seed: u64,
}

impl Injection {
    /// The faults that a trial asks for. Each `player` (a process) has decisions of its own.
    pub(super) fn of(trial: &Trial, player: usize) -> Self {
        let kills = kills_of_itself(trial).map(|(call, chance)| {
            let (when, act) = (When::Chance(out_of(chance)), Act::Do(die));
            Rule { call: faults::call(call), when, act }
        });
        // The kills first: a call that fails by another rule would not be one to die at.
        let rules = kills.chain(io_rules(&trial.faults)).collect();
        Self { rules, seed: Dice::new(trial.seed, player).next() }
    }

    /// True if a fault is to come at a numbered call of each execution, which a batch of executions has no number for.
    pub(super) fn counts(&self) -> bool {
        self.rules.iter().any(|rule| matches!(rule.when, When::Nth(_)))
    }

    /// From now on file calls may be met. `turn` tells one round, batch or life from another.
    pub(super) fn arm(&self, turn: u64) {
        if !self.rules.is_empty() {
            set(self.rules.clone(), self.seed ^ turn.wrapping_mul(0xd134_2543_de82_ef95));
        }
    }

    /// From now on none is.
    pub(super) fn disarm(&self) {
        if !self.rules.is_empty() {
            set(Vec::new(), 0);
        }
    }
}

/// True if a process may kill itself at a call.
pub(super) fn kills_itself(trial: &Trial) -> bool {
    kills_of_itself(trial).next().is_some()
}

fn kills_of_itself(trial: &Trial) -> impl Iterator<Item = (FileCall, Chance)> {
    let faults = match &trial.engine {
        EngineConfig::Stress(config) => &config.faults[..],
        _ => &[],
    };
    faults.iter().filter_map(|fault| match fault {
        StressFault::Kill { call: Some(call), chance: Some(chance), .. } => Some((*call, *chance)),
        _ => None,
    })
}

fn die() {
    let _ = kill(nix::unistd::getpid(), Signal::SIGKILL);
}
