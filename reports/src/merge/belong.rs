//! Whether two reports are of parts of one run.

use super::{MergeError, Named};
use crate::model::{LeftOut, Report};
use racehunt_core::scenario::Scenario;
use serde_json::Value;

/// Every scenario of the run with its file, in the order of the run, whichever part of it the report is.
pub(super) fn scenarios(report: &Report) -> Vec<(&str, &Scenario)> {
    let mut all: Vec<(&str, &Scenario)> =
        report.scenarios.iter().map(|one| (one.file.as_str(), &one.scenario)).collect();
    // In the order of their places, so that each finds those before it where they belong.
    for one in report.partitions.iter().flat_map(|parts| &parts.elsewhere) {
        all.insert(one.place.min(all.len()), (one.file.as_str(), &one.scenario));
    }
    all
}

/// Fails unless the build, the seeds, the number of partitions and the scenarios are the same. Machines may differ.
pub(super) fn together((one, a): &Named, (other, b): &Named) -> Result<(), MergeError> {
    let same = |what: &str, this: String, that: String| {
        let (one, other, what) = (one.clone(), other.clone(), what.to_owned());
        if this == that { Ok(()) } else { Err(MergeError::Differ { one, other, what, this, that }) }
    };
    let commit = |report: &Report| report.environment.commit.clone().unwrap_or_else(|| "unknown".to_owned());
    let machine = |report: &Report| format!("{} {}", report.environment.os, report.environment.arch);
    same("version of racehunt", a.tool.version.clone(), b.tool.version.clone())?;
    same("commit", commit(a), commit(b))?;
    same("toolchain", a.environment.toolchain.clone(), b.environment.toolchain.clone())?;
    same("system", machine(a), machine(b))?;
    same("seeds", a.all_seeds().to_string(), b.all_seeds().to_string())?;
    if let (Some(a), Some(b)) = (&a.partitions, &b.partitions) {
        same("number of partitions", a.of.to_string(), b.of.to_string())?;
    }
    same("scenarios", names(a), names(b))?;
    for ((_, a), (_, b)) in scenarios(a).into_iter().zip(scenarios(b)) {
        if a != b {
            let (key, this, that) = difference(a, b);
            same(&format!("`{key}` of the scenario {}", a.name), this, that)?;
        }
    }
    same("scenarios left out", left_out(&a.left_out), left_out(&b.left_out))
}

fn names(report: &Report) -> String {
    let names: Vec<&str> = scenarios(report).into_iter().map(|(_, scenario)| scenario.name.as_str()).collect();
    names.join(", ")
}

fn left_out(left: &[LeftOut]) -> String {
    let names: Vec<&str> = left.iter().flat_map(|one| &one.scenarios).map(String::as_str).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// The first key of two scenarios that differs, with its values.
fn difference(a: &Scenario, b: &Scenario) -> (String, String, String) {
    let fields = |scenario: &Scenario| match serde_json::to_value(scenario) {
        Ok(Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let (a, b) = (fields(a), fields(b));
    let shown = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), Value::to_string);
    let differs = a.keys().chain(b.keys()).find(|key| a.get(*key) != b.get(*key));
    let key = differs.map_or("text", String::as_str);
    (key.to_owned(), shown(a.get(key)), shown(b.get(key)))
}
