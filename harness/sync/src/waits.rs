//! Who waits for what on real threads: the wait-for graph, readable from another thread while all others hang.
//!
//! A lock knows its holder: the thread's number and the place, two plain stores an acquisition. Who has to wait says so
//! in the slot of its thread, and takes it back afterwards; that is paid only where a thread blocks. [`Group::look`] reads
//! all slots. Two looks with a pause between them tell a deadlock from a wait that is about to end ([`Snapshot::report`]).
//!
//! What it proves: who waits in both looks, by the same wait, gave nothing up in between, so a cycle among such threads
//! is there for good. Without a cycle it is a deadlock only if every thread of the process waits without a timeout: any
//! other, also one that never used the facade, could wake them. What does not go through the facade (a lock of std, a
//! socket) is not seen: then nothing is proven.

mod graph;
mod held;
mod look;
mod slot;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use crate::hook::{Kind, Object, Site};

pub use look::Snapshot;

pub(crate) use held::{Held, Info, ReadRelease, Release, Shared};
pub(crate) use slot::{Child, On, announce, child, during, is_over};

/// Number of a thread among those that the facade knows of, from 1; never used again.
pub type ThreadNo = u32;

/// One thread's wait.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// The waiting thread.
    pub thread: ThreadNo,
    /// Its name; no other thread of the snapshot has the same.
    pub name: String,
    /// What it waits to do.
    pub kind: Kind,
    /// To which object, if there is one that can be named.
    pub object: Option<Object>,
    /// Where it waits.
    pub site: Site,
    /// Since when.
    pub since: Instant,
    /// True if it waits for a while only.
    pub timed: bool,
    /// Who has to act before it can go on: the holders of the lock, the threads joined. Empty if that is not known.
    pub holders: Vec<Holder>,
    /// Number of the wait among those of its thread.
    number: u64,
    /// Of a wait on a condvar: the mutex, without which it does not come back.
    mutex: Option<Object>,
}

/// Who is waited for.
#[derive(Clone, Debug)]
pub struct Holder {
    /// The thread.
    pub thread: ThreadNo,
    /// Its name.
    pub name: String,
    /// Where the lock was taken, or the joined thread started.
    pub site: Site,
}

/// What two looks prove.
#[derive(Clone, Debug)]
pub struct Report {
    /// True if the waits will never end.
    pub deadlock: bool,
    /// Of a deadlock those that never end, the cycle first; else all that there are.
    pub waits: Vec<Waiting>,
}

/// The threads of one trial: those that entered it, and all that they started through the facade.
#[derive(Debug)]
pub struct Group {
    number: u64,
    /// Threads of the process that were there before, as the kernel numbers them: they do nothing to the component.
    before: Option<Vec<i32>>,
}

impl Group {
    /// A group without threads. The threads that are there now are taken to have no part in what will be done.
    #[must_use]
    pub fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self { number: NEXT.fetch_add(1, Relaxed), before: slot::tasks() }
    }

    /// Makes the calling thread one of the group, by that name. `actor`: its number among those that the caller can say
    /// of whether they are idle.
    pub fn enter(&self, name: &str, actor: Option<usize>) {
        slot::enter(self.number, name, actor);
    }

    /// Who waits for what now: threads of the group, and those that no group knows.
    #[must_use]
    pub fn look(&self) -> Snapshot {
        look::look(self.number, self.before.as_deref())
    }
}

impl Default for Group {
    fn default() -> Self {
        Self::new()
    }
}
