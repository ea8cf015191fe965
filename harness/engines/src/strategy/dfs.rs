//! Depth-first enumeration.

use super::{Point, Strategy};

/// Every schedule once, in order, by options at each point: complete for programs whose points depend on the
/// schedule alone.
#[derive(Debug, Default)]
pub struct Dfs {
    /// For each point on the path: the option taken, and how many there were.
    path: Vec<(usize, usize)>,
    depth: usize,
    started: bool,
}

impl Strategy for Dfs {
    fn begin(&mut self) -> bool {
        if self.started {
            // A point deeper than this execution went (it was cut short) has been seen to its end.
            self.path.truncate(self.depth);
            while self.path.last().is_some_and(|(taken, of)| taken + 1 == *of) {
                self.path.pop();
            }
            match self.path.last_mut() {
                None => return false,
                Some((taken, _)) => *taken += 1,
            }
        }
        self.started = true;
        self.depth = 0;
        true
    }

    fn pick(&mut self, point: Point<'_>) -> u32 {
        if self.depth == self.path.len() {
            self.path.push((0, point.options.len()));
        }
        let (taken, _) = self.path[self.depth];
        self.depth += 1;
        // Fewer options than before mean that the program is not deterministic; the driver's checks will say so.
        point.options[taken.min(point.options.len() - 1)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::testing::play;

    #[test]
    fn every_order_once_and_then_the_end() {
        let runs = play(&mut Dfs::default(), &[2, 2, 1], usize::MAX);
        assert_eq!(runs.len(), 30, "5!/(2!2!1!)");
        let distinct: std::collections::BTreeSet<_> = runs.into_iter().collect();
        assert_eq!(distinct.len(), 30);
    }

    #[test]
    fn one_actor_has_one_order() {
        assert_eq!(play(&mut Dfs::default(), &[3], usize::MAX).len(), 1);
    }
}
