//! The actors of a program and what kills their processes, with all names looked up.

use crate::emit::EngineError;
use racehunt_core::plan::{ActorProgram, Trial};
use racehunt_core::scenario::{Fault, OpCall};
use racehunt_core::subject::{Call, Subject};
use racehunt_sync::process::Unsynced;

/// One actor's part, resolved.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) name: String,
    /// What it goes by in ids and draws: its place in the whole program, whatever part of that this is.
    pub(super) number: u32,
    /// Index of its process.
    pub(super) process: u32,
    pub(super) does: Does,
}

#[derive(Clone, Debug)]
pub(super) enum Does {
    /// Calls, with how they are written.
    Calls(Vec<(Call, String)>),
    /// One step: kills a process.
    Kill { process: u32, unsynced: Unsynced },
}

/// The parts of a program, and of what kills its processes.
pub(super) struct Parts {
    pub(super) parts: Vec<Part>,
    /// Processes that one of them kills.
    pub(super) mortal: Vec<u32>,
    pub(super) processes: usize,
}

impl Parts {
    /// Looks up what `program` names.
    pub(super) fn resolve(trial: &Trial, program: &[ActorProgram], subject: &dyn Subject) -> Result<Self, EngineError> {
        let processes = ActorProgram::processes(program);
        let number = |name: Option<&str>| processes.iter().position(|process| *process == name).map(|at| at as u32);
        let mut parts = Vec::new();
        for (actor, number_in_all) in program.iter().zip(numbers(trial, program)) {
            let process = number(actor.process.as_deref()).unwrap_or_default();
            let does = Does::Calls(calls(actor, subject)?);
            parts.push(Part { name: actor.name.clone(), number: number_in_all, process, does });
        }
        let mut mortal = Vec::new();
        for fault in &trial.faults {
            let Fault::Kill { process, unsynced } = fault else { continue };
            let number = number(Some(process)).ok_or_else(|| {
                EngineError::Trial(format!("a fault kills the process {process}, to which no actor belongs"))
            })?;
            mortal.push(number);
            let does = Does::Kill { process: number, unsynced: unsynced_of(*unsynced) };
            parts.push(Part { name: format!("kill {process}"), number: u32::MAX, process: 0, does });
        }
        mortal.sort_unstable();
        mortal.dedup();
        Ok(Self { parts, mortal, processes: processes.len() })
    }
}

/// The actors' numbers: where each stands in the whole program of the trial, or in `program` if that is no part of it.
fn numbers(trial: &Trial, program: &[ActorProgram]) -> Vec<u32> {
    let whole = trial.program.deal(trial.engine.threads(), trial.engine.ops_per_thread(), trial.seed);
    let place = |actor: &ActorProgram| whole.iter().position(|a| a.name == actor.name).map(|at| at as u32);
    let places: Option<Vec<u32>> = program.iter().map(place).collect();
    places.unwrap_or_else(|| (0..program.len() as u32).collect())
}

fn unsynced_of(unsynced: racehunt_core::scenario::Unsynced) -> Unsynced {
    match unsynced {
        racehunt_core::scenario::Unsynced::Kept => Unsynced::Kept,
        racehunt_core::scenario::Unsynced::Lost => Unsynced::Lost,
        racehunt_core::scenario::Unsynced::Torn => Unsynced::Torn,
    }
}

fn calls(actor: &ActorProgram, subject: &dyn Subject) -> Result<Vec<(Call, String)>, EngineError> {
    let call = |call: &OpCall| {
        let op = subject
            .ops()
            .iter()
            .position(|o| o.name == call.kind)
            .ok_or_else(|| EngineError::Trial(format!("{} has no op {}", subject.name(), call.kind)))?;
        Ok((Call { op, arg: call.arg.unwrap_or(0) }, call.to_string()))
    };
    actor.ops.iter().map(call).collect()
}
