//! Which ids were accepted, so that one that came out too often is told from one that nobody put in.

use crate::id::Id;

/// Ranges that an actor has at most; when there are more, the two nearest become one.
const MOST: usize = 1024;

/// By actor, in the order of their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Accepted {
    actors: Vec<(u32, Ranges)>,
    /// Where the last one was: an actor's ids come in runs.
    last: usize,
}

/// Serial numbers from (included) and to (not included), in order, none touching the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Ranges(Vec<(u64, u64)>);

impl Accepted {
    #[inline]
    pub(super) fn insert(&mut self, id: Id) {
        let (actor, serial) = (id.actor(), id.serial());
        if let Some((number, Ranges(ranges))) = self.actors.get_mut(self.last)
            && *number == actor
            && let Some(range) = ranges.last_mut()
            && range.1 == serial
        {
            range.1 += 1;
            return;
        }
        self.of(actor).insert(serial, serial + 1);
    }

    fn of(&mut self, actor: u32) -> &mut Ranges {
        let found = self.actors.binary_search_by_key(&actor, |(number, _)| *number);
        self.last = found.unwrap_or_else(|at| {
            self.actors.insert(at, (actor, Ranges::default()));
            at
        });
        &mut self.actors[self.last].1
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (actor, Ranges(ranges)) in &other.actors {
            let own = self.of(*actor);
            ranges.iter().for_each(|(from, to)| own.insert(*from, *to));
        }
    }

    /// True if the id was accepted; also, where an actor had thousands of gaps between its ids, for some in the smallest.
    pub(super) fn has(&self, id: Id) -> bool {
        let actor = self.actors.binary_search_by_key(&id.actor(), |(number, _)| *number);
        actor.is_ok_and(|at| self.actors[at].1.has(id.serial()))
    }
}

impl Ranges {
    fn insert(&mut self, from: u64, to: u64) {
        // Those that it touches become one.
        let first = self.0.partition_point(|range| range.1 < from);
        let after = self.0.partition_point(|range| range.0 <= to);
        let touched = &self.0[first..after];
        let from = touched.first().map_or(from, |range| range.0.min(from));
        let to = touched.last().map_or(to, |range| range.1.max(to));
        self.0.splice(first..after, [(from, to)]);
        if self.0.len() > MOST {
            self.close_a_gap();
        }
    }

    fn close_a_gap(&mut self) {
        let gap = |at: &usize| self.0[at + 1].0 - self.0[*at].1;
        if let Some(at) = (0..self.0.len() - 1).min_by_key(gap) {
            self.0[at].1 = self.0[at + 1].1;
            self.0.remove(at + 1);
        }
    }

    fn has(&self, serial: u64) -> bool {
        let at = self.0.partition_point(|range| range.1 <= serial);
        self.0.get(at).is_some_and(|range| range.0 <= serial)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn thousands_of_gaps_keep_their_bound_and_forget_no_id() {
        let mut accepted = Accepted::default();
        (0..10_000).filter(|n| n % 3 > 0).for_each(|n| accepted.insert(Id::new(7, n)));
        assert!((0..10_000).filter(|n| n % 3 > 0).all(|n| accepted.has(Id::new(7, n))));
        assert_eq!(accepted.actors[0].1.0.len(), MOST);
        assert!(!accepted.has(Id::new(7, 10_000)) && !accepted.has(Id::new(6, 1)));
    }

    proptest! {
        #[test]
        fn it_is_a_set(ids in prop::collection::vec((0_u32..3, 0_u64..40), 0..60), cut in 0_usize..60) {
            let ids: Vec<Id> = ids.into_iter().map(|(actor, serial)| Id::new(actor, serial)).collect();
            let (mut one, mut other) = (Accepted::default(), Accepted::default());
            let (head, tail) = ids.split_at(cut.min(ids.len()));
            head.iter().for_each(|id| one.insert(*id));
            tail.iter().for_each(|id| other.insert(*id));
            one.merge(&other);
            let all: BTreeSet<Id> = ids.iter().copied().collect();
            for id in (0..4).flat_map(|actor| (0..41).map(move |serial| Id::new(actor, serial))) {
                prop_assert_eq!(one.has(id), all.contains(&id), "{}", id);
            }
        }
    }
}
