//! Where the parts of a scenario stood in its text.

use std::collections::BTreeMap;
use std::ops::Range;

use super::walk::Place;

/// A side table from a path (`stress.threads[1]`) to its place, for checks that come after parsing.
///
/// Two scenarios that say the same in different places are equal, so all tables are.
#[derive(Debug, Clone, Default)]
pub(super) struct Spans(BTreeMap<String, Place>);

impl PartialEq for Spans {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Spans {
    pub(super) fn new(places: BTreeMap<String, Place>) -> Self {
        Self(places)
    }

    /// Place of a key. A scenario that was not parsed has no places; then the start of the text has to do.
    pub(super) fn key(&self, path: &str) -> Range<usize> {
        self.0.get(path).map_or(0..0, |place| place.key.clone())
    }

    /// Place of a value.
    pub(super) fn value(&self, path: &str) -> Range<usize> {
        self.0.get(path).map_or(0..0, |place| place.value.clone())
    }

    /// Place of a value of a sweep, which may be written bare.
    pub(super) fn item(&self, path: &str, index: usize) -> Range<usize> {
        match self.0.get(&format!("{path}[{index}]")) {
            Some(place) => place.value.clone(),
            None => self.value(path),
        }
    }
}
