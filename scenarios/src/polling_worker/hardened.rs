//! Hardened: the loop looks at (mtime in ns, size, inode) and takes a version as seen only after a good parse between
//! two equal signatures. All that rewrite a file do so under one lock.
//!
//! # Why a signature is not believed at once
//!
//! A file's time moves in ticks of up to [`GRAIN_MS`], and a file system gives the number of a removed inode to the next
//! new one. Two replacements within a tick can bring back the signature that was seen before them. So a version is
//! read once more when its signature is a grain old: whatever comes later has a later time. (Git calls an entry of its
//! index that is too young to be believed "racily clean". Linux from 6.13 on tells a finer time of a file that somebody
//! has looked at, on some file systems.)

use super::desk::Desk;
use super::published_fix::POLLS;
use super::store::{Source, Store};
use super::worker::Notice;
use racehunt_core::id::Id;
use racehunt_sync::os::unix::fs::MetadataExt;
use racehunt_sync::time::{Duration, Instant};
use racehunt_sync::{Arc, fs, thread};
use std::io;

/// The coarsest tick of a file's time, in milliseconds: a kernel of 100 Hz.
pub(super) const GRAIN_MS: i64 = 10;

/// What tells a version of a file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Signature {
    /// Seconds and nanoseconds.
    modified: (i64, i64),
    size: u64,
    inode: u64,
}

/// The version that was read last.
#[derive(Clone, Copy, Debug)]
struct Seen {
    signature: Signature,
    /// When it was first seen.
    since: Instant,
    /// It was read when it was a grain old.
    believed: bool,
}

/// Polls signatures.
pub(super) struct Hardened {
    store: Arc<Store>,
    tick: Duration,
    grain: Duration,
    seen: [Option<Seen>; Source::ALL.len()],
    quiet: u32,
}

impl Hardened {
    pub(super) fn new(store: Arc<Store>, tick: Duration, grain: Duration) -> Self {
        Self { store, tick, grain, seen: Default::default(), quiet: 0 }
    }

    fn sign(&self, source: Source) -> io::Result<Signature> {
        let metadata = fs::metadata(source.path(&self.store.files))?;
        let modified = (metadata.mtime(), metadata.mtime_nsec());
        Ok(Signature { modified, size: metadata.size(), inode: metadata.ino() })
    }

    /// What fails here is looked at again in the next round.
    fn look(&mut self, desk: &mut Desk, source: Source) -> io::Result<()> {
        let signature = self.sign(source)?;
        let known = self.seen[source as usize].filter(|seen| seen.signature == signature);
        if known.is_some_and(|seen| seen.believed) {
            return Ok(());
        }
        let now = Instant::now();
        let text = self.store.read(source)?;
        let same = desk.shown(source) == Some(&text);
        if self.sign(source)? != signature || !(same || desk.load(source, text)) {
            return Ok(());
        }
        let since = known.map_or(now, |seen| seen.since);
        let believed = now.duration_since(since) >= self.grain;
        self.seen[source as usize] = Some(Seen { signature, since, believed });
        Ok(())
    }

    fn look_at_all(&mut self, desk: &mut Desk) {
        for source in self.store.sources() {
            let _ = self.look(desk, *source);
        }
    }
}

impl Notice for Hardened {
    fn start(&mut self, desk: &mut Desk) {
        self.look_at_all(desk);
    }

    fn round(&mut self, desk: &mut Desk) {
        if desk.queued() == 0 {
            thread::sleep(self.tick);
        }
        self.look_at_all(desk);
    }

    fn mark(&mut self, desk: &mut Desk, source: Source, id: Id) {
        self.quiet = 0;
        if let Ok(Some(text)) = self.store.mark(source, id) {
            // With what others have added since it was read.
            desk.load(source, text);
        }
    }

    fn settled(&mut self) -> bool {
        self.quiet += 1;
        self.quiet >= POLLS
    }

    fn stop(&mut self) {}
}
