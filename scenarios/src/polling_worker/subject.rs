//! The polling worker as a subject: its variants, ops and settings, and what opens it.

use super::instance::{OPS, WorkerInstance};
use super::knobs::{self, Knobs};
use super::plan::{Kind, Plan};
use crate::params::variant as variant_of;
use racehunt_core::plan::Params;
use racehunt_core::subject::{Env, Instance, OpKind, Opener, ParamSpec, Subject, SubjectError, Variant};
use std::sync::Arc;

/// The polling worker.
#[derive(Clone, Copy, Debug, Default)]
pub struct PollingWorkerSubject;

const VARIANTS: [(Kind, Variant); 3] = [
    (
        Kind::AsShipped,
        Variant {
            name: "as-shipped",
            about: "a watcher's thread tells the loop of file events; writers replace unlocked",
        },
    ),
    (
        Kind::PublishedFix,
        Variant { name: "published-fix", about: "the loop polls the sizes of files; writers replace unlocked" },
    ),
    (
        Kind::Hardened,
        Variant {
            name: "hardened",
            about: "the loop polls (mtime, size, inode) around a good parse; writers share a lock",
        },
    ),
];

const NAMES: [Variant; 3] = [VARIANTS[0].1, VARIANTS[1].1, VARIANTS[2].1];

impl Subject for PollingWorkerSubject {
    fn name(&self) -> &'static str {
        "polling-worker"
    }

    fn about(&self) -> &'static str {
        "A worker that notices items in files which other programs rewrite, and works them off on an event loop. Shipped with \
         a watcher's thread that could hang the loop; the published fix polls file sizes and misses what keeps its size, what \
         it read torn, and what was written over."
    }

    fn variants(&self) -> &'static [Variant] {
        &NAMES
    }

    fn ops(&self) -> &'static [OpKind] {
        &OPS
    }

    fn params(&self) -> Vec<ParamSpec> {
        knobs::specs()
    }

    fn child(&self, args: &[String]) -> u8 {
        super::child::main(args)
    }

    fn component(&self, variant: &str) -> Option<&'static [&'static str]> {
        let files: &[&str] = &[
            "polling_worker/hardened.rs",
            "polling_worker/store.rs",
            "polling_worker/vitals.rs",
            "polling_worker/monitor.rs",
            "src/lock_file.rs",
        ];
        (variant == "hardened").then_some(files)
    }

    fn open(&self, variant: &str, params: &Params, env: &Env) -> Result<Opener, SubjectError> {
        let kind = variant_of(&VARIANTS, variant, self.name())?;
        let knobs = Knobs::read(params, env)?;
        if env.model && !cfg!(feature = "hunt") {
            return Err(SubjectError::Resource("polling-worker: built without models (feature `hunt`)".to_owned()));
        }
        let plan = Arc::new(Plan::new(kind, knobs, params, env)?);
        Ok(Box::new(move || {
            let instance: Arc<dyn Instance> = Arc::new(WorkerInstance::new(Arc::clone(&plan)));
            instance
        }))
    }
}
