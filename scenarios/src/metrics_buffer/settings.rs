//! The settings under `[subject] params`, read once and checked against variant and engine.

use crate::params::{all_known, choice, whole, wrong};
use racehunt_core::plan::{ParamValue, Params};
use racehunt_core::subject::{Env, ParamSpec, SubjectError};
use std::time::Duration;

/// How a call chooses its metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keys {
    /// By its argument.
    Shared,
    /// By lot.
    Drawn,
    /// A new name for each call.
    Fresh,
}

/// What stands at the far end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SinkKind {
    Recorder,
    Yielding,
    Gated,
    StatsdUdp,
    StatsdUnix,
}

/// All settings of a trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) metrics: u32,
    pub(super) shards: usize,
    pub(super) interval: Duration,
    pub(super) keys: Keys,
    pub(super) sink: SinkKind,
    pub(super) gate_at: u64,
    pub(super) sink_fails_at: u64,
}

const KEYS: [(&str, Keys); 3] = [("shared", Keys::Shared), ("drawn", Keys::Drawn), ("fresh", Keys::Fresh)];
const SINKS: [(&str, SinkKind); 5] = [
    ("recorder", SinkKind::Recorder),
    ("yielding", SinkKind::Yielding),
    ("gated", SinkKind::Gated),
    ("statsd-udp", SinkKind::StatsdUdp),
    ("statsd-unix", SinkKind::StatsdUnix),
];
const UNITS: [(&str, u64); 6] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// The settings there are, for `racehunt show`.
pub(super) fn specs() -> Vec<ParamSpec> {
    let spec = |name, about, default, choices| ParamSpec { name, about, default, choices };
    let text = |value: &str| ParamValue::String(value.to_owned());
    vec![
        spec("metrics", "how many counters, and how many timers, 1 to 1000", ParamValue::Integer(2), &[]),
        spec("interval", "age of the last flush at which an add flushes; \"0s\" is at every add", text("1s"), &[]),
        spec(
            "keys",
            "shared: the argument k picks metric k modulo `metrics`, no argument is 0; drawn: by lot; fresh: a new \
             metric for each call",
            text("shared"),
            &["shared", "drawn", "fresh"],
        ),
        spec("shards", "shards of the sharded variants, 1 to 64", ParamValue::Integer(2), &[]),
        spec(
            "sink",
            "the far end; yielding gives the processor away in each hand-over, gated holds one, the StatsD sinks are \
             real sockets and need real threads",
            text("recorder"),
            &["recorder", "yielding", "gated", "statsd-udp", "statsd-unix"],
        ),
        spec(
            "gate_at",
            "number of the hand-over of an execution that the gated sink holds, until another flush has ended",
            ParamValue::Integer(1),
            &[],
        ),
        spec(
            "sink_fails_at",
            "number of the hand-over of an execution that the sink refuses; 0 is none",
            ParamValue::Integer(0),
            &[],
        ),
    ]
}

impl Settings {
    /// Reads `params`; what they leave out has its default.
    pub(super) fn read(params: &Params, env: &Env) -> Result<Self, SubjectError> {
        all_known(params, "metrics-buffer", &specs())?;
        let sink = choice(params, "sink", &SINKS)?;
        if env.model && matches!(sink, SinkKind::StatsdUdp | SinkKind::StatsdUnix) {
            let message = "sockets need real threads: leave shuttle and loom out, or use \"recorder\" (params.sink)";
            return Err(wrong("sink", message.to_owned()));
        }
        if params.contains_key("gate_at") && sink != SinkKind::Gated {
            return Err(wrong("gate_at", "only the gated sink has a gate: set sink = \"gated\"".to_owned()));
        }
        Ok(Self {
            metrics: whole(params, "metrics", 2, 1, 1_000)? as u32,
            shards: whole(params, "shards", 2, 1, 64)? as usize,
            interval: interval(params)?,
            keys: choice(params, "keys", &KEYS)?,
            sink,
            gate_at: whole(params, "gate_at", 1, 1, i64::MAX)?,
            sink_fails_at: whole(params, "sink_fails_at", 0, 0, i64::MAX)?,
        })
    }
}

fn interval(params: &Params) -> Result<Duration, SubjectError> {
    let length = match params.get("interval") {
        None => Some(Duration::from_secs(1)),
        Some(value) => match value.as_integer() {
            Some(nanos) => u64::try_from(nanos).ok().map(Duration::from_nanos),
            None => value.as_str().and_then(duration),
        },
    };
    length.ok_or_else(|| wrong("interval", "a length such as \"1s\" or \"250us\", or whole nanoseconds".to_owned()))
}

/// A length of time with its unit. Zero is one, which is why the scenario's own lengths, never zero, do not do here.
fn duration(text: &str) -> Option<Duration> {
    let unit = text.find(|c: char| !c.is_ascii_digit())?;
    let (count, unit) = text.split_at(unit);
    let length = UNITS.iter().find(|(name, _)| *name == unit.trim_start())?.1;
    Some(Duration::from_nanos(count.parse::<u64>().ok()?.checked_mul(length)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> ParamValue {
        ParamValue::String(value.to_owned())
    }

    fn read(pairs: &[(&str, ParamValue)], model: bool) -> Result<Settings, String> {
        let params = pairs.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
        let env = Env { model, ..Env::default() };
        Settings::read(&params, &env).map_err(|error| error.to_string())
    }

    #[test]
    fn silence_means_the_defaults_that_are_shown() {
        let shown: Vec<(&str, ParamValue)> = specs().into_iter().map(|spec| (spec.name, spec.default)).collect();
        let but_the_gate: Vec<_> = shown.into_iter().filter(|(name, _)| *name != "gate_at").collect();
        assert_eq!(read(&[], true), read(&but_the_gate, true));
    }

    #[test]
    fn intervals_have_units_or_are_nanoseconds() {
        let interval = |value| read(&[("interval", value)], true).map(|s| s.interval);
        assert_eq!(interval(text("250us")), Ok(Duration::from_micros(250)));
        assert_eq!(interval(text("0s")), Ok(Duration::ZERO));
        assert_eq!(interval(text("1 h")), Ok(Duration::from_secs(3_600)));
        assert_eq!(interval(ParamValue::Integer(7)), Ok(Duration::from_nanos(7)));
        for wrong in [text("1"), text("s"), text("-1s"), text("1x"), ParamValue::Integer(-1), ParamValue::Bool(true)] {
            assert!(interval(wrong.clone()).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn what_has_no_meaning_is_refused_by_name() {
        let refused = |pairs: &[(&str, ParamValue)], model| read(pairs, model).unwrap_err();
        assert!(
            refused(&[("metric", ParamValue::Integer(1))], true).starts_with("params.metric: metrics-buffer has no")
        );
        assert!(refused(&[("metrics", ParamValue::Integer(0))], true).contains("1 to 1000"));
        assert!(refused(&[("keys", text("new"))], true).contains("\"fresh\""));
        assert!(refused(&[("sink", text("statsd-udp"))], true).contains("params.sink"));
        assert!(refused(&[("gate_at", ParamValue::Integer(2))], false).contains("sink = \"gated\""));
        assert!(read(&[("sink", text("statsd-udp"))], false).is_ok());
    }
}
