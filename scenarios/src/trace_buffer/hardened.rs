//! The buffer done right, with one lock file for all threads of all processes.
//!
//! * A trace is serialised into memory, written to a temporary file, synced, and only then renamed to its name: what
//!   is visible is whole (TB3, TB4), and what cannot be serialised costs nothing (TB5).
//! * {Count, evict, rename} is one critical section of a lock file (TB1, TB2, TB10). The lock belongs to the open file,
//!   so it ends with its process, and a forked child does not find it locked (TB11).
//! * The order is a sequence number in the name: most neighbours share their mtime. It also makes names unique (TB12).
//! * The evicted trace is first renamed aside, and removed when the new one is in; if anything fails it comes back, so
//!   that an error means that nothing happened.
//! * How many files there are is known without counting (see `section`), and which are the oldest is remembered from the
//!   last look (see `candidates`): a store costs the same however large the directory is. What is known stands in the
//!   name of a file, which is as safe as the traces' own names, so it needs no sync of its own.
//! * A listing takes the names under the lock and what was renamed meanwhile it looks for again (TB6).
//! * A replay claims each trace by renaming it, so that it is sent once (TB7), with an idempotency key for the case that
//!   its process is killed after the send (TB8). A claim holds for the lease; then anybody may take it over.
//! * Whoever removes a file counts it (TB9), and a cap of 0 is one (TB13).
//!
//! # What it costs
//!
//! A store at the cap is create, write, sync, open the lock, lock, read the state, mark busy, set aside, rename, unlink,
//! seek, write the state, mark at rest, unlock: 14 calls; 12 with room left; one fewer without `sync`.
//!
//! # What to know
//!
//! * Traces that are being sent count towards the cap and are neither evicted nor cleared before their lease has ended;
//!   a store that finds nothing else answers [`StoreError::Full`].
//! * A file that does not parse is renamed to `….quarantined`. It is never removed and does not count any more.
//! * With `sync` whatever is visible after a crash of the machine is whole. Its directory entry is not synced: the
//!   traces of the last moments before such a crash may be missing.
//! * The other variants must not write to the same directory at the same time. What they left behind is taken over.
//! * A process that is stopped inside the critical section stops everybody.

mod candidates;
mod names;
mod replay;
mod section;

use self::candidates::Candidates;
use self::names::Trace;
use self::section::{Change, Section};
use super::{Body, BufferError, Client, Item, Replayed, Settings, Status, StoreError, Stored, TraceBuffer, Watch};
use racehunt_core::history::Why;
use racehunt_sync::fs::{self, OpenOptions};
use racehunt_sync::process;
use std::collections::{BTreeSet, VecDeque};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

/// How many temporary files of one name it puts up with: clock and ids would have to stand still.
const AGAIN: u32 = 1_000;

/// One lock file, one rename for each change.
pub struct Hardened {
    settings: Settings,
    candidates: Candidates,
}

/// What a file's content is.
enum Content {
    Value(serde_json::Value),
    /// Renamed or removed.
    Gone,
    /// It is no JSON.
    Broken,
    Unreadable,
}

impl Hardened {
    /// Opens the buffer and makes its directory.
    ///
    /// # Errors
    /// When the directory cannot be made.
    pub fn new(settings: Settings) -> Result<Self, BufferError> {
        fs::create_dir_all(&settings.dir).map_err(failed("make the directory"))?;
        Ok(Self { settings, candidates: Candidates::default() })
    }

    fn now(&self) -> u64 {
        (self.settings.now_ms)()
    }

    fn section(&self) -> Result<Section<'_>, BufferError> {
        Section::enter(&self.settings).map_err(failed("lock"))
    }

    /// Writes a temporary file and returns its name.
    fn write_temp(&self, bytes: &[u8], uuid: u128) -> io::Result<String> {
        let now = self.now();
        let mut again = 0;
        let (name, mut file) = loop {
            let name = names::temp(now, process::id(), uuid, again);
            match OpenOptions::new().write(true).create_new(true).open(self.settings.dir.join(&name)) {
                Err(taken) if taken.kind() == ErrorKind::AlreadyExists && again < AGAIN => again += 1,
                opened => break (name, opened?),
            }
        };
        let written = file.write_all(bytes).and_then(|()| if self.settings.sync { file.sync_all() } else { Ok(()) });
        if let Err(error) = written {
            let _ = fs::remove_file(self.settings.dir.join(&name));
            return Err(error);
        }
        Ok(name)
    }

    /// Puts the temporary file in under its own name, in the place of the oldest if there is no room.
    fn publish(&self, temp: &str, uuid: u128, watch: &mut dyn Watch) -> Result<Stored, StoreError> {
        let mut section = Section::enter(&self.settings).map_err(refused("lock"))?;
        let mut change = section.begin(watch).map_err(refused("begin"))?;
        let name = Trace::new_name(change.state.next, process::id(), uuid);
        let mut aside = Vec::new();
        let stored = self
            .set_aside(&section, &mut change, &mut aside, watch)
            .and_then(|oldest| section.rename(temp, &name).map(|()| oldest).map_err(refused("rename")));
        let oldest = match stored {
            Ok(oldest) => oldest,
            Err(error) => return Err(self.back_out(section, &change, &aside, error)),
        };
        change.state.next += 1;
        change.state.count = change.state.count + 1 - aside.len() as u64;
        let given_up = aside.iter().filter(|trace| section.give_up(trace, watch).is_ok()).count();
        if given_up == aside.len() {
            section.end(&change);
        }
        self.candidates.keep(change.state.epoch, oldest);
        Ok(Stored { file: section.path(&name) })
    }

    /// The store came to nothing, and so must what it did on the way.
    fn back_out(&self, mut section: Section<'_>, change: &Change, aside: &[Trace], error: StoreError) -> StoreError {
        if aside.iter().all(|trace| section.rename(&trace.aside(), &trace.name).is_ok()) {
            section.end(change);
            return error;
        }
        // The marker stays busy: the next change tries again.
        match error {
            StoreError::Io { step, source } => StoreError::EvictedThenFailed { step, source },
            other => other,
        }
    }

    /// Sets the oldest aside until there is room for one; returns those that come next.
    fn set_aside(
        &self,
        section: &Section<'_>,
        change: &mut Change,
        aside: &mut Vec<Trace>,
        watch: &mut dyn Watch,
    ) -> Result<VecDeque<Trace>, StoreError> {
        let mut oldest = self.candidates.take(change.state.epoch);
        let room = self.settings.cap as u64 - 1;
        let mut looked = false;
        while change.state.count - aside.len() as u64 > room {
            let Some(trace) = oldest.pop_front() else {
                if looked {
                    return Err(StoreError::Full);
                }
                looked = true;
                let listing = section.listing().map_err(refused("list"))?;
                section.sweep(&listing);
                let traces = listing.traces;
                // Somebody may have removed files by hand.
                change.state.count = (traces.len() + aside.len()) as u64;
                let now = self.now();
                oldest.extend(traces.into_iter().filter(|trace| trace.is_free(now)));
                continue;
            };
            watch.removing(&section.path(&trace.name), Why::Evict);
            match section.rename(&trace.name, &trace.aside()) {
                Ok(()) => aside.push(trace),
                Err(gone) if gone.kind() == ErrorKind::NotFound => {}
                Err(other) => return Err(refused("evict")(other)),
            }
        }
        Ok(oldest)
    }

    fn content(&self, trace: &Trace) -> Content {
        match fs::read(self.settings.dir.join(&trace.name)) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_or(Content::Broken, Content::Value),
            Err(gone) if gone.kind() == ErrorKind::NotFound => Content::Gone,
            Err(_) => Content::Unreadable,
        }
    }

    /// Takes a broken file out of everybody's way.
    fn quarantine(&self, trace: &Trace) -> Result<(), BufferError> {
        let mut section = self.section()?;
        let mut change = section.begin(&mut ()).map_err(failed("begin"))?;
        if section.rename(&trace.name, &trace.quarantined()).is_ok() {
            change.state.count = change.state.count.saturating_sub(1);
        }
        section.end(&change);
        Ok(())
    }

    fn traces(&self) -> Result<Vec<Trace>, BufferError> {
        Ok(self.section()?.tidy_listing().map_err(failed("list"))?.traces)
    }
}

impl TraceBuffer for Hardened {
    fn store(&self, body: &dyn Body, watch: &mut dyn Watch) -> Result<Stored, StoreError> {
        if self.settings.cap == 0 {
            return Err(StoreError::Disabled);
        }
        let mut bytes = Vec::new();
        body.write_to(&mut bytes).map_err(StoreError::Serialise)?;
        let uuid = (self.settings.uuid)();
        let temp = self.write_temp(&bytes, uuid).map_err(refused("write"))?;
        let stored = self.publish(&temp, uuid, watch);
        if stored.is_err() {
            let _ = fs::remove_file(self.settings.dir.join(temp));
        }
        stored
    }

    /// Those that a replay is sending are among them. Files that do not parse are quarantined.
    fn list(&self) -> Result<Vec<Item>, BufferError> {
        let mut found = Vec::new();
        let mut renamed = BTreeSet::new();
        for trace in self.traces()? {
            match self.content(&trace) {
                Content::Value(value) => found.push((trace, value)),
                Content::Gone => drop(renamed.insert(trace.stem)),
                // Where this fails the next listing tries again.
                Content::Broken => drop(self.quarantine(&trace)),
                Content::Unreadable => {}
            }
        }
        if !renamed.is_empty() {
            // Claimed or given back since the names were taken. Under the lock nobody does so again.
            let mut section = self.section()?;
            let traces = section.tidy_listing().map_err(failed("list"))?.traces;
            for trace in traces.into_iter().filter(|trace| renamed.contains(&trace.stem)) {
                if let Content::Value(value) = self.content(&trace) {
                    found.push((trace, value));
                }
            }
            found.sort_by(|(a, _), (b, _)| a.cmp(b));
        }
        Ok(found.into_iter().map(|(trace, value)| Item { file: self.settings.dir.join(trace.name), value }).collect())
    }

    fn status(&self) -> Result<Status, BufferError> {
        let mut section = self.section()?;
        let traces = section.tidy_listing().map_err(failed("list"))?.traces;
        let sizes = traces.iter().map(|trace| fs::metadata(section.path(&trace.name)).map(|metadata| metadata.len()));
        let bytes = sizes.sum::<io::Result<u64>>().map_err(failed("stat"))?;
        Ok(Status { files: traces.len() as u64, cap: self.settings.cap, bytes })
    }

    /// A trace that a replay is sending has another name by then, and is left to it.
    fn remove(&self, file: &Path, watch: &mut dyn Watch) -> Result<bool, BufferError> {
        let name = file.file_name().and_then(|name| name.to_str());
        let Some(trace) = name.and_then(Trace::parse).filter(|trace| trace.is_free(self.now())) else {
            return Ok(false);
        };
        let mut section = self.section()?;
        let mut change = section.begin(watch).map_err(failed("begin"))?;
        let removed = remove_free(&section, &mut change, &trace, watch);
        section.end(&change);
        removed.map_err(failed("unlink"))
    }

    /// All but what a replay is sending; counts what this call removed. What cannot be removed stays.
    fn clear(&self, watch: &mut dyn Watch) -> Result<u64, BufferError> {
        let mut section = self.section()?;
        let mut change = section.begin(watch).map_err(failed("begin"))?;
        let mut removed = 0;
        let listing = section.listing();
        if let Ok(listing) = &listing {
            section.sweep(listing);
            change.state.count = listing.traces.len() as u64;
            let now = self.now();
            for trace in listing.traces.iter().filter(|trace| trace.is_free(now)) {
                removed += u64::from(remove_free(&section, &mut change, trace, watch).unwrap_or(false));
            }
        }
        section.end(&change);
        listing.map(|_| removed).map_err(failed("list"))
    }

    /// Answers for the traces that it claimed; those that another is sending are the other's.
    fn replay(&self, client: &dyn Client, max_retries: u32, watch: &mut dyn Watch) -> Result<Replayed, BufferError> {
        replay::replay(self, client, max_retries.max(1), watch)
    }
}

fn remove_free(section: &Section<'_>, change: &mut Change, trace: &Trace, watch: &mut dyn Watch) -> io::Result<bool> {
    let file = section.path(&trace.name);
    watch.removing(&file, Why::Clear);
    match fs::remove_file(&file) {
        Ok(()) => {
            change.state.count = change.state.count.saturating_sub(1);
            watch.removed(&file, Why::Clear);
            Ok(true)
        }
        Err(gone) if gone.kind() == ErrorKind::NotFound => Ok(false),
        Err(other) => Err(other),
    }
}

fn failed(step: &'static str) -> impl Fn(io::Error) -> BufferError {
    move |source| BufferError::Io { step, source }
}

fn refused(step: &'static str) -> impl Fn(io::Error) -> StoreError {
    move |source| StoreError::Io { step, source }
}
