//! What an actor's call removed and tried to send, as it happens.

use super::{Client, SendError, Watch, label};
use racehunt_core::history::{What, Why};
use racehunt_core::id::Id;
use racehunt_core::subject::Actor;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Marks removals in the actor's history ahead of them, and keeps what the call did.
pub(super) struct Notes<'a> {
    actor: &'a mut Actor,
    /// Files that this call removed itself.
    pub(super) removed: Vec<Id>,
}

impl<'a> Notes<'a> {
    pub(super) fn of(actor: &'a mut Actor) -> Self {
        Self { actor, removed: Vec::new() }
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
}

/// A client that remembers what it was asked to send. (A file that a replay looks at may be gone or torn by then; that
/// is no attempt.)
pub(super) struct Tries<'a> {
    client: &'a dyn Client,
    ids: Mutex<Vec<Id>>,
}

impl<'a> Tries<'a> {
    pub(super) fn at(client: &'a dyn Client) -> Self {
        Self { client, ids: Mutex::default() }
    }

    /// Each once.
    pub(super) fn ids(self) -> Vec<Id> {
        let mut ids = self.ids.into_inner().unwrap_or_else(PoisonError::into_inner);
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

impl Client for Tries<'_> {
    fn send(&self, key: Option<&str>, body: &serde_json::Value) -> Result<(), SendError> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner).extend(label::id_in(body));
        self.client.send(key, body)
    }
}
