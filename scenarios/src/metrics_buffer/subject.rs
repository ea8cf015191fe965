//! The metrics buffer as a subject: its variants, ops and settings, and what opens it.

use super::argued::ARGUED;
use super::digits::{Decoding, Digits, SLOTS};
use super::instance::{Buffer, FarEnd, MetricsInstance, OPS, Plan};
use super::settings::{self, Keys, Settings, SinkKind};
use super::sink::receiver::{Address, Receiver};
use super::sink::{Failing, Gate, Gated, IdStatsd, Recorder, Sink, Statsd, Yielding};
use super::{AsShipped, HardenedSharded, Ids, PublishedFix, RelaxedPublish, SwapUnlocked, planted};
use crate::params::variant as variant_of;
use crate::params::wrong;
use racehunt_core::mutant::Argued;
use racehunt_core::plan::Params;
use racehunt_core::subject::{Env, Instance, OpKind, Opener, ParamSpec, Subject, SubjectError, Variant};
use std::io;
use std::sync::Arc;

/// The metrics buffer.
#[derive(Clone, Copy, Debug, Default)]
pub struct MetricsBufferSubject;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    AsShipped,
    PublishedFix,
    SwapUnlocked,
    RelaxedPublish,
    Hardened,
    HardenedSharded,
}

impl Kind {
    fn is_sharded(self) -> bool {
        matches!(self, Self::RelaxedPublish | Self::HardenedSharded)
    }
}

const VARIANTS: [(Kind, Variant); 6] = [
    (Kind::AsShipped, Variant { name: "as-shipped", about: "live iteration over two Python dictionaries, no lock" }),
    (
        Kind::PublishedFix,
        Variant { name: "published-fix", about: "walks copies of the dictionaries, then clears them" },
    ),
    (Kind::SwapUnlocked, Variant { name: "swap-unlocked", about: "swaps the maps for empty ones without a lock" }),
    (
        Kind::RelaxedPublish,
        Variant { name: "relaxed-publish", about: "sharded cells behind a generation that is flipped with Relaxed" },
    ),
    (
        Kind::Hardened,
        Variant { name: "hardened", about: "one lock around {add, due?} and {swap}, hand-over outside it" },
    ),
    (
        Kind::HardenedSharded,
        Variant { name: "hardened-sharded", about: "sharded atomics: fetch_add to add, swap(0) to flush" },
    ),
];

const NAMES: [Variant; 6] = [VARIANTS[0].1, VARIANTS[1].1, VARIANTS[2].1, VARIANTS[3].1, VARIANTS[4].1, VARIANTS[5].1];

impl Subject for MetricsBufferSubject {
    fn name(&self) -> &'static str {
        "metrics-buffer"
    }

    fn about(&self) -> &'static str {
        "Sums counters and timers up and flushes the totals to a sink, also from within an add when the last flush is \
         old (after Sentry's arroyo). Shipped without a lock; the published fix stopped the crash and loses more."
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
        match variant {
            "hardened" => Some(&["metrics_buffer/hardened.rs"]),
            "hardened-sharded" => Some(&["metrics_buffer/hardened_sharded.rs", "metrics_buffer/interval.rs"]),
            _ => None,
        }
    }

    fn argued(&self, variant: &str) -> &'static [Argued] {
        if variant == "hardened" { ARGUED } else { &[] }
    }

    fn open(&self, variant: &str, params: &Params, env: &Env) -> Result<Opener, SubjectError> {
        let kind = variant_of(&VARIANTS, variant, self.name())?;
        let settings = Settings::read(params, env)?;
        if kind.is_sharded() {
            check_digits(variant, &settings, env)?;
        }
        let plan = Arc::new(Plan::new(&settings));
        let statsd = open_statsd(settings.sink, env)?;
        let model = env.model;
        Ok(Box::new(move || {
            let instance: Arc<dyn Instance> = Arc::new(make(kind, &settings, &plan, statsd.as_ref(), model));
            instance
        }))
    }
}

/// The sharded buffers carry numbers, in which an id is a digit: there must be enough of them, and metrics known
/// before.
fn check_digits(variant: &str, settings: &Settings, env: &Env) -> Result<(), SubjectError> {
    if settings.keys == Keys::Fresh {
        let message = format!("{variant} is built with all its metrics: \"fresh\" needs a variant with maps");
        return Err(wrong("keys", message));
    }
    let room = SLOTS * settings.metrics as usize;
    let limit = format!("{variant} can account by id only in rounds and models: an id is a digit of its metric's sum");
    match env.calls {
        None => {
            let message = format!("{limit}, and a load has no end of them; use pace = \"rounds\" or another variant");
            Err(wrong("metrics", message))
        }
        Some(calls) if calls > room => {
            let least = calls.div_ceil(SLOTS);
            let message = format!("{limit}, {SLOTS} a metric, and one execution makes {calls} calls: {least} would do");
            Err(wrong("metrics", message))
        }
        Some(_) => Ok(()),
    }
}

type Connection = (Arc<Statsd>, Arc<Receiver>);

/// The sockets, once for all executions: opening them takes longer than an execution.
fn open_statsd(sink: SinkKind, env: &Env) -> Result<Option<Connection>, SubjectError> {
    // Rounds read the socket between two hand-overs; under load a thread of its own has to.
    let background = env.calls.is_none();
    let receiver = match sink {
        SinkKind::StatsdUdp => Receiver::udp(background),
        SinkKind::StatsdUnix => Receiver::unix(env.dir.as_deref(), background),
        SinkKind::Recorder | SinkKind::Yielding | SinkKind::Gated => return Ok(None),
    };
    let refused = |error: io::Error| SubjectError::Resource(format!("metrics-buffer: no socket for StatsD: {error}"));
    let receiver = receiver.map_err(refused)?;
    let client = match receiver.address() {
        Address::Udp(address) => Statsd::udp(*address),
        Address::Unix(path) => Statsd::unix(path),
    };
    Ok(Some((Arc::new(client.map_err(refused)?), Arc::new(receiver))))
}

/// A fresh buffer with its sink. Called inside the execution: what is made here belongs to its engine.
fn make(
    kind: Kind,
    settings: &Settings,
    plan: &Arc<Plan>,
    statsd: Option<&Connection>,
    model: bool,
) -> MetricsInstance {
    let (far, end): (FarEnd, Arc<dyn Sink<Ids>>) = match statsd {
        Some((client, receiver)) => {
            let sink = Arc::new(IdStatsd::new(Arc::clone(client), Arc::clone(receiver)));
            (FarEnd::Statsd(Arc::clone(receiver), sink.run()), sink)
        }
        None => {
            let recorder = Arc::new(Recorder::default());
            (FarEnd::Recorder(Arc::clone(&recorder)), recorder)
        }
    };
    let gate = (settings.sink == SinkKind::Gated).then(|| Arc::new(Gate::new(settings.gate_at, model)));
    let sink: Arc<dyn Sink<Ids>> = match &gate {
        Some(gate) => Arc::new(Gated::new(end, Arc::clone(gate))),
        None if settings.sink == SinkKind::Yielding => Arc::new(Yielding(end)),
        None => end,
    };
    let sink: Arc<dyn Sink<Ids>> =
        if settings.sink_fails_at > 0 { Arc::new(Failing::new(sink, settings.sink_fails_at)) } else { sink };
    MetricsInstance::new(Arc::clone(plan), buffer(kind, settings, plan, sink), far, gate)
}

fn buffer(kind: Kind, settings: &Settings, plan: &Plan, sink: Arc<dyn Sink<Ids>>) -> Buffer {
    let (interval, shards) = (settings.interval, settings.shards);
    match kind {
        Kind::AsShipped => Buffer::ById(Box::new(AsShipped::new(interval, sink))),
        Kind::PublishedFix => Buffer::ById(Box::new(PublishedFix::new(interval, sink))),
        Kind::SwapUnlocked => Buffer::ById(Box::new(SwapUnlocked::new(interval, sink))),
        Kind::Hardened => Buffer::ById(planted::hardened(interval, sink)),
        Kind::RelaxedPublish => {
            let (digits, sink) = coded(sink);
            let buffer = RelaxedPublish::new(plan.metric_set(), shards, interval, sink);
            Buffer::Coded(Box::new(buffer), digits)
        }
        Kind::HardenedSharded => {
            let (digits, sink) = coded(sink);
            let buffer = HardenedSharded::new(plan.metric_set(), shards, interval, sink);
            Buffer::Coded(Box::new(buffer), digits)
        }
    }
}

fn coded(sink: Arc<dyn Sink<Ids>>) -> (Arc<Digits>, Decoding<Arc<dyn Sink<Ids>>>) {
    let digits = Arc::new(Digits::default());
    (Arc::clone(&digits), Decoding::new(digits, sink))
}
