//! What a lock knows of its holder.

use std::panic::Location;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering::Relaxed};

use super::{ThreadNo, slot};
use crate::hook::Site;

/// The thread that holds something, and where it took it. Relaxed: it is exact for a holder that waits, since the wait was
/// announced under a lock, and that is whom a proof is about.
#[derive(Debug)]
pub(crate) struct Held {
    owner: AtomicU32,
    site: AtomicPtr<Location<'static>>,
}

impl Held {
    pub(crate) const fn new() -> Self {
        Self { owner: AtomicU32::new(0), site: AtomicPtr::new(ptr::null_mut()) }
    }

    /// The calling thread has taken it.
    #[inline]
    pub(crate) fn take(&self, site: Site) -> Release<'_> {
        self.site.store(ptr::from_ref(site).cast_mut(), Relaxed);
        self.owner.store(slot::me(), Relaxed);
        Release(self)
    }

    pub(crate) fn holder(&self) -> Option<(ThreadNo, Site)> {
        let owner = self.owner.load(Relaxed);
        let site = self.site.load(Relaxed);
        // SAFETY: null, or what `take` stored: a location that lives for ever and never changes.
        let site = unsafe { site.cast_const().as_ref() };
        site.filter(|_| owner != 0).map(|site| (owner, site))
    }
}

/// Its drop says that nobody holds it; before that is so.
#[derive(Debug)]
pub(crate) struct Release<'a>(&'a Held);

impl Drop for Release<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.owner.store(0, Relaxed);
    }
}

/// What is known of a mutex, or of the writer of an rwlock.
#[derive(Debug)]
pub(crate) struct Info {
    pub(crate) held: Held,
    pub(crate) made: Site,
}

impl Info {
    pub(crate) const fn new(made: Site) -> Self {
        Self { held: Held::new(), made }
    }
}

/// What is known of an rwlock. Its readers know of it, and not it of them.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) writer: Info,
    /// Never used again, unlike an address: a forgotten guard must not accuse a reader of the next lock.
    pub(crate) number: u64,
}

impl Shared {
    pub(crate) fn new(made: Site) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self { writer: Info::new(made), number: NEXT.fetch_add(1, Relaxed) }
    }

    /// The calling thread reads.
    #[inline]
    pub(crate) fn read(&self, site: Site) -> ReadRelease {
        slot::with_reads(|reads| reads.push(self.number, site));
        ReadRelease(self.number)
    }
}

/// Its drop says that the calling thread does not read any more.
#[derive(Debug)]
pub(crate) struct ReadRelease(u64);

impl Drop for ReadRelease {
    #[inline]
    fn drop(&mut self) {
        slot::with_reads(|reads| reads.pop(self.0));
    }
}

/// Locks that a thread reads at once and that are remembered. Of one that reads more the others are not known, which
/// loses an edge and invents none.
const READS: usize = 8;

/// The locks that a thread reads. Written by that thread alone.
#[derive(Debug, Default)]
pub(super) struct Reads([Read; READS]);

#[derive(Debug, Default)]
struct Read {
    /// 0: none.
    lock: AtomicU64,
    site: AtomicPtr<Location<'static>>,
}

impl Reads {
    fn push(&self, lock: u64, site: Site) {
        if let Some(free) = self.0.iter().find(|r| r.lock.load(Relaxed) == 0) {
            free.site.store(ptr::from_ref(site).cast_mut(), Relaxed);
            free.lock.store(lock, Relaxed);
        }
    }

    fn pop(&self, lock: u64) {
        if let Some(read) = self.0.iter().rfind(|r| r.lock.load(Relaxed) == lock) {
            read.lock.store(0, Relaxed);
        }
    }

    /// Where the lock was taken, if it is read.
    pub(super) fn site_of(&self, lock: u64) -> Option<Site> {
        let read = self.0.iter().find(|r| r.lock.load(Relaxed) == lock)?;
        let site = read.site.load(Relaxed);
        // SAFETY: null, or what `push` stored: a location that lives for ever and never changes.
        unsafe { site.cast_const().as_ref() }
    }
}
