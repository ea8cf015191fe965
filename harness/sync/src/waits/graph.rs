//! What two looks prove.

use super::look::{Snapshot, Thread};
use super::{Report, ThreadNo, Waiting};
use crate::hook::Kind;

impl Snapshot {
    /// What this look proves together with an `earlier` one. The pause between the two should be so long that a thread
    /// that was woken would have come to run. `idle` says of an actor that it does nothing now, and will not before the
    /// others go on.
    #[must_use]
    pub fn report(&self, earlier: &Self, idle: impl Fn(usize) -> bool) -> Report {
        let stuck: Vec<&Waiting> = self.threads.iter().filter_map(|thread| still(thread, earlier)).collect();
        let cycle: Vec<ThreadNo> = stuck.iter().map(|w| w.thread).filter(|t| reaches(&stuck, *t)).collect();
        let nobody_moves = self.strangers == Some(0)
            && stuck.iter().any(|w| !w.timed)
            && self.threads.iter().all(|thread| {
                thread.actor.is_some_and(&idle) || still(thread, earlier).is_some_and(|waiting| !waiting.timed)
            });
        let deadlock = !cycle.is_empty() || nobody_moves;
        let mut waits: Vec<Waiting> = if deadlock {
            stuck.into_iter().filter(|w| !w.timed || cycle.contains(&w.thread)).cloned().collect()
        } else {
            self.waiting().cloned().collect()
        };
        for waiting in &mut waits {
            settle_condvar(waiting, &cycle);
        }
        // The sort keeps the order of those that are alike.
        waits.sort_by_key(|w| !cycle.contains(&w.thread));
        Report { deadlock, waits }
    }
}

/// The wait of a thread, if it is the one at which `earlier` saw it and is not about to end: what nobody holds is free.
fn still<'a>(thread: &'a Thread, earlier: &Snapshot) -> Option<&'a Waiting> {
    let waiting = thread.waiting.as_ref().filter(|w| thread.steady && !is_free(w))?;
    let same = |w: &Waiting| w.thread == waiting.thread && w.number == waiting.number;
    earlier.waiting().any(same).then_some(waiting)
}

fn is_free(waiting: &Waiting) -> bool {
    let has_holder = matches!(waiting.kind, Kind::Lock | Kind::ReadLock | Kind::Join | Kind::Init);
    has_holder && waiting.holders.is_empty()
}

/// True if `from` waits for itself, over however many others. Every edge is one without which the wait does not end.
fn reaches(stuck: &[&Waiting], from: ThreadNo) -> bool {
    let (mut seen, mut left) = (Vec::new(), vec![from]);
    while let Some(thread) = left.pop() {
        let Some(waiting) = stuck.iter().find(|w| w.thread == thread) else { continue };
        for holder in &waiting.holders {
            if holder.thread == from {
                return true;
            }
            if !seen.contains(&holder.thread) {
                seen.push(holder.thread);
                left.push(holder.thread);
            }
        }
    }
    false
}

/// A wait on a condvar ends with its mutex taken again, notified or not, timed or not. Whose holder waits for the waiter,
/// waits for that; of any other it is not known whether the notification came.
fn settle_condvar(waiting: &mut Waiting, cycle: &[ThreadNo]) {
    let Some(mutex) = waiting.mutex else { return };
    if cycle.contains(&waiting.thread) {
        (waiting.kind, waiting.object, waiting.timed) = (Kind::Lock, Some(mutex), false);
    } else {
        waiting.holders.clear();
    }
}
