//! The far end of a replay: what arrived, and the clients that get it there.

pub mod http;

use super::label;
use super::{Client, SendError};
use http::{HttpClient, Server};
use racehunt_core::id::Id;
use racehunt_core::observation::Sent;
use racehunt_sync::shared::Shared;
use std::sync::Arc;

/// What has arrived so far.
#[derive(Debug, Default)]
pub struct Arrivals {
    sent: Vec<Sent>,
    requests: u64,
}

impl Arrivals {
    /// One request: is refused if it is an n-th one for `fails` = n, and noted if not.
    ///
    /// # Errors
    /// The reason for the refusal.
    pub fn request(&mut self, key: Option<&str>, body: &serde_json::Value, fails: u64) -> Result<(), &'static str> {
        let id = label::id_in(body).ok_or("the trace has no id")?;
        self.requests += 1;
        if fails > 0 && self.requests.is_multiple_of(fails) {
            return Err("try again later");
        }
        self.sent.push(Sent { id, key: key.map(str::to_owned) });
        Ok(())
    }

    /// Everything that was taken, in order of arrival.
    #[must_use]
    pub fn sent(&self) -> &[Sent] {
        &self.sent
    }
}

/// What the far end delivered: it takes a key once, and what has none each time.
pub(super) fn delivered(sent: &[Sent]) -> Vec<Id> {
    let mut keys = std::collections::BTreeSet::new();
    let fresh = |sent: &&Sent| sent.key.as_ref().is_none_or(|key| keys.insert(key.clone()));
    sent.iter().filter(fresh).map(|sent| sent.id).collect()
}

/// A far end in memory, where each request is one step.
pub(super) struct Memory {
    arrivals: Shared<Arrivals>,
    fails: u64,
}

impl Client for Memory {
    fn send(&self, key: Option<&str>, body: &serde_json::Value) -> Result<(), SendError> {
        let taken = self.arrivals.write("send", |arrivals| arrivals.request(key, body, self.fails));
        taken.map_err(|why| SendError::Refused(why.to_owned()))
    }
}

/// How an instance reaches the far end.
pub(super) enum FarEnd {
    /// It has it.
    Memory(Memory),
    /// It has it, under this number, and reaches it as others do.
    Http(Arc<Server>, u64, HttpClient),
    /// Another process has it.
    Remote(HttpClient),
}

impl FarEnd {
    pub(super) fn memory(fails: u64) -> Self {
        Self::Memory(Memory { arrivals: Shared::new("far end", Arrivals::default()), fails })
    }

    /// A number of its own at `server`.
    pub(super) fn http(server: &Arc<Server>) -> Self {
        let run = server.begin();
        Self::Http(Arc::clone(server), run, HttpClient::new(server.address(run)))
    }

    pub(super) fn client(&self) -> &dyn Client {
        match self {
            Self::Memory(memory) => memory,
            Self::Http(_, _, client) | Self::Remote(client) => client,
        }
    }

    /// Where others reach it.
    pub(super) fn address(&self) -> Option<String> {
        match self {
            Self::Http(server, run, _) => Some(server.address(*run)),
            Self::Memory(_) | Self::Remote(_) => None,
        }
    }

    /// Everything that arrived; nothing for a far end that another process has.
    pub(super) fn sent(&self) -> Vec<Sent> {
        match self {
            Self::Memory(memory) => memory.arrivals.read("look", |arrivals| arrivals.sent.clone()),
            Self::Http(server, run, _) => server.sent(*run),
            Self::Remote(_) => Vec::new(),
        }
    }
}

impl Drop for FarEnd {
    fn drop(&mut self) {
        if let Self::Http(server, run, _) = self {
            server.end(*run);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_nth_is_refused_and_not_noted() {
        let far = FarEnd::memory(3);
        let answers: Vec<bool> = (0..7).map(|n| far.client().send(Some("k"), &json!({ "id": n })).is_ok()).collect();
        assert_eq!(answers, [true, true, false, true, true, false, true]);
        let ids: Vec<u64> = far.sent().iter().map(|sent| sent.id.0).collect();
        assert_eq!(ids, [0, 1, 3, 4, 6]);
        assert!(far.client().send(None, &json!("no id")).is_err());
    }

    #[test]
    fn a_key_is_delivered_once_and_what_has_none_each_time() {
        let sent = |id, key: Option<&str>| Sent { id: Id(id), key: key.map(str::to_owned) };
        let all = [sent(1, Some("a")), sent(1, Some("a")), sent(2, None), sent(2, None), sent(3, Some("b"))];
        assert_eq!(delivered(&all), [Id(1), Id(2), Id(2), Id(3)]);
    }
}
