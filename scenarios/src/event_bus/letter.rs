//! What the events of a hunt carry: an id, and whatever details the scenario asks for.

use super::{Details, Frozen, Payload};
use crate::metrics_buffer::dict::SizeChanged;
use racehunt_core::id::Id;

/// The payload of a hunt.
pub(super) struct Letter {
    pub(super) id: Id,
    /// True if a handler emitted it: handlers do not answer it.
    pub(super) is_answer: bool,
    pub(super) details: Enclosed,
}

/// The details of an event.
pub(super) enum Enclosed {
    /// None, and so nothing to walk.
    Nothing,
    /// The application's own map, which it goes on changing.
    Live(Details),
    /// What was in it when the event was made.
    Frozen(Frozen),
}

impl Payload for Letter {
    fn deep_copy(&self) -> Result<Self, SizeChanged> {
        let details = match &self.details {
            Enclosed::Nothing => Enclosed::Nothing,
            Enclosed::Live(details) => Enclosed::Live(details.deep_copy()?),
            Enclosed::Frozen(details) => Enclosed::Frozen(details.deep_copy()?),
        };
        Ok(Self { id: self.id, is_answer: self.is_answer, details })
    }
}
