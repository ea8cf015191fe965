//! Every schedule of a program, those with fewer context switches first.

use super::made::{Choice, Made};
use std::collections::VecDeque;

/// Lists of decisions to play, so that all schedules without a switch come first, then all with one, and so on; none
/// comes twice.
///
/// Source: Musuvathi, Qadeer, "Iterative Context Bounding for Systematic Testing of Multithreaded Programs", PLDI 2007.
/// Its claim holds for programs whose choices depend on the schedule alone.
#[derive(Debug)]
pub struct Fewest {
    now: VecDeque<Vec<u32>>,
    next: VecDeque<Vec<u32>>,
    switches: u32,
    /// Length of the list that is being played: what comes before was varied by others.
    from: usize,
    /// Most lists to remember.
    room: usize,
    /// The fewest switches of a list that there was no room for.
    dropped: Option<u32>,
}

impl Fewest {
    /// Of these at most about `room` are going to be played.
    #[must_use]
    pub fn new(room: usize) -> Self {
        let (now, next) = (VecDeque::from([Vec::new()]), VecDeque::new());
        Self { now, next, switches: 0, from: 0, room, dropped: None }
    }

    /// The next list; `None` when all have been played, or all that were remembered.
    pub fn list(&mut self) -> Option<Vec<u32>> {
        if self.now.is_empty() {
            std::mem::swap(&mut self.now, &mut self.next);
            self.switches += u32::from(!self.now.is_empty());
        }
        let list = self.now.pop_front()?;
        self.from = list.len();
        Some(list)
    }

    /// What became of the list that was handed out last.
    pub fn made(&mut self, made: &Made) {
        for (at, choice) in made.choices.iter().enumerate().take(made.decisions.len()).skip(self.from) {
            for other in 1..=choice.others {
                let mut list = made.decisions[..at].to_vec();
                list.push(other);
                self.remember(list, *choice);
            }
        }
    }

    fn remember(&mut self, list: Vec<u32>, choice: Choice) {
        let (queue, switches) =
            if choice.forced { (&mut self.now, self.switches) } else { (&mut self.next, self.switches + 1) };
        if queue.len() < self.room {
            queue.push_back(list);
        } else {
            self.dropped = Some(self.dropped.map_or(switches, |d| d.min(switches)));
        }
    }

    /// Switches of the list handed out last.
    #[must_use]
    pub fn switches(&self) -> u32 {
        self.switches
    }

    /// True if every schedule with fewer switches than this has been played.
    #[must_use]
    pub fn is_done_below(&self, switches: u32) -> bool {
        let open = |queue: &VecDeque<Vec<u32>>, level: u32| !queue.is_empty() && level < switches;
        !open(&self.now, self.switches)
            && !open(&self.next, self.switches + 1)
            && self.dropped.is_none_or(|dropped| dropped >= switches)
    }

    /// True if every schedule there is has been played.
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        self.is_done_below(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shrink::toy::Toy;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn all(toy: &Toy, room: usize) -> (Vec<(Vec<u32>, u32)>, Fewest) {
        let (mut fewest, mut orders) = (Fewest::new(room), Vec::new());
        while let Some(list) = fewest.list() {
            let (order, made) = toy.play(&list);
            assert_eq!(made.switches, fewest.switches(), "{list:?}");
            assert!(made.is_plain());
            fewest.made(&made);
            orders.push((order, made.switches));
        }
        (orders, fewest)
    }

    #[test]
    fn two_actors_of_two_steps_have_six_orders() {
        let (orders, fewest) = all(&Toy(vec![2, 2]), 100);
        let switches: Vec<u32> = orders.iter().map(|o| o.1).collect();
        assert_eq!(switches, [0, 0, 1, 1, 2, 2]);
        assert!(fewest.is_exhausted());
    }

    #[test]
    fn without_room_it_does_not_claim_to_be_done() {
        let (orders, fewest) = all(&Toy(vec![3, 3, 3]), 4);
        assert!(orders.len() < 1680 && !fewest.is_exhausted());
        assert!(fewest.is_done_below(0) && !fewest.is_done_below(3));
    }

    proptest! {
        #[test]
        fn every_order_once_by_switches(lengths in prop::collection::vec(1..4_usize, 1..4)) {
            let (orders, fewest) = all(&Toy(lengths.clone()), 10_000);
            let factorial = |n: usize| (1..=n).product::<usize>();
            let of = factorial(lengths.iter().sum::<usize>()) / lengths.iter().map(|n| factorial(*n)).product::<usize>();
            prop_assert_eq!(orders.len(), of);
            prop_assert_eq!(orders.iter().map(|o| &o.0).collect::<BTreeSet<_>>().len(), of);
            prop_assert!(orders.is_sorted_by_key(|o| o.1));
            prop_assert!(fewest.is_exhausted());
        }
    }
}
