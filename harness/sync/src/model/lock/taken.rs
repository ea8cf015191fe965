//! Where a lock was taken, and how.

use super::super::table;
use super::RawLock;
use crate::hook::{self, Site};

impl RawLock {
    /// Remembers where a reader took the lock.
    pub(crate) fn read_taken(&self, site: Site) {
        table(&self.read_taken).push((hook::actor(), site));
    }

    /// Where the reader that gives the lock up took it.
    pub(crate) fn read_taken_at(&self) -> Option<Site> {
        let me = hook::actor();
        let mut taken = table(&self.read_taken);
        let i = taken.iter().rposition(|t| t.0 == me)?;
        Some(taken.swap_remove(i).1)
    }

    /// Remembers how the writer took the lock.
    pub(crate) fn taken(&self, site: Site, unwinding: bool) {
        *table(&self.taken) = (site, unwinding);
        self.part.begins();
    }

    /// Where the writer took the lock.
    pub(crate) fn taken_at(&self) -> Site {
        table(&self.taken).0
    }

    /// True if the writer was unwinding when it took the lock.
    pub(crate) fn taken_unwinding(&self) -> bool {
        table(&self.taken).1
    }
}
