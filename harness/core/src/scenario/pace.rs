//! What decides when the next op of a stress actor starts.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text::{ElementError, TextElement, one_of};

/// What decides when the next op starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Pace {
    /// `rounds`: short programs on fresh objects, started together, over and over. Best at narrow windows
    /// that open once in an object's life; misses what needs an object to grow old.
    Rounds,
    /// `closed`: each actor starts its next op when the last one returned, on one object for the whole
    /// duration. Its latencies leave out the waiting that a stall would have caused others.
    Closed,
    /// `open`: ops start at a rate, whatever the subject does; latency counts from the intended start.
    Open,
}

const NAMES: [(&str, Pace); 3] = [("rounds", Pace::Rounds), ("closed", Pace::Closed), ("open", Pace::Open)];

impl TextElement for Pace {
    const WHAT: &'static str = "a pace: \"rounds\", \"closed\" or \"open\"";
}

impl FromStr for Pace {
    type Err = ElementError;

    fn from_str(text: &str) -> Result<Self, ElementError> {
        one_of(text, "pace", &NAMES)
    }
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rounds => "rounds",
            Self::Closed => "closed",
            Self::Open => "open",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_in_all_forms() {
        for (name, pace) in NAMES {
            assert_eq!(pace.to_string(), name);
            assert_eq!(name.parse(), Ok(pace));
            assert_eq!(serde_json::to_string(&pace).unwrap(), format!("\"{name}\""));
        }
        assert!("Rounds".parse::<Pace>().is_err());
    }
}
