//! Reads a report back, with errors that say what to do.

use crate::model::{Report, SCHEMA};
use serde::Deserialize;
use serde_json::Value;

/// Why a text is not a report that this build can read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// No JSON at all, or cut off.
    #[error("line {line}, column {column}: not JSON: {message}{}", if *.cut_off { " (the file ends too early)" } else { "" })]
    Syntax {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// The parser's words.
        message: String,
        /// True if the text ends in the middle.
        cut_off: bool,
    },
    /// JSON, but not from racehunt.
    #[error("not a racehunt report: {0}")]
    NotAReport(String),
    /// A report of another version.
    #[error("the report has schema {found}, written by racehunt {written_by}; this build reads schema {SCHEMA}: {}", if *.found > u64::from(SCHEMA) { "use a newer racehunt" } else { "run again, or use the racehunt that wrote it" })]
    Schema {
        /// Its version.
        found: u64,
        /// The version of the program that wrote it.
        written_by: String,
    },
    /// The right version, but a field is missing, unknown or of the wrong type.
    #[error("line {line}, column {column}: not a valid report: {message}")]
    Invalid {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
}

impl Report {
    /// Reads a report as [`crate::render::json`] writes it.
    ///
    /// # Errors
    /// If the text is not JSON, not a report, of another version, or does not have the fields of its version.
    pub fn from_json(text: &str) -> Result<Self, ReadError> {
        let value: Value = serde_json::from_str(text).map_err(|error| ReadError::Syntax {
            line: error.line(),
            column: error.column(),
            message: without_place(&error),
            cut_off: error.is_eof(),
        })?;
        check_version(&value)?;
        // From the text again: only there does serde know the line.
        let mut reader = serde_json::Deserializer::from_str(text);
        Self::deserialize(&mut reader).map_err(|error| ReadError::Invalid {
            line: error.line(),
            column: error.column(),
            message: without_place(&error),
        })
    }
}

fn check_version(value: &Value) -> Result<(), ReadError> {
    let Value::Object(fields) = value else {
        return Err(ReadError::NotAReport("it is not a JSON object".to_owned()));
    };
    let tool = fields.get("tool").and_then(|tool| tool.get("name")).and_then(Value::as_str);
    if tool != Some("racehunt") {
        let found = tool.map_or("has no field `tool.name`".to_owned(), |name| format!("was written by `{name}`"));
        return Err(ReadError::NotAReport(format!("it {found}; racehunt writes `report.json`")));
    }
    let Some(found) = fields.get("schema").and_then(Value::as_u64) else {
        return Err(ReadError::NotAReport("it has no number in the field `schema`".to_owned()));
    };
    if found == u64::from(SCHEMA) {
        return Ok(());
    }
    let version = value.pointer("/tool/version").and_then(Value::as_str).unwrap_or("unknown");
    Err(ReadError::Schema { found, written_by: version.to_owned() })
}

/// serde's message ends in the place, which the error already names.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&place).unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests;
