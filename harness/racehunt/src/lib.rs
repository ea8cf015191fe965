//! racehunt hunts races: it hammers a component with real threads, explores its schedules with shuttle and loom,
//! accounts for every item by id, and turns each race into an interleaving that replays.
//!
//! A test that hunts races calls [`hunt`], as with loom and shuttle; `MIGRATING.md` beside this crate shows how tests written for
//! these two look then:
//!
//! ```
//! use racehunt::sync::atomic::{AtomicU64, Ordering::SeqCst};
//! use racehunt::{sync::Arc, thread};
//!
//! racehunt::hunt("no_update_is_lost").executions(500).check(|| {
//!     let sum = Arc::new(AtomicU64::new(0));
//!     let other = Arc::clone(&sum);
//!     let thread = thread::spawn(move || other.fetch_add(1, SeqCst));
//!     sum.fetch_add(1, SeqCst);
//!     thread.join().unwrap();
//!     assert_eq!(sum.load(SeqCst), 2);
//! });
//! ```
//!
//! A program that hunts races in a component of its own links this crate, implements [`Subject`] and calls
//! [`Cli`]; it then has the whole command line of `racehunt`. `racehunt new NAME` writes one, and `GUIDE.md` beside this
//! crate goes through it.

mod args;
mod catalogue;
mod chase;
mod echo;
mod environment;
mod gate;
mod hunt;
mod inspect;
mod interrupt;
mod load;
mod man;
mod merge;
mod new;
mod on_request;
mod output;
mod partition;
mod progress;
mod replay;
mod run;
mod selftest;
mod soak;

pub use hunt::{Actors, Hunt, Outcome, REPLAY, hunt, invariant};
pub use racehunt_core::finding::{Finding, FindingKind, Repro};
pub use racehunt_core::id::Id;
pub use racehunt_core::interleaving::{Interleaving, Step};
pub use racehunt_core::ledger::Ledger;
pub use racehunt_core::mutant::{Argued, Operator};
pub use racehunt_core::observation::{Seen, Violation};
pub use racehunt_core::outcome::TrialOutcome;
pub use racehunt_core::plan::{ParamValue, Params};
pub use racehunt_core::subject::{
    Actor, Call, Env, Instance, OpError, OpKind, Opener, ParamSpec, Subject, SubjectError, Variant,
};
pub use racehunt_core::verdict::{Coverage, Verdict};
pub use racehunt_engines::replay::Replayed;
/// The types under which code is hunted: `std::sync`, and beside it `thread`, `time`, `fs` and the others of the facade.
pub use racehunt_sync as sync;
pub use racehunt_sync::{hint, thread};

use args::{Args, Command};
use clap::Parser;
use racehunt_core::plan::{EngineConfig, Trial};
use racehunt_engines::emit::RunTrial;
use racehunt_engines::{loom, shuttle, stress, worker};
use racehunt_reports::exit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

/// Its code is run as tests of this documentation.
#[cfg(doctest)]
#[doc = include_str!("../MIGRATING.md")]
struct Migrating;

/// As that.
#[cfg(doctest)]
#[doc = include_str!("../GUIDE.md")]
struct Guide;

/// The command line over a set of subjects.
///
/// ```no_run
/// # use racehunt::{Env, Opener, OpKind, Params, ParamSpec, Subject, SubjectError, Variant};
/// # struct Outbox;
/// # impl Subject for Outbox {
/// #     fn name(&self) -> &'static str { "outbox" }
/// #     fn about(&self) -> &'static str { "" }
/// #     fn variants(&self) -> &'static [Variant] { &[] }
/// #     fn ops(&self) -> &'static [OpKind] { &[] }
/// #     fn params(&self) -> Vec<ParamSpec> { Vec::new() }
/// #     fn open(&self, _: &str, _: &Params, _: &Env) -> Result<Opener, SubjectError> {
/// #         Err(SubjectError::Resource("not yet".into()))
/// #     }
/// # }
/// fn main() -> std::process::ExitCode {
///     racehunt::Cli::new().subject(Outbox).main()
/// }
/// ```
#[derive(Default)]
pub struct Cli {
    subjects: Vec<Box<dyn Subject>>,
}

impl Cli {
    /// A command line that knows no subject yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a subject.
    #[must_use]
    pub fn subject(mut self, subject: impl Subject + 'static) -> Self {
        self.subjects.push(Box::new(subject));
        self
    }

    /// Adds subjects that live as long as the program, such as those racehunt ships.
    #[must_use]
    pub fn subjects(mut self, subjects: &'static [&'static dyn Subject]) -> Self {
        self.subjects.extend(subjects.iter().map(|s| Box::new(Borrowed(*s)) as Box<dyn Subject>));
        self
    }

    /// Reads the command line, does what it says and returns the exit code.
    #[must_use]
    pub fn main(self) -> ExitCode {
        let args = match Args::try_parse() {
            Ok(args) => args,
            Err(e) => {
                // Help and version are errors to clap, and no failure.
                let code = if e.use_stderr() { exit::USAGE } else { exit::AS_EXPECTED };
                let _ = e.print();
                return ExitCode::from(code);
            }
        };
        let subjects: Vec<&dyn Subject> = self.subjects.iter().map(|s| &**s).collect();
        // A panic of our own has printed itself, and must not end with a code that means something else to a caller.
        match catch_unwind(AssertUnwindSafe(|| dispatch(&args, &subjects))) {
            Ok(Ok(code)) => ExitCode::from(code),
            Ok(Err(failure)) => {
                output::complain(&failure.to_string());
                ExitCode::from(failure.code())
            }
            Err(_) => ExitCode::from(exit::HARNESS),
        }
    }
}

fn dispatch(args: &Args, subjects: &[&dyn Subject]) -> Result<u8, Failure> {
    match &args.command {
        Command::Run(run) => run::run(run, subjects),
        Command::Merge(merge) => merge::merge(merge),
        Command::Replay(replay) => replay::replay(replay, subjects),
        Command::Soak(soak) => soak::soak(soak, subjects),
        Command::Selftest(selftest) => selftest::selftest(selftest, subjects),
        Command::Render(render) => output::render(render),
        Command::Gate(gate) => gate::gate(gate),
        Command::List(list) => inspect::list(list, subjects),
        Command::Show(show) => inspect::show(show, subjects),
        Command::Schema(schema) => inspect::schema(schema),
        Command::New(new) => new::new(new),
        Command::Completions(completions) => inspect::completions(completions),
        Command::Man(man) => man::man(man),
        Command::Worker => Ok(worker::serve_process(subjects, &engine).map_err(Failure::harness("stdout"))?.code()),
        Command::Child(child) => match racehunt_engines::registry::find(subjects, &child.subject) {
            Some(subject) => Ok(subject.child(&child.args)),
            None => Err(Failure::Usage(format!("error: no subject {:?}", child.subject))),
        },
        Command::ReplayWorker => replay::work(subjects),
    }
}

/// What runs a trial inside of a worker process.
fn engine(trial: &Trial) -> RunTrial {
    match trial.engine {
        EngineConfig::Shuttle(_) => shuttle::run,
        EngineConfig::Loom(_) => loom::run,
        EngineConfig::Stress(_) | EngineConfig::Adapter(_) => stress::run,
    }
}

/// Why a command came to nothing. Its text is the whole message.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// The command line or a scenario is wrong.
    #[error("{0}")]
    Usage(String),
    /// A file or a process of our own failed.
    #[error("error: {what}: {source}")]
    Harness {
        /// What was tried.
        what: String,
        /// The answer.
        source: std::io::Error,
    },
}

impl Failure {
    fn harness(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Harness { what, source }
    }

    fn code(&self) -> u8 {
        match self {
            Self::Usage(_) => exit::USAGE,
            Self::Harness { .. } => exit::HARNESS,
        }
    }
}

/// A subject that somebody else owns.
struct Borrowed(&'static dyn Subject);

impl Subject for Borrowed {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn about(&self) -> &'static str {
        self.0.about()
    }

    fn variants(&self) -> &'static [Variant] {
        self.0.variants()
    }

    fn ops(&self) -> &'static [OpKind] {
        self.0.ops()
    }

    fn params(&self) -> Vec<ParamSpec> {
        self.0.params()
    }

    fn open(&self, variant: &str, params: &Params, env: &Env) -> Result<Opener, SubjectError> {
        self.0.open(variant, params, env)
    }

    fn component(&self, variant: &str) -> Option<&'static [&'static str]> {
        self.0.component(variant)
    }

    fn argued(&self, variant: &str) -> &'static [Argued] {
        self.0.argued(variant)
    }

    fn child(&self, args: &[String]) -> u8 {
        self.0.child(args)
    }
}
