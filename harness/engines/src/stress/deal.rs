//! Who calls what: a program dealt to the actors, its ops looked up in the subject.

use super::settings::Settings;
use crate::emit::EngineError;
use racehunt_core::plan::{ActorProgram, Program, SplitMix64};
use racehunt_core::subject::{Call, OpKind};

/// Ops drawn for an actor under load before they repeat. Drawing is done beforehand: done between ops, it would be
/// part of the pace.
const DRAWN: usize = 4096;

/// What one actor does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Its name in findings.
    pub(super) name: String,
    /// Its calls, in order.
    pub(super) calls: Vec<Call>,
}

/// Deals a program to the actors.
#[derive(Debug)]
pub(super) struct Deal {
    program: Program,
    ops: &'static [OpKind],
    processes: usize,
    threads: usize,
    ops_per_thread: usize,
    seed: u64,
}

impl Deal {
    /// A dealer of `program`, whose ops are among `ops`.
    pub(super) fn new(program: Program, ops: &'static [OpKind], settings: &Settings) -> Self {
        let Settings { processes, threads, ops_per_thread, seed, .. } = *settings;
        Self { program, ops, processes, threads, ops_per_thread, seed }
    }

    /// True if two batches are dealt differently. Then a hunt in rounds sees many programs, not one.
    pub(super) fn varies(&self) -> bool {
        matches!(self.program, Program::Mix(_))
    }

    /// The actors' parts in one batch of rounds.
    ///
    /// # Errors
    /// If the program has an op that the subject has not.
    pub(super) fn parts(&self, batch: u64) -> Result<Vec<Part>, EngineError> {
        let seed = self.seed.wrapping_add(batch.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let dealt = self.program.deal_processes(self.processes, self.threads, self.ops_per_thread, seed);
        let part = |(_, actor): (u32, ActorProgram)| {
            let calls = actor.ops.iter().map(|op| self.call(&op.kind, op.arg.unwrap_or(0)));
            Ok(Part { name: actor.name, calls: calls.collect::<Result<_, EngineError>>()? })
        };
        dealt.into_iter().flatten().map(part).collect()
    }

    /// The actors' parts under load, to be repeated until the time is up.
    ///
    /// # Errors
    /// If the program has an op that the subject has not.
    pub(super) fn endless_parts(&self) -> Result<Vec<Part>, EngineError> {
        let mut parts = self.parts(0)?;
        if let Some(draw) = self.program.draw() {
            for (me, part) in parts.iter_mut().enumerate() {
                let mut rng = SplitMix64::new(self.seed ^ (me as u64 + 1).wrapping_mul(0xbf58_476d_1ce4_e5b9));
                let drawn = if draw.is_empty() { 0 } else { DRAWN };
                part.calls = (0..drawn).map(|_| self.call(draw.next(&mut rng), 0)).collect::<Result<_, _>>()?;
            }
        }
        Ok(parts)
    }

    fn call(&self, kind: &str, arg: u32) -> Result<Call, EngineError> {
        let op = self.ops.iter().position(|op| op.name == kind).ok_or_else(|| {
            let names: Vec<&str> = self.ops.iter().map(|op| op.name).collect();
            EngineError::Trial(format!("workload: the subject has no op `{kind}`; it has {}", names.join(", ")))
        })?;
        Ok(Call { op, arg })
    }
}
