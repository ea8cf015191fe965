//! What picks the next step in a shuttle trial.

use std::fmt;
use std::str::FromStr;

use super::nearest::suggest;
use super::text::{ElementError, TextElement, quoted, text_serde};

/// A search strategy of the shuttle engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strategy {
    /// `random`: an even choice at each step. Cheap; seldom finds what needs one actor to stay far behind.
    Random,
    /// `pct:d`: probabilistic concurrency testing for bugs of depth `d`. Misses deeper ones.
    Pct(usize),
    /// `urw`: uniform random walk, which evens out the choice between actors of different lengths.
    Urw,
    /// `pos`: partial order sampling, an even chance for each order of two operations that race. Misses an operation that
    /// has to come after many that race with it.
    Pos,
    /// `surw`: each execution evens out the orders of the operations on one object. Misses what needs several to be odd.
    Surw,
    /// `auto`: all of the above in turn, with feedback, and most turns to a search that turns races round. What to take if
    /// nothing speaks for another.
    Auto,
    /// `dfs`: every schedule in order. Complete if it comes to its end, one corner of the space if not.
    Dfs,
    /// `exhaustive`: every schedule but for the order of steps that commute. Complete if it comes to its end.
    Exhaustive,
}

impl TextElement for Strategy {
    const WHAT: &'static str = "a strategy such as \"random\" or \"pct:3\"";
}

impl FromStr for Strategy {
    type Err = ElementError;

    fn from_str(text: &str) -> Result<Self, ElementError> {
        let (name, depth) = match text.split_once(':') {
            Some((name, depth)) => (name, Some(depth)),
            None => (text, None),
        };
        match (name, depth) {
            ("random", None) => Ok(Self::Random),
            ("urw", None) => Ok(Self::Urw),
            ("pos", None) => Ok(Self::Pos),
            ("surw", None) => Ok(Self::Surw),
            ("auto", None) => Ok(Self::Auto),
            ("dfs", None) => Ok(Self::Dfs),
            ("exhaustive", None) => Ok(Self::Exhaustive),
            ("pct", Some(depth)) => match depth.parse() {
                Ok(depth @ 1..=100) if !text.contains('+') => Ok(Self::Pct(depth)),
                _ => Err(ElementError::new(
                    format!("{} is no depth for pct", quoted(depth)),
                    "a whole number from 1 to 100, such as \"pct:3\"",
                )),
            },
            ("pct", None) => Err(ElementError::new("`pct` needs a depth", "such as \"pct:3\"")),
            ("random" | "urw" | "pos" | "surw" | "auto" | "dfs" | "exhaustive", Some(_)) => {
                Err(ElementError::new(format!("`{name}` takes no number"), format!("write \"{name}\"")))
            }
            _ => Err(ElementError::new(
                format!("unknown strategy {}", quoted(text)),
                suggest(name, &["random", "pct:3", "urw", "pos", "surw", "auto", "dfs", "exhaustive"]),
            )),
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Random => f.write_str("random"),
            Self::Pct(depth) => write!(f, "pct:{depth}"),
            Self::Urw => f.write_str("urw"),
            Self::Pos => f.write_str("pos"),
            Self::Surw => f.write_str("surw"),
            Self::Auto => f.write_str("auto"),
            Self::Dfs => f.write_str("dfs"),
            Self::Exhaustive => f.write_str("exhaustive"),
        }
    }
}

text_serde!(
    Strategy,
    "Strategy",
    r"^(random|pct:[0-9]+|urw|pos|surw|auto|dfs|exhaustive)$",
    "What picks the next step: \"random\", \"pct:3\" (any depth), \"urw\", \"pos\", \"surw\", \"auto\", \"dfs\", \"exhaustive\"."
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_the_same() {
        for text in ["random", "pct:1", "pct:3", "urw", "pos", "surw", "auto", "dfs", "exhaustive"] {
            assert_eq!(text.parse::<Strategy>().unwrap().to_string(), text);
        }
        assert_eq!("pct:3".parse(), Ok(Strategy::Pct(3)));
    }

    #[test]
    fn refuses_what_is_no_strategy() {
        for text in ["", "pct", "pct:", "pct:0", "pct:-1", "pct:+1", "pct:x", "random:3", "surw:2", "Random", "dsf"] {
            assert!(text.parse::<Strategy>().is_err(), "{text}");
        }
        let error = "randon".parse::<Strategy>().unwrap_err();
        assert_eq!(error.help.as_deref(), Some("did you mean `random`?"));
    }
}
