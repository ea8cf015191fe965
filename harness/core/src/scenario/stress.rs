//! `[stress]`: real threads and processes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fault::StressFault;
use super::pace::Pace;
use super::perturb::Perturb;
use super::rate::Rate;
use super::sizes::{forbid_ops, ops_per_thread, processes_and_threads};
use super::sweep::Sweep;
use super::timespan::Timespan;
use super::walk::{Node, Section};
use super::workload::Workload;

/// How real threads hammer the subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stress {
    /// Worker processes at once, 1 to 64; a list runs each. Default: the number of processes that the actors name (and
    /// then no other will do), or 1. More than one misses nothing that goes over files and sockets, and shares nothing
    /// else: races over memory are then those within one process.
    #[serde(default = "default_processes")]
    pub processes: Sweep<usize>,
    /// Threads of each process, 1 to 256; a list runs each. Default: the number of actors (of the largest process,
    /// where they name processes), or 2 for a mix. With actors, thread t of process p runs actor p × threads + t modulo
    /// their number; a process that is named runs its own actors and no others. On one CPU, threads overlap only
    /// where the kernel or `perturb` takes one off it.
    #[serde(default = "default_threads")]
    pub threads: Sweep<usize>,
    /// What starts the next op. Default: `open` if there is a `rate`, `rounds` if not. With more than one process, with
    /// `faults` or with a process to kill, `rounds` or `closed`; a `[[fault]]` of the kind `kill` needs `rounds`.
    #[serde(default = "default_pace")]
    pub pace: Pace,
    /// Ops a second over all threads of all processes. Only for the open pace, which needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// Ops of each thread in a round, 1 to 10,000. Only for a mix in rounds. Default: 3. Short rounds start
    /// together more often; a race that needs a long history is missed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub ops_per_thread: Option<usize>,
    /// How long. Looked at after each round or op, so a trial ends late by one of them. Required for the
    /// closed and the open pace; in rounds, this or `rounds` or both, whichever is reached first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<Timespan>,
    /// How many rounds. Only for the pace `rounds`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub rounds: Option<u64>,
    /// Yields and pauses injected at sync operations. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub perturb: Option<Perturb>,
    /// End early once each kind of finding that was seen at all was seen this often. Only for the pace
    /// `rounds`, looked at after each. What it can miss: rarer kinds that a full run would have shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub stop_after: Option<u64>,
    /// What goes wrong at random moments. Default: nothing. Moments are drawn from the seed, but what they meet is not
    /// the same from run to run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<StressFault>,
    /// After the trials, look under the shuttle engine for each finding that no model trial of the scenario shows: the
    /// same subject, variant, parameters and program, or a mix dealt small, for a bounded number of executions. No verdict
    /// hangs on it. Default: true. What it can miss: a race of more actors or ops than a model has room for, and
    /// what only real time, memory or processes show.
    #[serde(default = "default_chase")]
    pub chase: bool,
}

fn default_processes() -> Sweep<usize> {
    Sweep::one(1)
}

fn default_threads() -> Sweep<usize> {
    Sweep::one(2)
}

const fn default_chase() -> bool {
    true
}

const fn default_pace() -> Pace {
    Pace::Rounds
}

impl Stress {
    pub(super) fn read(node: &Node<'_>, workload: Option<&Workload>, kills: bool) -> Option<Self> {
        let mut section = node.section()?;
        let (processes, threads) = processes_and_threads(&mut section, workload);
        let (pace, rate) = read_pace(&mut section);
        let faults = section
            .get("faults", |node| node.each("a list such as [{ kind = \"pause\", chance = 0.1 }]", StressFault::read));
        let several = processes.values().iter().any(|processes| *processes > 1);
        check_pace(&mut section, pace, kills, several);
        let ops_per_thread = read_ops(&mut section, pace, workload);
        let duration = section.get("duration", Node::element);
        let (rounds, stop_after) = read_rounds(&mut section, pace);
        let perturb = section.get("perturb", Perturb::read);
        let chase = section.get("chase", Node::boolean).unwrap_or_else(default_chase);
        section.finish();
        let (threads, pace) = (threads?, pace?);
        Some(Self {
            processes,
            threads,
            pace,
            rate,
            ops_per_thread,
            duration,
            rounds,
            perturb,
            stop_after,
            faults: faults.unwrap_or_default(),
            chase,
        })
    }
}

/// `None` for a pace that is wrong: then the rules that hang on it are not looked at.
fn read_pace(section: &mut Section<'_>) -> (Option<Pace>, Option<Rate>) {
    let pace = section.get("pace", Node::element);
    let rate = section.get("rate", Node::element);
    let pace = match (section.has("pace"), section.has("rate")) {
        (true, _) => pace,
        (false, true) => Some(Pace::Open),
        (false, false) => Some(Pace::Rounds),
    };
    match pace {
        Some(Pace::Open) if !section.has("rate") => {
            section.fail("missing key `rate` in `[stress]`", "the open pace needs one: add `rate = \"20k/s\"`");
        }
        Some(pace @ (Pace::Rounds | Pace::Closed)) => {
            let why = format!("has no meaning for the pace `{pace}`");
            section.forbid("rate", &why, "leave it out, or set `pace = \"open\"`");
        }
        _ => {}
    }
    (pace, rate)
}

/// What processes and what goes wrong in them ask of the pace.
fn check_pace(section: &mut Section<'_>, pace: Option<Pace>, kills: bool, several: bool) {
    let what = match (several, section.has("faults"), kills) {
        (true, ..) => "more than one process",
        (false, true, _) => "`faults`",
        (false, false, true) => "a process to kill",
        (false, false, false) => return,
    };
    match pace {
        // A rate is kept by one process over its own threads; one that is paused or dead would owe its share.
        Some(Pace::Open) => section.forbid(
            "rate",
            &format!("cannot stand beside {what}"),
            "leave it out, and set `pace = \"closed\"`: only one process that stays alive can keep a rate",
        ),
        Some(Pace::Closed) if kills => section.forbid(
            "pace",
            "must be `rounds` beside a `[[fault]]` of the kind `kill`, which is one kill in each round",
            "set `pace = \"rounds\"`, or say `faults = [{ kind = \"kill\", every = \"200ms\" }]` instead",
        ),
        _ => {}
    }
}

fn read_ops(section: &mut Section<'_>, pace: Option<Pace>, workload: Option<&Workload>) -> Option<usize> {
    if workload.and_then(Workload::actors).is_some() {
        forbid_ops(section);
        return None;
    }
    match pace {
        Some(pace @ (Pace::Closed | Pace::Open)) => {
            section.forbid("ops_per_thread", &without_rounds(pace), "leave it out: `duration` says how long");
            None
        }
        _ => Some(ops_per_thread(section).unwrap_or(3)),
    }
}

fn read_rounds(section: &mut Section<'_>, pace: Option<Pace>) -> (Option<u64>, Option<u64>) {
    let rounds = section.get("rounds", |node| node.count(1..=i64::MAX as u64));
    let stop_after = section.get("stop_after", |node| node.count(1..=i64::MAX as u64));
    match pace {
        Some(Pace::Rounds) if !section.has("duration") && !section.has("rounds") => {
            section.fail(
                "missing key `duration` or `rounds` in `[stress]`",
                "add `duration = \"10s\"`, or `rounds = 1_000_000`, or both",
            );
        }
        Some(pace @ (Pace::Closed | Pace::Open)) => {
            section.forbid("rounds", &without_rounds(pace), "leave it out: `duration` says how long");
            section.forbid("stop_after", &without_rounds(pace), "leave it out, or set `pace = \"rounds\"`");
            if !section.has("duration") {
                let message = format!("missing key `duration` in `[stress]` with the pace `{pace}`");
                section.fail(message, "add `duration = \"10s\"`");
            }
        }
        _ => {}
    }
    (rounds, stop_after)
}

fn without_rounds(pace: Pace) -> String {
    format!("has no meaning for the pace `{pace}`, which has no rounds")
}
