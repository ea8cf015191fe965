//! Faults of file calls, injected through the facade's file system while an actor plays.

use crate::emit::EngineError;
use racehunt_core::plan::{EngineConfig, Trial};
use racehunt_core::protocol::Round;
use racehunt_core::scenario::{Fault, StressFault};

/// The faults of one process in one round.
#[derive(Clone, Debug, Default)]
pub(super) struct Injection {}

impl Injection {
    /// The faults that a trial asks for.
    pub(super) fn of(trial: &Trial, _process: usize, _round: &Round) -> Result<Self, EngineError> {
        if asks(trial) {
            return Err(EngineError::Trial("faults of file calls are not supported yet".to_owned()));
        }
        Ok(Self {})
    }

    /// Injects them into the calls of actor `me`, whose thread this is, until the guard is dropped.
    pub(super) fn arm(&self, _me: usize) -> Armed {
        Armed {}
    }
}

/// See [`Injection::arm`].
#[must_use]
pub(super) struct Armed {}

fn asks(trial: &Trial) -> bool {
    trial.faults.iter().any(|fault| matches!(fault, Fault::Io { .. })) || kills_itself(trial)
}

/// True if a process may kill itself at a call.
pub(super) fn kills_itself(trial: &Trial) -> bool {
    let EngineConfig::Stress(config) = &trial.engine else { return false };
    config.faults.iter().any(|fault| matches!(fault, StressFault::Kill { call: Some(_), .. }))
}
