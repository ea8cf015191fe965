//! The settings of whoever watches over a worker, and of what goes wrong in it.

use super::monitor::{Backlog, Rules};
use super::plan::Kind;
use super::vitals::Rhythm;
use crate::params::{choice, whole, wrong};
use racehunt_core::observation::Detection;
use racehunt_core::plan::{ParamValue, Params};
use racehunt_core::subject::{Env, ParamSpec, SubjectError};
use std::time::Duration;

/// What the generations of a worker are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Workers {
    /// Actors that wait until they are started.
    Actors,
    /// Processes, each started when it is needed.
    Processes,
}

/// How a worker is watched and what befalls it. All times are zero or more; a `beat` of zero: nobody watches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Care {
    pub(super) beat: Duration,
    pub(super) stale: Duration,
    pub(super) check: Duration,
    pub(super) backlog: Duration,
    pub(super) lease: Duration,
    pub(super) slack: Duration,
    pub(super) generations: u32,
    pub(super) workers: Workers,
    pub(super) mishaps: Mishaps,
}

/// What happens to items. Counted from 1, by the items that a worker begins; 0: never.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mishaps {
    /// Every n-th item is a long one.
    pub(super) long_every: u64,
    /// How long that takes.
    pub(super) long: Duration,
    /// It comes on after each of these.
    pub(super) piece: Duration,
    /// Generation 0 loses whoever works on its n-th item (HM1).
    pub(super) lost_nth: u64,
    /// Generation 0 stalls at its n-th item, before the effect (HM3).
    pub(super) stall_nth: u64,
    /// For how long.
    pub(super) stall: Duration,
}

/// None: as the engine has it.
const WORKERS: [(&str, Option<Workers>); 3] =
    [("auto", None), ("actors", Some(Workers::Actors)), ("processes", Some(Workers::Processes))];

/// The settings there are.
pub(super) fn specs() -> Vec<ParamSpec> {
    let whole = |name, default, about| ParamSpec { name, about, default: ParamValue::Integer(default), choices: &[] };
    vec![
        whole(
            "beat_ms",
            0,
            "the loop writes its status this often (U), 0 to 60000; 0: nobody watches, and no more of these",
        ),
        whole("stale_ms", 100, "a status that is older than this (S) is a failure, 1 to 600000"),
        whole("check_ms", 20, "the monitor looks this often (C), 1 to 60000"),
        whole("backlog_ms", 400, "what is owed for longer than this (T) is a failure, to whoever notices, 1 to 600000"),
        whole("lease_ms", 80, "hardened: how long the lease of an item lasts that came on, 1 to `stale_ms`"),
        whole("slack_ms", 60, "by how much a machine may be late; 0 under a model. Looks that were later add to it"),
        whole("generations", 2, "under a model and with actors: the generations that have an actor, 1 to 8"),
        ParamSpec {
            name: "workers",
            about: "whether generations are actors of `work(n)` or processes of their own; auto is actors under a model and \
                    processes natively",
            default: ParamValue::String("auto".to_owned()),
            choices: &["auto", "actors", "processes"],
        },
        whole("long_every", 0, "every n-th item that a worker begins is a long one; 0: none"),
        whole("long_ms", 0, "how long that one takes, 0 to 60000"),
        whole("piece_ms", 5, "a long item comes on after each of these, 1 to 60000"),
        whole("lost_nth", 0, "the n-th item of generation 0 is lost with whoever works on it (HM1); 0: none"),
        whole("stall_nth", 0, "generation 0 stalls at its n-th item, before the effect (HM3); 0: at none"),
        whole("stall_ms", 0, "for how long, 0 to 60000"),
    ]
}

impl Care {
    /// Reads `params`; what they leave out has its default. `poll` is the loop's longest sleep.
    pub(super) fn read(params: &Params, poll: Duration, env: &Env) -> Result<Self, SubjectError> {
        let millis = |key, default, least, most| whole(params, key, default, least, most).map(Duration::from_millis);
        let count = |key| whole(params, key, 0, 0, 1_000_000);
        let slack = millis("slack_ms", 60, 0, 60_000)?;
        let workers = choice(params, "workers", &WORKERS)?;
        let auto = if env.model || env.launch.is_none() { Workers::Actors } else { Workers::Processes };
        let care = Self {
            beat: millis("beat_ms", 0, 0, 60_000)?,
            stale: millis("stale_ms", 100, 1, 600_000)?,
            check: millis("check_ms", 20, 1, 60_000)?,
            backlog: millis("backlog_ms", 400, 1, 600_000)?,
            lease: millis("lease_ms", 80, 1, 600_000)?,
            slack: if env.model { Duration::ZERO } else { slack },
            generations: whole(params, "generations", 2, 1, 8)? as u32,
            workers: workers.unwrap_or(auto),
            mishaps: Mishaps {
                long_every: count("long_every")?,
                long: millis("long_ms", 0, 0, 60_000)?,
                piece: millis("piece_ms", 5, 1, 60_000)?,
                lost_nth: count("lost_nth")?,
                stall_nth: count("stall_nth")?,
                stall: millis("stall_ms", 0, 0, 60_000)?,
            },
        };
        if care.is_on() {
            care.check(poll, env)?;
        }
        Ok(care)
    }

    /// True if somebody watches.
    pub(super) fn is_on(&self) -> bool {
        !self.beat.is_zero()
    }

    fn check(&self, poll: Duration, env: &Env) -> Result<(), SubjectError> {
        let refuse = |key, message: &str| Err(wrong(key, message.to_owned()));
        if self.workers == Workers::Processes && env.launch.is_none() {
            let message = "no process can be started here: leave shuttle and loom out, and run the racehunt program";
            return refuse("workers", message);
        }
        if env.processes > 1 && !env.model {
            return refuse("beat_ms", "generations are processes already: leave stress.processes out");
        }
        if self.lease > self.stale {
            // A stopped worker would be respected for longer than it may go unnoticed.
            return refuse("lease_ms", "no more than stale_ms: the lease of a worker that is stopped is valid too");
        }
        if self.beat + poll + self.mishaps.piece >= self.lease {
            return refuse("lease_ms", "more than beat_ms, poll_ms and piece_ms together: it is renewed at a beat");
        }
        if self.backlog < self.stale {
            return refuse("backlog_ms", "at least stale_ms");
        }
        Ok(())
    }

    /// How the workers of a variant tell.
    pub(super) fn rhythm(&self, kind: Kind) -> Rhythm {
        Rhythm { beat_ns: ns(self.beat), lease_ns: (kind == Kind::Hardened).then_some(ns(self.lease)) }
    }

    /// How the monitor of a variant judges.
    pub(super) fn rules(&self, kind: Kind) -> Rules {
        let backlog = Backlog { owed_ns: ns(self.backlog) };
        Rules {
            check_ns: ns(self.check),
            stale_ns: ns(self.stale),
            hardened: (kind == Kind::Hardened).then_some(backlog),
        }
    }

    /// What the system promises, on a machine that was late by `late_ns` at a look.
    pub(super) fn contract(&self, poll: Duration, late_ns: u64) -> Detection {
        Detection {
            beat_ns: ns(self.beat + poll),
            stale_ns: ns(self.stale),
            check_ns: ns(self.check),
            backlog_ns: Some(ns(self.backlog)),
            slack_ns: ns(self.slack) + late_ns,
        }
    }

    /// A loop that did not go round for so long was not well: in less no monitor could notice.
    pub(super) fn gap_ns(&self, poll: Duration) -> u64 {
        ns(self.stale - self.beat - poll)
    }
}

/// In nanoseconds.
pub(super) fn ns(duration: Duration) -> u64 {
    duration.as_nanos() as u64
}
