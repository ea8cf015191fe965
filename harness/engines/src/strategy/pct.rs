//! Probabilistic concurrency testing.

use super::{Point, Strategy};
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// PCT(d): random priorities, and d−1 random points at which the running actor drops below all others.
///
/// Source: Burckhardt, Kothari, Musuvathi, Nagarakatti, "A Randomized Scheduler with Probabilistic Guarantees of
/// Finding Bugs", ASPLOS 2010. Guarantee: a race of depth d among n actors and k steps shows in one execution with
/// a chance of at least 1 / (n · k^(d−1)). Deviations: only points with a choice count as steps; k is the longest
/// execution seen so far; an actor that yields, or was picked a
/// thousand times in a row, drops as well, so that spin loops end.
#[derive(Debug)]
pub struct Pct {
    depth: usize,
    rng: Pcg64Mcg,
    /// By actor; higher runs first. Grown when an actor is first seen.
    priorities: Vec<i64>,
    lowest: i64,
    changes: Vec<usize>,
    step: usize,
    longest: usize,
    executions: u64,
    /// Who was picked last, and how often in a row.
    last: Option<u32>,
    streak: usize,
}

/// Picks in a row after which an actor is thought to spin until another one does something.
const STREAK: usize = 1000;

impl Pct {
    /// PCT of `depth` (at least 1).
    #[must_use]
    pub fn new(depth: usize, seed: u64) -> Self {
        Self {
            depth: depth.max(1),
            rng: Pcg64Mcg::seed_from_u64(seed),
            priorities: Vec::new(),
            lowest: 0,
            changes: Vec::new(),
            step: 0,
            longest: 0,
            executions: 0,
            last: None,
            streak: 0,
        }
    }

    fn drop_below_all(&mut self, actor: u32) {
        self.lowest -= 1;
        self.priorities[actor as usize] = self.lowest;
    }

    /// Gives each actor up to `last` a random rank among those there are.
    fn know(&mut self, last: u32) {
        while self.priorities.len() <= last as usize {
            let new = self.priorities.len();
            let rank = new as i64 + 1;
            self.priorities.push(rank);
            let other = self.rng.random_range(0..=new);
            self.priorities.swap(new, other);
        }
    }
}

impl Strategy for Pct {
    fn begin(&mut self) -> bool {
        let actors = self.priorities.len() as i64;
        self.priorities = (1..=actors).collect();
        // The first execution runs the oldest actor first, to learn the length.
        if self.executions > 0 {
            self.priorities.shuffle(&mut self.rng);
        }
        self.lowest = 0;
        self.step = 0;
        (self.last, self.streak) = (None, 0);
        self.changes.clear();
        for _ in 1..self.depth {
            if self.longest > 1 {
                self.changes.push(self.rng.random_range(1..self.longest));
            }
        }
        self.executions += 1;
        true
    }

    fn pick(&mut self, point: Point<'_>) -> Option<u32> {
        self.know(*point.options.last().expect("at least one option"));
        if let Some(current) = point.current
            && (point.yielding || self.streak >= STREAK || self.changes.contains(&self.step))
        {
            self.streak = 0;
            self.know(current);
            self.drop_below_all(current);
        }
        self.step += 1;
        self.longest = self.longest.max(self.step);
        let by_priority = |a: &&u32| self.priorities[**a as usize];
        // Once a spinning actor has dropped, priorities decide in the first execution as well.
        let oldest = self.executions == 1 && !point.yielding && self.lowest == 0;
        let picked =
            if oldest { Some(point.options[0]) } else { point.options.iter().max_by_key(by_priority).copied() };
        self.streak = if self.last == picked { self.streak + 1 } else { 1 };
        self.last = picked;
        picked
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::testing::play;

    fn switches(order: &[u32]) -> usize {
        order.windows(2).filter(|w| w[0] != w[1]).count()
    }

    #[test]
    fn depth_bounds_the_switches() {
        for (depth, most) in [(1, 2), (2, 3), (3, 4)] {
            let runs = play(&mut Pct::new(depth, 7), &[8, 8, 8], 500);
            let worst = runs.iter().map(|r| switches(r)).max();
            assert_eq!(worst, Some(most), "depth {depth}: 2 ends and {} drops", depth - 1);
        }
    }

    #[test]
    fn every_actor_can_be_first() {
        let runs = play(&mut Pct::new(1, 3), &[2, 2, 2], 100);
        for actor in 0..3 {
            assert!(runs.iter().any(|r| r[0] == actor), "actor {actor}");
        }
        assert_eq!(runs, play(&mut Pct::new(1, 3), &[2, 2, 2], 100));
    }
}
