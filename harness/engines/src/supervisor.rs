//! Runs each trial in a worker process and watches it: nothing a worker does may take the harness with it.
//!
//! A worker that dies, hangs, floods a pipe or talks nonsense ends its trial, with what it had reported so far: a
//! finding stays a finding, and everything else becomes `unknown` with a reason. See `harness/PROTOCOL.md`.

use crate::adapter;
use crate::emit::Progress;
use racehunt_core::finding::Finding;
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::{EngineConfig, Trial};
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

mod child;
mod end;
mod own;
mod session;
mod tail;

pub(crate) use end::{End, remarks};
pub(crate) use session::Session;
pub(crate) use tail::Tail;

/// How to run and watch workers.
#[derive(Clone, Debug)]
pub struct Supervise {
    /// The program of our own workers.
    pub program: PathBuf,
    /// Its arguments: those that make it call [`crate::worker::serve_process`].
    pub args: Vec<OsString>,
    /// Working directory of adapters, against which relative paths in their command are resolved: the folder of the
    /// scenario. Default: where the harness runs.
    pub adapter_dir: Option<PathBuf>,
    /// A worker of ours that says nothing for so long is killed. Default: 5 s, 25 times its usual pace. Adapters have
    /// the scenario's own limit.
    pub silence: Duration,
    /// Time between the request to stop and SIGKILL. Default: 2 s.
    pub grace: Duration,
    /// Time a worker of ours may take on top of its trial's own: to start, to minimise a finding, to end an execution.
    /// Default: 60 s. A search that is stuck in one execution is found by nothing else.
    pub overrun: Duration,
    /// Bytes of the disk that a trial on real threads or processes may use. Default: those of
    /// [`crate::stress::DiskBounds`].
    pub disk: Option<u64>,
    /// Ends every trial early once it is true.
    pub stop: Arc<AtomicBool>,
}

impl Supervise {
    /// Workers are this executable, called with `args`.
    ///
    /// # Errors
    /// If the system does not tell where this executable is.
    pub fn this_program(args: impl IntoIterator<Item = OsString>, stop: Arc<AtomicBool>) -> std::io::Result<Self> {
        Ok(Self {
            program: std::env::current_exe()?,
            args: args.into_iter().collect(),
            adapter_dir: None,
            silence: Duration::from_secs(5),
            grace: Duration::from_secs(2),
            overrun: Duration::from_secs(60),
            disk: None,
            stop,
        })
    }
}

/// What a trial tells while it runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The worker's process is there.
    Started {
        /// Its id.
        pid: u32,
    },
    /// How far it is.
    Progress(Progress),
    /// A new finding, as it is known now; the one in the outcome may be minimised.
    Finding(Box<Finding>),
}

/// Runs one trial in a worker process of its own and returns what it came to, whatever the worker does.
pub fn run_trial(trial: &Trial, how: &Supervise, on: &mut dyn FnMut(Event)) -> TrialOutcome {
    match &trial.engine {
        EngineConfig::Adapter(config) => adapter::run(trial, config, how, on),
        EngineConfig::Stress(_) | EngineConfig::Shuttle(_) | EngineConfig::Loom(_) => own::run(trial, how, on),
    }
}
