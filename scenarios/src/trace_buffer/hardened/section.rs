//! The critical section of all threads of all processes, and what they know of the directory when they are in it.
//!
//! What is known is a [`State`], and stands in two places: as text in the lock file, where it is found at once, and in
//! the name of the marker, an empty file, where it counts. A change begins with renaming the marker that the text
//! names to its busy name and ends with the new text and the new name. Whoever finds no marker of that name (a process
//! was killed between the two, or what it wrote was lost with the machine) counts the files and tidies up first.

use super::names::{LOCK, Listing, State, Trace};
use crate::lock_file::{self, Held};
use crate::trace_buffer::{Settings, Watch};
use racehunt_core::history::Why;
use racehunt_sync::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

/// Temporary files that are older, in milliseconds, are of stores that were killed.
const LEFT_BEHIND_MS: u64 = 600_000;

/// Nobody else is in it.
pub(super) struct Section<'a> {
    settings: &'a Settings,
    lock: Held,
}

/// In the middle of a change: from what the marker says to what shall be.
#[must_use = "a change that is not ended makes the next one count the files"]
pub(super) struct Change {
    marker: State,
    pub(super) state: State,
}

impl<'a> Section<'a> {
    /// Waits for everybody else.
    pub(super) fn enter(settings: &'a Settings) -> io::Result<Self> {
        let lock = lock_file::enter(&settings.dir.join(LOCK))?;
        Ok(Self { settings, lock })
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.settings.dir.join(name)
    }

    pub(super) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from), self.path(to))
    }

    pub(super) fn listing(&self) -> io::Result<Listing> {
        let mut listing = Listing::default();
        for entry in fs::read_dir(&self.settings.dir)? {
            if let Some(name) = entry?.file_name().to_str() {
                listing.add(name);
            }
        }
        listing.sort();
        Ok(listing)
    }

    /// A listing in which nothing is set aside. Where tidying up fails it is left to the next store.
    pub(super) fn tidy_listing(&mut self) -> io::Result<Listing> {
        let listing = self.listing()?;
        if !listing.is_torn() {
            return Ok(listing);
        }
        if let Ok(change) = self.recount(&listing, &mut ()) {
            self.end(&change);
        }
        self.listing()
    }

    /// Begins a change.
    pub(super) fn begin(&mut self, watch: &mut dyn Watch) -> io::Result<Change> {
        let mut text = [0; State::LEN];
        let length = self.lock.read(&mut text)?;
        let state = str::from_utf8(&text[..length]).ok().and_then(State::parse);
        if let Some(state) = state {
            match self.rename(&state.at(), &state.busy()) {
                Ok(()) => return Ok(Change { marker: state, state }),
                Err(none) if none.kind() == ErrorKind::NotFound => {}
                Err(other) => return Err(other),
            }
        }
        let listing = self.listing()?;
        self.recount(&listing, watch)
    }

    /// Ends a change, or one that came to nothing. What fails here only makes the next change count the files.
    pub(super) fn end(&mut self, change: &Change) {
        let Change { marker, state } = change;
        let written =
            self.lock.seek(SeekFrom::Start(0)).and_then(|_| self.lock.write_all(state.to_string().as_bytes()));
        if written.is_ok() {
            let _ = self.rename(&marker.busy(), &state.at());
        }
    }

    /// Finds out what is there, and brings to its end what a killed process has begun: what it had set aside comes back
    /// if there is room, for then the trace that was to take its place is not in.
    fn recount(&self, listing: &Listing, watch: &mut dyn Watch) -> io::Result<Change> {
        let known = listing.markers.iter().map(|(_, state)| state.next);
        let seen = listing.traces.iter().chain(&listing.aside).map(|trace| trace.sequence + 1);
        let next = known.chain(seen).max().unwrap_or(0);
        let mut state = State { next, count: listing.traces.len() as u64, epoch: next }.disturbed();
        let marker = state;
        match listing.markers.split_first() {
            None => drop(File::create(self.path(&marker.busy()))?),
            Some(((first, _), others)) => {
                self.rename(first, &marker.busy())?;
                for (other, _) in others {
                    fs::remove_file(self.path(other))?;
                }
            }
        }
        for trace in listing.aside.iter().rev() {
            if state.count < self.settings.cap as u64 {
                self.rename(&trace.aside(), &trace.name)?;
                state.count += 1;
            } else {
                watch.removing(&self.path(&trace.name), Why::Evict);
                self.give_up(trace, watch)?;
            }
        }
        self.sweep(listing);
        Ok(Change { marker, state })
    }

    /// Removes what nobody sees and nobody will ask for.
    pub(super) fn sweep(&self, listing: &Listing) {
        let old = (self.settings.now_ms)().saturating_sub(LEFT_BEHIND_MS);
        let left = listing.temps.iter().filter(|(_, made)| *made < old).map(|(name, _)| name);
        for name in left.chain(&listing.done) {
            // It does no harm: there is time.
            let _ = fs::remove_file(self.path(name));
        }
    }

    /// Gives up what was set aside. Where the unlink fails it gets a name that never comes back.
    pub(super) fn give_up(&self, trace: &Trace, watch: &mut dyn Watch) -> io::Result<()> {
        let aside = trace.aside();
        fs::remove_file(self.path(&aside)).or_else(|_| self.rename(&aside, &trace.done()))?;
        watch.removed(&self.path(&trace.name), Why::Evict);
        Ok(())
    }
}
