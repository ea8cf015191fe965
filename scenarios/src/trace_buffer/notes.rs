//! What an actor's call removed and tried to send, as it happens.

use super::{Watch, label};
use racehunt_core::history::{What, Why};
use racehunt_core::id::Id;
use racehunt_core::subject::Actor;
use std::path::Path;

/// Marks removals in the actor's history ahead of them, and keeps what the call did.
pub(super) struct Notes<'a> {
    actor: &'a mut Actor,
    /// Files that this call removed itself.
    pub(super) removed: Vec<Id>,
    /// Files that it was about to send, each once.
    pub(super) attempted: Vec<Id>,
}

impl<'a> Notes<'a> {
    pub(super) fn of(actor: &'a mut Actor) -> Self {
        Self { actor, removed: Vec::new(), attempted: Vec::new() }
    }
}

impl Watch for Notes<'_> {
    fn removing(&mut self, file: &Path, why: Why) {
        if let Some(id) = label::id_of(file) {
            self.actor.mark(What::Remove(id, why));
        }
    }

    fn removed(&mut self, file: &Path, _why: Why) {
        self.removed.extend(label::id_of(file));
    }

    fn attempting(&mut self, file: &Path) {
        if let Some(id) = label::id_of(file)
            && !self.attempted.contains(&id)
        {
            self.attempted.push(id);
        }
    }
}
