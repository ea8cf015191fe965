//! The operations of a program, told apart by what stays the same from one execution to the next.

use crate::distinct::Identity;
use racehunt_sync::hook::{self, ActorId, ObjectId, Pending};
use std::collections::HashMap;
use std::hash::BuildHasherDefault;

/// Operations told apart at most: a program that makes new objects for ever would have new ones for ever.
const MOST: usize = 1 << 16;

/// What an operation is to the others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operation {
    /// The object that it touches.
    pub(super) object: ObjectId,
    /// True unless it commutes with reads.
    pub(super) write: bool,
}

impl Operation {
    /// True if the order of the two can matter.
    pub(super) fn conflicts(self, other: Self) -> bool {
        self.object == other.object && (self.write || other.write)
    }
}

/// Numbers for operations: one for each role, place, kind and object. Actors that were started at the same place of the
/// code under test have the same role, so that a hundred of them are as one. Objects go by the order in which they were
/// made: where that differs between executions an operation has several numbers, which costs turns and nothing else.
#[derive(Debug, Default)]
pub(super) struct Operations {
    numbers: HashMap<u64, u32, BuildHasherDefault<Identity>>,
    known: Vec<Operation>,
}

/// What an actor is, in terms of the code: where it was started. The actors of a scenario are all started by the
/// harness, and each does something else.
pub(super) fn role(actor: ActorId) -> u64 {
    match hook::started_at(actor) {
        Some(site) if site.file() != crate::model::FILE => std::ptr::from_ref(site) as u64,
        _ => u64::from(actor),
    }
}

impl Operations {
    /// The number of what an actor in `role` is about to do; `None` if it can race with nothing.
    pub(super) fn number(&mut self, role: u64, pending: &Pending) -> Option<u32> {
        if pending.object == 0 || pending.kind.is_invisible() {
            return None;
        }
        // Addresses decide nothing but where in the table a number lies; numbers go by who comes first.
        let place = std::ptr::from_ref(pending.site) as u64;
        let what = u64::from(pending.object) << 8 | pending.kind as u64;
        let key = mix(mix(mix(role) ^ place) ^ what);
        if let Some(number) = self.numbers.get(&key) {
            return Some(*number);
        }
        let number = self.known.len();
        if number == MOST {
            return None;
        }
        self.numbers.insert(key, number as u32);
        self.known.push(Operation { object: pending.object, write: pending.kind.is_write() });
        Some(number as u32)
    }

    /// The operation of a number given out.
    pub(super) fn get(&self, number: u32) -> Operation {
        self.known[number as usize]
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.known.len()
    }
}

/// splitmix64's finaliser.
pub(super) fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
