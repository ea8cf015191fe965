//! Uniform random walk.

use super::tree::Tree;
use super::{End, Point, Strategy};
use racehunt_sync::hook;
use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// URW: each actor is picked with a chance in proportion to the operations that it and the actors it is still to start
/// have left, so that all interleavings of a program of known lengths are equally likely.
///
/// Source: Zhao, Wolff, Mathur, Roychoudhury, "Selectively Uniform Concurrency Testing", ASPLOS 2025. Deviations: the
/// lengths are the largest seen so far, so that they settle after a few executions rather than one. Steps that no other
/// actor can see the moment of (start, spawn, join, unlock) are not counted, forced ones are.
#[derive(Debug)]
pub struct Urw {
    rng: Pcg64Mcg,
    tree: Tree,
    /// By slot: operations of this execution, the most in any, and these with all that it starts.
    made: Vec<u32>,
    most: Vec<u32>,
    expected: Vec<u32>,
    /// By actor: what it has left.
    left: Vec<u32>,
}

impl Urw {
    /// A walk that depends on `seed` alone.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            rng: Pcg64Mcg::seed_from_u64(seed),
            tree: Tree::default(),
            made: Vec::new(),
            most: Vec::new(),
            expected: Vec::new(),
            left: Vec::new(),
        }
    }

    /// Gives the actors that are new their share of what was expected of their parents.
    fn meet(&mut self, actors: usize) {
        while self.left.len() < actors {
            let (slot, parent) = self.tree.add();
            let expected = self.expected.get(slot).copied().unwrap_or_default();
            self.left.push(expected);
            if let Some(parent) = parent {
                let above = &mut self.left[parent as usize];
                *above = above.saturating_sub(expected);
            }
        }
    }

    /// What an actor that can run has left: one operation at least.
    fn weight(&self, actor: u32) -> u64 {
        u64::from(self.left[actor as usize].max(1))
    }
}

impl Strategy for Urw {
    fn begin(&mut self) -> bool {
        self.tree.begin();
        self.left.clear();
        self.made.clear();
        self.expected.clone_from(&self.most);
        self.expected.resize(self.tree.len(), 0);
        for (slot, parent) in self.tree.upwards() {
            self.expected[parent] += self.expected[slot];
        }
        true
    }

    fn watches(&self) -> bool {
        true
    }

    fn steps(&mut self, actor: u32) {
        let (actors, counts) = hook::with_pending(|pending| {
            let op = pending.get(actor as usize).and_then(Option::as_ref);
            (pending.len(), op.is_some_and(|op| !op.kind.is_invisible()))
        });
        self.meet(actors.max(actor as usize + 1));
        if counts {
            let slot = self.tree.slot(actor);
            self.made.resize(self.tree.len(), 0);
            self.made[slot] += 1;
            let left = &mut self.left[actor as usize];
            *left = left.saturating_sub(1);
        }
    }

    fn pick(&mut self, point: Point<'_>) -> Option<u32> {
        let last = point.options.last().map_or(0, |last| *last as usize + 1);
        self.meet(hook::actors().max(last));
        let total: u64 = point.options.iter().map(|a| self.weight(*a)).sum();
        let mut draw = self.rng.random_range(0..total);
        let picked = point.options.iter().find(|a| {
            let weight = self.weight(**a);
            let hit = draw < weight;
            draw = draw.saturating_sub(weight);
            hit
        });
        picked.copied()
    }

    fn ended(&mut self, end: End) {
        self.most.resize(self.tree.len(), 0);
        if !end.cut {
            for (most, made) in self.most.iter_mut().zip(&self.made) {
                *most = (*most).max(*made);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::testing::{play, play_ops};
    use racehunt_sync::hook::Kind::{Spawn, Store};

    #[test]
    fn a_long_actor_does_not_crowd_out_orders() {
        // One step of actor 1 among 9 of actor 0: 10 places, each about equally likely. A random walk puts it into
        // the last three places once in 128.
        let runs = play(&mut Urw::new(5), &[9, 1], 4000);
        let late = runs.iter().filter(|r| r.iter().position(|a| *a == 1).is_some_and(|p| p >= 7)).count();
        assert!((900..1600).contains(&late), "{late} of 4000, 1200 expected");
    }

    #[test]
    fn what_is_still_to_be_started_counts_for_its_parent() {
        // One step of actor 1, among one of actor 0 and then four of the actor that it starts: 6 places.
        let program = [vec![(Store, 1), (Spawn, 2)], vec![(Store, 1)], vec![(Store, 1); 4]];
        let runs = play_ops(&mut Urw::new(3), &program, 6000);
        let first = runs.iter().filter(|r| r[0] == 1).count();
        assert!((800..1200).contains(&first), "{first} of 6000, 1000 expected");
    }
}
