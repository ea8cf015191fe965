//! How often, for an open loop: `20k/s`.

use std::fmt;
use std::str::FromStr;

use super::text::{ElementError, TextElement, quoted, text_serde};

/// The multipliers that a rate may carry, largest first.
const MULTIPLIERS: [(char, f64); 2] = [('M', 1e6), ('k', 1e3)];

/// Ops a second over all threads of a trial, those of all its processes: `500/s`, `20k/s`, `1.5M/s`.
///
/// Above zero and at most `1000M/s` (one a nanosecond is past what any clock here tells apart).
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Rate(f64);

impl Rate {
    /// A rate, if it is one that a scenario could have said.
    #[must_use]
    pub fn new(per_second: f64) -> Option<Self> {
        (per_second > 0.0 && per_second <= 1e9).then_some(Self(per_second))
    }

    /// Ops a second.
    #[must_use]
    pub const fn per_second(self) -> f64 {
        self.0
    }
}

impl TextElement for Rate {
    const WHAT: &'static str = "a rate such as \"20k/s\"";
}

impl FromStr for Rate {
    type Err = ElementError;

    fn from_str(text: &str) -> Result<Self, ElementError> {
        const HELP: &str = "a count for each second, such as \"500/s\", \"20k/s\" or \"1.5M/s\"";
        let wrong = |why: &str| ElementError::new(format!("{} is not a rate{why}", quoted(text)), HELP);
        let Some((count, unit)) = text.split_once('/') else {
            return Err(wrong(": the `/s` is missing"));
        };
        if unit.trim() != "s" {
            return Err(wrong(&format!(": unknown unit {}", quoted(unit.trim()))));
        }
        let count = count.trim();
        let (digits, factor) = MULTIPLIERS
            .iter()
            .find_map(|(letter, factor)| Some((count.strip_suffix(*letter)?, *factor)))
            .unwrap_or((count, 1.0));
        // `f64` would also read "inf", "nan", "1e5" and "-3".
        if digits.is_empty() || !digits.chars().all(|c| c.is_ascii_digit() || c == '.') {
            return Err(wrong(""));
        }
        let number: f64 = digits.parse().map_err(|_| wrong(""))?;
        Self::new(number * factor).ok_or_else(|| {
            ElementError::new(format!("a rate of {} is impossible", quoted(text)), "above zero, at most \"1000M/s\"")
        })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (letter, factor) in MULTIPLIERS {
            let scaled = self.0 / factor;
            // Only if it reads back as the same number: division may have rounded.
            #[expect(clippy::float_cmp, reason = "exactly the same number is what is asked for")]
            if scaled >= 1.0 && scaled * factor == self.0 {
                return write!(f, "{scaled}{letter}/s");
            }
        }
        write!(f, "{}/s", self.0)
    }
}

text_serde!(
    Rate,
    "Rate",
    r"^[0-9]+(\.[0-9]+)?[kM]?/s$",
    "Ops a second over all threads of a trial: \"500/s\", \"20k/s\", \"1.5M/s\"."
);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_and_writes_the_same() {
        for text in ["500/s", "20k/s", "1.5M/s", "0.5/s", "1.25k/s", "999/s"] {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), text);
        }
        let rate: Rate = "20k/s".parse().unwrap();
        assert!((rate.per_second() - 20_000.0).abs() < f64::EPSILON);
    }

    #[test]
    fn refuses_what_is_no_rate() {
        for text in ["", "20k", "/s", "k/s", "0/s", "-1/s", "inf/s", "nan/s", "1e5/s", "20k/m", "2000M/s", "1..2/s"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_rate_reads_back(per_second in 0.001_f64..1e9) {
            let rate = Rate::new(per_second).unwrap();
            prop_assert_eq!(rate.to_string().parse::<Rate>().unwrap(), rate);
        }
    }
}
