//! Replay tokens: one line of text that is enough to see a finding of a model engine again, with the code it came from.
//!
//! `rh1:` and then base64url without padding, so that it survives shells, chats and file names. Inside: a CRC-32, and
//! what is told below, packed by `postcard` and deflated. A token that was mangled on its way is refused, and a token
//! whose code has changed tells the first step that is another one ([`Trail`]).

mod trail;
mod wire;

pub use trail::{Differs, Trail};

use crate::finding::{Finding, FindingKind, Repro};
use crate::plan::{ActorProgram, EngineConfig, LoomConfig, Params, Program, ShuttleConfig, Trial};
use crate::scenario::{Fault, Limits, Strategy, Timespan};
use crate::schedule::Schedule;
use crate::shrink::Case;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fmt;
use std::str::FromStr;

/// How a token of this version begins.
const PREFIX: &str = "rh1:";

/// The variant of a closure, which has only one.
pub const CLOSURE: &str = "closure";

/// What is needed to see a finding again.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// Name of the subject; of a closure, the hunt's.
    pub subject: String,
    /// Name of the variant; of a closure [`CLOSURE`].
    pub variant: String,
    /// The parameters that the scenario set.
    pub params: Params,
    /// What goes wrong in the execution.
    pub faults: Vec<Fault>,
    /// What each actor does; empty for a closure, whose code says it.
    pub program: Vec<ActorProgram>,
    /// Seed of the values the execution draws.
    pub seed: u64,
    /// Which execution it is.
    pub how: How,
    /// Which checker rejected it.
    pub kind: FindingKind,
    /// Fingerprint of the finding, 16 hex digits.
    pub fingerprint: String,
    /// What the execution did, step by step; `None` if the run was stopped before it recorded them.
    pub trail: Option<Trail>,
}

/// Which of all executions a token means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// The one of the shuttle engine with these picks.
    Schedule {
        /// The strategy that found it; a replay does not need it.
        strategy: Strategy,
        /// Steps after which it is a livelock.
        steps: usize,
        /// The actor picked at each choice.
        picks: Schedule,
    },
    /// The one with this number of the loom engine.
    Execution {
        /// Preemption bound; `None` for none.
        preemptions: Option<usize>,
        /// Its number, from 1.
        execution: u64,
    },
}

/// Why a text is no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It does not begin as one.
    #[error("not a replay token: it begins with `rh1:`")]
    NoToken,
    /// It is of another version.
    #[error("a replay token of version {0}; this build reads version 1")]
    Version(u32),
    /// Letters were lost, added or changed.
    #[error("the replay token is mangled: {0}; copy the whole of it again")]
    Mangled(&'static str),
    /// It is as it was made, and not by this version of the format.
    #[error("the replay token was made by another build of racehunt: {0}")]
    Foreign(String),
}

impl Token {
    /// True for a text that is meant to be a token, of whatever version.
    #[must_use]
    pub fn is_meant(text: &str) -> bool {
        version(text).is_some()
    }

    /// The token of a finding; `None` for real threads, which have no schedule to replay, and for mutants.
    #[must_use]
    pub fn of(trial: &Trial, finding: &Finding) -> Option<Self> {
        if trial.mutation.is_some() {
            return None;
        }
        let (program, spared, seed, how) = match (&finding.repro, &trial.engine) {
            (Repro::Schedule { program, spared, schedule, seed, .. }, EngineConfig::Shuttle(config)) => {
                let picks = schedule.parse().ok()?;
                (program, spared, *seed, How::Schedule { strategy: config.strategy, steps: config.steps, picks })
            }
            (Repro::Execution { program, spared, preemptions, execution, .. }, _) => {
                (program, spared, trial.seed, How::Execution { preemptions: *preemptions, execution: *execution })
            }
            _ => return None,
        };
        let case = Case { program: program.clone(), spared: spared.clone() };
        Some(Self {
            subject: trial.subject.clone(),
            variant: trial.variant.clone(),
            params: trial.params.clone(),
            faults: case.trial(trial).faults,
            program: case.program,
            seed,
            how,
            kind: finding.kind,
            fingerprint: finding.fingerprint.clone(),
            trail: finding.interleaving.as_ref().map(Trail::of),
        })
    }

    /// True if it is of a closure: only the test that has it can replay it.
    #[must_use]
    pub fn is_closure(&self) -> bool {
        self.program.is_empty()
    }

    /// The trial of one execution, for an engine to open the subject by.
    #[must_use]
    pub fn trial(&self) -> Trial {
        let threads = self.program.len();
        let ops_per_thread = self.program.iter().map(|actor| actor.ops.len()).max().unwrap_or_default();
        let time = Timespan::seconds(60);
        let engine = match &self.how {
            How::Schedule { strategy, steps, .. } => EngineConfig::Shuttle(ShuttleConfig {
                threads,
                ops_per_thread,
                strategy: *strategy,
                executions: 1,
                time,
                steps: *steps,
                reduce: false,
                seek: None,
            }),
            How::Execution { preemptions, execution } => EngineConfig::Loom(LoomConfig {
                threads,
                ops_per_thread,
                preemptions: vec![*preemptions],
                executions: Some(*execution),
                time,
            }),
        };
        let suffix = match &self.how {
            How::Schedule { strategy, .. } => format!("/{strategy}"),
            How::Execution { .. } => String::new(),
        };
        Trial {
            id: format!("{}/{}/{}{suffix}", self.subject, self.variant, engine.kind()),
            scenario: String::new(),
            subject: self.subject.clone(),
            variant: self.variant.clone(),
            params: self.params.clone(),
            program: Program::Actors(self.program.clone()),
            engine,
            faults: self.faults.clone(),
            limits: Limits::default(),
            seed: self.seed,
            mutation: None,
        }
    }
}

/// The number in `rh1:`.
fn version(text: &str) -> Option<u32> {
    let (number, _) = text.trim_start().strip_prefix("rh")?.split_once(':')?;
    number.parse().ok()
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let packed = wire::pack(self);
        let mut bytes = crc32fast::hash(&packed).to_le_bytes().to_vec();
        bytes.extend(packed);
        write!(f, "{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for Token {
    type Err = TokenError;

    /// Reads a token; line breaks and spaces that it picked up on its way do not matter.
    fn from_str(text: &str) -> Result<Self, TokenError> {
        let joined: String = text.split_whitespace().collect();
        match version(&joined) {
            None => return Err(TokenError::NoToken),
            Some(1) => {}
            Some(other) => return Err(TokenError::Version(other)),
        }
        let letters = joined.strip_prefix(PREFIX).ok_or(TokenError::NoToken)?;
        let bytes = URL_SAFE_NO_PAD.decode(letters).map_err(|_| TokenError::Mangled("letters are missing or wrong"))?;
        let (sum, packed) = bytes.split_first_chunk::<4>().ok_or(TokenError::Mangled("it is cut off"))?;
        if crc32fast::hash(packed) != u32::from_le_bytes(*sum) {
            return Err(TokenError::Mangled("its checksum does not hold"));
        }
        wire::unpack(packed).map_err(TokenError::Foreign)
    }
}

#[cfg(test)]
mod tests;
