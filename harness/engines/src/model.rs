//! What the two model engines share: the body of an execution, and the observation it leaves.

mod closure;
mod layout;
mod parts;

pub use closure::{broken, together};
pub(crate) use layout::describe;
pub use layout::{interleaving, waits};

use parts::{Does, Part, Parts};

use crate::emit::EngineError;
use crate::{faults, panics};
use racehunt_core::history::{Event, What, account};
use racehunt_core::observation::{Observation, OpFailure, Panic};
use racehunt_core::plan::{ActorProgram, Trial};
use racehunt_core::shrink::Case;
use racehunt_core::subject::{Actor, Env, Instance, Opener, Subject};
use racehunt_sync::fs::{self, faults::Rule};
use racehunt_sync::process;
use racehunt_sync::{hook, mutant, thread};
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, PoisonError};

/// Actors run on stacks of this size: an overflow is a SIGSEGV, and 1 MiB costs nothing until it is touched.
const STACK: usize = 1 << 20;

/// Where the actors are started, as their steps show it.
pub(crate) const FILE: &str = file!();

/// Makes the model of a part of a program.
pub type Make<'a> = &'a (dyn Fn(&Case) -> Result<Arc<Model>, EngineError> + Sync);

/// The program of a trial, ready to be executed any number of times.
pub struct Model {
    body: Arc<Body>,
    /// What files answer with instead of what was asked for.
    rules: Vec<Rule>,
    slot: Mutex<Slot>,
    /// Actors of earlier executions: a search has millions, and their memory need not be asked for each time.
    spare: Mutex<Vec<Actor>>,
}

/// What an execution executes.
enum Body {
    /// Calls of a subject's ops by actors that this module starts.
    Ops(Ops),
    /// A function that starts its own actors.
    Closure(Arc<dyn Fn() + Send + Sync>),
}

/// The calls of a subject's ops.
struct Ops {
    opener: Opener,
    parts: Vec<Part>,
    /// Processes that a part kills.
    mortal: Vec<u32>,
    names: Vec<&'static str>,
}

#[derive(Debug, Default)]
struct Slot {
    seed: u64,
    observation: Observation,
    /// Actors that did their first step.
    started: usize,
    ops: u64,
}

/// Under the facade the processes of actors count from 1: the one that starts them all and drains is outside of each.
const FIRST_PROCESS: u32 = 1;

impl Model {
    /// The model of `trial`, with `program` as dealt.
    ///
    /// # Errors
    /// When the program names an op the subject does not have, or the subject cannot be opened.
    pub fn new(trial: &Trial, program: &[ActorProgram], subject: &dyn Subject) -> Result<Self, EngineError> {
        let Parts { parts, mortal, processes } = Parts::resolve(trial, program, subject)?;
        let calls = program.iter().map(|p| p.ops.len()).sum();
        let env = Env { model: true, calls: Some(calls), processes, ..Env::default() };
        let opener = subject
            .open(&trial.variant, &trial.params, &env)
            .map_err(|source| EngineError::Subject { subject: trial.subject.clone(), source })?;
        let names = subject.ops().iter().map(|o| o.name).collect();
        let ops = Ops { opener, parts, mortal, names };
        Ok(Self::of(Body::Ops(ops), faults::io_rules(&trial.faults)))
    }

    /// The model of a part of what `trial` executes.
    ///
    /// # Errors
    /// As [`Model::new`].
    pub fn of_case(trial: &Trial, case: &Case, subject: &dyn Subject) -> Result<Arc<Self>, EngineError> {
        Ok(Arc::new(Self::new(&case.trial(trial), &case.program, subject)?))
    }

    /// The model of a function that starts its own actors. A panic of any of them is a finding, caught by their own code
    /// or not.
    #[must_use]
    pub fn closure(body: impl Fn() + Send + Sync + 'static) -> Self {
        Self::of(Body::Closure(Arc::new(body)), Vec::new())
    }

    fn of(body: Body, rules: Vec<Rule>) -> Self {
        Self { body: Arc::new(body), rules, slot: Mutex::default(), spare: Mutex::default() }
    }

    /// Another model of the same program, for another OS thread at the same time; `None` for a closure, which may use
    /// what its executions share.
    #[must_use]
    pub fn twin(&self) -> Option<Self> {
        let Body::Ops(_) = &*self.body else { return None };
        Some(Self {
            body: Arc::clone(&self.body),
            rules: self.rules.clone(),
            slot: Mutex::default(),
            spare: Mutex::default(),
        })
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gets ready for an execution; `seed` is where its actors' draws come from.
    pub fn begin(&self, seed: u64, recording: bool) {
        hook::reset(recording);
        fs::model::set_salt(seed);
        let _ = panics::take();
        closure::begin();
        let mut slot = self.slot();
        slot.observation.clear();
        (slot.seed, slot.started, slot.ops) = (seed, 0, 0);
    }

    fn spare(&self) -> std::sync::MutexGuard<'_, Vec<Actor>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The execution: runs under whatever engine is current, in the engine's first actor.
    pub fn execute(self: &Arc<Self>) {
        match &*self.body {
            Body::Ops(ops) => self.execute_ops(ops),
            Body::Closure(body) => self.execute_closure(&**body),
        }
        hook::finish();
    }

    fn execute_closure(&self, body: &dyn Fn()) {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(body))
            && racehunt_sync::engine::failed()
        {
            // The engine is ending the execution: only it may catch that.
            resume_unwind(payload);
        }
        let panicked = closure::panicked();
        let mut slot = self.slot();
        slot.observation.panics.extend(panicked);
        slot.observation.at_rest = true;
    }

    fn execute_ops(self: &Arc<Self>, ops: &Ops) {
        // Neither the opening nor the drain is an op: nothing goes wrong there.
        self.set_faults(false);
        let instance = (ops.opener)();
        self.set_faults(true);
        for process in &ops.mortal {
            process::make_mortal(FIRST_PROCESS + process);
        }
        let actors: Vec<_> = (0..ops.parts.len())
            .map(|number| {
                let (model, instance) = (Arc::clone(self), Arc::clone(&instance));
                thread::Builder::new()
                    .name(ops.parts[number].name.clone())
                    .stack_size(STACK)
                    .spawn(move || model.act(number, &*instance))
                    .expect("a modelled thread always starts")
            })
            .collect();
        for (number, actor) in actors.into_iter().enumerate() {
            match actor.join() {
                Ok(()) => {}
                Err(payload) if process::is_kill(&*payload) => {}
                Err(_) => self.panicked(ops, number),
            }
        }
        self.set_faults(false);
        hook::note(Location::caller(), || layout::REST.to_owned());
        let mut ledger = {
            let observation = &mut self.slot().observation;
            account(&observation.history, &mut observation.ledger);
            std::mem::take(&mut observation.ledger)
        };
        instance.rest(&mut ledger);
        let (violations, seen) = (instance.violations(), instance.seen());
        let mut slot = self.slot();
        slot.observation.ledger = ledger;
        slot.observation.violations = violations;
        slot.observation.seen = seen;
        slot.observation.at_rest = true;
        drop(slot);
        drop(instance);
    }

    /// Lets file calls fail, or not.
    fn set_faults(&self, on: bool) {
        if !on {
            fs::faults::set(Vec::new(), 0);
        } else if !self.rules.is_empty() {
            fs::faults::set(self.rules.clone(), self.slot().seed);
        }
    }

    fn act(&self, part: usize, instance: &dyn Instance) {
        let Body::Ops(ops) = &*self.body else { return };
        let seed = {
            let mut slot = self.slot();
            slot.started += 1;
            slot.seed
        };
        let part = &ops.parts[part];
        let number = part.number;
        let calls = match &part.does {
            Does::Calls(calls) => calls,
            Does::Kill { process, unsynced } => {
                process::kill(FIRST_PROCESS + process, *unsynced);
                self.slot().observation.crashes += 1;
                return;
            }
        };
        process::enter(FIRST_PROCESS + part.process);
        // Until its end the actor's records are its own; a guard hands them over even when it panics.
        let mut actor = self.spare().pop().unwrap_or_else(new_actor);
        actor.renew(number, seed);
        actor.process = part.process;
        let mut mine = Mine { model: self, actor, calls: 0 };
        for (call, written) in calls {
            hook::note_ahead(Location::caller(), || format!("{written} called"));
            mine.calls += 1;
            let before = mine.actor.history.len();
            hook::call_begins();
            let result = instance.apply(*call, &mut mine.actor);
            mutant::settle();
            if process::is_dead() {
                // What was still to do in its own memory is done, but nobody got the answer.
                let mut place = 0;
                mine.actor.history.retain(|e| {
                    place += 1;
                    place <= before || e.actor != number || is_mark(e)
                });
                return;
            }
            began(number, &mut mine.actor.history[before..]);
            match result {
                Ok(()) => hook::note(Location::caller(), || format!("{written} returned")),
                Err(e) => {
                    hook::note(Location::caller(), || format!("{written} failed: {e}"));
                    let failure = OpFailure {
                        actor: number,
                        op: ops.names[call.op].to_owned(),
                        kind: e.kind.to_owned(),
                        message: e.message,
                    };
                    mine.actor.failures.push(failure);
                }
            }
        }
    }

    fn panicked(&self, ops: &Ops, number: usize) {
        let name = ops.parts[number].name.clone();
        // Actor 0 of the execution is the one that spawned the others.
        let caught = panics::take().into_iter().rfind(|c| c.actor as usize == number + 1);
        let (message, site) = caught.map_or_else(|| ("?".to_owned(), "?".to_owned()), |c| (c.message, c.site));
        self.slot().observation.panics.push(Panic { actor: name, message, site });
    }

    /// Ends the execution: what it left, and how many calls it made.
    #[must_use]
    pub fn end(&self) -> Ended {
        let mut slot = std::mem::take(&mut *self.slot());
        closure::end(&mut slot);
        let actors = match &*self.body {
            Body::Ops(ops) => ops.parts.len(),
            Body::Closure(_) => slot.started,
        };
        Ended { observation: slot.observation, ops: slot.ops, all_started: slot.started == actors }
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
        slot.observation.history.append(&mut self.actor.history);
        slot.ops += self.calls;
        drop(slot);
        self.model.spare().push(std::mem::replace(&mut self.actor, new_actor()));
    }
}

fn new_actor() -> Actor {
    Actor::new(0, 0).with_clock(hook::tick)
}

fn is_mark(event: &Event) -> bool {
    matches!(event.what, What::Offer(_) | What::Remove(..))
}

/// The calls of `actor` among `events` began with their first step.
fn began(actor: u32, events: &mut [Event]) {
    let Some(first) = hook::call_began() else { return };
    for event in events.iter_mut().filter(|e| e.actor == actor && !is_mark(e)) {
        event.from = event.from.max(first);
    }
}
