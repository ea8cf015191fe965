//! The JSON Schemas of the two documents: what a run writes, and what a scenario says.
//!
//! Both are derived from the types that read the documents, so they cannot say something else; the copies in
//! `reports/schema` are for editors and other programs, and a test holds them to this.

use crate::model::Report;
use crate::selftest::Selftest;
use racehunt_core::scenario::Scenario;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::Value;

/// The schema of `report.json`.
#[must_use]
pub fn report() -> Value {
    titled::<Report>("racehunt report")
}

/// The schema of `selftest.json`.
#[must_use]
pub fn selftest() -> Value {
    titled::<Selftest>("racehunt selftest")
}

/// The schema of a scenario, which is TOML: an editor's TOML server takes it all the same.
#[must_use]
pub fn scenario() -> Value {
    titled::<Scenario>("racehunt scenario")
}

fn titled<T: JsonSchema>(title: &str) -> Value {
    // For the reader's side: a field with a default may be left out.
    let settings = SchemaSettings::draft2020_12().for_deserialize();
    let mut schema: Schema = settings.into_generator().into_root_schema_for::<T>();
    schema.insert("title".to_owned(), Value::from(title));
    schema.to_value()
}

/// A schema as it is checked in: pretty, with a newline at the end.
#[must_use]
pub fn text(schema: &Value) -> String {
    format!("{schema:#}\n")
}

#[cfg(test)]
mod tests;
