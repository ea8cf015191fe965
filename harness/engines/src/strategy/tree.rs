//! The same actor in every execution.

use racehunt_sync::hook;

/// Slots of actors: the first actor has slot 0, and every other one the slot of "the k-th that its parent started", so
/// that a slot means the same actor in every execution, in whichever order they were started.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// By slot: the slots of what it starts.
    children: Vec<Vec<u32>>,
    /// By slot: that of its parent; its own for one that has none.
    parents: Vec<u32>,
    /// By actor of this execution.
    slots: Vec<u32>,
    /// By slot: how many it started in this execution.
    started: Vec<u32>,
}

impl Tree {
    /// Begins an execution.
    pub(super) fn begin(&mut self) {
        self.slots.clear();
        self.started.fill(0);
    }

    /// Slots there are.
    pub(super) fn len(&self) -> usize {
        self.parents.len()
    }

    /// The slot of an actor that has one.
    pub(super) fn slot(&self, actor: u32) -> usize {
        self.slots[actor as usize] as usize
    }

    /// Each slot with that of its parent, children before their parents.
    pub(super) fn upwards(&self) -> impl Iterator<Item = (usize, usize)> {
        self.parents.iter().enumerate().skip(1).rev().map(|(slot, parent)| (slot, *parent as usize))
    }

    /// Gives the next actor of this execution a slot; returns it, and its parent.
    pub(super) fn add(&mut self) -> (usize, Option<u32>) {
        let parent = hook::parent(self.slots.len() as u32).filter(|p| (*p as usize) < self.slots.len());
        // Actors that the hook does not know of (no engine, or not the facade's) hang on the first.
        let parent = if self.slots.is_empty() { None } else { Some(parent.unwrap_or(0)) };
        let slot = match parent {
            None if self.parents.is_empty() => self.new_slot(0),
            None => 0,
            Some(parent) => {
                let above = self.slot(parent);
                let nth = self.started[above] as usize;
                self.started[above] += 1;
                match self.children[above].get(nth) {
                    Some(slot) => *slot as usize,
                    None => {
                        let slot = self.new_slot(above);
                        self.children[above].push(slot as u32);
                        slot
                    }
                }
            }
        };
        self.slots.push(slot as u32);
        (slot, parent)
    }

    fn new_slot(&mut self, parent: usize) -> usize {
        self.parents.push(parent as u32);
        self.children.push(Vec::new());
        self.started.push(0);
        self.parents.len() - 1
    }
}
