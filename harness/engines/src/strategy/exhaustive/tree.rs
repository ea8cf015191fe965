//! The choices of a search that is done in parts, at the same time or one after the other.
//!
//! A part explores all that begins with one actor's step at one choice, up to a number of executions; what it has not come
//! to then are choices of the tree. What races ask of choices outside of a part is told to the tree, which sees to it that
//! nothing is tried twice. A choice has one part at a time: the next one has to know what the step of the last one did, to
//! let it sleep. Parts are dealt and taken back in an order that depends on nothing but the program.

use super::access::{Accesses, Heeds};
use super::node::Node;
use std::collections::BTreeMap;

/// The way to a part: choices with the actor to be taken at each, and what is known there.
#[derive(Clone, Debug, Default)]
pub struct Part {
    pub(super) path: Vec<Node>,
    /// The choice of the tree that it belongs to.
    branch: Option<u64>,
    pub(super) heeds: Heeds,
}

/// What came of a part.
#[derive(Debug, Default)]
pub struct Rest {
    /// What the part's first step did.
    pub(super) does: Accesses,
    /// What races ask of the choices on the way, by their place there.
    pub(super) asked: Vec<(usize, Vec<u32>)>,
    /// The choices that it has not finished, each with an actor that leads to the next.
    pub(super) nodes: Vec<Node>,
    /// What all parts have to heed: what did not was on false grounds.
    pub(super) heeds: Heeds,
    /// The same: locks are tried that were not known to be.
    pub(super) anew: bool,
}

impl Rest {
    /// The part to begin with again, if all that was explored rests on false grounds.
    #[must_use]
    pub fn begin_anew(&self, part: &Part) -> Option<Part> {
        let heeds = part.heeds.and(self.heeds);
        (self.anew || heeds != part.heeds).then(|| Part { heeds, ..Part::default() })
    }
}

#[derive(Debug)]
struct Branch {
    node: Node,
    /// The choice before, and the actor that leads here from it.
    parent: Option<(u64, u32)>,
    /// A part of it is being explored.
    busy: bool,
    /// Choices that begin here and are not finished.
    below: usize,
}

/// Choices with something left, by the order in which they were met.
#[derive(Debug, Default)]
pub struct Tree {
    branches: BTreeMap<u64, Branch>,
    next: u64,
    heeds: Heeds,
}

impl Tree {
    /// The tree of a search of which `rest` is left.
    pub fn new(part: &Part, rest: Rest) -> Self {
        let mut tree = Self { heeds: part.heeds.and(rest.heeds), ..Self::default() };
        tree.take(part, rest);
        tree
    }

    /// True if nothing is left.
    pub fn is_empty(&self) -> bool {
        self.branches.is_empty()
    }

    /// Choices with something left, there or behind.
    #[must_use]
    pub fn len(&self) -> usize {
        self.branches.len()
    }

    /// Up to `most` parts, those that were met last first.
    pub fn deal(&mut self, most: usize) -> Vec<Part> {
        let mut chosen = Vec::new();
        for (id, branch) in self.branches.iter_mut().rev() {
            if chosen.len() == most {
                break;
            }
            if !branch.busy && branch.node.next() {
                branch.busy = true;
                chosen.push(*id);
            }
        }
        chosen.into_iter().map(|id| self.part(id)).collect()
    }

    fn part(&self, id: u64) -> Part {
        let mut path = vec![self.branches[&id].node.clone()];
        let mut at = id;
        while let Some((parent, actor)) = self.branches[&at].parent {
            let mut node = self.branches[&parent].node.clone();
            node.sleepers.clear();
            node.choose(actor);
            path.push(node);
            at = parent;
        }
        path.reverse();
        for node in &mut path {
            node.asked = Some(Vec::new());
        }
        Part { path, branch: Some(id), heeds: self.heeds }
    }

    /// Takes back what came of a part.
    pub fn take(&mut self, part: &Part, rest: Rest) {
        let mut way: Vec<u64> = Vec::new();
        let mut at = part.branch;
        while let Some(id) = at {
            way.push(id);
            at = self.branches[&id].parent.map(|p| p.0);
        }
        way.reverse();
        for (place, heads) in &rest.asked {
            self.branch(way[*place]).node.want_one(heads);
        }
        let mut parent = part.branch.zip(part.path.last().map(Node::actor));
        if let Some((id, _)) = parent {
            let branch = self.branch(id);
            branch.busy = false;
            branch.node.tried(rest.does);
        }
        for node in rest.nodes {
            let (id, actor) = (self.next, node.actor());
            self.next += 1;
            if let Some((parent, _)) = parent {
                self.branch(parent).below += 1;
            }
            self.branches.insert(id, Branch { node, parent, busy: false, below: 0 });
            parent = Some((id, actor));
        }
        let mut last = parent.map(|p| p.0);
        while let Some(id) = last {
            let branch = self.branch(id);
            if branch.busy || branch.below > 0 || branch.node.wants() {
                return;
            }
            last = branch.parent.map(|p| p.0);
            self.branches.remove(&id);
            if let Some(parent) = last {
                self.branch(parent).below -= 1;
            }
        }
    }

    fn branch(&mut self, id: u64) -> &mut Branch {
        self.branches.get_mut(&id).expect("a choice stays until all that begins there is done")
    }
}
