//! The trace buffer as a subject: its variants, ops and settings, and what opens it.

use super::argued::ARGUED;
use super::instance::{OPS, TraceInstance};
use super::knobs::{self, Knobs};
use super::member::Kind;
use super::plan::Plan;
use crate::params::variant as variant_of;
use racehunt_core::mutant::Argued;
use racehunt_core::plan::Params;
use racehunt_core::subject::{Env, Instance, OpKind, Opener, ParamSpec, Subject, SubjectError, Variant};
use std::sync::Arc;

/// The trace buffer.
#[derive(Clone, Copy, Debug, Default)]
pub struct TraceBufferSubject;

const VARIANTS: [(Kind, Variant); 3] = [
    (
        Kind::AsShipped,
        Variant { name: "as-shipped", about: "evicts one file a store, under a lock that ends at its process" },
    ),
    (
        Kind::PublishedFix,
        Variant { name: "published-fix", about: "evicts in batches and minds no vanished file; writes in place" },
    ),
    (
        Kind::Hardened,
        Variant { name: "hardened", about: "a lock file around {count, evict, rename}; claims with a lease" },
    ),
];

const NAMES: [Variant; 3] = [VARIANTS[0].1, VARIANTS[1].1, VARIANTS[2].1];

impl Subject for TraceBufferSubject {
    fn name(&self) -> &'static str {
        "trace-buffer"
    }

    fn about(&self) -> &'static str {
        "Keeps traces as files in one directory that several processes share, up to a cap, until they can be sent (after \
         Openlayer's Python SDK). Shipped with a lock in each process; the published fix evicts in batches and still \
         exceeds the cap, tears files and sends twice."
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

    fn component(&self, variant: &str) -> Option<&'static [&'static str]> {
        let files: &[&str] =
            &["trace_buffer/hardened.rs", "hardened/replay.rs", "hardened/section.rs", "src/lock_file.rs"];
        (variant == "hardened").then_some(files)
    }

    fn argued(&self, variant: &str) -> &'static [Argued] {
        if variant == "hardened" { ARGUED } else { &[] }
    }

    fn open(&self, variant: &str, params: &Params, env: &Env) -> Result<Opener, SubjectError> {
        let kind = variant_of(&VARIANTS, variant, self.name())?;
        let knobs = Knobs::read(params, env)?;
        if env.model && !cfg!(feature = "hunt") {
            return Err(SubjectError::Resource("trace-buffer: built without models (feature `hunt`)".to_owned()));
        }
        let plan = Arc::new(Plan::new(kind, knobs, env)?);
        Ok(Box::new(move || {
            let instance: Arc<dyn Instance> = Arc::new(TraceInstance::new(Arc::clone(&plan)));
            instance
        }))
    }
}
