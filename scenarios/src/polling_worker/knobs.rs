//! The settings under `[subject] params`, read once and checked against the engine.

use super::as_shipped::Handoff;
use super::care::{self, Care};
use super::hardened::GRAIN_MS;
use crate::params::{all_known, choice, flag, whole, wrong};
use racehunt_core::plan::{ParamValue, Params};
use racehunt_core::subject::{Env, ParamSpec, SubjectError};
use std::time::Duration;

/// Who tells as-shipped of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Watching {
    /// The crate natively, a thread of our own under a model.
    Auto,
    Own,
    Notify,
}

/// All settings of a trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Knobs {
    pub(super) prefill: u64,
    pub(super) held: u64,
    pub(super) writes: u64,
    pub(super) tasks: bool,
    pub(super) poll: Duration,
    pub(super) grain: Duration,
    pub(super) gap: Duration,
    pub(super) in_place: bool,
    pub(super) handoff: Handoff,
    pub(super) any_event: bool,
    pub(super) storm: u64,
    watching: Watching,
    pub(super) stops_at_once: bool,
    pub(super) prompt: bool,
    pub(super) care: Care,
}

const WRITING: [(&str, bool); 2] = [("replace", false), ("in-place", true)];
const HANDOFFS: [(&str, Handoff); 4] = [
    ("awake", Handoff::Awake),
    ("locked", Handoff::Locked),
    ("waiting", Handoff::Waiting),
    ("silent", Handoff::Silent),
];
const EVENTS: [(&str, bool); 2] = [("modified", false), ("any", true)];
const WATCHERS: [(&str, Watching); 3] =
    [("auto", Watching::Auto), ("own", Watching::Own), ("notify", Watching::Notify)];
const STOPS: [(&str, bool); 2] = [("drained", false), ("at-once", true)];
const TIME: [(&str, bool); 2] = [("prompt", true), ("any", false)];

/// The settings there are, for `racehunt show`.
pub(super) fn specs() -> Vec<ParamSpec> {
    let whole = |name, default, about| ParamSpec { name, about, default: ParamValue::Integer(default), choices: &[] };
    let choice = |name, default: &str, choices, about| {
        let default = ParamValue::String(default.to_owned());
        ParamSpec { name, about, default, choices }
    };
    let own = vec![
        whole("prefill", 0, "items in ideas that are open before the actors start, 0 to 1000"),
        whole("held", 0, "items in retry that are on hold before the actors start, 0 to 1000"),
        whole("writes", 1, "calls that rewrite a file, by all actors: when they have ended, `work` comes to its end"),
        ParamSpec {
            name: "tasks",
            about: "whether there is a directory of tasks as well, a file for each: source 2 of the calls",
            default: ParamValue::Bool(false),
            choices: &[],
        },
        whole("poll_ms", 10, "the loop's sleep, and the time between two polls, 1 to 60000"),
        whole("grain_ms", GRAIN_MS, "hardened: how coarse a file's time may be, 0 to 60000"),
        whole("gap_ms", 0, "how long a write in place takes before each half, 0 to 60000"),
        choice(
            "writing",
            "replace",
            &["replace", "in-place"],
            "how the programs of as-shipped and published-fix rewrite a file; hardened replaces under a lock",
        ),
        choice(
            "handoff",
            "awake",
            &["awake", "locked", "waiting", "silent"],
            "as-shipped: how the watcher's handler hands over: it wakes the loop, waits for it with or without the lock over \
             the files, or wakes nobody",
        ),
        choice(
            "events",
            "modified",
            &["modified", "any"],
            "as-shipped: the events that the handler takes for a change; any has its own reading among them",
        ),
        whole(
            "storm",
            16,
            "as-shipped: events for each write that are too many; after 4 times as many it minds writes alone",
        ),
        choice(
            "watcher",
            "auto",
            &["auto", "own", "notify"],
            "as-shipped: who tells of events; auto is the notify crate natively and a thread of our own under a model",
        ),
        choice(
            "stop",
            "drained",
            &["drained", "at-once"],
            "as-shipped: whether the loop hears the watcher out before it stops it",
        ),
        choice(
            "time",
            "prompt",
            &["prompt", "any"],
            "under a model: a timer goes off when nobody can do anything else, or at any moment",
        ),
    ];
    own.into_iter().chain(care::specs()).collect()
}

impl Knobs {
    /// Reads `params`; what they leave out has its default.
    pub(super) fn read(params: &Params, env: &Env) -> Result<Self, SubjectError> {
        all_known(params, "polling-worker", &specs())?;
        let millis = |key, default, least| whole(params, key, default, least, 60_000).map(Duration::from_millis);
        let poll = millis("poll_ms", 10, 1)?;
        let knobs = Self {
            prefill: whole(params, "prefill", 0, 0, 1_000)?,
            held: whole(params, "held", 0, 0, 1_000)?,
            writes: whole(params, "writes", 1, 0, 1_000_000)?,
            tasks: flag(params, "tasks", false)?,
            poll,
            grain: millis("grain_ms", GRAIN_MS, 0)?,
            gap: millis("gap_ms", 0, 0)?,
            in_place: choice(params, "writing", &WRITING)?,
            handoff: choice(params, "handoff", &HANDOFFS)?,
            any_event: choice(params, "events", &EVENTS)?,
            storm: whole(params, "storm", 16, 1, 1_000_000)?,
            watching: choice(params, "watcher", &WATCHERS)?,
            stops_at_once: choice(params, "stop", &STOPS)?,
            prompt: choice(params, "time", &TIME)?,
            care: Care::read(params, poll, env)?,
        };
        knobs.check(env)?;
        Ok(knobs)
    }

    fn check(&self, env: &Env) -> Result<(), SubjectError> {
        let refuse = |key, message: &str| Err(wrong(key, message.to_owned()));
        if env.model && self.watching == Watching::Notify {
            return refuse("watcher", "a model has no inotify: use \"own\" or \"auto\", or leave shuttle and loom out");
        }
        if env.processes > 1 && !env.model && self.watching == Watching::Own {
            return refuse("watcher", "our own thread hears of its own process only: use \"notify\" or \"auto\"");
        }
        if self.stops_at_once && !env.model && !self.own_watcher(env) {
            return refuse("stop", "the notify crate does not wait for its thread: use watcher = \"own\"");
        }
        Ok(())
    }

    /// True if as-shipped watches with a thread of our own.
    pub(super) fn own_watcher(&self, env: &Env) -> bool {
        match self.watching {
            Watching::Auto => env.model,
            Watching::Own => true,
            Watching::Notify => false,
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
        assert!(refused("polls", ParamValue::Integer(1), &native).starts_with("params.polls: polling-worker has no"));
        assert!(refused("poll_ms", ParamValue::Integer(0), &native).contains("1 to 60000"));
        assert!(refused("handoff", text("loud"), &native).contains("\"locked\""));
        assert!(refused("watcher", text("notify"), &model()).contains("no inotify"));
        assert!(refused("watcher", text("own"), &many).contains("its own process"));
        assert!(refused("stop", text("at-once"), &native).contains("watcher = \"own\""));
        assert!(read(&[("stop", text("at-once")), ("watcher", text("own"))], &native).is_ok());
        assert!(read(&[("watcher", text("own"))], &Env { processes: 2, ..model() }).is_ok());
    }

    #[test]
    fn auto_is_the_crate_on_real_files_only() {
        let knobs = read(&[], &Env::default()).unwrap();
        assert!(knobs.own_watcher(&model()) && !knobs.own_watcher(&Env::default()));
    }
}
