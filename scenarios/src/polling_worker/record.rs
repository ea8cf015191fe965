//! What was true of one generation, kept beside the system for those who judge it.
//!
//! A worker comes on whenever its loop goes round or an item moves. From one such moment to the next it was either
//! well or, if they are far apart, it was not: it stalled, was stopped, or the machine kept it from running. So the
//! moments themselves tell of every outage of a loop, whoever made it. The last one stands in a file where the worker
//! is a process of its own, and survives its kill.

use racehunt_core::observation::{Lease, Outage, Part};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Something worth keeping of a generation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Note {
    /// It was not well.
    Outage(Outage),
    /// It was to be left alone.
    Lease(Lease),
}

/// The record of one generation. Its lock is std's: nothing here is a step of a model.
#[derive(Debug)]
pub struct Record {
    generation: u32,
    /// From this many nanoseconds on, not having come on is an outage.
    gap_ns: u64,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// When it came on last.
    last_ns: u64,
    notes: Vec<Note>,
    /// Where both are kept as well.
    kept: Option<Kept>,
}

#[derive(Debug)]
struct Kept {
    notes: File,
    last: File,
}

impl Record {
    /// In memory, of a generation that starts at `now_ns`.
    #[must_use]
    pub fn new(generation: u32, gap_ns: u64, now_ns: u64) -> Self {
        let inner = Inner { last_ns: now_ns, notes: Vec::new(), kept: None };
        Self { generation, gap_ns, inner: Mutex::new(inner) }
    }

    /// In files below `dir`, which survive the process.
    ///
    /// # Errors
    /// When they cannot be made.
    pub fn kept(dir: &Path, generation: u32, gap_ns: u64, now_ns: u64) -> io::Result<Self> {
        let open = |path| OpenOptions::new().append(true).create(true).open(path);
        let (notes, last) = paths(dir, generation);
        let kept = Kept { notes: open(notes)?, last: File::create(last)? };
        let record = Self::new(generation, gap_ns, now_ns);
        record.inner().kept = Some(kept);
        record.came_on(now_ns);
        Ok(record)
    }

    /// Of which it is.
    #[must_use]
    pub fn generation(&self) -> u32 {
        self.generation
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The loop went round, or an item moved.
    pub fn came_on(&self, now_ns: u64) {
        let mut inner = self.inner();
        if let Some(outage) = gap(self.generation, self.gap_ns, inner.last_ns, now_ns) {
            inner.note(Note::Outage(Outage { to_ns: Some(now_ns), ..outage }));
        }
        inner.last_ns = now_ns;
        if let Some(kept) = &inner.kept {
            let _ = kept.last.write_all_at(&now_ns.to_le_bytes(), 0);
        }
    }

    /// Nobody works on an item any more, and nobody knows.
    pub fn vanished(&self, now_ns: u64) {
        self.note(Note::Outage(Outage { worker: self.generation, of: Part::Item, from_ns: now_ns, to_ns: None }));
    }

    /// It is to be left alone from one moment to another.
    pub fn leased(&self, from_ns: u64, until_ns: u64) {
        self.note(Note::Lease(Lease { worker: self.generation, from_ns, until_ns }));
    }

    fn note(&self, note: Note) {
        self.inner().note(note);
    }

    /// The notes; if it was well until it was ended at `ended_ns`, no more than these.
    #[must_use]
    pub fn notes(&self, ended_ns: u64) -> Vec<Note> {
        let inner = self.inner();
        with_gap(inner.notes.clone(), self.generation, self.gap_ns, inner.last_ns, ended_ns)
    }

    /// The notes that a process left, which was there from `started_ns` to `ended_ns`. What it did not come to write is
    /// taken from the moments: a process that never came on was not well from its start.
    #[must_use]
    pub fn left_behind(dir: &Path, generation: u32, gap_ns: u64, started_ns: u64, ended_ns: u64) -> Vec<Note> {
        let (notes, last) = paths(dir, generation);
        let notes = std::fs::read_to_string(notes).unwrap_or_default();
        // A line that a kill cut off is none.
        let notes = notes.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let last =
            std::fs::read(last).ok().and_then(|bytes| bytes.try_into().ok()).map_or(started_ns, u64::from_le_bytes);
        with_gap(notes, generation, gap_ns, last, ended_ns)
    }
}

impl Inner {
    fn note(&mut self, note: Note) {
        if let Some(kept) = &mut self.kept
            && let Ok(line) = serde_json::to_string(&note)
        {
            let _ = kept.notes.write_all(format!("{line}\n").as_bytes());
        }
        self.notes.push(note);
    }
}

fn paths(dir: &Path, generation: u32) -> (PathBuf, PathBuf) {
    (dir.join(format!("notes-{generation}")), dir.join(format!("last-{generation}")))
}

fn gap(worker: u32, gap_ns: u64, last_ns: u64, now_ns: u64) -> Option<Outage> {
    let long = now_ns.saturating_sub(last_ns) >= gap_ns;
    long.then_some(Outage { worker, of: Part::Loop, from_ns: last_ns, to_ns: None })
}

fn with_gap(mut notes: Vec<Note>, generation: u32, gap_ns: u64, last_ns: u64, ended_ns: u64) -> Vec<Note> {
    notes.extend(gap(generation, gap_ns, last_ns, ended_ns).map(Note::Outage));
    notes
}
