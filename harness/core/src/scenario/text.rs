//! What every scenario element that is written as text has in common.

use std::fmt;

use super::nearest::suggest;

/// Why a text is not the element it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ElementError {
    /// What is wrong, naming the text.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl ElementError {
    /// An error with a remedy.
    #[must_use]
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: Some(help.into()) }
    }
}

impl fmt::Display for ElementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

/// An element that is text in a scenario.
///
/// `WHAT` completes the sentence "`duration` must be …" when something else than text is found there.
pub(super) trait TextElement: std::str::FromStr<Err = ElementError> {
    /// The element with its article and an example.
    const WHAT: &'static str;
}

/// User text between backticks, safe to show: a name with a line break or an escape sequence in it must
/// not be able to forge lines of the report or repaint the terminal.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('`');
    for c in text.chars() {
        // `escape_debug` alone would also escape quotes, which are harmless and common here.
        if matches!(c, '"' | '\'') {
            out.push(c);
        } else {
            out.extend(c.escape_debug());
        }
    }
    out.push('`');
    out
}

/// Finds `word` in a table of names, or says which name it may have been.
pub(super) fn one_of<T: Copy>(word: &str, what: &str, table: &[(&str, T)]) -> Result<T, ElementError> {
    if let Some((_, value)) = table.iter().find(|(name, _)| *name == word) {
        return Ok(*value);
    }
    let names: Vec<&str> = table.iter().map(|(name, _)| *name).collect();
    Err(ElementError::new(format!("unknown {what} {}", quoted(word)), suggest(word, &names)))
}

/// True for names that may stand in a trial's id: letters, digits and `-`, `_`, `.`.
pub(super) fn is_plain_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// Serde and JSON Schema through `Display` and `FromStr`, so that an element has one written form.
macro_rules! text_serde {
    ($type:ty, $name:literal, $pattern:literal, $description:literal) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "string",
                    "pattern": $pattern,
                    "description": $description,
                })
            }
        }
    };
}
pub(super) use text_serde;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_text_cannot_forge_lines() {
        assert_eq!(quoted("a\nerror: b"), "`a\\nerror: b`");
        assert_eq!(quoted("\u{1b}[2J"), "`\\u{1b}[2J`");
        assert_eq!(quoted("\"10x\""), "`\"10x\"`");
    }

    #[test]
    fn an_unknown_word_names_the_nearest_or_all() {
        let table = [("stress", 1), ("shuttle", 2)];
        assert_eq!(one_of("shuttle", "engine", &table), Ok(2));
        let near = one_of("shutle", "engine", &table).unwrap_err();
        assert_eq!(near.to_string(), "unknown engine `shutle` (did you mean `shuttle`?)");
        let far = one_of("qqqq", "engine", &table).unwrap_err();
        assert_eq!(far.to_string(), "unknown engine `qqqq` (one of: `stress`, `shuttle`)");
    }
}
