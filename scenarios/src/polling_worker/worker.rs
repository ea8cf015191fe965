//! The worker: an event loop that notices changes, works items off one at a time, and marks them as done.

use super::desk::Desk;
use super::store::Source;
use super::{Vitals, Work, Worked};
use racehunt_core::id::Id;

/// How a variant comes to know what is in the files. Called by the loop alone.
pub(super) trait Notice {
    /// Before the first round: what is there.
    fn start(&mut self, desk: &mut Desk);
    /// Once round the loop: takes in what is new. Where the desk has nothing to do it sleeps for a tick at most.
    fn round(&mut self, desk: &mut Desk);
    /// Marks an item as done in its file.
    fn mark(&mut self, desk: &mut Desk, source: Source, id: Id);
    /// Asked once round the loop when all writers have ended and nothing is queued: true if nothing can come any more.
    fn settled(&mut self) -> bool;
    /// After the last round.
    fn stop(&mut self);
}

/// Why a worker ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// All writers had ended and it had seen everything.
    Settled,
    /// A later generation has taken over.
    Fenced,
}

/// Runs a worker until all writers have `ended` and nothing is left to do.
pub(super) fn run(
    desk: &mut Desk,
    notice: &mut dyn Notice,
    work: &mut dyn Work,
    vitals: &mut dyn Vitals,
    ended: &dyn Fn() -> bool,
) -> End {
    notice.start(desk);
    let end = loop {
        // Asked before the look, so that a look that finds nothing new is one after the last write.
        let last = ended();
        notice.round(desk);
        vitals.beat(desk.queued(), desk.done);
        let Some((source, id)) = desk.next() else {
            if last && notice.settled() {
                desk.check();
                break End::Settled;
            }
            continue;
        };
        vitals.begin(id);
        match work.work(id, vitals) {
            Worked::Done => {
                vitals.end(id);
                notice.mark(desk, source, id);
                desk.done += 1;
            }
            // Nobody will ever say that it is done.
            Worked::Vanished => {}
            Worked::Fenced => break End::Fenced,
        }
    };
    notice.stop();
    end
}
