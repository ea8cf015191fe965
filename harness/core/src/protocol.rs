//! The worker protocol: one JSON object a line, the same for our own workers and for those in other languages.
//!
//! `harness/PROTOCOL.md` describes it for people who write a worker; its examples are parsed by the tests here.

use crate::finding::{Finding, FindingKind};
use crate::history::Event;
use crate::id::Id;
use crate::ledger::Ledger;
use crate::observation::{OpFailure, Seen, Violation, Wait};
use crate::outcome::TrialOutcome;
use crate::plan::Trial;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The version this crate speaks; both sides name theirs, and another one ends the session.
pub const VERSION: u32 = 1;

/// Ids or errors a history line should carry: fewer cost a system call each, more gain nothing.
pub const BATCH: usize = 100;

/// What the harness says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ToWorker {
    /// First: which trial.
    Setup(Box<Setup>),
    /// Start; answered by [`FromWorker::Done`] or, by our own workers, [`FromWorker::Outcome`].
    Run(Run),
    /// Arm a gate or open it.
    Gate {
        /// The worker's name for the place.
        name: String,
        /// What to do there.
        action: GateAction,
    },
    /// End the run after the round that is going on, and answer as if it were complete.
    Stop,
    /// To a member: make a round ready; answered by [`FromWorker::Ready`].
    Round(Box<Round>),
    /// To a member: play the round; answered by [`FromWorker::Done`].
    Go {
        /// When to start: nanoseconds of the monotonic clock, which is one for all processes of a machine.
        at: u64,
        /// When to end, where the time ends it and not the program.
        until: Option<u64>,
    },
    /// To a member: its actors are at no end; answered by [`FromWorker::Waits`].
    Look,
    /// End the process. The end of stdin means the same.
    Teardown,
}

/// The trial and what a worker without a scenario parser needs of it in plain numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    /// [`VERSION`] of the harness.
    pub protocol: u32,
    /// The whole trial; a foreign worker reads `variant`, `params` and `seed`.
    pub trial: Trial,
    /// How many actors to start; our own workers know it from the trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actors: Option<u32>,
    /// Milliseconds without headway after which the worker should report a stall.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stall_ms: Option<u64>,
    /// To our own workers: that this one is one of several processes of the trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<Member>,
}

/// A process of a trial that has several. It is started by the trial's first process, the coordinator, and not by the
/// harness; it plays its actors and judges nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Its number, from 0.
    pub process: usize,
}

/// One round, as a member plays it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Round {
    /// Its number, from 0: what the actors are dealt hangs on it.
    pub number: u64,
    /// The directory of the component.
    pub dir: PathBuf,
    /// The directory of the journals.
    pub journals: PathBuf,
    /// What the coordinator's instance said its address is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// How often this member was started in the round before.
    pub life: u32,
    /// For each of its actors: how many of its calls were made by those.
    pub made: Vec<u64>,
    /// For each of its actors: the lowest serial number that its ids may have.
    pub first_serial: Vec<u64>,
}

/// One batch of rounds. All zero for our own workers, who run to the end of the trial's budget.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Number of the first round, from 1.
    pub round: u64,
    /// How many rounds.
    pub rounds: u64,
    /// Lowest serial number that ids may have. It rises from run to run, so that an item that comes out after its
    /// round was at rest is not taken for one of a later round.
    pub first_serial: u64,
    /// The calls of each actor in every round of the batch, as `increment(3)` or `flush`.
    pub programs: Vec<Vec<String>>,
}

/// What to do at a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GateAction {
    /// Hold the first actor that comes; those after it pass.
    Hold,
    /// Let the held actor go, and hold none until told again.
    Open,
}

/// What happened at a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GateState {
    /// An actor is held.
    Held,
    /// An actor went past a place that others may be waiting for.
    Passed,
    /// The worker let the held actor go by itself: the schedule could not be forced.
    Expired,
}

/// What a worker says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum FromWorker {
    /// First, unasked: who it is.
    Hello {
        /// [`VERSION`] of the worker.
        protocol: u32,
        /// Its name, for messages.
        name: String,
        /// Its process.
        pid: u32,
        /// What it is written in, for messages.
        language: String,
    },
    /// The answer to setup: the actors are started and wait.
    Ready {
        /// How many.
        actors: u32,
    },
    /// A sign of life, at least one in the silence limit; every 200 ms is usual.
    Progress(Progress),
    /// Our own workers: a judged finding, at once, so that it survives the worker.
    Finding {
        /// The finding as it is known now.
        finding: Box<Finding>,
    },
    /// Foreign workers: something wrong that the harness cannot see in a ledger.
    Violation(Reported),
    /// A piece of a round's history. Any number a round, in any order.
    History(History),
    /// The round is at rest and its history complete: settle it.
    Snapshot {
        /// Its number.
        round: u64,
        /// The ids that are still inside.
        retained: Vec<Id>,
        /// What was seen of the component from outside.
        #[serde(default, skip_serializing_if = "is_default")]
        seen: Seen,
        /// Processes of the component that were killed in the round.
        #[serde(default, skip_serializing_if = "is_default")]
        crashes: u32,
    },
    /// Something happened at a gate.
    Gate {
        /// The worker's name for the place.
        name: String,
        /// What happened.
        state: GateState,
    },
    /// Members: a sign of life.
    Beats {
        /// Of each actor: the ops it ended, times 65,536, plus one more than the number of the op it is in.
        beats: Vec<u64>,
    },
    /// Members: who waits for what.
    Waits(Waits),
    /// Members, before `done`: the latency of each op over their actors, as `HdrHistogram`s in the standard V2 encoding.
    Latencies {
        /// In the order of the subject's ops.
        histograms: Vec<String>,
    },
    /// Our own workers: the trial is over.
    Outcome {
        /// What it came to.
        outcome: Box<TrialOutcome>,
    },
    /// Foreign workers: the batch is over.
    Done {
        /// Rounds that came to rest.
        rounds: u64,
        /// Calls made.
        ops: u64,
    },
    /// The worker cannot run this trial; the verdict is `unknown` with this reason.
    Failed {
        /// Why, and what to change.
        message: String,
    },
}

/// The wait-for graph of a process whose actors make no headway.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waits {
    /// True if these waits will never end.
    pub deadlock: bool,
    /// The waits that there are.
    pub waits: Vec<Wait>,
}

/// How far a worker is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Progress {
    /// Executions (or rounds) that came to an end.
    pub executions: u64,
    /// Distinct interleavings; 0 where the engine cannot tell.
    pub distinct: u64,
    /// Deduplicated findings.
    pub findings: u64,
    /// Share of the budget that is used up, 0 to 1.
    pub spent: f64,
}

/// A violation as a foreign worker reports it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reported {
    /// The checker's word for it.
    pub kind: FindingKind,
    /// What tells it from another of its kind, the same in every run: part of the fingerprint.
    pub detail: String,
    /// For people.
    pub message: String,
    /// The ids concerned.
    #[serde(default)]
    pub ids: Vec<Id>,
}

impl From<Reported> for Violation {
    fn from(r: Reported) -> Self {
        Self { kind: r.kind, detail: r.detail, message: r.message, ids: r.ids }
    }
}

/// A piece of a round's history. What the worker cannot tell of an id it leaves out: the harness draws no conclusion
/// from a call that never answered but that both outcomes are legal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// Number of the round.
    pub round: u64,
    /// Ids whose call returned without an error.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<Id>,
    /// Ids that came out, once a delivery.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delivered: Vec<Id>,
    /// Ids given up on purpose.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evicted: Vec<Id>,
    /// Ids whose call said that it did not take them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejected: Vec<Id>,
    /// Ids whose call failed or never answered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uncertain: Vec<Id>,
    /// Calls that answered with an error.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<OpFailure>,
    /// Calls with their intervals, and marks, for components whose items have a history; those of one actor in order.
    /// The ids in them are accounted for and must not be in the lists above.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl History {
    /// The ids as a ledger, and the errors.
    #[must_use]
    pub fn into_parts(self) -> (Ledger, Vec<OpFailure>) {
        let Self { accepted, delivered, evicted, rejected, uncertain, errors, .. } = self;
        (Ledger { accepted, delivered, evicted, rejected, uncertain, ..Ledger::default() }, errors)
    }
}

/// Why a line is no message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProtocolError {
    /// It could not be read.
    #[error("line {line} is no message of the protocol: {problem}; it reads `{shown}`")]
    Line {
        /// Number of the line, from 1.
        line: u64,
        /// The parser's words.
        problem: String,
        /// The line, shortened and escaped.
        shown: String,
    },
    /// It could not be written.
    #[error("a message cannot be written: {0}")]
    Write(String),
}

/// Characters of a bad line that an error shows.
const SHOWN: usize = 120;

/// Reads one line.
///
/// # Errors
/// If it is not a message: the error names the line and shows it.
pub fn decode<M: DeserializeOwned>(line: u64, text: &[u8]) -> Result<M, ProtocolError> {
    serde_json::from_slice(text).map_err(|e| ProtocolError::Line { line, problem: e.to_string(), shown: shown(text) })
}

/// A message as a line, its line break included.
///
/// # Errors
/// If a value in it has no JSON form.
pub fn encode<M: Serialize>(message: &M) -> Result<String, ProtocolError> {
    let mut line = serde_json::to_string(message).map_err(|e| ProtocolError::Write(e.to_string()))?;
    line.push('\n');
    Ok(line)
}

/// The start of a line in a form that cannot repaint a terminal or forge lines of a report.
#[must_use]
pub fn shown(text: &[u8]) -> String {
    // A character has at most four bytes: no need to look at a 64 MiB line for the first 120 of them.
    let head = &text[..text.len().min(SHOWN * 4)];
    let lossy = String::from_utf8_lossy(head);
    let line = lossy.trim_end_matches(['\r', '\n']);
    let mut out = String::new();
    for c in line.chars().take(SHOWN) {
        if matches!(c, '"' | '\'') { out.push(c) } else { out.extend(c.escape_debug()) }
    }
    if line.chars().nth(SHOWN).is_some() || head.len() < text.len() {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests;
