//! An order of steps from another program, as far as it goes.

use super::{Point, Strategy};
use racehunt_sync::hook;

/// Follows the order of another program's steps as closely as it can be followed: the actor whose step is the next one
/// in the order, of those that can run.
///
/// One execution. Only steps whose moment others can tell are in the order, and only they take their place in it.
#[derive(Debug)]
pub struct Follow {
    /// The actor of each step, and whether a step of it took this place.
    order: Vec<(u32, bool)>,
    /// All before this place are taken.
    at: usize,
    begun: bool,
}

impl Follow {
    /// One execution by `order`.
    #[must_use]
    pub fn new(order: &[u32]) -> Self {
        Self { order: order.iter().map(|actor| (*actor, false)).collect(), at: 0, begun: false }
    }

    fn takes(&mut self, actor: u32) {
        if let Some(place) = self.order[self.at..].iter_mut().find(|place| **place == (actor, false)) {
            place.1 = true;
        }
        while self.order.get(self.at).is_some_and(|place| place.1) {
            self.at += 1;
        }
    }
}

impl Strategy for Follow {
    fn begin(&mut self) -> bool {
        !std::mem::replace(&mut self.begun, true)
    }

    fn watches(&self) -> bool {
        true
    }

    fn steps(&mut self, actor: u32) {
        if hook::pending(actor).is_some_and(|pending| !pending.kind.is_invisible()) {
            self.takes(actor);
        }
    }

    fn pick(&mut self, point: Point<'_>) -> Option<u32> {
        let next = self.order[self.at..].iter().find(|place| !place.1 && point.options.contains(&place.0));
        Some(
            next.map_or_else(
                || point.current.filter(|_| point.can_stay()).unwrap_or(point.options[0]),
                |place| place.0,
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays actors of `lengths` steps, all of which count.
    fn play(order: &[u32], lengths: &[usize]) -> Vec<u32> {
        let (mut follow, mut left, mut done) = (Follow::new(order), lengths.to_vec(), Vec::new());
        assert!(follow.begin());
        while left.iter().any(|left| *left > 0) {
            let options: Vec<u32> = (0..left.len() as u32).filter(|a| left[*a as usize] > 0).collect();
            let next =
                follow.pick(Point { options: &options, current: done.last().copied(), yielding: false }).unwrap();
            follow.takes(next);
            left[next as usize] -= 1;
            done.push(next);
        }
        assert!(!follow.begin(), "one execution");
        done
    }

    #[test]
    fn an_order_is_kept_as_far_as_it_goes() {
        assert_eq!(play(&[1, 0, 1, 0], &[2, 2]), [1, 0, 1, 0]);
        assert_eq!(play(&[1, 0, 1, 0], &[3, 1]), [1, 0, 0, 0], "1 has ended");
        assert_eq!(play(&[2, 1, 0], &[2, 2]), [1, 0, 0, 1], "2 is not there; past the end the current one stays");
        assert_eq!(play(&[], &[1, 1]), [0, 1]);
    }
}
