//! How often loom may take the processor away from an actor that could go on.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::text::ElementError;
use super::walk::Node;

/// A bound on preemptions: a number, or `"none"` for no bound.
///
/// Two or three find most races and cost little; `"none"` is complete and may not end in any time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Preemptions(Option<usize>);

impl Preemptions {
    /// At most this many.
    #[must_use]
    pub const fn at_most(bound: usize) -> Self {
        Self(Some(bound))
    }

    /// As many as there are.
    #[must_use]
    pub const fn unbounded() -> Self {
        Self(None)
    }

    /// The bound, `None` if there is none.
    #[must_use]
    pub const fn bound(self) -> Option<usize> {
        self.0
    }

    /// Reads a number or `"none"`.
    pub(super) fn read(node: &Node<'_>) -> Option<Self> {
        match node.text() {
            Some(text) => match text.parse() {
                Ok(bound) => Some(bound),
                Err(error) => node.fail_element(error),
            },
            None => node.count_as(0..=100, "a number of preemptions or \"none\"").map(Self::at_most),
        }
    }
}

impl FromStr for Preemptions {
    type Err = ElementError;

    fn from_str(text: &str) -> Result<Self, ElementError> {
        if text == "none" {
            return Ok(Self::unbounded());
        }
        let message = format!("{} is not a bound on preemptions", super::text::quoted(text));
        Err(ElementError::new(message, "a number without quotes, or \"none\" for no bound"))
    }
}

impl fmt::Display for Preemptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(bound) => bound.fmt(f),
            None => f.write_str("none"),
        }
    }
}

impl Serialize for Preemptions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(bound) => serializer.serialize_u64(bound as u64),
            None => serializer.serialize_str("none"),
        }
    }
}

impl<'de> Deserialize<'de> for Preemptions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Bound(usize),
            Word(String),
        }
        match Form::deserialize(deserializer)? {
            Form::Bound(bound) => Ok(Self::at_most(bound)),
            Form::Word(word) => word.parse().map_err(serde::de::Error::custom),
        }
    }
}

impl JsonSchema for Preemptions {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Preemptions".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A bound on preemptions: a number, or \"none\" for no bound.",
            "anyOf": [{ "type": "integer", "minimum": 0, "maximum": 100 }, { "const": "none" }],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_or_none() {
        let bounds = [Preemptions::at_most(2), Preemptions::unbounded()];
        let json = serde_json::to_string(&bounds).unwrap();
        assert_eq!(json, "[2,\"none\"]");
        assert_eq!(serde_json::from_str::<[Preemptions; 2]>(&json).unwrap(), bounds);
        assert!(serde_json::from_str::<Preemptions>("\"many\"").is_err());
    }
}
