//! A Python dictionary as its threads see it: every operation is atomic, nothing between two operations is.
//!
//! Kept exactly as `CPython` does it, because the races hang on it:
//!
//! * `get`, `set`, `len`, `clear` and `list(d.items())` are one step each; `d[k] += v` is a read and a write.
//! * Opening an iterator notes the dictionary's *size*. Each step of it compares the size with that note first, also
//!   the step that would end the walk, and fails if they differ.
//! * Nothing but the size is compared. A walk goes by entry index and yields what stands at that index now, with
//!   its value of now: cleared and filled up to the same size, the dictionary is walked on as if nothing had been.
//! * Entries stand in insertion order; setting a key again keeps its place; clearing starts again at index 0.
//!
//! No entry is ever removed alone here, so there are no holes to skip and the index of an entry is also its rank.
//! Steps show at the caller's line in an interleaving, so that I1 and F2 can be told there.
//!
//! (arroyo's `defaultdict` inserts the zero of a missing key at the read, one step before the sum is written; here the
//! sum itself is the insertion. The size changes one step later, with the same outcomes.)

use racehunt_sync::shared::Shared;
use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt::Debug;

/// A dictionary that several threads use without a lock of their own.
pub struct Dict<K, V> {
    table: Shared<Table<K, V>>,
}

struct Table<K, V> {
    entries: Vec<(K, V)>,
    /// A tree, so that nothing about a run depends on a random hash seed.
    places: BTreeMap<K, usize>,
}

impl<K: Ord + Clone, V: Clone> Dict<K, V> {
    /// An empty dictionary; `name` is what interleavings call it.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self { table: Shared::new(name, Table { entries: Vec::new(), places: BTreeMap::new() }) }
    }

    /// The value of `key` (one step).
    #[track_caller]
    pub fn get<Q: Ord + Debug + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let value = |t: &Table<K, V>| t.places.get(key).map(|place| t.entries[*place].1.clone());
        self.table.read_part("get", || format!("{key:?}"), value)
    }

    /// Sets the value of `key` (one step).
    #[track_caller]
    pub fn set<Q: Ord + Debug + ?Sized>(&self, key: &Q, value: V)
    where
        K: Borrow<Q> + for<'a> From<&'a Q>,
    {
        let key_of = || format!("{key:?}");
        self.table.write_part("set", key_of, |t| {
            if let Some(place) = t.places.get(key) {
                t.entries[*place].1 = value;
            } else {
                let key = K::from(key);
                t.places.insert(key.clone(), t.entries.len());
                t.entries.push((key, value));
            }
        });
    }

    /// How many entries there are (one step).
    #[track_caller]
    pub fn len(&self) -> usize {
        self.table.read("len", |t| t.entries.len())
    }

    /// True if there is no entry (one step).
    #[track_caller]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Removes every entry (one step).
    #[track_caller]
    pub fn clear(&self) {
        self.table.write("clear", |t| {
            t.entries.clear();
            t.places.clear();
        });
    }

    /// A copy of all entries, as `list(d.items())` makes it (one step).
    #[track_caller]
    pub fn items(&self) -> Vec<(K, V)> {
        self.table.read("items", |t| t.entries.clone())
    }

    /// Opens an iterator over the live entries (one step, and one for each [`Iter::next`]).
    #[track_caller]
    pub fn iter(&self) -> Iter<'_, K, V> {
        let size = self.table.read("iter", |t| t.entries.len());
        Iter { dict: self, size: Some(size), at: 0 }
    }
}

/// The size of a dictionary is no longer what it was when an iterator was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("dictionary changed size during iteration")]
pub struct SizeChanged;

/// A walk over the live entries of a [`Dict`]. It holds no lock.
pub struct Iter<'a, K, V> {
    dict: &'a Dict<K, V>,
    /// Size at the opening; `None` once a step failed, which every later step then does too.
    size: Option<usize>,
    at: usize,
}

impl<K: Ord + Clone, V: Clone> Iterator for Iter<'_, K, V> {
    type Item = Result<(K, V), SizeChanged>;

    /// One step: compares the size, then yields what stands at the next index now.
    #[track_caller]
    fn next(&mut self) -> Option<Self::Item> {
        let Some(size) = self.size else {
            return Some(Err(SizeChanged));
        };
        let at = self.at;
        let step = self
            .dict
            .table
            .read("next", |t| if t.entries.len() == size { Ok(t.entries.get(at).cloned()) } else { Err(SizeChanged) });
        match step {
            Ok(entry) => {
                self.at += 1;
                entry.map(Ok)
            }
            Err(changed) => {
                self.size = None;
                Some(Err(changed))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dict(keys: &[&str]) -> Dict<String, u32> {
        let d = Dict::new("d");
        for (i, key) in keys.iter().enumerate() {
            d.set(*key, i as u32);
        }
        d
    }

    fn entry(key: &str, value: u32) -> Option<Result<(String, u32), SizeChanged>> {
        Some(Ok((key.to_owned(), value)))
    }

    #[test]
    fn a_walk_yields_entries_in_insertion_order() {
        let d = dict(&["b", "a", "c"]);
        d.set("b", 7);
        let keys: Result<Vec<_>, _> = d.iter().collect();
        assert_eq!(keys.unwrap(), [("b".to_owned(), 7), ("a".to_owned(), 1), ("c".to_owned(), 2)]);
        assert_eq!((d.len(), d.get("a"), d.get("z")), (3, Some(1), None));
    }

    #[test]
    fn a_new_key_fails_the_next_step_and_all_after_it() {
        let d = dict(&["a"]);
        let mut walk = d.iter();
        assert_eq!(walk.next(), entry("a", 0));
        d.set("b", 1);
        assert_eq!(walk.next(), Some(Err(SizeChanged)));
        d.clear();
        d.set("a", 0);
        assert_eq!(walk.next(), Some(Err(SizeChanged)), "the failure is sticky, though the size is right again");
    }

    #[test]
    fn the_step_that_would_end_the_walk_checks_too() {
        let d = dict(&[]);
        let mut walk = d.iter();
        d.set("a", 0);
        assert_eq!(walk.next(), Some(Err(SizeChanged)));
    }

    #[test]
    fn a_value_that_changes_is_no_error_and_is_seen_live() {
        let d = dict(&["a", "b"]);
        let mut walk = d.iter();
        assert_eq!(walk.next(), entry("a", 0));
        d.set("b", 9);
        assert_eq!(walk.next(), entry("b", 9));
        assert_eq!(walk.next(), None);
    }

    #[test]
    fn cleared_and_filled_to_the_same_size_it_silently_walks_new_entries() {
        let d = dict(&["a", "b"]);
        let mut walk = d.iter();
        assert_eq!(walk.next(), entry("a", 0));
        d.clear();
        d.set("x", 10);
        d.set("y", 11);
        assert_eq!(walk.next(), entry("y", 11), "never opened, and x is never seen");
        assert_eq!(walk.next(), None);
    }

    #[test]
    fn a_copy_is_not_live() {
        let d = dict(&["a"]);
        let copy = d.items();
        d.clear();
        assert_eq!(copy, [("a".to_owned(), 0)]);
        assert!(d.is_empty());
    }
}
