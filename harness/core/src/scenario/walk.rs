//! The strict walk over a parsed document: every key is either asked for or an error.
//!
//! Serde would stop at the first error and locate it in the value as a whole; the walk collects, and knows
//! the place of each key and each value.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;

use super::error::Unplaced;

mod node;
mod section;

pub(super) use node::Node;
pub(super) use section::Section;

/// Where a key and its value stand in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) key: Range<usize>,
    pub(super) value: Range<usize>,
}

/// What a walk gathers: complaints, and the places of all it came by.
#[derive(Debug, Default)]
pub(super) struct Walk {
    found: RefCell<Vec<Unplaced>>,
    places: RefCell<BTreeMap<String, Place>>,
}

impl Walk {
    /// Notes a complaint.
    pub(super) fn fail(&self, span: Range<usize>, message: impl Into<String>, help: impl Into<Option<String>>) {
        self.found.borrow_mut().push(Unplaced { message: message.into(), span, help: help.into() });
    }

    /// True if there is nothing to complain about so far.
    pub(super) fn is_clean(&self) -> bool {
        self.found.borrow().is_empty()
    }

    /// What was gathered.
    pub(super) fn into_parts(self) -> (Vec<Unplaced>, BTreeMap<String, Place>) {
        (self.found.into_inner(), self.places.into_inner())
    }
}
