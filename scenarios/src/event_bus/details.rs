//! What events carry in the field: a map of details, live as in Python, or frozen.

use super::Payload;
use crate::metrics_buffer::dict::{Dict, SizeChanged};
use std::sync::Arc;

/// A live map: whoever made it can change it while it is under way. Copies of the reference share it.
#[derive(Clone)]
pub struct Details(Arc<Dict<String, u64>>);

impl Details {
    /// A map of these.
    #[must_use]
    pub fn new<'a>(entries: impl IntoIterator<Item = (&'a str, u64)>) -> Self {
        let details = Self(Arc::new(Dict::new("details")));
        for (key, value) in entries {
            details.set(key, value);
        }
        details
    }

    /// Sets one detail (one step).
    #[track_caller]
    pub fn set(&self, key: &str, value: u64) {
        self.0.set(key, value);
    }

    /// How many there are (one step).
    #[must_use]
    #[track_caller]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True if there are none (one step).
    #[must_use]
    #[track_caller]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets all of them (one step).
    #[track_caller]
    pub fn clear(&self) {
        self.0.clear();
    }

    /// What is in it now, for good. One step: `tuple(d.items())` is atomic.
    #[must_use]
    #[track_caller]
    pub fn freeze(&self) -> Frozen {
        Frozen(self.0.items().into())
    }
}

impl Payload for Details {
    /// Walks the live map, one step for each entry.
    fn deep_copy(&self) -> Result<Self, SizeChanged> {
        let entries: Vec<(String, u64)> = self.0.iter().collect::<Result<_, _>>()?;
        Ok(Self::new(entries.iter().map(|(key, value)| (key.as_str(), *value))))
    }
}

/// Details that nobody can change: sharing them is as good as a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frozen(Arc<[(String, u64)]>);

impl Frozen {
    /// The details.
    #[must_use]
    pub fn entries(&self) -> &[(String, u64)] {
        &self.0
    }
}

impl Payload for Frozen {
    fn deep_copy(&self) -> Result<Self, SizeChanged> {
        Ok(self.clone())
    }
}
