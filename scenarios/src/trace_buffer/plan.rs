//! What all executions of a trial share, and what makes the parts of a fresh instance.

use super::far_end::FarEnd;
use super::far_end::http::{HttpClient, Server};
use super::knobs::Knobs;
use super::member::{Component, Kind};
use super::{BufferError, Settings, label};
use racehunt_core::subject::{Env, SubjectError};
use racehunt_sync::process;
use racehunt_sync::time::Instant;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::UNIX_EPOCH;
use tempfile::TempDir;

/// The directory under a model, which has it to itself.
const MODELLED: &str = "/traces";

/// The time under a model, and of a clock that is frozen.
const STILL: u64 = 1_700_000_000_000;

/// Which part an instance has in a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Serves all actors and comes to rest.
    All,
    /// Serves the actors of one process of several.
    One,
    /// Serves no actor: the far end, the samples, and the rest.
    Beside,
}

/// What all executions of a trial share.
pub(super) struct Plan {
    pub(super) kind: Kind,
    pub(super) knobs: Knobs,
    pub(super) role: Role,
    pub(super) model: bool,
    /// Processes that an instance serves.
    pub(super) processes: usize,
    pub(super) payload: String,
    host: Option<String>,
    root: PathBuf,
    /// The root, where nobody else gave one.
    _own: Option<TempDir>,
    server: Option<Arc<Server>>,
    /// The wall clock when the trial was opened, in milliseconds.
    opened_ms: u64,
    runs: AtomicU64,
}

impl Plan {
    pub(super) fn new(kind: Kind, knobs: Knobs, env: &Env) -> Result<Self, SubjectError> {
        let refused = |what, error: io::Error| SubjectError::Resource(format!("trace-buffer: no {what}: {error}"));
        let own = if env.model || env.dir.is_some() {
            None
        } else {
            Some(tempfile::tempdir().map_err(|error| refused("directory", error))?)
        };
        let root = match (&own, &env.dir) {
            (Some(own), _) => own.path().to_owned(),
            (None, Some(dir)) => dir.clone(),
            (None, None) => PathBuf::from(MODELLED),
        };
        let role = match env.process {
            Some(_) => Role::One,
            None if env.processes > 1 && !env.model => Role::Beside,
            None => Role::All,
        };
        let over_http = knobs.over_http(env);
        if role == Role::One && over_http && env.host.is_none() {
            let message = "trace-buffer: one process of several was not told where the far end is";
            return Err(SubjectError::Resource(message.to_owned()));
        }
        let server = if over_http && role != Role::One {
            let server = Server::start(knobs.server_fails, knobs.server_stalls);
            Some(Arc::new(server.map_err(|error| refused("HTTP server", error))?))
        } else {
            None
        };
        let opened_ms = if env.model || knobs.frozen { Ok(STILL) } else { wall_clock(&root) };
        Ok(Self {
            payload: "x".repeat(knobs.payload),
            processes: if env.model { env.processes.max(1) } else { 1 },
            opened_ms: opened_ms.map_err(|error| refused("clock", error))?,
            kind,
            knobs,
            role,
            model: env.model,
            host: env.host.clone(),
            root,
            _own: own,
            server,
            runs: AtomicU64::new(0),
        })
    }

    /// The far end of a new execution, as this instance reaches it.
    pub(super) fn far_end(&self) -> FarEnd {
        match (&self.server, &self.host) {
            (Some(server), _) => FarEnd::http(server),
            (None, Some(host)) if self.role == Role::One => FarEnd::Remote(HttpClient::new(host.clone())),
            (None, _) => FarEnd::memory(self.knobs.server_fails),
        }
    }

    /// The directory of a new execution. Processes that share one share its far end as well, whose address ends in a
    /// number of its own.
    pub(super) fn directory(&self, far: &FarEnd) -> PathBuf {
        if self.model {
            return self.root.clone();
        }
        let address = far.address().or_else(|| self.host.clone());
        let shared = address.filter(|_| self.role != Role::All);
        match shared.as_deref().and_then(|address| address.rsplit('/').next()) {
            Some(run) => self.root.join(format!("shared-{run}")),
            None => self.root.join(format!("run-{}", self.runs.fetch_add(1, Ordering::Relaxed))),
        }
    }

    /// A clock that starts when the trial was opened, or never moves by itself.
    pub(super) fn clock(&self) -> Arc<Clock> {
        let moves = !self.model && !self.knobs.frozen;
        Arc::new(Clock { opened_ms: self.opened_ms, since: moves.then(Instant::now), passed_ms: AtomicU64::new(0) })
    }

    /// Opens a buffer of the variant, as a process of its own would.
    pub(super) fn open(&self, dir: &Path, clock: &Arc<Clock>, salt: &Arc<AtomicU32>) -> Result<Component, BufferError> {
        let (clock, salt, stubbed) = (Arc::clone(clock), Arc::clone(salt), self.knobs.stubbed);
        self.kind.open(Settings {
            dir: dir.to_owned(),
            cap: self.knobs.cap,
            now_ms: Arc::new(move || clock.now_ms()),
            // A forked child has a number of its own, and goes on with its parent's count.
            uuid: Arc::new(move || {
                let count = salt.fetch_add(1, Ordering::Relaxed);
                label::uuid((u64::from(process::id()) << 32) | u64::from(count), stubbed)
            }),
            sync: self.knobs.sync && self.kind == Kind::Hardened,
            lease_ms: self.knobs.lease_ms,
        })
    }
}

/// The time as the file system has it: that of a file just made. Processes compare their leases by it.
fn wall_clock(dir: &Path) -> io::Result<u64> {
    let modified = tempfile::tempfile_in(dir)?.metadata()?.modified()?;
    let since = modified.duration_since(UNIX_EPOCH).map_err(io::Error::other)?;
    u64::try_from(since.as_millis()).map_err(io::Error::other)
}

/// The clock of an execution.
pub(super) struct Clock {
    opened_ms: u64,
    /// None for a clock that never moves by itself.
    since: Option<Instant>,
    passed_ms: AtomicU64,
}

impl Clock {
    fn now_ms(&self) -> u64 {
        let since = self.since.map_or(0, |since| since.elapsed().as_millis() as u64);
        self.opened_ms + since + self.passed_ms.load(Ordering::Relaxed)
    }

    /// Lets time pass.
    pub(super) fn pass(&self, ms: u64) {
        self.passed_ms.fetch_add(ms, Ordering::Relaxed);
    }
}
