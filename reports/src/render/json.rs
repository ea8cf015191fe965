//! The report as JSON, for other programs and for every later rendering.

use crate::model::Report;

/// Pretty, fields in the order of the model, with a newline at the end.
///
/// # Panics
/// Never: the model has nothing that JSON lacks (no map, no key that is not text).
#[must_use]
pub fn json(report: &Report) -> String {
    let mut text = serde_json::to_string_pretty(report).expect("the model has nothing that JSON lacks");
    text.push('\n');
    text
}
