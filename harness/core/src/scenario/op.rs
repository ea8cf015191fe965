//! One op of an actor: `flush` or `increment(0)`.

use std::fmt;
use std::str::FromStr;

use super::text::{ElementError, TextElement, quoted, text_serde};

/// A call of an op kind, with an argument if it takes one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpCall {
    /// The op's name as the subject declares it.
    pub kind: String,
    /// Which of several (a metric, a key, a file); the subject says what it counts.
    pub arg: Option<u32>,
}

impl OpCall {
    /// A call without an argument.
    #[must_use]
    pub fn plain(kind: impl Into<String>) -> Self {
        Self { kind: kind.into(), arg: None }
    }
}

impl TextElement for OpCall {
    const WHAT: &'static str = "an op such as \"flush\" or \"increment(0)\"";
}

impl FromStr for OpCall {
    type Err = ElementError;

    fn from_str(text: &str) -> Result<Self, ElementError> {
        const HELP: &str = "a name, or a name and a number, such as \"flush\" or \"increment(0)\"";
        let wrong = || ElementError::new(format!("{} is not an op", quoted(text)), HELP);
        let (kind, arg) = match text.split_once('(') {
            None => (text, None),
            Some((kind, rest)) => (kind, Some(rest.strip_suffix(')').ok_or_else(wrong)?)),
        };
        if !is_kind(kind) {
            return Err(wrong());
        }
        let arg = match arg {
            None => None,
            // `u32` would also read "+1".
            Some(digits) if digits.starts_with(|c: char| c.is_ascii_digit()) => {
                Some(digits.parse().map_err(|_| wrong())?)
            }
            Some(_) => return Err(wrong()),
        };
        Ok(Self { kind: kind.to_owned(), arg })
    }
}

/// True for a name that an op kind may have.
pub(super) fn is_kind(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

impl fmt::Display for OpCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.arg {
            Some(arg) => write!(f, "{}({arg})", self.kind),
            None => f.write_str(&self.kind),
        }
    }
}

text_serde!(
    OpCall,
    "OpCall",
    r"^[A-Za-z_][A-Za-z0-9_-]*(\([0-9]+\))?$",
    "An op, with an argument if it takes one: \"flush\", \"increment(0)\"."
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_the_same() {
        for text in ["flush", "increment(0)", "read_all", "re-open(4294967295)"] {
            assert_eq!(text.parse::<OpCall>().unwrap().to_string(), text);
        }
        assert_eq!("increment(7)".parse::<OpCall>().unwrap(), OpCall { kind: "increment".into(), arg: Some(7) });
    }

    #[test]
    fn refuses_what_is_no_op() {
        for text in
            ["", "()", "a()", "a(", "a)", "a(x)", "a(-1)", "a(+1)", "a(4294967296)", "a(1)b", "1a", "a b", "a(1)(2)"]
        {
            assert!(text.parse::<OpCall>().is_err(), "{text}");
        }
    }
}
