//! What a component must offer to be hunted: ops, variants, and a way to count what it holds at rest.

use crate::history::{Event, Journal, What};
use crate::id::Id;
use crate::ledger::Ledger;
use crate::mutant::Argued;
use crate::observation::{OpFailure, Seen, Violation};
use crate::plan::Params;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

/// One implementation of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variant {
    /// Name in scenarios: `as-shipped`, `published-fix`, `hardened`, …
    pub name: &'static str,
    /// One line for `racehunt show`.
    pub about: &'static str,
}

/// One kind of call; its index in [`Subject::ops`] is its number in a [`Call`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpKind {
    /// Name in scenarios, in the mix and in the latency series.
    pub name: &'static str,
    /// One line for `racehunt show`, which also says what the argument means.
    pub about: &'static str,
}

/// One setting of a subject.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamSpec {
    /// Key under `[subject] params`.
    pub name: &'static str,
    /// One line for `racehunt show`, with the unit.
    pub about: &'static str,
    /// Value when the scenario is silent.
    pub default: crate::plan::ParamValue,
    /// The values it may take; empty if any value of the default's type will do.
    pub choices: &'static [&'static str],
}

/// A component under test.
///
/// ```
/// use racehunt_core::ledger::Ledger;
/// use racehunt_core::plan::Params;
/// use racehunt_core::subject::*;
/// use std::sync::Arc;
///
/// struct Sieve;
///
/// impl Subject for Sieve {
///     fn name(&self) -> &'static str { "sieve" }
///     fn about(&self) -> &'static str { "Takes everything in, and has nothing." }
///     fn variants(&self) -> &'static [Variant] { &[Variant { name: "as-shipped", about: "with holes" }] }
///     fn ops(&self) -> &'static [OpKind] { &[OpKind { name: "put", about: "puts an item in" }] }
///     fn params(&self) -> Vec<ParamSpec> { Vec::new() }
///     fn open(&self, _variant: &str, _: &Params, _: &Env) -> Result<Opener, SubjectError> {
///         Ok(Box::new(|| Arc::new(Open)))
///     }
/// }
///
/// struct Open;
///
/// impl Instance for Open {
///     fn apply(&self, _: Call, actor: &mut Actor) -> Result<(), OpError> {
///         let id = actor.next_id();
///         actor.ledger.accepted.push(id);
///         Ok(())
///     }
///     fn rest(&self, _: &mut Ledger) {}
/// }
///
/// // What an engine does for one execution, by hand.
/// let open = Sieve.open("as-shipped", &Params::new(), &Env::default())?;
/// let (instance, mut actor) = (open(), Actor::new(0, 1));
/// instance.apply(Call { op: 0, arg: 0 }, &mut actor).expect("put");
/// instance.rest(&mut actor.ledger);
/// assert_eq!(actor.ledger.settle().lost.len(), 1);
/// # Ok::<(), SubjectError>(())
/// ```
pub trait Subject: Send + Sync {
    /// Name in scenarios.
    fn name(&self) -> &'static str;
    /// A paragraph for `racehunt show`.
    fn about(&self) -> &'static str;
    /// Its implementations.
    fn variants(&self) -> &'static [Variant];
    /// Its calls.
    fn ops(&self) -> &'static [OpKind];
    /// Its settings.
    fn params(&self) -> Vec<ParamSpec>;
    /// Looks at the settings once and returns what makes a fresh instance for each execution.
    ///
    /// # Errors
    /// When a setting has no meaning for this variant or a resource (a socket) is not to be had.
    fn open(&self, variant: &str, params: &Params, env: &Env) -> Result<Opener, SubjectError>;

    /// Where the component is: ends of the paths of the files in which an operation is its own, and not that of a sink or
    /// of whatever else surrounds it under test. `racehunt selftest` weakens these operations. `None`: everywhere but in
    /// the libraries that the program links.
    fn component(&self, variant: &str) -> Option<&'static [&'static str]> {
        let _ = variant;
        None
    }

    /// Mutants of the component that change nothing that matters, each with the reason.
    fn argued(&self, variant: &str) -> &'static [Argued] {
        let _ = variant;
        &[]
    }

    /// What a process does that an instance has started by its [`Launch`], with the arguments it gave; returns the exit
    /// code. For subjects that start processes of their own.
    fn child(&self, args: &[String]) -> u8 {
        let _ = args;
        2
    }
}

/// How an instance starts a process of its own, which calls [`Subject::child`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch {
    /// The executable.
    pub program: PathBuf,
    /// Its first arguments; those for the child come after them.
    pub args: Vec<String>,
}

impl Launch {
    /// The command, for a child with these arguments. It is in the process group of its parent, which the harness kills
    /// as a whole when the trial is over; whoever starts it must reap it.
    #[must_use]
    pub fn command(&self, args: &[String]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.args).args(args);
        command
    }
}

/// Makes a fresh instance. It is called inside the execution, so that its objects belong to the engine that runs it.
pub type Opener = Box<dyn Fn() -> Arc<dyn Instance> + Send + Sync>;

/// One live component, shared by all actors of an execution. An example stands at [`Subject`].
pub trait Instance: Send + Sync {
    /// Does one op and records what it knows in `actor.ledger`.
    ///
    /// # Errors
    /// What the component itself reported to the caller.
    fn apply(&self, call: Call, actor: &mut Actor) -> Result<(), OpError>;

    /// Called once, after all actors have ended: drain, and record what was delivered and what is retained.
    fn rest(&self, ledger: &mut Ledger);

    /// Hands over what was delivered since the last call, so that accounting for it needs no memory that grows with time.
    /// Called now and then under load, by one actor or another between two calls; what was not handed over is told at
    /// rest. Default: nothing is.
    fn hand_over(&self, ledger: &mut Ledger) {
        let _ = ledger;
    }

    /// Invariants of this subject alone, looked at after [`Instance::rest`]; of an instance in a process that is one of
    /// several, which does not come to rest, when its actors have ended.
    fn violations(&self) -> Vec<Violation> {
        Vec::new()
    }

    /// What was seen of the component from outside, asked for after [`Instance::rest`].
    fn seen(&self) -> Seen {
        Seen::default()
    }

    /// Looks at the component from outside, as another process would; called every few milliseconds while the actors
    /// run in processes of their own. (Under a model an instance has itself called at every step.)
    fn sample(&self) {}

    /// How instances in other processes reach what only this one has (a server's address), as [`Env::host`].
    fn address(&self) -> Option<String> {
        None
    }
}

/// A call as an actor makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Index into [`Subject::ops`].
    pub op: usize,
    /// The argument in `op(arg)`; 0 when none was given.
    pub arg: u32,
}

/// How the instance will be used, for subjects that must choose their accounting by it.
#[derive(Clone, Debug, Default)]
pub struct Env {
    /// True under shuttle and loom: no real time, sockets or threads.
    pub model: bool,
    /// Calls one execution makes in all, where that is known beforehand (rounds and models); `None` under load.
    pub calls: Option<usize>,
    /// A directory of the trial's own, removed after it; `None` under a model.
    pub dir: Option<PathBuf>,
    /// Processes that the actors belong to; 0 and 1 both mean that they all share one. Under a model one instance
    /// serves all of them, and [`Actor::process`] tells whose memory a call may use.
    pub processes: usize,
    /// In a process that is one of several: its number. The instance that has no number runs beside them, without
    /// actors: it is sampled, and it is the one that comes to rest.
    pub process: Option<usize>,
    /// What that instance's [`Instance::address`] said.
    pub host: Option<String>,
    /// How to start a process of the subject's own; `None` under a model, and where no worker process of the harness runs.
    pub launch: Option<Launch>,
}

/// One concurrent role in an execution: its number, its ledger, its source of ids.
///
/// ```
/// use racehunt_core::{id::Id, subject::Actor};
///
/// let mut actor = Actor::new(2, 7);
/// assert_eq!([actor.next_id(), actor.next_id()], [Id::new(2, 0), Id::new(2, 1)]);
/// assert_eq!(actor.next_id().to_string(), "2#2");
/// // Draws come from the seed alone: the same in every run, and not those of another actor.
/// let draws = |number| { let mut actor = Actor::new(number, 7); [0; 4].map(|_| actor.draw(1_000)) };
/// assert_eq!(draws(2), draws(2));
/// assert_ne!(draws(2), draws(3));
/// ```
#[derive(Clone)]
pub struct Actor {
    /// Number, from 0.
    pub number: u32,
    /// Number of the process it belongs to, from 0.
    pub process: u32,
    /// What it knows of the ids it handled.
    pub ledger: Ledger,
    /// What its failed ops reported.
    pub failures: Vec<OpFailure>,
    /// What its calls did and when, if the subject tells; accounted for by [`crate::history::account`].
    pub history: Vec<Event>,
    next_serial: u64,
    draw: u64,
    clock: fn() -> u64,
    journal: Option<Arc<dyn Journal>>,
}

impl Actor {
    /// A new actor whose draws come from `seed`.
    #[must_use]
    pub fn new(number: u32, seed: u64) -> Self {
        let draw = draw_of(number, seed);
        Self {
            number,
            process: 0,
            ledger: Ledger::default(),
            failures: Vec::new(),
            history: Vec::new(),
            next_serial: 0,
            draw,
            clock: || 0,
            journal: None,
        }
    }

    /// This actor with a clock for its history: one that never gives a smaller number later, over all actors.
    #[must_use]
    pub fn with_clock(self, clock: fn() -> u64) -> Self {
        Self { clock, ..self }
    }

    /// This actor with its history kept outside of the process, instead of in [`Actor::history`], and with ids from
    /// `first_serial` on.
    #[must_use]
    pub fn with_journal(self, journal: Arc<dyn Journal>, first_serial: u64) -> Self {
        Self { journal: Some(journal), next_serial: first_serial, ..self }
    }

    /// This moment on the clock of the history.
    #[must_use]
    pub fn now(&self) -> u64 {
        (self.clock)()
    }

    /// The clock of the history itself, for what has no actor at hand: a handler that some call runs.
    #[must_use]
    pub fn clock(&self) -> fn() -> u64 {
        self.clock
    }

    /// The next id, marked as offered: if the call that carries it never answers, it is uncertain and not lost.
    pub fn offer(&mut self) -> Id {
        let id = self.next_id();
        self.mark(What::Offer(id));
        id
    }

    /// Writes a mark, ahead of what it announces.
    pub fn mark(&mut self, mark: What) {
        let at = self.now();
        self.keep(Event { actor: self.number, from: at, to: at, what: mark });
    }

    /// Notes a call that has answered and began at `from`.
    pub fn note(&mut self, from: u64, call: What) {
        let to = self.now();
        self.keep(Event { actor: self.number, from, to, what: call });
    }

    fn keep(&mut self, event: Event) {
        match &self.journal {
            Some(journal) => journal.write(&event),
            None => self.history.push(event),
        }
    }

    /// As [`Actor::new`], in the memory of this one.
    pub fn renew(&mut self, number: u32, seed: u64) {
        self.clear();
        self.number = number;
        self.draw = draw_of(number, seed);
    }

    /// The next id of this actor.
    pub fn next_id(&mut self) -> Id {
        self.next_serial += 1;
        Id::new(self.number, self.next_serial - 1)
    }

    /// A number below `bound` (0 if `bound` is 0), from the trial's seed alone.
    pub fn draw(&mut self, bound: u32) -> u32 {
        self.draw = self.draw.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.draw;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((u64::from(bound) * (x >> 32)) >> 32) as u32
    }

    /// Forgets the execution that ended; ids start at 0 again, draws go on.
    pub fn clear(&mut self) {
        self.ledger.clear();
        self.failures.clear();
        self.history.clear();
        self.next_serial = 0;
    }
}

impl std::fmt::Debug for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Actor").field("number", &self.number).field("process", &self.process).finish_non_exhaustive()
    }
}

fn draw_of(number: u32, seed: u64) -> u64 {
    seed ^ (u64::from(number) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// What the component reported to its caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct OpError {
    /// Stable name of the error, part of a finding's fingerprint: `iteration`, `not-found`.
    pub kind: &'static str,
    /// The component's own words.
    pub message: String,
}

/// Why a subject could not be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubjectError {
    /// The setting has no meaning here.
    #[error("params.{key}: {message}")]
    Param {
        /// Key under `[subject] params`.
        key: String,
        /// What is wrong and what would do.
        message: String,
    },
    /// Something outside was not to be had.
    #[error("{0}")]
    Resource(String),
}
