//! What an execution showed: its steps, and who handed which object to whom.

use super::operations::{Operation, mix};
use racehunt_sync::hook::ActorId;
use std::collections::HashSet;

/// Races noted an execution: what a parent keeps is bounded.
const MOST_RACES: usize = 200;

/// Two operations of different actors on one object, in the order in which they happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Race {
    /// Number of the one that came first.
    pub(super) first: u32,
    /// It was the how-manieth of its number, from 1.
    pub(super) nth: u32,
    /// Number of the one that came next.
    pub(super) then: u32,
}

#[derive(Clone, Copy, Debug)]
struct Access {
    actor: ActorId,
    number: u32,
    nth: u32,
}

/// The last write of an object, and the last read since.
#[derive(Clone, Debug, Default)]
struct Last {
    write: Option<Access>,
    read: Option<Access>,
}

/// The execution that runs.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Actor of each visible step.
    pub(super) steps: Vec<ActorId>,
    /// The first race of each pair of numbers.
    pub(super) races: Vec<Race>,
    handed: HashSet<(Option<u32>, u32)>,
    signature: u64,
    last: Vec<Last>,
}

impl Seen {
    /// Forgets the execution.
    pub(super) fn clear(&mut self) {
        self.steps.clear();
        self.races.clear();
        self.handed.clear();
        self.signature = 0;
        self.last.clear();
    }

    /// The same for two executions with the same set of hand-offs: (operation, next one on that object that does not
    /// commute with it), and who came first. That is coarser than an order of each object's operations, on purpose: there
    /// are as many of those as executions, and what is always new guides nobody.
    pub(super) fn signature(&self) -> u64 {
        self.signature
    }

    /// `actor` did the operation `number`, the `nth` time that it was done.
    pub(super) fn touched(&mut self, actor: ActorId, number: u32, nth: u32, operation: Operation) {
        let at = operation.object as usize;
        if self.last.len() <= at {
            self.last.resize(at + 1, Last::default());
        }
        let me = Access { actor, number, nth };
        let last = &mut self.last[at];
        let before = if operation.write {
            [last.write.replace(me), last.read.take()]
        } else {
            last.read = Some(me);
            [last.write, None]
        };
        if before.iter().all(Option::is_none) {
            self.hands(None, number);
        }
        for access in before.into_iter().flatten().filter(|a| a.actor != actor) {
            if self.hands(Some(access.number), number) && self.races.len() < MOST_RACES {
                self.races.push(Race { first: access.number, nth: access.nth, then: number });
            }
        }
    }

    fn hands(&mut self, from: Option<u32>, to: u32) -> bool {
        let new = self.handed.insert((from, to));
        if new {
            let from = from.map_or(u64::MAX, u64::from);
            self.signature = self.signature.wrapping_add(mix(mix(from) ^ u64::from(to)));
        }
        new
    }
}
