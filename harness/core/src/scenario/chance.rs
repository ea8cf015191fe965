//! A probability between 0 and 1.

use serde::{Deserialize, Serialize};

use super::walk::Node;

/// A probability, 0 (never) to 1 (always).
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Chance(f64);

impl Chance {
    /// A probability, if `value` is one.
    #[must_use]
    pub fn new(value: f64) -> Option<Self> {
        (0.0..=1.0).contains(&value).then_some(Self(value))
    }

    /// As a number.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }

    /// A percentage, for defaults.
    pub(super) const fn percent(percent: u8) -> Self {
        assert!(percent <= 100, "a chance is at most 100 %");
        Self(percent as f64 / 100.0)
    }

    /// Reads a number from 0 to 1.
    pub(super) fn read(node: &Node<'_>) -> Option<Self> {
        let value = node.number("a chance from 0 to 1 such as 0.05")?;
        let chance = Self::new(value);
        if chance.is_none() {
            node.fail(format!("{value} is impossible for {}", node.name()), "a chance is from 0 (never) to 1 (always)");
        }
        chance
    }
}

impl TryFrom<f64> for Chance {
    type Error = String;

    fn try_from(value: f64) -> Result<Self, String> {
        Self::new(value).ok_or_else(|| format!("{value} is not a chance from 0 to 1"))
    }
}

impl From<Chance> for f64 {
    fn from(chance: Chance) -> Self {
        chance.0
    }
}

impl schemars::JsonSchema for Chance {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Chance".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "number",
            "minimum": 0,
            "maximum": 1,
            "description": "A probability, 0 (never) to 1 (always).",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_from_zero_to_one() {
        for value in [0.0, 0.05, 1.0] {
            assert!(Chance::new(value).is_some(), "{value}");
        }
        for value in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert!(Chance::new(value).is_none(), "{value}");
        }
        assert!(serde_json::from_str::<Chance>("2.0").is_err());
    }
}
