//! Work as it is in the field: some items take long, one is lost, one finds the loop stalled.

use super::care::Mishaps;
use super::clock::Clock;
use super::far_end::Effects;
use super::record::Record;
use super::{Applied, FarEnd, Vitals, Work, Worked};
use racehunt_core::id::Id;
use racehunt_sync::thread;
use std::sync::Arc;

/// The work of one generation.
#[derive(Debug)]
pub(super) struct Labour {
    pub(super) far: Effects,
    pub(super) generation: u32,
    pub(super) clock: Clock,
    pub(super) record: Arc<Record>,
    pub(super) mishaps: Mishaps,
    /// Items that were begun.
    pub(super) begun: u64,
}

impl Work for Labour {
    fn work(&mut self, id: Id, vitals: &mut dyn Vitals) -> Worked {
        self.begun += 1;
        let mishaps = &self.mishaps;
        let first = |nth: u64| self.generation == 0 && self.begun == nth;
        if first(mishaps.lost_nth) {
            self.record.vanished(self.clock.now());
            return Worked::Vanished;
        }
        if first(mishaps.stall_nth) {
            thread::sleep(mishaps.stall);
        }
        if mishaps.long_every > 0 && self.begun.is_multiple_of(mishaps.long_every) {
            let mut left = mishaps.long;
            while !left.is_zero() {
                let piece = left.min(mishaps.piece);
                thread::sleep(piece);
                left -= piece;
                vitals.progress(id);
            }
        }
        match self.far.apply(id, self.generation) {
            Applied::Done | Applied::Already => Worked::Done,
            Applied::Fenced => Worked::Fenced,
        }
    }
}
