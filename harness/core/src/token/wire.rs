//! The bytes of a token: one struct, packed by `postcard`, deflated.

use super::trail::{Mark, Trail};
use super::{How, Token};
use crate::finding::FindingKind;
use crate::plan::ActorProgram;
use crate::schedule::Schedule;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::{Deserialize, Serialize};
use std::io::{Read, Write};

/// Bytes that a token unpacks to at most, and steps and choices that it has: far above any execution's bound.
const MOST: u64 = 10_000_000;

/// Kinds of steps that are written as a number. Never reordered; at its end more can follow.
const KINDS: [&str; 26] = [
    "note",
    "start",
    "spawn",
    "join",
    "lock",
    "try-lock",
    "unlock",
    "read-lock",
    "try-read-lock",
    "read-unlock",
    "load",
    "store",
    "rmw",
    "fence",
    "wait",
    "notify",
    "send",
    "recv",
    "park",
    "unpark",
    "yield",
    "sleep",
    "read",
    "write",
    "init",
    "kill",
];

/// Marks a kind that is written out in [`Packed::others`].
const OTHER: u8 = u8::MAX;

/// A run: a value, and how often it comes.
type Run = (u32, u32);

/// What a token is made of. Values of types that only a self-describing format can read are JSON, empty for the default.
#[derive(Serialize, Deserialize)]
struct Packed {
    subject: String,
    variant: String,
    params: String,
    faults: String,
    program: Vec<Actor>,
    #[serde(with = "postcard::fixint::le")]
    seed: u64,
    how: PackedHow,
    kind: String,
    #[serde(with = "postcard::fixint::le")]
    fingerprint: u64,
    trail: Option<PackedTrail>,
}

#[derive(Serialize, Deserialize)]
struct Actor {
    name: String,
    process: Option<String>,
    ops: Vec<String>,
}

#[derive(Serialize, Deserialize)]
enum PackedHow {
    Schedule { strategy: String, steps: u64, picks: Vec<Run> },
    Execution { preemptions: Option<u64>, execution: u64 },
}

/// Columns and not rows: each compresses better by itself.
#[derive(Serialize, Deserialize)]
struct PackedTrail {
    around: (u32, u32),
    actors: Vec<Run>,
    kinds: Vec<u8>,
    others: Vec<String>,
    digests: Vec<u8>,
}

pub(super) fn pack(token: &Token) -> Vec<u8> {
    let bytes = postcard::to_stdvec(&Packed::of(token)).expect("plain values into memory");
    let mut deflate = DeflateEncoder::new(Vec::new(), Compression::best());
    deflate.write_all(&bytes).and_then(|()| deflate.finish()).expect("memory takes all")
}

pub(super) fn unpack(bytes: &[u8]) -> Result<Token, String> {
    let mut plain = Vec::new();
    DeflateDecoder::new(bytes).take(MOST).read_to_end(&mut plain).map_err(|e| e.to_string())?;
    let packed: Packed = postcard::from_bytes(&plain).map_err(|e| e.to_string())?;
    packed.token()
}

impl Packed {
    fn of(token: &Token) -> Self {
        let json =
            |empty, text: serde_json::Result<String>| if empty { String::new() } else { text.unwrap_or_default() };
        let actor = |actor: &ActorProgram| Actor {
            name: actor.name.clone(),
            process: actor.process.clone(),
            ops: actor.ops.iter().map(ToString::to_string).collect(),
        };
        let how = match &token.how {
            How::Schedule { strategy, steps, picks } => {
                PackedHow::Schedule { strategy: strategy.to_string(), steps: *steps as u64, picks: runs(&picks.0) }
            }
            How::Execution { preemptions, execution } => {
                PackedHow::Execution { preemptions: preemptions.map(|n| n as u64), execution: *execution }
            }
        };
        Self {
            subject: token.subject.clone(),
            variant: token.variant.clone(),
            params: json(token.params.is_empty(), serde_json::to_string(&token.params)),
            faults: json(token.faults.is_empty(), serde_json::to_string(&token.faults)),
            program: token.program.iter().map(actor).collect(),
            seed: token.seed,
            how,
            kind: token.kind.word().to_owned(),
            fingerprint: u64::from_str_radix(&token.fingerprint, 16).unwrap_or_default(),
            trail: token.trail.as_ref().map(PackedTrail::of),
        }
    }

    fn token(self) -> Result<Token, String> {
        let how = match self.how {
            PackedHow::Schedule { strategy, steps, picks } => How::Schedule {
                strategy: strategy.parse().map_err(|_| format!("it knows no strategy {strategy:?}"))?,
                steps: steps as usize,
                picks: Schedule(spread(&picks)?),
            },
            PackedHow::Execution { preemptions, execution } => {
                How::Execution { preemptions: preemptions.map(|n| n as usize), execution }
            }
        };
        let kind = FindingKind::ALL.into_iter().find(|kind| kind.word() == self.kind);
        Ok(Token {
            subject: self.subject,
            variant: self.variant,
            params: from_json(&self.params)?,
            faults: from_json(&self.faults)?,
            program: self.program.into_iter().map(Actor::program).collect::<Result<_, _>>()?,
            seed: self.seed,
            how,
            kind: kind.ok_or_else(|| format!("it knows no finding of the kind {:?}", self.kind))?,
            fingerprint: format!("{:016x}", self.fingerprint),
            trail: self.trail.map(PackedTrail::trail).transpose()?,
        })
    }
}

impl Actor {
    fn program(self) -> Result<ActorProgram, String> {
        let op = |text: String| text.parse().map_err(|_| format!("{text:?} is no op"));
        let ops = self.ops.into_iter().map(op).collect::<Result<_, _>>()?;
        Ok(ActorProgram { name: self.name, ops, process: self.process })
    }
}

impl PackedTrail {
    fn of(trail: &Trail) -> Self {
        let number = |word: &str| KINDS.iter().position(|known| *known == word).map(|at| at as u8);
        let column = |mark: &Mark| number(&mark.kind).unwrap_or(OTHER);
        let other = |mark: &Mark| number(&mark.kind).is_none().then(|| mark.kind.clone());
        Self {
            around: trail.around,
            actors: runs(&trail.marks.iter().map(|mark| mark.actor).collect::<Vec<_>>()),
            kinds: trail.marks.iter().map(column).collect(),
            others: trail.marks.iter().filter_map(other).collect(),
            digests: trail.marks.iter().map(|mark| mark.digest).collect(),
        }
    }

    fn trail(self) -> Result<Trail, String> {
        let actors = spread(&self.actors)?;
        if actors.len() != self.kinds.len() || actors.len() != self.digests.len() {
            return Err("its steps do not fit together".to_owned());
        }
        let mut others = self.others.into_iter();
        let mut word = |number: u8| match KINDS.get(usize::from(number)) {
            Some(known) => Ok((*known).to_owned()),
            None => others.next().ok_or_else(|| format!("it knows no step of the kind {number}")),
        };
        let marks = actors.into_iter().zip(self.kinds).zip(self.digests);
        let mark = |((actor, kind), digest)| Ok(Mark { actor, kind: word(kind)?, digest });
        Ok(Trail { around: self.around, marks: marks.map(mark).collect::<Result<_, String>>()? })
    }
}

fn from_json<T: Default + serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    if text.is_empty() { Ok(T::default()) } else { serde_json::from_str(text).map_err(|e| e.to_string()) }
}

fn runs(values: &[u32]) -> Vec<Run> {
    values.chunk_by(|a, b| a == b).map(|run| (run[0], run.len() as u32)).collect()
}

fn spread(runs: &[Run]) -> Result<Vec<u32>, String> {
    if runs.iter().map(|run| u64::from(run.1)).sum::<u64>() > MOST {
        return Err(format!("it has more than {MOST} steps"));
    }
    Ok(runs.iter().flat_map(|(value, times)| std::iter::repeat_n(*value, *times as usize)).collect())
}
