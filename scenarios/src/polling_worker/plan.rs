//! What all executions of a trial share, and what makes the parts of a fresh instance.

use super::Files;
use super::as_shipped::{AsShipped, Manner};
use super::bell::Bell;
use super::desk::Desk;
use super::effects::Effects;
use super::hardened::Hardened;
use super::knobs::Knobs;
use super::notes::Notes;
use super::published_fix::PublishedFix;
use super::store::{Rewriting, Store};
use super::worker::Notice;
use racehunt_core::plan::Params;
use racehunt_core::subject::{Env, Launch, SubjectError};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;

/// The directory under a model, which has it to itself.
const MODELLED: &str = "/worker";

/// A variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    AsShipped,
    PublishedFix,
    Hardened,
}

/// Which part an instance has in a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Serves all actors and comes to rest.
    All,
    /// Serves the actors of one process of several.
    One,
    /// Serves no actor, and comes to rest.
    Beside,
}

/// What all executions of a trial share.
pub(super) struct Plan {
    pub(super) kind: Kind,
    pub(super) knobs: Knobs,
    pub(super) role: Role,
    pub(super) model: bool,
    /// The settings as they came, for processes of the system's own, and how those are started.
    pub(super) params: Params,
    pub(super) launch: Option<Launch>,
    own_watcher: bool,
    root: PathBuf,
    /// The root, where nobody else gave one.
    _own: Option<TempDir>,
    runs: AtomicU64,
}

impl Plan {
    pub(super) fn new(kind: Kind, knobs: Knobs, params: &Params, env: &Env) -> Result<Self, SubjectError> {
        let own = if env.model || env.dir.is_some() {
            None
        } else {
            let refused = |error| SubjectError::Resource(format!("polling-worker: no directory: {error}"));
            Some(tempfile::tempdir().map_err(refused)?)
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
        let own_watcher = kind == Kind::AsShipped && knobs.own_watcher(env);
        let (params, launch, runs) = (params.clone(), env.launch.clone(), AtomicU64::new(0));
        Ok(Self { kind, knobs, role, model: env.model, params, launch, own_watcher, root, _own: own, runs })
    }

    /// The files of a new execution. Processes that share them share the trial's directory of that round.
    pub(super) fn files(&self) -> Files {
        if self.model || self.role != Role::All {
            return Files::new(&self.root);
        }
        Files::new(self.root.join(format!("run-{}", self.runs.fetch_add(1, Ordering::Relaxed))))
    }

    /// Where a watcher of our own is told of what is done to the files.
    pub(super) fn bell(&self) -> Option<Arc<Bell>> {
        self.own_watcher.then(|| Arc::new(Bell::new(self.knobs.any_event)))
    }

    /// The files as a program of the variant uses them.
    pub(super) fn store(&self, files: Files, bell: Option<Arc<Bell>>) -> Store {
        let rewriting = match self.kind {
            Kind::Hardened => Rewriting::Locked,
            Kind::AsShipped | Kind::PublishedFix if self.knobs.in_place => Rewriting::InPlace,
            Kind::AsShipped | Kind::PublishedFix => Rewriting::Replace,
        };
        Store::new(files, rewriting, self.knobs.gap, bell).with_tasks(self.knobs.tasks)
    }

    /// The far end of an execution.
    pub(super) fn effects(&self, files: &Files) -> Effects {
        match self.role {
            Role::All => Effects::Memory(std::sync::Mutex::default()),
            Role::One | Role::Beside => Effects::File(files.effects()),
        }
    }

    /// How a worker of the variant notices changes.
    pub(super) fn notice(&self, store: &Arc<Store>, bell: Option<&Arc<Bell>>, notes: &Arc<Notes>) -> Box<dyn Notice> {
        let (knobs, store) = (&self.knobs, Arc::clone(store));
        match self.kind {
            Kind::AsShipped => {
                let manner = Manner {
                    handoff: knobs.handoff,
                    any_event: knobs.any_event,
                    budget: 4 * knobs.storm * knobs.writes.max(1),
                    stops_at_once: knobs.stops_at_once,
                    tick: knobs.poll,
                };
                Box::new(AsShipped::new(manner, store, bell.cloned(), Arc::clone(notes)))
            }
            Kind::PublishedFix => Box::new(PublishedFix::new(store, knobs.poll)),
            Kind::Hardened => Box::new(Hardened::new(store, knobs.poll, knobs.grain)),
        }
    }

    /// Sets the time of a model's execution up.
    pub(super) fn begin(&self) {
        #[cfg(feature = "hunt")]
        if self.model {
            racehunt_sync::time::model::set_prompt(self.knobs.prompt);
        }
    }

    /// A worker's desk.
    pub(super) fn desk(notes: &Arc<Notes>) -> Desk {
        Desk::new(Arc::clone(notes))
    }
}
