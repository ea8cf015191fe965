//! What a worker says of itself: a status file that its loop replaces every `beat`.
//!
//! As shipped it says that the loop goes round, and no more: it is fresh while an item is lost (HM1), and grows old while
//! a long one is worked off (HM2). Hardened, it also says since when something is owed, and the item that comes on has a
//! lease, renewed by its progress.

use super::clock::Clock;
use super::record::Record;
use super::{Files, Vitals};
use racehunt_core::id::Id;
use racehunt_sync::fs;
use serde::{Deserialize, Serialize};
use std::io;
use std::sync::Arc;

/// The content of the status file. Times are nanoseconds of the worker's clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// Which worker wrote it.
    pub generation: u32,
    /// When its loop went round last.
    pub at_ns: u64,
    /// Items that wait.
    pub queued: u64,
    /// Items that were completed.
    pub done: u64,
    /// Since when something is owed that did not come on: items wait and none is completed, or one in flight stands still.
    /// Hardened only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owed_since_ns: Option<u64>,
    /// The item that is being worked off. Hardened only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<ItemLease>,
}

/// An item in flight is to be left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemLease {
    /// Which.
    pub id: Id,
    /// Until when.
    pub until_ns: u64,
}

impl Status {
    /// What stands in the file; `None` if there is none, or it does not parse.
    #[must_use]
    pub fn read(files: &Files) -> Option<Self> {
        serde_json::from_slice(&fs::read(files.status()).ok()?).ok()
    }

    /// Replaces the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, files: &Files) -> io::Result<()> {
        // Two generations may write at once (HM3).
        let aside = files.dir().join(format!("status-{}.tmp", self.generation));
        fs::write(&aside, serde_json::to_vec(self)?)?;
        fs::rename(aside, files.status())
    }
}

/// How a worker's vitals are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rhythm {
    /// The status is written this often, in nanoseconds.
    pub beat_ns: u64,
    /// Hardened: how long a lease lasts, in nanoseconds. `None`: heartbeats alone.
    pub lease_ns: Option<u64>,
}

/// The vitals of a worker's loop.
#[derive(Debug)]
pub struct Pulse {
    files: Files,
    clock: Clock,
    rhythm: Rhythm,
    record: Arc<Record>,
    status: Status,
    written_ns: Option<u64>,
    /// When an item was completed last, or nothing waited.
    settled_ns: u64,
    /// Items that were begun and not ended, each with when it came on last. One whose worker is lost stays.
    in_flight: Vec<(Id, u64)>,
}

impl Pulse {
    /// Those of a worker of `generation`, which starts now.
    #[must_use]
    pub fn new(files: Files, generation: u32, clock: Clock, rhythm: Rhythm, record: Arc<Record>) -> Self {
        let (status, settled_ns) = (Status { generation, ..Status::default() }, clock.now());
        Self { files, clock, rhythm, record, status, written_ns: None, settled_ns, in_flight: Vec::new() }
    }

    /// Writes the status if a beat is due since the last one.
    fn tell(&mut self, now: u64) {
        if self.written_ns.is_some_and(|at| now.saturating_sub(at) < self.rhythm.beat_ns) {
            return;
        }
        if let Some(length) = self.rhythm.lease_ns {
            let lease = |(id, at): &(Id, u64)| ItemLease { id: *id, until_ns: at + length };
            self.status.lease = self.in_flight.last().map(lease).filter(|lease| lease.until_ns > now);
            let waiting = (self.status.queued > 0).then_some(self.settled_ns);
            self.status.owed_since_ns = self.in_flight.iter().map(|item| item.1).chain(waiting).min();
        }
        // A status that cannot be written is one that grows old, which is what it says then.
        if self.status.write(&self.files).is_ok() {
            self.written_ns = Some(now);
            if let Some(lease) = self.status.lease {
                self.record.leased(self.clock.now(), lease.until_ns);
            }
        }
    }
}

impl Vitals for Pulse {
    fn beat(&mut self, queued: usize, done: u64) {
        let now = self.clock.now();
        self.record.came_on(now);
        if done != self.status.done || queued == 0 {
            self.settled_ns = now;
        }
        (self.status.at_ns, self.status.queued, self.status.done) = (now, queued as u64, done);
        self.tell(now);
    }

    fn begin(&mut self, id: Id) {
        let now = self.clock.now();
        self.record.came_on(now);
        self.in_flight.push((id, now));
    }

    fn progress(&mut self, id: Id) {
        let now = self.clock.now();
        self.record.came_on(now);
        for item in self.in_flight.iter_mut().filter(|item| item.0 == id) {
            item.1 = now;
        }
        if self.rhythm.lease_ns.is_some() {
            self.tell(now);
        }
    }

    fn end(&mut self, id: Id) {
        let now = self.clock.now();
        self.record.came_on(now);
        self.settled_ns = now;
        self.in_flight.retain(|item| item.0 != id);
    }
}
