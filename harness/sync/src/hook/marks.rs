//! What happens to actors between their steps, for recorded interleavings only.

use super::{ActorId, ObjectId, RECORDING, with};

/// What happened to an actor that is no step of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It cannot do its next step until another one has done something.
    Waits,
    /// It gave the object up as a part of a step of another kind.
    GivesUp(ObjectId),
    /// Its process was killed.
    Dies,
}

/// A mark and its moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marked {
    /// Events recorded before it.
    pub at: usize,
    /// Whose.
    pub actor: ActorId,
    /// What.
    pub mark: Mark,
}

/// Records `mark`; nothing when not recording.
pub(crate) fn mark(actor: ActorId, mark: Mark) {
    if RECORDING.get() && !crate::model::failed() {
        with(|w| {
            let at = w.events.len();
            w.marks.push(Marked { at, actor, mark });
        });
    }
}

/// Takes the recorded marks.
#[must_use]
pub fn take_marks() -> Vec<Marked> {
    with(|w| std::mem::take(&mut w.marks))
}
