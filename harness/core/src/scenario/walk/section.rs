//! One table of the document, with the keys that were asked for.

use std::ops::Range;

use toml::de::DeTable;

use super::super::nearest::{listed, nearest};
use super::super::text::quoted;
use super::{Node, Walk};

/// A table with a fixed set of keys.
#[derive(Debug)]
pub(in crate::scenario) struct Section<'w> {
    walk: &'w Walk,
    path: String,
    title: String,
    place: Range<usize>,
    table: &'w DeTable<'w>,
    known: Vec<&'static str>,
}

impl<'w> Section<'w> {
    /// The document itself.
    pub(in crate::scenario) fn root(walk: &'w Walk, table: &'w DeTable<'w>) -> Self {
        Self::new(walk, String::new(), 0..0, table)
    }

    pub(super) fn new(walk: &'w Walk, path: String, place: Range<usize>, table: &'w DeTable<'w>) -> Self {
        let title = path.split('[').next().unwrap_or_default().to_owned();
        Self { walk, path, title, place, table, known: Vec::new() }
    }

    /// True if the key is there, right or wrong. Rules about which keys go together ask this, so that a
    /// mistake in a value is not reported a second time as a missing key.
    pub(in crate::scenario) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// The value of a key, if it is there.
    pub(in crate::scenario) fn node(&mut self, key: &'static str) -> Option<Node<'w>> {
        self.know(key);
        let (name, value) = self.table.get_key_value(key)?;
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        Some(Node::new(self.walk, path, name.span(), value))
    }

    /// Makes a key known: it is then neither an unknown key nor missing from the list of those there are.
    pub(in crate::scenario) fn know(&mut self, key: &'static str) {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
    }

    /// Reads a key that may be left out. `None` if it was, or if it is wrong (which is then noted).
    pub(in crate::scenario) fn get<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&Node<'w>) -> Option<T>,
    ) -> Option<T> {
        read(&self.node(key)?)
    }

    /// Reads a key that must be there.
    pub(in crate::scenario) fn require<T>(
        &mut self,
        key: &'static str,
        example: &str,
        read: impl FnOnce(&Node<'w>) -> Option<T>,
    ) -> Option<T> {
        let node = self.node(key);
        if node.is_none() {
            self.fail(format!("missing key `{key}`{}", self.of()), format!("add `{example}`"));
        }
        read(&node?)
    }

    /// Complains about a key if it is there.
    pub(in crate::scenario) fn forbid(&mut self, key: &'static str, why: &str, help: &str) {
        self.know(key);
        if let Some((name, _)) = self.table.get_key_value(key) {
            self.walk.fail(name.span(), format!("`{key}`{} {why}", self.of()), help.to_owned());
        }
    }

    /// Complains about the section as a whole.
    pub(in crate::scenario) fn fail(&self, message: impl Into<String>, help: impl Into<String>) {
        self.walk.fail(self.place.clone(), message, help.into());
    }

    /// " in `[stress]`", or nothing for the document.
    pub(in crate::scenario) fn of(&self) -> String {
        if self.title.is_empty() { String::new() } else { format!(" in `[{}]`", self.title) }
    }

    /// Complains about all keys that nobody asked for.
    pub(in crate::scenario) fn finish(&self) {
        for key in self.table.keys() {
            let name = key.get_ref().as_ref();
            if self.known.contains(&name) {
                continue;
            }
            let help = match nearest(name, &self.known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the keys here are {}", listed(&self.known)),
            };
            self.walk.fail(key.span(), format!("unknown key {}{}", quoted(name), self.of()), help);
        }
    }
}
