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
    actors: usize,
    ops_per_thread: usize,
    seed: u64,
}

impl Deal {
    /// A dealer of `program`, whose ops are among `ops`.
    pub(super) fn new(program: Program, ops: &'static [OpKind], settings: &Settings) -> Self {
        let Settings { processes, threads, ops_per_thread, seed, .. } = *settings;
        let program = if processes > 1 { by_process(program, processes, threads) } else { program };
        Self { program, ops, actors: settings.actors(), ops_per_thread, seed }
    }

    /// True if two batches are dealt differently. Then a hunt in rounds sees many programs, not one.
    pub(super) fn varies(&self) -> bool {
        matches!(self.program, Program::Mix(_))
    }

    /// The actors' parts in one batch of rounds.
    ///
    /// # Errors
    /// If the program is empty or has an op that the subject has not.
    pub(super) fn parts(&self, batch: u64) -> Result<Vec<Part>, EngineError> {
        let seed = self.seed.wrapping_add(batch.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let dealt = self.program.deal(self.actors, self.ops_per_thread, seed);
        let parts: Vec<Part> = dealt
            .into_iter()
            .map(|actor| {
                let calls = actor.ops.iter().map(|op| self.call(&op.kind, op.arg.unwrap_or(0)));
                Ok(Part { name: actor.name, calls: calls.collect::<Result<_, EngineError>>()? })
            })
            .collect::<Result<_, EngineError>>()?;
        if parts.len() != self.actors {
            return Err(EngineError::Trial("workload: there are no actors and no mix".to_owned()));
        }
        Ok(parts)
    }

    /// The actors' parts under load, to be repeated until the time is up.
    ///
    /// # Errors
    /// If the program is empty or has an op that the subject has not.
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

/// The names of the processes that actors belong to, in the order in which they first appear; empty if none is named.
pub(super) fn process_names(program: &Program) -> Vec<&str> {
    let Program::Actors(actors) = program else { return Vec::new() };
    let mut names: Vec<&str> = Vec::new();
    for name in actors.iter().filter_map(|actor| actor.process.as_deref()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// One actor for each thread of each process, if the program says which process an actor belongs to: the actors of the
/// p-th name in process p, again from the start where there are more threads than actors. An actor that names no
/// process belongs to the first.
fn by_process(program: Program, processes: usize, threads: usize) -> Program {
    let names: Vec<String> = process_names(&program).into_iter().map(str::to_owned).collect();
    let Program::Actors(actors) = program else { return program };
    if names.is_empty() {
        return Program::Actors(actors);
    }
    let of = |name: &String| -> Vec<&ActorProgram> {
        actors.iter().filter(|actor| actor.process.as_ref().unwrap_or(&names[0]) == name).collect()
    };
    let mut dealt: Vec<ActorProgram> = Vec::new();
    for process in 0..processes {
        let own = of(&names[process % names.len()]);
        for thread in 0..threads {
            let actor = own[thread % own.len()];
            let times = dealt.iter().filter(|a| a.name.split('#').next() == Some(&actor.name)).count();
            // As `Program::deal` names those that come round again.
            let name = if times == 0 { actor.name.clone() } else { format!("{}#{}", actor.name, times + 1) };
            dealt.push(ActorProgram { name, ..actor.clone() });
        }
    }
    Program::Actors(dealt)
}

#[cfg(test)]
mod tests {
    use super::*;
    use racehunt_core::plan::OpCall;

    fn actor(name: &str, process: Option<&str>) -> ActorProgram {
        ActorProgram { name: name.into(), ops: vec![OpCall::plain("put")], process: process.map(str::to_owned) }
    }

    fn names(actors: Vec<ActorProgram>, processes: usize, threads: usize) -> String {
        let program = by_process(Program::Actors(actors), processes, threads);
        let dealt = program.deal(processes * threads, 1, 1);
        dealt.iter().map(|a| a.name.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn actors_go_to_the_processes_they_name() {
        let named = || vec![actor("A", Some("p")), actor("B", Some("q")), actor("C", Some("p"))];
        assert_eq!(process_names(&Program::Actors(named())), ["p", "q"]);
        assert_eq!(names(named(), 2, 2), "A C B B#2");
        assert_eq!(names(named(), 3, 1), "A B A#2");
        let unnamed = vec![actor("A", None), actor("B", None)];
        assert_eq!(names(unnamed, 2, 2), "A B A#2 B#2");
    }
}
