//! A range of lengths of time: `0..50us`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::text::{ElementError, TextElement, quoted, text_serde};
use super::timespan::{fmt_duration, parse_duration};

/// From a shortest to a longest duration, both included; each pause is drawn evenly between them.
///
/// A bare number at the front takes the unit of the end: `10..50us` is ten to fifty microseconds. What it
/// can miss: an even draw seldom gives the very short pauses that fit a narrow window; a second range
/// near zero finds those.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DurationRange {
    min: Duration,
    max: Duration,
}

impl DurationRange {
    /// A range, if it is not empty and not always zero.
    #[must_use]
    pub fn new(min: Duration, max: Duration) -> Option<Self> {
        (min <= max && !max.is_zero() && max <= Duration::from_secs(3600)).then_some(Self { min, max })
    }

    /// The shortest.
    #[must_use]
    pub const fn min(self) -> Duration {
        self.min
    }

    /// The longest.
    #[must_use]
    pub const fn max(self) -> Duration {
        self.max
    }
}

impl TextElement for DurationRange {
    const WHAT: &'static str = "a range of durations such as \"0..50us\"";
}

impl FromStr for DurationRange {
    type Err = ElementError;

    fn from_str(text: &str) -> Result<Self, ElementError> {
        const HELP: &str = "two durations with `..` between them, such as \"0..50us\"";
        let wrong = || ElementError::new(format!("{} is not a range of durations", quoted(text)), HELP);
        let (first, last) = text.split_once("..").ok_or_else(wrong)?;
        let (first, last) = (first.trim(), last.trim());
        let max = parse_duration(last)?;
        let bare = !first.is_empty() && first.chars().all(|c| c.is_ascii_digit());
        let min = if bare {
            let unit: String = last.chars().skip_while(char::is_ascii_digit).collect();
            parse_duration(&format!("{first}{unit}"))?
        } else {
            parse_duration(first)?
        };
        Self::new(min, max).ok_or_else(|| {
            let message = format!("the range {} is impossible", quoted(text));
            ElementError::new(message, "from the shorter to the longer, above zero, at most \"1h\"")
        })
    }
}

impl fmt::Display for DurationRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.min.is_zero() {
            f.write_str("0")?;
        } else {
            fmt_duration(self.min, f)?;
        }
        f.write_str("..")?;
        fmt_duration(self.max, f)
    }
}

text_serde!(DurationRange, "DurationRange", r"^.+\.\..+$", "From the shortest to the longest duration: \"0..50us\".");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_the_same() {
        for text in ["0..50us", "10us..50us", "1ms..1s", "2us..2us"] {
            assert_eq!(text.parse::<DurationRange>().unwrap().to_string(), text);
        }
        let range: DurationRange = "10..50us".parse().unwrap();
        assert_eq!((range.min(), range.max()), (Duration::from_micros(10), Duration::from_micros(50)));
    }

    #[test]
    fn refuses_what_is_no_range() {
        for text in ["", "50us", "..", "..50us", "50us..", "0..50", "50us..10us", "0..0us", "0..=5us", "a..b", "0..2h"]
        {
            assert!(text.parse::<DurationRange>().is_err(), "{text}");
        }
    }
}
