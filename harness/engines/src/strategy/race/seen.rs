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

impl Race {
    /// The race, wherever in an execution it is.
    pub(super) fn pair(self) -> (u32, u32) {
        (self.first, self.then)
    }
}

#[derive(Clone, Copy, Debug)]
struct Access {
    actor: ActorId,
    number: u32,
    nth: u32,
    /// Its place in the order of all steps.
    at: usize,
}

/// What an actor comes after, whoever is picked: its start, and the ends that it waited for.
#[derive(Clone, Debug, Default)]
struct After {
    parent: Option<ActorId>,
    /// Place in the order of all steps at which it was first heard of.
    begun: usize,
    joined: Vec<ActorId>,
}

impl After {
    /// True if the order of `access` and what the actor does now can be no other.
    fn follows(&self, access: &Access) -> bool {
        (self.parent == Some(access.actor) && access.at < self.begun) || self.joined.contains(&access.actor)
    }
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
    /// The first race of each pair of numbers. What a start or a join puts in order is none.
    pub(super) races: Vec<Race>,
    handed: HashSet<(Option<u32>, u32)>,
    signature: u64,
    last: Vec<Last>,
    actors: Vec<After>,
}

impl Seen {
    /// Forgets the execution.
    pub(super) fn clear(&mut self) {
        self.steps.clear();
        self.races.clear();
        self.handed.clear();
        self.signature = 0;
        self.last.clear();
        self.actors.clear();
    }

    /// A new actor, the next in number.
    pub(super) fn began(&mut self, parent: Option<ActorId>) {
        self.actors.push(After { parent, begun: self.steps.len(), joined: Vec::new() });
    }

    /// `actor` waited for the end of `other`, and so for all that `other` waited for.
    pub(super) fn joined(&mut self, actor: ActorId, other: ActorId) {
        let mut too = self.actors.get(other as usize).map_or_else(Vec::new, |after| after.joined.clone());
        if let Some(after) = self.actors.get_mut(actor as usize) {
            after.joined.append(&mut too);
            after.joined.push(other);
        }
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
        let me = Access { actor, number, nth, at: self.steps.len() };
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
            let must = self.actors.get(actor as usize).is_some_and(|after| after.follows(&access));
            if !must && self.hands(Some(access.number), number) && self.races.len() < MOST_RACES {
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
