//! What shrinking made of a finding, and how far it came.

use crate::plan::ActorProgram;
use serde::{Deserialize, Serialize};

/// Context switches before and after shrinking. One that is forced, by an actor's end or wait, does not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Switches {
    /// In the schedule as found.
    pub found: u32,
    /// In the schedule kept.
    pub kept: u32,
}

/// How much is executed. All 0 for a closure, which starts its own actors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Size {
    /// Actors.
    pub actors: u32,
    /// Ops over all actors.
    pub ops: u32,
    /// Kills of processes.
    pub kills: u32,
}

impl Size {
    /// The size of `program` with so many kills.
    #[must_use]
    pub fn of(program: &[ActorProgram], kills: usize) -> Self {
        let ops = program.iter().map(|actor| actor.ops.len()).sum::<usize>();
        Self { actors: program.len() as u32, ops: ops as u32, kills: kills as u32 }
    }
}

/// Why shrinking ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ShrinkEnd {
    /// It did not begin.
    #[default]
    NotTried,
    /// The run was stopped.
    Stopped,
    /// Its executions were used up: there may well be a smaller one.
    Budget,
    /// Everything one step smaller was tried, and none was seen to show it.
    Done,
}

/// A finding's way to what is kept of it. What is kept is the smallest that was *found*; only `fewest_switches` says more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shrunk {
    /// What was executed when it was found.
    pub found: Size,
    /// What is executed now.
    pub kept: Size,
    /// Why it ended there.
    pub end: ShrinkEnd,
    /// Every schedule of the kept program with fewer context switches was run, with the same draws, and none showed it.
    /// Never of loom, which leaves out schedules that nobody can tell from others.
    pub fewest_switches: bool,
    /// Executions spent on it.
    pub executions: u64,
}

impl Shrunk {
    /// Nothing was tried yet.
    #[must_use]
    pub fn not_tried(found: Size) -> Self {
        Self { found, kept: found, ..Self::default() }
    }
}
