//! Depth-first enumeration of what can be done with few preemptions.

use super::{Point, Strategy};

/// Every schedule in which at most so many steps leave an actor that could go on: the simplest ones first. Sleep sets and
/// the like are not sound together with such a bound (Coons et al., OOPSLA'13), so there are none here.
#[derive(Debug)]
pub struct Bounded {
    most: usize,
    path: Vec<Choice>,
    depth: usize,
    started: bool,
    /// True once a path did not lead where it led before.
    strayed: bool,
}

#[derive(Clone, Copy, Debug)]
struct Choice {
    /// The option taken, the current actor counted first, and how many are within the bound.
    taken: usize,
    of: usize,
    /// True if all but the first are preemptions.
    stays: bool,
    /// Preemptions before.
    spent: usize,
}

impl Bounded {
    /// At most `most` preemptions.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { most, path: Vec::new(), depth: 0, started: false, strayed: false }
    }
}

impl Strategy for Bounded {
    fn begin(&mut self) -> bool {
        if self.started {
            self.strayed |= self.depth < self.path.len();
            while self.path.pop_if(|c| c.taken + 1 == c.of).is_some() {}
            match self.path.last_mut() {
                None => return false,
                Some(choice) => choice.taken += 1,
            }
        }
        self.started = true;
        self.depth = 0;
        true
    }

    fn pick(&mut self, point: Point<'_>) -> Option<u32> {
        let current = point.current.filter(|_| point.can_stay());
        if self.depth == self.path.len() {
            let spent = self.path.last().map_or(0, |c| c.spent + usize::from(c.stays && c.taken > 0));
            // An actor that gives way by itself is not preempted.
            let stays = current.is_some() && !point.yielding;
            let of = if stays && spent >= self.most { 1 } else { point.options.len() };
            self.path.push(Choice { taken: 0, of, stays, spent });
        }
        let choice = self.path[self.depth];
        self.depth += 1;
        self.strayed |= choice.of > point.options.len();
        let others = point.options.iter().copied().filter(|actor| Some(*actor) != current);
        let picked = current.into_iter().chain(others).nth(choice.taken);
        Some(picked.unwrap_or(point.options[0]))
    }

    fn restart(&mut self) {
        *self = Self::new(self.most);
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
    use std::collections::BTreeSet;

    fn preemptions(order: &[u32], lengths: &[usize]) -> usize {
        let mut left = lengths.to_vec();
        let mut count = 0;
        for pair in order.windows(2) {
            left[pair[0] as usize] -= 1;
            count += usize::from(pair[0] != pair[1] && left[pair[0] as usize] > 0);
        }
        count
    }

    #[test]
    fn every_order_within_the_bound_once() {
        let lengths = [2, 3, 2];
        let all = play(&mut Bounded::new(usize::MAX), &lengths, usize::MAX);
        assert_eq!(all.len(), 210, "7!/(2!3!2!)");
        for most in 0..4 {
            let within = play(&mut Bounded::new(most), &lengths, usize::MAX);
            let distinct: BTreeSet<_> = within.iter().cloned().collect();
            let expected: BTreeSet<_> = all.iter().filter(|o| preemptions(o, &lengths) <= most).cloned().collect();
            assert_eq!((distinct.len(), distinct), (within.len(), expected), "{most}");
        }
    }
}
