//! What is written is read back, and what is not a report is refused with a word on why.

use super::ReadError;
use crate::canned;
use crate::model::Report;
use crate::render::json;
use racehunt_core::verdict::Coverage;

#[test]
fn a_report_comes_back() {
    let report = canned::canary();
    assert_eq!(Report::from_json(&json(&report)).unwrap(), report);
    assert_eq!(json(&Report::from_json(&json(&report)).unwrap()), json(&report));
}

#[test]
fn a_number_that_json_lacks_does_not_make_the_report_unreadable() {
    let (scenario, mut outcomes) = canned::canary_outcomes();
    outcomes[1].coverage = Coverage::Sampled { executions: 10_000, distinct: 1, unseen: f64::NAN };
    let report = canned::report(scenario, outcomes);
    assert_eq!(Report::from_json(&json(&report)).unwrap(), report);
}

#[test]
fn a_report_that_was_cut_off_says_so() {
    let text = json(&canned::canary());
    let error = Report::from_json(&text[..text.len() / 2]).unwrap_err();
    assert!(matches!(error, ReadError::Syntax { cut_off: true, .. }), "{error}");
    assert!(error.to_string().contains("ends too early"), "{error}");
}

#[test]
fn what_is_not_a_report_is_refused() {
    let cases = [
        ("[]", "not a JSON object"),
        ("{}", "no field `tool.name`"),
        (r#"{"tool": {"name": "cargo"}}"#, "written by `cargo`"),
        (r#"{"tool": {"name": "racehunt"}}"#, "no number in the field `schema`"),
        ("verdict = 1", "line 1, column 1: not JSON"),
    ];
    for (text, says) in cases {
        let error = Report::from_json(text).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn another_version_is_named() {
    let newer = json(&canned::canary()).replacen("\"schema\": 1", "\"schema\": 7", 1);
    let error = Report::from_json(&newer).unwrap_err().to_string();
    assert_eq!(
        error,
        "the report has schema 7, written by racehunt 0.1.0; this build reads schema 1: use a newer racehunt"
    );
}

#[test]
fn a_wrong_field_is_located() {
    let text = json(&canned::canary()).replacen("\"interrupted\": false", "\"interrupted\": \"no\"", 1);
    let error = Report::from_json(&text).unwrap_err();
    let line = 1 + text.lines().position(|line| line.contains("\"interrupted\"")).unwrap();
    assert!(matches!(error, ReadError::Invalid { line: found, .. } if found == line), "{error}");
    let text = json(&canned::canary()).replacen("\"interrupted\"", "\"interupted\"", 1);
    assert!(Report::from_json(&text).unwrap_err().to_string().contains("unknown field `interupted`"));
}
