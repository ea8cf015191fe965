//! Which locks are ever taken without waiting, as learned over the executions of a search.
//!
//! As long as nobody tries a lock without waiting, no actor can tell when another one gives it up: a model may leave
//! that moment out. Once one does, the moment counts, also in executions where the attempt comes after it. An engine that
//! leaves it out therefore asks [`learned`] before each execution and begins anew when the answer has changed. That is
//! complete: until an attempt is made the executions are the same with and without the moment, so the first attempt is
//! not missed.
//!
//! Locks are told apart by where they were made, the only name that means the same in every execution.

use std::cell::RefCell;

use crate::hook::{ObjectId, Site};

#[derive(Default)]
struct Known {
    /// Where the locks that were tried were made.
    sites: Vec<Site>,
    /// The locks of this execution that were made there.
    locks: Vec<ObjectId>,
}

thread_local! {
    static KNOWN: RefCell<Known> = RefCell::default();
}

/// Another search begins on this OS thread: nothing is known.
pub fn forget() {
    KNOWN.take();
}

/// How much is known: another number than before means that what was explored was not all of it.
#[must_use]
pub fn learned() -> usize {
    KNOWN.with_borrow(|k| k.sites.len())
}

/// True if the moment at which `lock` is given up counts.
#[must_use]
pub fn counts(lock: ObjectId) -> bool {
    KNOWN.with_borrow(|k| k.locks.contains(&lock))
}

/// A new execution: its locks are others, and what was learned stays.
pub(crate) fn reset() {
    KNOWN.with_borrow_mut(|k| k.locks.clear());
}

/// A lock was made; true if locks made there are tried.
pub(crate) fn made(lock: ObjectId, site: Site) -> bool {
    KNOWN.with_borrow_mut(|k| {
        let known = k.sites.contains(&site);
        if known {
            k.locks.push(lock);
        }
        known
    })
}

/// A lock made at `site` is tried.
pub(crate) fn tried(lock: ObjectId, site: Site) {
    KNOWN.with_borrow_mut(|k| {
        if !k.sites.contains(&site) {
            k.sites.push(site);
        }
        if !k.locks.contains(&lock) {
            k.locks.push(lock);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::Location;

    #[test]
    fn sites_outlive_an_execution_and_locks_do_not() {
        let (here, there) = (Location::caller(), Location::caller());
        assert!(!made(1, here));
        assert!(!made(2, there));
        assert_eq!((learned(), counts(1)), (0, false));
        tried(1, here);
        tried(1, here);
        assert_eq!((learned(), counts(1), counts(2)), (1, true, false));
        reset();
        assert_eq!((learned(), counts(1)), (1, false));
        assert!(made(5, here) && counts(5));
        assert!(!made(6, there));
        forget();
        assert_eq!((learned(), made(7, here)), (0, false));
    }
}
