//! A uniform choice at each point.

use super::{Point, Strategy};
use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// Random walk. No guarantee; a depth-1 race in a long program is missed with a chance that grows with its length.
/// shuttle's own prints when it is dropped during a panic, and takes its seed from the environment.
#[derive(Debug)]
pub struct Random(Pcg64Mcg);

impl Random {
    /// A walk that depends on `seed` alone.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Pcg64Mcg::seed_from_u64(seed))
    }
}

impl Strategy for Random {
    fn begin(&mut self) -> bool {
        true
    }

    fn pick(&mut self, point: Point<'_>) -> Option<u32> {
        Some(point.options[self.0.random_range(0..point.options.len())])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::testing::play;

    #[test]
    fn the_seed_decides_and_all_orders_show() {
        let runs = |seed| play(&mut Random::new(seed), &[2, 2], 200);
        assert_eq!(runs(1), runs(1));
        assert_ne!(runs(1), runs(2));
        let distinct: std::collections::BTreeSet<_> = runs(1).into_iter().collect();
        assert_eq!(distinct.len(), 6, "4!/(2!2!) orders");
    }
}
