//! Parameters of a subject.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::walk::Node;

/// The parameters of one trial, by name. The subject says which there are and what it assumes without.
pub type Params = BTreeMap<String, ParamValue>;

/// A parameter's value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ParamValue {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a point; finite.
    Float(f64),
    /// Text.
    String(String),
}

impl ParamValue {
    /// The kind of value, with its article.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Bool(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a float",
            Self::String(_) => "a string",
        }
    }

    /// The truth value, if it is one.
    #[must_use]
    pub const fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The whole number, if it is one.
    #[must_use]
    pub const fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(value) => Some(*value),
            _ => None,
        }
    }

    /// The number, if it is one; whole numbers count.
    #[must_use]
    pub const fn as_float(&self) -> Option<f64> {
        match self {
            Self::Float(value) => Some(*value),
            Self::Integer(value) => Some(*value as f64),
            _ => None,
        }
    }

    /// The text, if it is text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(value) => Some(value),
            _ => None,
        }
    }

    /// Reads any scalar but a date.
    pub(super) fn read(node: &Node<'_>) -> Option<Self> {
        node.scalar("a parameter: an integer, a float, a boolean or a string")
    }
}

impl fmt::Display for ParamValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => value.fmt(f),
            Self::Integer(value) => value.fmt(f),
            // `{:?}` keeps the point of a whole float, so that 1.0 and 1 stay two things.
            Self::Float(value) => write!(f, "{value:?}"),
            Self::String(value) => f.write_str(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_survives_json() {
        let values = [
            ParamValue::Bool(true),
            ParamValue::Integer(-4),
            ParamValue::Float(1.0),
            ParamValue::String("statsd".into()),
        ];
        let json = serde_json::to_string(&values).unwrap();
        assert_eq!(json, r#"[true,-4,1.0,"statsd"]"#);
        assert_eq!(serde_json::from_str::<Vec<ParamValue>>(&json).unwrap(), values);
        assert_eq!(values.map(|value| value.to_string()), ["true", "-4", "1.0", "statsd"]);
    }
}
