//! One value of the document and where it stands.

use std::ops::{Range, RangeInclusive};

use toml::Spanned;
use toml::de::{DeInteger, DeValue};

use super::super::param::ParamValue;
use super::super::sweep::Sweep;
use super::super::text::{ElementError, TextElement, quoted};
use super::{Place, Section, Walk};

/// One value and where it stands.
#[derive(Debug, Clone)]
pub(in crate::scenario) struct Node<'w> {
    walk: &'w Walk,
    /// `stress.threads[1]`
    path: String,
    place: Place,
    value: &'w DeValue<'w>,
}

impl<'w> Node<'w> {
    pub(super) fn new(walk: &'w Walk, path: String, key: Range<usize>, value: &'w Spanned<DeValue<'w>>) -> Self {
        let place = Place { key, value: value.span() };
        walk.places.borrow_mut().insert(path.clone(), place.clone());
        Self { walk, path, place, value: value.get_ref() }
    }

    /// The key in backticks, for messages; of a list's item, the list's.
    pub(in crate::scenario) fn name(&self) -> String {
        let last = self.path.rsplit('.').next().unwrap_or_default();
        quoted(last.split('[').next().unwrap_or_default())
    }

    /// The value as the subject of a sentence.
    pub(in crate::scenario) fn title(&self) -> String {
        if self.path.ends_with(']') { format!("a value of {}", self.name()) } else { self.name() }
    }

    /// Complains about the value.
    pub(in crate::scenario) fn fail(&self, message: impl Into<String>, help: impl Into<String>) {
        self.walk.fail(self.place.value.clone(), message, help.into());
    }

    /// Complains about the key.
    pub(in crate::scenario) fn fail_key(&self, message: impl Into<String>, help: impl Into<String>) {
        self.walk.fail(self.place.key.clone(), message, help.into());
    }

    /// Complains about the value in an element's own words.
    pub(in crate::scenario) fn fail_element<T>(&self, error: ElementError) -> Option<T> {
        self.walk.fail(self.place.value.clone(), error.message, error.help);
        None
    }

    fn expected<T>(&self, what: &str) -> Option<T> {
        let found = with_article(self.value.type_str());
        let help = match (self.value, what.split_once("such as ")) {
            // The commonest slip: a unit's quotes left out.
            (DeValue::Integer(_) | DeValue::Float(_), Some((_, example))) if example.starts_with('"') => {
                Some(format!("write it as text, such as {example}"))
            }
            _ => None,
        };
        self.walk.fail(self.place.value.clone(), format!("{} must be {what}, not {found}", self.title()), help);
        None
    }

    /// The text, if the value is text; no complaint if not.
    pub(in crate::scenario) fn text(&self) -> Option<&'w str> {
        self.value.as_str()
    }

    /// True if the value is a list.
    pub(in crate::scenario) fn is_list(&self) -> bool {
        self.value.is_array()
    }

    /// Non-empty text.
    pub(in crate::scenario) fn string(&self, what: &str) -> Option<String> {
        match self.text() {
            None => self.expected(what),
            Some(text) if text.trim().is_empty() => {
                self.fail(format!("{} is empty", self.title()), format!("write {what}"));
                None
            }
            Some(text) => Some(text.to_owned()),
        }
    }

    /// An element that is text.
    pub(in crate::scenario) fn element<T: TextElement>(&self) -> Option<T> {
        self.parsed(T::WHAT, str::parse)
    }

    /// Text that `parse` reads.
    pub(in crate::scenario) fn parsed<T>(
        &self,
        what: &str,
        parse: impl Fn(&str) -> Result<T, ElementError>,
    ) -> Option<T> {
        match self.text().map(parse) {
            None => self.expected(what),
            Some(Ok(value)) => Some(value),
            Some(Err(error)) => self.fail_element(error),
        }
    }

    /// `true` or `false`.
    pub(in crate::scenario) fn boolean(&self) -> Option<bool> {
        self.value.as_bool().or_else(|| self.expected("a boolean"))
    }

    /// Any number.
    pub(in crate::scenario) fn number(&self, what: &str) -> Option<f64> {
        match self.value {
            DeValue::Float(float) => float.as_str().parse().ok(),
            DeValue::Integer(integer) => as_i64(integer).map(|value| value as f64),
            _ => None,
        }
        .or_else(|| self.expected(what))
    }

    /// A whole number in a range.
    pub(in crate::scenario) fn count(&self, range: RangeInclusive<u64>) -> Option<u64> {
        let DeValue::Integer(integer) = self.value else {
            return self.expected("an integer");
        };
        let value = as_i64(integer).and_then(|value| u64::try_from(value).ok());
        match value.filter(|value| range.contains(value)) {
            Some(value) => Some(value),
            None => {
                // TOML writes no number above this one, so it is as good as no upper end.
                let help = match (*range.start(), *range.end()) {
                    (low, high) if high >= i64::MAX as u64 => format!("at least {low}"),
                    (low, high) => format!("from {low} to {high}"),
                };
                self.fail(format!("{integer} is impossible for {}", self.name()), help);
                None
            }
        }
    }

    /// A whole number in a range, of a size of this machine.
    pub(in crate::scenario) fn size(&self, range: RangeInclusive<u64>) -> Option<usize> {
        self.count(range).and_then(|value| usize::try_from(value).ok())
    }

    /// As [`Node::size`], saying `what` if it is no integer.
    pub(in crate::scenario) fn count_as(&self, range: RangeInclusive<u64>, what: &str) -> Option<usize> {
        if self.value.is_integer() { self.size(range) } else { self.expected(what) }
    }

    /// A parameter's value.
    pub(in crate::scenario) fn scalar(&self, what: &str) -> Option<ParamValue> {
        let value = match self.value {
            DeValue::Boolean(value) => Some(ParamValue::Bool(*value)),
            DeValue::String(value) => Some(ParamValue::String(value.clone().into_owned())),
            DeValue::Integer(integer) => match as_i64(integer) {
                Some(value) => Some(ParamValue::Integer(value)),
                None => {
                    self.fail(format!("{integer} does not fit in 64 bits"), "a smaller number");
                    return None;
                }
            },
            DeValue::Float(float) => match float.as_str().parse() {
                Ok(value) if f64::is_finite(value) => Some(ParamValue::Float(value)),
                _ => {
                    self.fail(format!("{float} is no finite number"), "JSON, in which reports are written, has none");
                    return None;
                }
            },
            _ => None,
        };
        value.or_else(|| self.expected(what))
    }

    /// A list in which no value may stand twice.
    pub(in crate::scenario) fn list<T: PartialEq>(
        &self,
        what: &str,
        read: impl Fn(&Node<'w>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let mut values = Vec::new();
        let mut whole = true;
        for node in self.items(what)? {
            match read(&node) {
                Some(value) if values.contains(&value) => {
                    node.fail(format!("{} is listed twice", node.title()), "leave it out: it would run the same again");
                }
                Some(value) => values.push(value),
                None => whole = false,
            }
        }
        whole.then_some(values)
    }

    /// A list in which a value may stand more than once.
    pub(in crate::scenario) fn each<T>(&self, what: &str, read: impl Fn(&Node<'w>) -> Option<T>) -> Option<Vec<T>> {
        // Read all before giving up, so that all that is wrong is noted.
        let values: Vec<Option<T>> = self.items(what)?.iter().map(read).collect();
        values.into_iter().collect()
    }

    /// The nodes of a list that is not empty.
    pub(in crate::scenario) fn items(&self, what: &str) -> Option<Vec<Node<'w>>> {
        let Some(array) = self.value.as_array() else {
            return self.expected(what);
        };
        if array.is_empty() {
            self.fail(format!("{} is an empty list", self.title()), "at least one value, or leave the key out");
            return None;
        }
        let nodes = array
            .iter()
            .enumerate()
            .map(|(index, item)| Node::new(self.walk, format!("{}[{index}]", self.path), item.span(), item));
        Some(nodes.collect())
    }

    /// One value, or a list of them.
    pub(in crate::scenario) fn sweep<T: PartialEq>(&self, read: impl Fn(&Node<'w>) -> Option<T>) -> Option<Sweep<T>> {
        if self.is_list() { Sweep::list(self.list("a list", read)?) } else { read(self).map(Sweep::one) }
    }

    /// A table.
    pub(in crate::scenario) fn section(&self) -> Option<Section<'w>> {
        let Some(table) = self.value.as_table() else {
            return self.expected("a table");
        };
        Some(Section::new(self.walk, self.path.clone(), self.place.key.clone(), table))
    }

    /// A table whose keys are names that the user chooses.
    pub(in crate::scenario) fn entries(&self, what: &str) -> Option<Vec<(String, Node<'w>)>> {
        let Some(table) = self.value.as_table() else {
            return self.expected(what);
        };
        if table.is_empty() {
            self.fail(format!("{} is empty", self.title()), format!("write {what}"));
            return None;
        }
        let entries = table.iter().map(|(key, value)| {
            let name = key.get_ref().clone().into_owned();
            (name.clone(), Node::new(self.walk, format!("{}.{name}", self.path), key.span(), value))
        });
        Some(entries.collect())
    }
}

fn as_i64(integer: &DeInteger<'_>) -> Option<i64> {
    i64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

fn with_article(kind: &str) -> String {
    let article = if kind.starts_with(['a', 'i']) { "an" } else { "a" };
    format!("{article} {kind}")
}
