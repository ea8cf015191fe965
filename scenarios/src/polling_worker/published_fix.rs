//! The published fix: no watcher. The loop looks at the size of each file and reads it when that has changed; of a
//! directory, at the number of its files.
//!
//! A rewrite of the same length has the same size (PL1); what was read torn has been read (PL2); and what is read need
//! not be what had that size (PL3).

use super::desk::Desk;
use super::store::{Source, Store};
use super::worker::Notice;
use racehunt_core::id::Id;
use racehunt_sync::{Arc, thread};
use std::time::Duration;

/// Polls of all files after the last write: a view may be that old.
pub(super) const POLLS: u32 = 2;

/// Polls sizes.
pub(super) struct PublishedFix {
    store: Arc<Store>,
    tick: Duration,
    sizes: [Option<u64>; Source::ALL.len()],
    quiet: u32,
}

impl PublishedFix {
    pub(super) fn new(store: Arc<Store>, tick: Duration) -> Self {
        Self { store, tick, sizes: Default::default(), quiet: 0 }
    }

    fn look(&mut self, desk: &mut Desk, source: Source) {
        let Ok(size) = self.store.size(source) else { return };
        if self.sizes[source as usize] == Some(size) {
            return;
        }
        let Ok(text) = self.store.read(source) else { return };
        self.sizes[source as usize] = Some(size);
        desk.load(source, text);
    }

    fn look_at_all(&mut self, desk: &mut Desk) {
        self.store.sources().iter().for_each(|source| self.look(desk, *source));
    }
}

impl Notice for PublishedFix {
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
            if source != Source::Tasks {
                self.sizes[source as usize] = Some(text.len() as u64);
            }
            desk.load(source, text);
        }
    }

    fn settled(&mut self) -> bool {
        self.quiet += 1;
        self.quiet >= POLLS
    }

    fn stop(&mut self) {}
}
