//! A finding: one failure, deduplicated, with what is needed to see it again.

use crate::exact::Exact;
use crate::id::Id;
use crate::interleaving::Interleaving;
use crate::plan::{ActorProgram, Trial};
use crate::token::Token;
use serde::{Deserialize, Serialize};

mod shrunk;

pub use shrunk::{ShrinkEnd, Shrunk, Size, Switches};

/// Which checker rejected the execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// Accepted ids are nowhere at rest.
    Lost,
    /// Ids were delivered more than once.
    Duplicated,
    /// Ids came out that nobody put in.
    Phantom,
    /// More deliveries than accepted ids.
    OverDelivered,
    /// A call answered with an error.
    Error,
    /// An actor panicked.
    Panic,
    /// All actors left wait for each other.
    Deadlock,
    /// No progress for longer than the limit, in real time.
    Stall,
    /// The bound on steps was hit.
    Livelock,
    /// A latency limit was broken.
    Latency,
    /// Two unsynchronised accesses to a plain cell.
    DataRace,
    /// More items inside than the subject's own bound allows.
    OverBound,
    /// An item stood where all can see it and does not parse.
    Unreadable,
    /// A listing left out what was there throughout.
    Missed,
    /// A call's count is not what it did.
    Miscount,
    /// Items left in another order than the contract says.
    Misordered,
    /// A call that said no had done something.
    SideEffect,
    /// A handler was called after the call that took it out had answered.
    LateCall,
    /// What was read is not what is there, after the time that the contract allows.
    Stale,
    /// What had failed was not noticed in the time that the contract allows.
    Undetected,
    /// What had not failed was declared failed.
    FalseAlarm,
    /// An invariant of the subject alone is broken.
    Invariant,
}

impl FindingKind {
    /// Every kind, in the order of reports.
    pub const ALL: [Self; 22] = [
        Self::Lost,
        Self::Duplicated,
        Self::Phantom,
        Self::OverDelivered,
        Self::Error,
        Self::Panic,
        Self::Deadlock,
        Self::Stall,
        Self::Livelock,
        Self::Latency,
        Self::DataRace,
        Self::OverBound,
        Self::Unreadable,
        Self::Missed,
        Self::Miscount,
        Self::Misordered,
        Self::SideEffect,
        Self::LateCall,
        Self::Stale,
        Self::Undetected,
        Self::FalseAlarm,
        Self::Invariant,
    ];

    /// The word used in scenarios and reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Duplicated => "duplicated",
            Self::Phantom => "phantom",
            Self::OverDelivered => "over-delivered",
            Self::Error => "error",
            Self::Panic => "panic",
            Self::Deadlock => "deadlock",
            Self::Stall => "stall",
            Self::Livelock => "livelock",
            Self::Latency => "latency",
            Self::DataRace => "data-race",
            Self::OverBound => "over-bound",
            Self::Unreadable => "unreadable",
            Self::Missed => "missed",
            Self::Miscount => "miscount",
            Self::Misordered => "misordered",
            Self::SideEffect => "side-effect",
            Self::LateCall => "late-call",
            Self::Stale => "stale",
            Self::Undetected => "undetected",
            Self::FalseAlarm => "false-alarm",
            Self::Invariant => "invariant",
        }
    }
}

impl std::fmt::Display for FindingKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

/// One deduplicated failure of a trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// 16 hex digits over subject, variant, kind and detail: the same failure has the same one in every run,
    /// engine and seed.
    pub fingerprint: String,
    /// Which checker says so.
    pub kind: FindingKind,
    /// What tells it from another of its kind.
    pub detail: String,
    /// For people: the first (or shortest) case seen.
    pub message: String,
    /// Row of the race catalogue, where an expectation of the scenario names it.
    pub race: Option<String>,
    /// Executions (or rounds) in which it was seen.
    pub count: u64,
    /// Number of the first execution that showed it, from 1.
    pub first_execution: u64,
    /// The first ids concerned, at most 8.
    pub ids: Vec<Id>,
    /// How to see it again.
    pub repro: Repro,
    /// The steps, laid out by actor; `None` where the engine cannot tell.
    pub interleaving: Option<Interleaving>,
    /// Of a finding of real threads: what models make of it. `null` for all others, and where nobody asked a model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exact: Option<Exact>,
}

/// How to see a finding again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Repro {
    /// A recorded schedule of the shuttle engine.
    Schedule {
        /// What each actor does: a part of the trial's program.
        program: Vec<ActorProgram>,
        /// Processes whose kill is left out, since it takes no part.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        spared: Vec<String>,
        /// The actor that runs at each step where more than one could, as runs: `0*3 1*5 0`.
        schedule: String,
        /// Seed of the values the execution draws.
        seed: u64,
        /// Context switches of the schedule as found and as kept.
        switches: Switches,
        /// The program as found and as kept, and how far shrinking came.
        shrunk: Shrunk,
        /// Replays that showed the same failure and the same steps, of those tried.
        confirmed: Confirmed,
        /// The same and what else a replay needs, as one line of text ([`crate::token`]); empty until the trial ends.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        token: String,
    },
    /// The number of an execution of the loom engine.
    Execution {
        /// What each actor does: a part of the trial's program.
        program: Vec<ActorProgram>,
        /// Processes whose kill is left out, since it takes no part.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        spared: Vec<String>,
        /// Preemption bound; `None` for none.
        preemptions: Option<usize>,
        /// Number of the execution, from 1.
        execution: u64,
        /// Context switches of the execution as found and as kept.
        switches: Switches,
        /// The program as found and as kept, and how far shrinking came.
        shrunk: Shrunk,
        /// Replays that showed the same failure and the same steps, of those tried.
        confirmed: Confirmed,
        /// The same and what else a replay needs, as one line of text ([`crate::token`]); empty until the trial ends.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        token: String,
    },
    /// Real threads: run again with the same seed and expect the same rate, not the same round.
    Statistical {
        /// Seed of the trial.
        seed: u64,
        /// Executions (rounds) that showed it.
        seen: u64,
        /// Executions (rounds) run.
        executions: u64,
    },
}

impl Finding {
    /// Gives the repro its token, now that it will not change any more. Of real threads there is none.
    pub fn sign(&mut self, trial: &Trial) {
        let made = Token::of(trial, self).map(|token| token.to_string());
        if let (Some(made), Repro::Schedule { token, .. } | Repro::Execution { token, .. }) = (made, &mut self.repro) {
            *token = made;
        }
    }
}

impl Repro {
    /// The token; `None` for real threads.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        match self {
            Self::Schedule { token, .. } | Self::Execution { token, .. } => {
                Some(token).filter(|t| !t.is_empty()).map(String::as_str)
            }
            Self::Statistical { .. } => None,
        }
    }
}

/// How often a replay showed the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirmed {
    /// Replays with the same failure and the same steps.
    pub same: u32,
    /// Replays tried.
    pub of: u32,
}

/// Fingerprint of a failure: FNV-1a over its parts, 16 hex digits.
#[must_use]
pub fn fingerprint(subject: &str, variant: &str, kind: FindingKind, detail: &str) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in [subject, variant, kind.word(), detail] {
        for byte in part.bytes().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    format!("{hash:016x}")
}
