//! A length of time: `10s`, `2ms`, `1m 30s`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::text::{ElementError, TextElement, quoted, text_serde};

/// The units, longest first, with their length in nanoseconds.
///
/// humantime also knows months (`M`, one key away from `m`) and years: none of them is a run's length.
const UNITS: [(&str, u128); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// The longest that is accepted. Beyond it, adding to a clock reading could overflow.
const LONGEST: Duration = Duration::from_secs(366 * 86_400);

/// A length of time that is not zero, written with its unit (`ns`, `us`, `ms`, `s`, `m`, `h`, `d`).
///
/// At most 366 days. A number without a unit is an error: the harness speaks in seconds, its results in
/// nanoseconds, and a guess between the two would be wrong by nine zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timespan(Duration);

impl Timespan {
    /// Wraps a duration, if it is one that a scenario could have said.
    #[must_use]
    pub fn new(duration: Duration) -> Option<Self> {
        (!duration.is_zero() && duration <= LONGEST).then_some(Self(duration))
    }

    /// Whole seconds, for defaults.
    #[must_use]
    pub const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// In nanoseconds. 366 days of them fit with room to spare.
    #[must_use]
    pub fn nanos(self) -> u64 {
        u64::try_from(self.0.as_nanos()).unwrap_or(u64::MAX)
    }

    /// The standard library's form.
    #[must_use]
    pub const fn get(self) -> Duration {
        self.0
    }
}

impl From<Timespan> for Duration {
    fn from(span: Timespan) -> Self {
        span.0
    }
}

impl TextElement for Timespan {
    const WHAT: &'static str = "a duration such as \"10s\"";
}

impl FromStr for Timespan {
    type Err = ElementError;

    fn from_str(text: &str) -> Result<Self, ElementError> {
        let duration = parse_duration(text)?;
        if duration.is_zero() {
            let help = "leave the key out, or say how long, such as \"10s\"";
            return Err(ElementError::new("a duration of zero", help));
        }
        Self::new(duration).ok_or_else(|| {
            ElementError::new(format!("{} is too long", quoted(text)), "the longest is 366 days, \"366d\"")
        })
    }
}

impl fmt::Display for Timespan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_duration(self.0, f)
    }
}

text_serde!(
    Timespan,
    "Timespan",
    r"^([0-9]+ ?(ns|us|ms|s|m|h|d) ?)+$",
    "A length of time with its unit (ns, us, ms, s, m, h, d): \"10s\", \"1m 30s\"."
);

/// Reads a duration, zero included.
pub(super) fn parse_duration(text: &str) -> Result<Duration, ElementError> {
    let units = "a number and a unit (ns, us, ms, s, m, h, d), such as \"10s\" or \"250us\"";
    let wrong = |why: &str| ElementError::new(format!("{} is not a duration{why}", quoted(text)), units);
    for word in text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()) {
        if !UNITS.iter().any(|(unit, _)| *unit == word) {
            return Err(wrong(&format!(": unknown unit {}", quoted(word))));
        }
    }
    if text.trim().chars().all(|c| c.is_ascii_digit()) && !text.trim().is_empty() {
        return Err(wrong(": the unit is missing"));
    }
    humantime::parse_duration(text).map_err(|_| wrong(""))
}

/// Writes a duration as [`parse_duration`] reads it.
pub(super) fn fmt_duration(duration: Duration, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut rest = duration.as_nanos();
    if rest == 0 {
        return f.write_str("0s");
    }
    let mut separator = "";
    for (unit, length) in UNITS {
        if rest >= length {
            write!(f, "{separator}{}{unit}", rest / length)?;
            rest %= length;
            separator = " ";
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_and_writes_the_same() {
        for text in ["10s", "250us", "1m 30s", "2ms", "8h", "1d 1ns"] {
            let span: Timespan = text.parse().unwrap();
            assert_eq!(span.to_string(), text);
        }
        assert_eq!("90s".parse::<Timespan>().unwrap().to_string(), "1m 30s");
        assert_eq!("250us".parse::<Timespan>().unwrap().get(), Duration::from_micros(250));
    }

    #[test]
    fn refuses_what_is_no_length_of_time() {
        for text in ["", "s", "10", "10x", "5M", "-1s", "1.5.5s", "0s", "0ms", "400d", "99999999999999999999s"] {
            assert!(text.parse::<Timespan>().is_err(), "{text}");
        }
        let error = "10x".parse::<Timespan>().unwrap_err();
        assert_eq!(error.message, "`10x` is not a duration: unknown unit `x`");
    }

    proptest! {
        #[test]
        fn every_timespan_reads_back(nanos in 1_u64..=366 * 86_400 * 1_000_000_000) {
            let span = Timespan::new(Duration::from_nanos(nanos)).unwrap();
            prop_assert_eq!(span.to_string().parse::<Timespan>().unwrap(), span);
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,12}") {
            let _ = text.parse::<Timespan>();
        }
    }
}
