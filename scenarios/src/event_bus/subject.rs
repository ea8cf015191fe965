//! The event bus as a subject: its variants, ops and settings, and what opens it.

use super::argued::ARGUED;
use super::instance::{BusInstance, OPS};
use super::letter::Letter;
use super::settings::{self, Settings};
use super::{AsShipped, EventBus, Hardened, SnapshotLock, WholeLock};
use crate::params::variant as variant_of;
use racehunt_core::mutant::Argued;
use racehunt_core::plan::Params;
use racehunt_core::subject::{Env, Instance, OpKind, Opener, ParamSpec, Subject, SubjectError, Variant};
use std::sync::Arc;

/// The event bus.
#[derive(Clone, Copy, Debug, Default)]
pub struct EventBusSubject;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    AsShipped,
    SnapshotLock,
    WholeLock,
    Hardened,
}

const VARIANTS: [(Kind, Variant); 4] = [
    (Kind::AsShipped, Variant { name: "as-shipped", about: "Python's atomic operations, no lock" }),
    (
        Kind::SnapshotLock,
        Variant { name: "snapshot-lock", about: "the published fix: a lock around table and log, dispatch outside" },
    ),
    (
        Kind::WholeLock,
        Variant { name: "whole-lock", about: "the published fix: a re-entrant lock around all, dispatch inside" },
    ),
    (
        Kind::Hardened,
        Variant { name: "hardened", about: "one critical section decides log and mailboxes; no lock in dispatch" },
    ),
];

const NAMES: [Variant; 4] = [VARIANTS[0].1, VARIANTS[1].1, VARIANTS[2].1, VARIANTS[3].1];

impl Subject for EventBusSubject {
    fn name(&self) -> &'static str {
        "event-bus"
    }

    fn about(&self) -> &'static str {
        "Hands events to the handlers of their type, in the emitter's thread, and keeps a bounded audit log (after \
         CleverAgents' ReactiveEventBus). Shipped without a lock; the published fix is a lock, whose two readings leave \
         late calls and wrong orders, or a deadlock."
    }

    fn variants(&self) -> &'static [Variant] {
        &NAMES
    }

    fn ops(&self) -> &'static [OpKind] {
        &OPS
    }

    fn params(&self) -> Vec<ParamSpec> {
        settings::specs()
    }

    fn component(&self, variant: &str) -> Option<&'static [&'static str]> {
        (variant == "hardened").then_some(&["event_bus/hardened.rs", "event_bus/hardened/mailbox.rs"])
    }

    fn argued(&self, variant: &str) -> &'static [Argued] {
        if variant == "hardened" { ARGUED } else { &[] }
    }

    fn open(&self, variant: &str, params: &Params, env: &Env) -> Result<Opener, SubjectError> {
        let kind = variant_of(&VARIANTS, variant, self.name())?;
        if env.processes > 1 {
            let message = "event-bus: a bus is in the memory of one process; set processes = 1";
            return Err(SubjectError::Resource(message.to_owned()));
        }
        let settings = Settings::read(params)?;
        Ok(Box::new(move || {
            let instance: Arc<dyn Instance> = BusInstance::new(&settings, bus(kind, &settings), kind == Kind::Hardened);
            instance
        }))
    }
}

fn bus(kind: Kind, settings: &Settings) -> Box<dyn EventBus<Letter>> {
    let bound = settings.audit as usize;
    match kind {
        Kind::AsShipped => Box::new(AsShipped::new(bound)),
        Kind::SnapshotLock => Box::new(SnapshotLock::new(bound)),
        Kind::WholeLock => Box::new(WholeLock::new(bound)),
        Kind::Hardened => Box::new(Hardened::with_crowd(bound, settings.crowd as usize)),
    }
}
