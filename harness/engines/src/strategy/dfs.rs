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
    /// True once a path did not lead where it led before.
    strayed: bool,
}

impl Strategy for Dfs {
    fn begin(&mut self) -> bool {
        if self.started {
            self.strayed |= self.depth < self.path.len();
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

    fn pick(&mut self, point: Point<'_>) -> Option<u32> {
        if self.depth == self.path.len() {
            self.path.push((0, point.options.len()));
        }
        let (taken, of) = self.path[self.depth];
        self.depth += 1;
        self.strayed |= of != point.options.len();
        Some(point.options[taken.min(point.options.len() - 1)])
    }

    fn restart(&mut self) {
        *self = Self::default();
    }

    fn complaint(&self) -> Option<String> {
        let why = "the program is not deterministic: the same choices led to other points than before";
        self.strayed.then(|| why.to_owned())
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
    fn a_program_that_changes_is_noticed() {
        for second in [&[2, 2, 2][..], &[1, 1], &[2]] {
            let mut dfs = Dfs::default();
            play(&mut dfs, &[2, 2], 2);
            assert_eq!(dfs.complaint(), None);
            play(&mut dfs, second, 4);
            assert!(dfs.complaint().is_some(), "{second:?}");
        }
    }

    #[test]
    fn one_actor_has_one_order() {
        assert_eq!(play(&mut Dfs::default(), &[3], usize::MAX).len(), 1);
    }
}
