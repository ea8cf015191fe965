//! Uniform random walk.

use super::{Point, Strategy};
use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// URW: each actor is picked with a chance in proportion to the choices it has left, so that all interleavings of a
/// program of known lengths are equally likely.
///
/// Source: Zhao, Wolff, Mathur, Roychoudhury, "Selectively Uniform Concurrency Testing", ASPLOS 2025. Deviations: the
/// lengths are the largest seen so far, so that they settle after a few executions rather than one; what an actor
/// spawns later is not credited to it beforehand.
#[derive(Debug)]
pub struct Urw {
    rng: Pcg64Mcg,
    /// Choices each actor made in this execution.
    made: Vec<u64>,
    /// The most it made in any.
    most: Vec<u64>,
}

impl Urw {
    /// A walk that depends on `seed` alone.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { rng: Pcg64Mcg::seed_from_u64(seed), made: Vec::new(), most: Vec::new() }
    }

    fn left(&self, actor: u32) -> u64 {
        let at = |v: &[u64]| v.get(actor as usize).copied().unwrap_or(0);
        at(&self.most).saturating_sub(at(&self.made)).max(1)
    }
}

impl Strategy for Urw {
    fn begin(&mut self) -> bool {
        self.most.resize(self.made.len().max(self.most.len()), 0);
        for (most, made) in self.most.iter_mut().zip(&mut self.made) {
            *most = (*most).max(*made);
            *made = 0;
        }
        true
    }

    fn pick(&mut self, point: Point<'_>) -> Option<u32> {
        let total: u64 = point.options.iter().map(|a| self.left(*a)).sum();
        let mut draw = self.rng.random_range(0..total);
        let mut picked = point.options[0];
        for actor in point.options {
            let left = self.left(*actor);
            picked = *actor;
            if draw < left {
                break;
            }
            draw -= left;
        }
        if self.made.len() <= picked as usize {
            self.made.resize(picked as usize + 1, 0);
        }
        self.made[picked as usize] += 1;
        Some(picked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::testing::play;

    #[test]
    fn a_long_actor_does_not_crowd_out_orders() {
        // One step of actor 1 among 9 of actor 0: 10 places, each about equally likely. A random walk puts it into
        // the last three places once in 128.
        let runs = play(&mut Urw::new(5), &[9, 1], 4000);
        let late = runs.iter().filter(|r| r.iter().position(|a| *a == 1).is_some_and(|p| p >= 7)).count();
        assert!((900..1600).contains(&late), "{late} of 4000, 1200 expected");
    }
}
