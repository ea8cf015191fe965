//! The schemas against their copies, against what is written, and against every shipped scenario.

use super::{report, scenario, selftest, text};
use crate::canned;
use crate::render;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[track_caller]
fn up_to_date(name: &str, schema: &Value) {
    let file = root().join(format!("schema/{name}.schema.json"));
    let shipped = fs::read_to_string(&file).unwrap_or_default();
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        fs::write(&file, text(schema)).unwrap();
        return;
    }
    let how =
        format!("reports/schema/{name}.schema.json is old: racehunt schema {name} > reports/schema/{name}.schema.json");
    assert!(shipped == text(schema), "{how}");
}

#[test]
fn the_shipped_copies_are_up_to_date() {
    up_to_date("report", &report());
    up_to_date("scenario", &scenario());
    up_to_date("selftest", &selftest());
}

#[test]
fn a_report_keeps_to_its_schema_and_a_broken_one_does_not() {
    let validator = jsonschema::validator_for(&report()).unwrap();
    let good: Value = serde_json::from_str(&render::json(&canned::canary())).unwrap();
    let (processes, outcomes) = canned::processes_outcomes();
    let figures = serde_json::from_str(&render::json(&canned::report(processes, outcomes))).unwrap();
    for report in [&good, &figures] {
        let errors: Vec<String> =
            validator.iter_errors(report).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
    let broken = [
        ("/verdict", json!("maybe")),
        ("/scenarios/0/expectations/0/found", json!(1)),
        ("/scenarios/0/trials/0/coverage/type", json!("all")),
        ("/totals", json!({})),
    ];
    for (place, value) in broken {
        let mut bad = good.clone();
        *bad.pointer_mut(place).unwrap() = value;
        assert!(!validator.is_valid(&bad), "{place}");
    }
    let mut bad = good;
    bad["surprise"] = json!(true);
    assert!(!validator.is_valid(&bad), "an unknown field");
}

/// As an editor's TOML server sees it.
fn as_json(toml: &str) -> Value {
    serde_json::to_value(toml::from_str::<toml::Table>(toml).unwrap()).unwrap()
}

#[test]
fn canned_scenarios_keep_to_the_schema_and_broken_ones_do_not() {
    let validator = jsonschema::validator_for(&scenario()).unwrap();
    for text in [canned::CANARY, canned::CLEAN, canned::PROCESSES] {
        let errors: Vec<String> = validator.iter_errors(&as_json(text)).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
    for (from, to) in [("finding = \"lost\"", "finding = \"lots\""), ("rounds", "bounds"), ("schema = 1", "")] {
        assert!(canned::CANARY.contains(from));
        assert!(!validator.is_valid(&as_json(&canned::CANARY.replace(from, to))), "{from}");
    }
}

#[test]
fn every_shipped_scenario_keeps_to_the_schema() {
    let validator = jsonschema::validator_for(&scenario()).unwrap();
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for entry in walkdir::WalkDir::new(root().join("../scenarios")).sort_by_file_name() {
        let path = entry.unwrap().into_path();
        let text = match path.extension() {
            Some(ending) if ending == "toml" => fs::read_to_string(&path).unwrap(),
            _ => continue,
        };
        let value = as_json(&text);
        // Manifests of packages are TOML too.
        if path.ends_with("Cargo.toml") || path.ends_with("pyproject.toml") {
            continue;
        }
        seen += 1;
        wrong.extend(validator.iter_errors(&value).map(|e| format!("{}: {}: {e}", path.display(), e.instance_path())));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen > 0, "no scenario was looked at");
}
