//! Plain work: an item is worked off by having its effect, at once and by nobody else.

use super::{Applied, FarEnd, Vitals, Work, Worked};
use racehunt_core::id::Id;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// A far end that takes whatever comes: in memory, or as lines of a file where workers are in other processes. Nobody
/// but the harness looks at it, so that it is no step of a model.
#[derive(Debug)]
pub(super) enum Effects {
    Memory(Mutex<Vec<Id>>),
    File(PathBuf),
}

impl Effects {
    /// All effects so far, in order.
    pub(super) fn all(&self) -> Vec<Id> {
        match self {
            Self::Memory(ids) => ids.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            Self::File(path) => {
                let lines = std::fs::read_to_string(path).unwrap_or_default();
                lines.lines().filter_map(|line| line.parse().ok().map(Id)).collect()
            }
        }
    }
}

impl FarEnd for Effects {
    fn apply(&self, id: Id, _generation: u32) -> Applied {
        match self {
            Self::Memory(ids) => ids.lock().unwrap_or_else(PoisonError::into_inner).push(id),
            Self::File(path) => {
                let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
                let line = format!("{}\n", id.0);
                file.and_then(|mut file| file.write_all(line.as_bytes())).expect("the far end can be written to");
            }
        }
        Applied::Done
    }
}

/// Work that is done at once.
pub(super) struct AtOnce(pub(super) Arc<Effects>);

impl Work for AtOnce {
    fn work(&mut self, id: Id, _vitals: &mut dyn Vitals) -> Worked {
        match self.0.apply(id, 0) {
            Applied::Done | Applied::Already => Worked::Done,
            Applied::Fenced => Worked::Fenced,
        }
    }
}

/// A worker over whom nobody watches.
pub(super) struct Unwatched;

impl Vitals for Unwatched {
    fn beat(&mut self, _queued: usize, _done: u64) {}
    fn begin(&mut self, _id: Id) {}
    fn progress(&mut self, _id: Id) {}
    fn end(&mut self, _id: Id) {}
}
