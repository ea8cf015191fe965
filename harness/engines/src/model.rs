//! What the two model engines share: the body of an execution, and the observation it leaves.

mod layout;

pub use layout::{interleaving, waits};

use crate::emit::EngineError;
use crate::panics;
use racehunt_core::observation::{Observation, OpFailure, Panic};
use racehunt_core::plan::{ActorProgram, Trial};
use racehunt_core::subject::{Actor, Call, Env, Instance, Opener, Subject};
use racehunt_sync::{hook, thread};
use std::panic::Location;
use std::sync::{Arc, Mutex, PoisonError};

/// Actors run on stacks of this size: an overflow is a SIGSEGV, and 1 MiB costs nothing until it is touched.
const STACK: usize = 1 << 20;

/// Where the actors are started, as their steps show it.
const FILE: &str = file!();

/// One actor's part, resolved.
#[derive(Clone, Debug)]
struct Part {
    name: String,
    calls: Vec<(Call, String)>,
}

/// The program of a trial, ready to be executed any number of times.
pub struct Model {
    opener: Opener,
    parts: Vec<Part>,
    ops: Vec<&'static str>,
    slot: Mutex<Slot>,
    /// Actors of earlier executions: a search has millions, and their memory need not be asked for each time.
    spare: Mutex<Vec<Actor>>,
}

#[derive(Debug, Default)]
struct Slot {
    seed: u64,
    observation: Observation,
    /// Actors that did their first step.
    started: usize,
    ops: u64,
}

impl Model {
    /// The model of `trial`, with `program` as dealt.
    ///
    /// # Errors
    /// When the program names an op the subject does not have, or the subject cannot be opened.
    pub fn new(trial: &Trial, program: &[ActorProgram], subject: &dyn Subject) -> Result<Self, EngineError> {
        let parts = resolve(program, subject)?;
        let calls = parts.iter().map(|p| p.calls.len()).sum();
        let env = Env { model: true, calls: Some(calls), dir: None, ..Env::default() };
        let opener = subject
            .open(&trial.variant, &trial.params, &env)
            .map_err(|source| EngineError::Subject { subject: trial.subject.clone(), source })?;
        let ops = subject.ops().iter().map(|o| o.name).collect();
        Ok(Self { opener, parts, ops, slot: Mutex::default(), spare: Mutex::default() })
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gets ready for an execution; `seed` is where its actors' draws come from.
    pub fn begin(&self, seed: u64, recording: bool) {
        hook::reset(recording);
        let _ = panics::take();
        let mut slot = self.slot();
        slot.observation.clear();
        (slot.seed, slot.started, slot.ops) = (seed, 0, 0);
    }

    fn spare(&self) -> std::sync::MutexGuard<'_, Vec<Actor>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The execution: runs under whatever engine is current, in the engine's first actor.
    pub fn execute(self: &Arc<Self>) {
        let instance = (self.opener)();
        let actors: Vec<_> = (0..self.parts.len())
            .map(|number| {
                let (model, instance) = (Arc::clone(self), Arc::clone(&instance));
                thread::Builder::new()
                    .name(self.parts[number].name.clone())
                    .stack_size(STACK)
                    .spawn(move || model.act(number, &*instance))
                    .expect("a modelled thread always starts")
            })
            .collect();
        for (number, actor) in actors.into_iter().enumerate() {
            if actor.join().is_err() {
                self.panicked(number);
            }
        }
        hook::note(Location::caller(), || layout::REST.to_owned());
        let mut ledger = std::mem::take(&mut self.slot().observation.ledger);
        instance.rest(&mut ledger);
        let violations = instance.violations();
        let mut slot = self.slot();
        slot.observation.ledger = ledger;
        slot.observation.violations = violations;
        slot.observation.at_rest = true;
        drop(slot);
        drop(instance);
        hook::finish();
    }

    fn act(&self, number: usize, instance: &dyn Instance) {
        let seed = {
            let mut slot = self.slot();
            slot.started += 1;
            slot.seed
        };
        // Until its end the actor's records are its own; a guard hands them over even when it panics.
        let mut actor = self.spare().pop().unwrap_or_else(|| Actor::new(0, 0));
        actor.renew(number as u32, seed);
        let mut mine = Mine { model: self, actor, calls: 0 };
        for (call, written) in &self.parts[number].calls {
            hook::note_ahead(Location::caller(), || format!("{written} called"));
            mine.calls += 1;
            match instance.apply(*call, &mut mine.actor) {
                Ok(()) => hook::note(Location::caller(), || format!("{written} returned")),
                Err(e) => {
                    hook::note(Location::caller(), || format!("{written} failed: {e}"));
                    let failure = OpFailure {
                        actor: number as u32,
                        op: self.ops[call.op].to_owned(),
                        kind: e.kind.to_owned(),
                        message: e.message,
                    };
                    mine.actor.failures.push(failure);
                }
            }
        }
    }

    fn panicked(&self, number: usize) {
        let name = self.parts[number].name.clone();
        // Actor 0 of the execution is the one that spawned the others.
        let caught = panics::take().into_iter().rfind(|c| c.actor as usize == number + 1);
        let (message, site) = caught.map_or_else(|| ("?".to_owned(), "?".to_owned()), |c| (c.message, c.site));
        self.slot().observation.panics.push(Panic { actor: name, message, site });
    }

    /// Ends the execution: what it left, and how many calls it made.
    #[must_use]
    pub fn end(&self) -> Ended {
        let slot = std::mem::take(&mut *self.slot());
        Ended { observation: slot.observation, ops: slot.ops, all_started: slot.started == self.parts.len() }
    }

    /// Takes back what [`Model::end`] gave, for the next execution to use its memory.
    pub fn recycle(&self, ended: Ended) {
        self.slot().observation = ended.observation;
    }
}

/// What an execution left.
#[derive(Debug)]
pub struct Ended {
    /// Its observation; the engine adds what only it knows.
    pub observation: Observation,
    /// Calls made.
    pub ops: u64,
    /// True if every actor did its first step.
    pub all_started: bool,
}

struct Mine<'a> {
    model: &'a Model,
    actor: Actor,
    calls: u64,
}

impl Drop for Mine<'_> {
    fn drop(&mut self) {
        let mut slot = self.model.slot();
        slot.observation.ledger.merge(&self.actor.ledger);
        slot.observation.failures.append(&mut self.actor.failures);
        slot.ops += self.calls;
        drop(slot);
        self.model.spare().push(std::mem::replace(&mut self.actor, Actor::new(0, 0)));
    }
}

fn resolve(program: &[ActorProgram], subject: &dyn Subject) -> Result<Vec<Part>, EngineError> {
    program
        .iter()
        .map(|actor| {
            let calls = actor.ops.iter().map(|call| {
                let op = subject
                    .ops()
                    .iter()
                    .position(|o| o.name == call.kind)
                    .ok_or_else(|| EngineError::Trial(format!("{} has no op {}", subject.name(), call.kind)))?;
                Ok((Call { op, arg: call.arg.unwrap_or(0) }, call.to_string()))
            });
            Ok(Part { name: actor.name.clone(), calls: calls.collect::<Result<_, EngineError>>()? })
        })
        .collect()
}
