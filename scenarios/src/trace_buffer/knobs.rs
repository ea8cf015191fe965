//! The settings under `[subject] params`, read once and checked against the engine.

use crate::params::{all_known, choice, flag, whole, wrong};
use racehunt_core::plan::{ParamValue, Params};
use racehunt_core::subject::{Env, ParamSpec, SubjectError};
use std::time::Duration;

/// Where the client of a replay finds its far end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClientKind {
    /// In memory where all actors share one process, over HTTP where not.
    Auto,
    Memory,
    Http,
}

/// All settings of a trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Knobs {
    pub(super) cap: usize,
    pub(super) payload: usize,
    pub(super) prefill: u32,
    pub(super) retries: u32,
    pub(super) drain: bool,
    /// Visible files must parse at every instant, not at rest only.
    pub(super) parse_always: bool,
    /// What a store gives up is told as such, so that the order is judged.
    pub(super) ordered: bool,
    pub(super) frozen: bool,
    pub(super) stubbed: bool,
    pub(super) client: ClientKind,
    pub(super) server_fails: u64,
    pub(super) server_stalls: Duration,
    pub(super) sync: bool,
    pub(super) lease_ms: u64,
    pub(super) chunk: usize,
    pub(super) tick: Duration,
    /// Zero: no forks.
    pub(super) fork_timeout: Duration,
}

const CLOCKS: [(&str, bool); 2] = [("real", false), ("frozen", true)];
const PARSE: [(&str, bool); 2] = [("always", true), ("at-rest", false)];
const ORDER: [(&str, bool); 2] = [("judged", true), ("free", false)];
const IDS: [(&str, bool); 2] = [("unique", false), ("stubbed", true)];
const CLIENTS: [(&str, ClientKind); 3] =
    [("auto", ClientKind::Auto), ("memory", ClientKind::Memory), ("http", ClientKind::Http)];

/// The settings there are, for `racehunt show`.
pub(super) fn specs() -> Vec<ParamSpec> {
    let whole = |name, default, about| ParamSpec { name, about, default: ParamValue::Integer(default), choices: &[] };
    let flag = |name, about| ParamSpec { name, about, default: ParamValue::Bool(true), choices: &[] };
    let choice = |name, default: &str, choices, about| {
        let default = ParamValue::String(default.to_owned());
        ParamSpec { name, about, default, choices }
    };
    vec![
        whole("cap", 3, "the most files to keep, 0 to 100000"),
        whole("payload", 16, "bytes of each trace beside its id, 0 to 10000000"),
        whole(
            "prefill",
            0,
            "traces that are in before the actors start, 0 to 100000; more than `cap` gives up the first",
        ),
        whole("retries", 3, "attempts of a replay at each trace, 0 to 100"),
        flag("drain", "whether a last replay, after all actors, sends what is left; it is accounted for either way"),
        choice(
            "parse",
            "always",
            &["always", "at-rest"],
            "when a file that all can see must parse; always is at every step of a model and in every sample",
        ),
        choice(
            "order",
            "judged",
            &["judged", "free"],
            "free: what a store evicts is told as if it were cleared, in no order (not with kills); on real files the \
             ties of neighbours come and go with the kernel",
        ),
        choice("clock", "real", &["real", "frozen"], "the time in file names; under a model it never moves"),
        choice(
            "ids",
            "unique",
            &["unique", "stubbed"],
            "stubbed: the first eight hexadecimal digits of every uuid are the same, the others are not",
        ),
        choice(
            "client",
            "auto",
            &["auto", "memory", "http"],
            "what a replay sends through; auto is HTTP on loopback where the actors are in several processes, and \
             memory where not; models have no sockets",
        ),
        whole("server_fails", 0, "every n-th request is refused, as by a 503; 0 is none"),
        whole("server_stalls_ms", 0, "how long the HTTP server takes to answer, 0 to 10000; the client waits 2 s"),
        flag("sync", "hardened: whether a store syncs the file before it is seen"),
        whole("lease_ms", 30_000, "hardened: how long the claim of a replay holds, 1 to 3600000"),
        whole("chunk", 4_096, "under a model: bytes that one step of a write writes, 1 or more"),
        whole("tick_ms", 4, "under a model: the grain of a file's time, 1 to 10000; what is written within one ties"),
        whole(
            "fork_timeout_ms",
            0,
            "how long a forked child may take, 0 to 60000; 0 is no forks, and models have none",
        ),
    ]
}

impl Knobs {
    /// Reads `params`; what they leave out has its default.
    pub(super) fn read(params: &Params, env: &Env) -> Result<Self, SubjectError> {
        all_known(params, "trace-buffer", &specs())?;
        let millis = |key, default, most| whole(params, key, default, 0, most).map(Duration::from_millis);
        let knobs = Self {
            cap: whole(params, "cap", 3, 0, 100_000)? as usize,
            payload: whole(params, "payload", 16, 0, 10_000_000)? as usize,
            prefill: whole(params, "prefill", 0, 0, 100_000)? as u32,
            retries: whole(params, "retries", 3, 0, 100)? as u32,
            drain: flag(params, "drain", true)?,
            parse_always: choice(params, "parse", &PARSE)?,
            ordered: choice(params, "order", &ORDER)?,
            frozen: choice(params, "clock", &CLOCKS)?,
            stubbed: choice(params, "ids", &IDS)?,
            client: choice(params, "client", &CLIENTS)?,
            server_fails: whole(params, "server_fails", 0, 0, i64::MAX)?,
            server_stalls: millis("server_stalls_ms", 0, 10_000)?,
            sync: flag(params, "sync", true)?,
            lease_ms: whole(params, "lease_ms", 30_000, 1, 3_600_000)?,
            chunk: whole(params, "chunk", 4_096, 1, i64::MAX)? as usize,
            tick: Duration::from_millis(whole(params, "tick_ms", 4, 1, 10_000)?),
            fork_timeout: millis("fork_timeout_ms", 0, 60_000)?,
        };
        knobs.check(env)?;
        Ok(knobs)
    }

    fn check(&self, env: &Env) -> Result<(), SubjectError> {
        let refuse = |key, message: &str| Err(wrong(key, message.to_owned()));
        if env.model && self.client == ClientKind::Http {
            return refuse("client", "sockets need real threads: leave shuttle and loom out, or use \"auto\"");
        }
        if env.model && !self.fork_timeout.is_zero() {
            return refuse("fork_timeout_ms", "a model cannot fork: leave shuttle and loom out");
        }
        if env.processes > 1 && !env.model && self.client == ClientKind::Memory {
            return refuse("client", "no memory is shared by several processes: use \"auto\" or \"http\"");
        }
        Ok(())
    }

    /// True if replays go over sockets.
    pub(super) fn over_http(&self, env: &Env) -> bool {
        match self.client {
            ClientKind::Http => true,
            ClientKind::Memory => false,
            ClientKind::Auto => !env.model && env.processes > 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> ParamValue {
        ParamValue::String(value.to_owned())
    }

    fn read(pairs: &[(&str, ParamValue)], env: &Env) -> Result<Knobs, String> {
        let params = pairs.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
        Knobs::read(&params, env).map_err(|error| error.to_string())
    }

    fn model() -> Env {
        Env { model: true, ..Env::default() }
    }

    #[test]
    fn silence_means_the_defaults_that_are_shown() {
        let shown: Vec<(&str, ParamValue)> = specs().into_iter().map(|spec| (spec.name, spec.default)).collect();
        assert_eq!(read(&[], &model()), read(&shown, &model()));
        assert!(read(&[], &model()).is_ok());
    }

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        let native = Env::default();
        let many = Env { processes: 2, ..Env::default() };
        let refused = |key, value, env: &Env| read(&[(key, value)], env).unwrap_err();
        assert!(refused("caps", ParamValue::Integer(1), &native).starts_with("params.caps: trace-buffer has no"));
        assert!(refused("cap", ParamValue::Integer(-1), &native).contains("0 to 100000"));
        assert!(refused("drain", ParamValue::Integer(1), &native).contains("true or false"));
        assert!(refused("client", text("http"), &model()).contains("real threads"));
        assert!(refused("client", text("memory"), &many).contains("several processes"));
        assert!(refused("fork_timeout_ms", ParamValue::Integer(1), &model()).contains("cannot fork"));
        assert!(read(&[("client", text("memory"))], &Env { processes: 2, ..model() }).is_ok());
    }

    #[test]
    fn auto_is_http_only_over_processes() {
        let knobs = read(&[], &Env::default()).unwrap();
        for (model, processes, http) in [(false, 1, false), (false, 2, true), (true, 2, false)] {
            assert_eq!(knobs.over_http(&Env { model, processes, ..Env::default() }), http);
        }
    }
}
