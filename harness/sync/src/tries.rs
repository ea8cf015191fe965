//! Which locks are ever taken without waiting, as learned over the executions of a search.
//!
//! As long as nobody tries a lock without waiting, no actor can tell when another one gives it up: a model may leave
//! that moment out. Once one does, the moment counts, also in executions where the attempt comes after it. An engine that
//! leaves it out therefore calls [`apply`] before each execution and begins anew when there was something to apply. That
//! is complete: until an attempt is made the executions are the same with and without the moment, so the first attempt
//! is not missed. (A driver that never calls it sees the same steps in each execution, as loom needs it.)
//!
//! Locks are told apart by where they were made, the only name that means the same in every execution.

use std::cell::{Cell, RefCell};

use crate::hook::Site;

thread_local! {
    /// Where the locks that were tried were made.
    static SITES: RefCell<Vec<Site>> = const { RefCell::new(Vec::new()) };
    /// How many of these decide what the steps of a lock are. The others were learned in passing.
    static APPLIED: Cell<usize> = const { Cell::new(0) };
}

/// Another search begins on this OS thread: nothing is known.
pub fn forget() {
    SITES.take();
    APPLIED.set(0);
}

/// From the next execution on the steps of locks are by what is known now. True if that is more than before: what was
/// explored was not all of it.
pub fn apply() -> bool {
    let learned = learned();
    APPLIED.replace(learned) != learned
}

/// What is known, applied or not, for a search of the same program on another OS thread to [`adopt`].
#[must_use]
pub fn known() -> Vec<Site> {
    SITES.with_borrow(Clone::clone)
}

/// Another search begins on this OS thread, and knows that already.
pub fn adopt(known: &[Site]) {
    SITES.set(known.to_vec());
    APPLIED.set(known.len());
}

/// How much is known, applied or not.
#[must_use]
pub fn learned() -> usize {
    SITES.with_borrow(Vec::len)
}

/// True if locks made at `site` are tried, as far as that is applied.
pub(crate) fn is_tried(site: Site) -> bool {
    SITES.with_borrow(|s| s[..APPLIED.get()].contains(&site))
}

/// A lock made at `site` is tried.
pub(crate) fn tried(site: Site) {
    SITES.with_borrow_mut(|s| {
        if !s.contains(&site) {
            s.push(site);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::Location;

    #[test]
    fn what_was_learned_stays_until_the_next_search() {
        let (here, there) = (Location::caller(), Location::caller());
        assert!(!is_tried(here));
        tried(here);
        tried(here);
        assert_eq!((learned(), is_tried(here)), (1, false), "an execution's steps do not change under it");
        assert_eq!((apply(), apply()), (true, false));
        assert_eq!((learned(), is_tried(here), is_tried(there)), (1, true, false));
        forget();
        assert_eq!((learned(), is_tried(here)), (0, false));
    }
}
