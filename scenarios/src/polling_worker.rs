//! The polling worker: a process that watches files, works items off and writes that it is alive, and a health monitor
//! that restarts it.
//!
//! A worker watches an ideas log, a retry file and a directory of tasks. What is open in them it queues, works off on
//! its event loop, and marks as done in the file it came from. Others rewrite these files meanwhile, to a temporary
//! name and with a rename: a producer adds items, the retry manager opens what was on hold. Every `beat` the loop writes
//! a status file; every `check` a health monitor looks at it and starts the worker anew when it is older than `stale`.
//!
//! The field report: the worker stops answering some ten times a day, without an error; its status file grows old until
//! someone restarts it. As shipped, file events came from a watcher's thread that hands work to the loop and waits for
//! it. The published fix took the watcher out: the loop polls the *sizes* of the files every 2 to 3 s. Nothing hangs any
//! more; what is rewritten at the same length is never seen, what is read torn is taken for read, and what was
//! wrong between the writers and with the monitor all along stayed (WD, PL and HM below).
//!
//! # Steps
//!
//! `W` the watcher's thread, `L` the event loop, `K` a worker that reads or rewrites a file, `M` another writer, `H` the
//! monitor. `|` another one runs.
//!
//! | race | as shipped, fix | interleaving | what it looks like |
//! |---|---|---|---|
//! | WD1 | S | `W: takes the file lock, schedules onto the loop, waits for the result \| L: takes the file lock` | deadlock |
//! | WD2 | S | `L: stops and joins the watcher \| W: waits for the loop` | deadlock |
//! | WD3 | S | `W: enqueues without waking the loop \| L: asleep` | an item that waits for a timer |
//! | WD4 | S | a file is replaced by a rename | the watch is dead, the view stale |
//! | WD5 | S | the handler reads the file it watches | a storm of events |
//! | PL1 | F | a rewrite of the same length | never seen: stale |
//! | PL2 | F | a torn read does not parse, and its size is recorded all the same | stale |
//! | PL3 | F | `K: stat \| M: replace \| K: read` | a version loaded twice, or skipped |
//! | PL4 | S, F | `K: read \| M: read, append, replace \| K: replace` | an item lost, or one that comes back |
//! | HM1 | F | the loop goes round, the item's worker is lost | never noticed |
//! | HM2 | F | one long item on the loop | a worker that is well is restarted |
//! | HM3 | F | restarted while the old one was only stalled | two workers: an item has its effect twice |
//!
//! # What the hardened one does
//!
//! It polls (mtime in ns, size, inode) and takes a version as seen only after a good parse between two equal
//! signatures; every writer goes through one locked read-modify-rename; beside the heartbeat each item has a lease
//! that its progress renews; each generation has a fencing token that the far end checks at every effect.

mod as_shipped;
mod bell;
mod desk;
mod effects;
mod hardened;
mod instance;
mod knobs;
mod mailbox;
mod notes;
mod plan;
mod published_fix;
mod store;
mod subject;
#[cfg(test)]
mod tests;
mod watcher;
mod worker;
mod writers;

pub use subject::PollingWorkerSubject;

mod care;
mod child;
mod children;
pub mod clock;
pub mod far_end;
mod figures;
mod labour;
pub mod monitor;
pub mod record;
mod standby;
pub mod vitals;
mod watched;

use racehunt_core::id::Id;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Where an item stands. All words have the same length: a file in which one becomes another keeps its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// To be worked off.
    Open,
    /// Not yet to be worked off: the retry manager opens it.
    Hold,
    /// Worked off.
    Done,
}

/// An item, as it stands in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Which.
    pub id: Id,
    /// How far it is.
    pub standing: Standing,
}

/// The files of one system.
#[derive(Clone, Debug)]
pub struct Files {
    dir: PathBuf,
}

impl Files {
    /// Those in `dir`.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// The directory of all.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Items that producers add: a JSON array.
    #[must_use]
    pub fn ideas(&self) -> PathBuf {
        self.dir.join("ideas.json")
    }

    /// Items on hold or opened again: a JSON array.
    #[must_use]
    pub fn retry(&self) -> PathBuf {
        self.dir.join("retry.json")
    }

    /// A directory with one JSON file for each item.
    #[must_use]
    pub fn tasks(&self) -> PathBuf {
        self.dir.join("tasks")
    }

    /// What the worker says of itself.
    #[must_use]
    pub fn status(&self) -> PathBuf {
        self.dir.join("status.json")
    }

    /// The lock file of the hardened writers.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.dir.join("lock")
    }

    /// The fencing token: the number of the generation that may have effects.
    #[must_use]
    pub fn token(&self) -> PathBuf {
        self.dir.join("token")
    }

    /// The far end's own record of effects, one line each.
    #[must_use]
    pub fn effects(&self) -> PathBuf {
        self.dir.join("effects")
    }
}

/// What became of an effect at the far end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It was had.
    Done,
    /// The item has had its effect before: nothing happened.
    Already,
    /// A later generation is at work: nothing happened, and the caller must stop.
    Fenced,
}

/// Where items have their effect.
pub trait FarEnd: Send + Sync {
    /// Has the effect of an item, by a worker of that generation.
    fn apply(&self, id: Id, generation: u32) -> Applied;
}

/// What a worker's event loop says of itself to whoever watches over it; called by the loop alone.
pub trait Vitals: Send {
    /// Once round the loop: writes the status if a beat is due. `queued` items wait, `done` were completed so far.
    fn beat(&mut self, queued: usize, done: u64);
    /// An item is about to be worked off.
    fn begin(&mut self, id: Id);
    /// The item being worked off came on a little: called between the pieces of a long one.
    fn progress(&mut self, id: Id);
    /// The item is worked off.
    fn end(&mut self, id: Id);
}

/// What one piece of work on an item came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worked {
    /// The item had its effect now or before.
    Done,
    /// Whoever worked on it is gone without a word (HM1): it stays in flight for ever.
    Vanished,
    /// This generation is fenced off: the worker must end.
    Fenced,
}

/// Works items off for a worker of one generation.
pub trait Work: Send {
    /// Works one item off on the loop, telling `vitals` how it comes on.
    fn work(&mut self, id: Id, vitals: &mut dyn Vitals) -> Worked;
}
