//! A Python list and a Python deque as their threads see them: every operation is atomic, nothing between two is.
//!
//! A deque counts its changes, and a walk over it compares the count at each step, also at the one that would end it: an
//! append and a pop in between fail the walk though the length is the same (unlike a dictionary's walk, see
//! [`crate::metrics_buffer::dict`]).

use racehunt_sync::shared::Shared;
use std::collections::VecDeque;

/// A list.
pub struct List<T>(Shared<Vec<T>>);

impl<T: Clone> List<T> {
    /// An empty list; `name` is what interleavings call it.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self(Shared::new(name, Vec::new()))
    }

    /// Puts `item` at the end (one step).
    #[track_caller]
    pub fn append(&self, item: T) {
        self.0.write("append", |list| list.push(item));
    }

    /// Removes the first item that `is` (one step). False if none is.
    #[track_caller]
    pub fn remove(&self, is: impl Fn(&T) -> bool) -> bool {
        self.0.write("remove", |list| list.iter().position(is).map(|at| list.remove(at))).is_some()
    }

    /// A copy, as `list(l)` makes it (one step).
    #[must_use]
    #[track_caller]
    pub fn copy(&self) -> Vec<T> {
        self.0.read("copy", Vec::clone)
    }
}

/// A deque that counts its changes.
pub struct Deque<T>(Shared<Counted<T>>);

struct Counted<T> {
    items: VecDeque<T>,
    changes: u64,
    peak: usize,
}

impl<T: Clone> Deque<T> {
    /// An empty deque; `name` is what interleavings call it.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self(Shared::new(name, Counted { items: VecDeque::new(), changes: 0, peak: 0 }))
    }

    /// How many items there are (one step).
    #[must_use]
    #[track_caller]
    pub fn len(&self) -> usize {
        self.0.read("len", |deque| deque.items.len())
    }

    /// True if there is no item (one step).
    #[must_use]
    #[track_caller]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The most items that an append left behind. No step: Python has no such thing.
    #[must_use]
    pub fn peak(&self) -> usize {
        self.0.read("peak", |deque| deque.peak)
    }

    /// Puts `item` at the end (one step).
    #[track_caller]
    pub fn append(&self, item: T) {
        self.0.write("append", |deque| {
            deque.items.push_back(item);
            deque.changes += 1;
            deque.peak = deque.peak.max(deque.items.len());
        });
    }

    /// Takes the first item out (one step).
    #[track_caller]
    pub fn popleft(&self) -> Option<T> {
        self.0.write("popleft", |deque| {
            let item = deque.items.pop_front()?;
            deque.changes += 1;
            Some(item)
        })
    }

    /// Opens an iterator over the live items (one step, and one for each [`Iter::next`]).
    #[track_caller]
    pub fn iter(&self) -> Iter<'_, T> {
        Iter { deque: self, changes: self.0.read("iter", |deque| deque.changes), at: 0 }
    }
}

/// A deque changed while it was walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("deque mutated during iteration")]
pub struct Mutated;

/// A walk over the live items of a [`Deque`]. It holds no lock.
pub struct Iter<'a, T> {
    deque: &'a Deque<T>,
    changes: u64,
    at: usize,
}

impl<T: Clone> Iterator for Iter<'_, T> {
    type Item = Result<T, Mutated>;

    /// One step: compares the count of changes, then yields the next item. Changes are never undone, so the failure stays.
    #[track_caller]
    fn next(&mut self) -> Option<Self::Item> {
        let (at, changes) = (self.at, self.changes);
        self.at += 1;
        let step = |deque: &Counted<T>| {
            if deque.changes == changes { deque.items.get(at).cloned().map(Ok) } else { Some(Err(Mutated)) }
        };
        self.deque.0.read("next", step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deque(items: &[u32]) -> Deque<u32> {
        let deque = Deque::new("d");
        for item in items {
            deque.append(*item);
        }
        deque
    }

    #[test]
    fn a_walk_yields_items_in_order() {
        let d = deque(&[1, 2, 3]);
        assert_eq!(d.popleft(), Some(1));
        assert_eq!(d.iter().collect::<Result<Vec<_>, _>>(), Ok(vec![2, 3]));
        assert_eq!((d.len(), d.peak(), d.is_empty()), (2, 3, false));
    }

    #[test]
    fn an_append_fails_the_walk_and_every_step_after_it() {
        let d = deque(&[1]);
        let mut walk = d.iter();
        assert_eq!(walk.next(), Some(Ok(1)));
        d.append(2);
        assert_eq!((walk.next(), walk.next()), (Some(Err(Mutated)), Some(Err(Mutated))));
    }

    #[test]
    fn changes_count_though_the_length_is_the_same_and_at_the_last_step_too() {
        let d = deque(&[1]);
        let mut walk = d.iter();
        assert_eq!(walk.next(), Some(Ok(1)));
        d.append(2);
        d.popleft();
        assert_eq!(walk.next(), Some(Err(Mutated)));
        let empty: Deque<u32> = deque(&[]);
        assert_eq!(empty.popleft(), None);
        assert_eq!(empty.iter().next(), None, "what took nothing changed nothing");
    }

    #[test]
    fn a_list_removes_the_first_that_fits_and_its_copy_is_not_live() {
        let list = List::new("l");
        for item in [1, 2, 1] {
            list.append(item);
        }
        let copy = list.copy();
        assert!(list.remove(|item| *item == 1) && !list.remove(|item| *item == 7));
        assert_eq!((copy, list.copy()), (vec![1, 2, 1], vec![2, 1]));
    }
}
