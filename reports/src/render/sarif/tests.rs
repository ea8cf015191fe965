//! What the standard asks of a document, and what readers of it need.

use super::sarif;
use crate::canned;
use crate::render::tests::{golden, mixed};
use serde_json::Value;

fn document(report: &crate::Report) -> Value {
    serde_json::from_str(&sarif(report)).expect("it is JSON")
}

#[test]
fn a_finding_has_its_lines() {
    let shown = serde_json::to_string_pretty(&super::log(&canned::canary())).expect("it is written");
    golden("sarif-canary", &shown);
}

#[test]
fn every_result_has_what_a_reader_needs() {
    let report = mixed();
    let document = document(&report);
    assert_eq!((document["version"].as_str(), document["runs"].as_array().map(Vec::len)), (Some("2.1.0"), Some(1)));
    let run = &document["runs"][0];
    assert_eq!(run["tool"]["driver"]["name"], "racehunt");
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    let results = run["results"].as_array().expect("results");
    assert_eq!(results.len(), crate::distinct::distinct(&report).len());
    for result in results {
        let rule = &rules[result["ruleIndex"].as_u64().expect("a rule") as usize];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(result["message"]["text"].as_str().is_some_and(|text| !text.is_empty()));
        let suppressed = result["suppressions"][0]["status"] == "accepted";
        assert_eq!(result["level"] == "error", !suppressed, "{result}");
        assert_eq!(result["partialFingerprints"]["racehunt/v1"].as_str().map(str::len), Some(16));
        let place = &result["locations"][0]["physicalLocation"];
        assert!(place["region"]["startLine"].as_u64() > Some(0) && place["artifactLocation"]["uri"].is_string());
        for flow in result["codeFlows"].as_array().into_iter().flatten() {
            let threads = flow["threadFlows"].as_array().expect("threads");
            let mut order: Vec<u64> = Vec::new();
            for at in threads.iter().flat_map(|thread| thread["locations"].as_array().expect("steps")) {
                order.push(at["executionOrder"].as_u64().expect("an order"));
            }
            order.sort_unstable();
            assert_eq!(order, (1..=order.len() as u64).collect::<Vec<_>>(), "each step once");
        }
    }
    let levels = |level: &str| results.iter().filter(|result| result["level"] == level).count();
    assert!(levels("error") > 0 && levels("note") > 0);
}

#[test]
fn what_was_not_judged_is_told() {
    let run = &document(&mixed())["runs"][0];
    let told = run["invocations"][0]["toolExecutionNotifications"].as_array().expect("notifications");
    assert!(told.iter().any(|one| one["message"]["text"].as_str().is_some_and(|text| text.contains("signal 11"))));
    let nothing = crate::assemble(canned::header(), vec![], false);
    let run = &document(&nothing)["runs"][0];
    assert_eq!(
        (run["invocations"][0]["executionSuccessful"].as_bool(), run["results"].as_array().map(Vec::len)),
        (Some(false), Some(0))
    );
}

#[test]
fn a_path_is_an_address() {
    let mut report = canned::canary();
    let steps = |report: &mut crate::Report, site: &str| {
        for finding in report.scenarios[0].trials.iter_mut().flat_map(|trial| &mut trial.findings) {
            for step in finding.interleaving.iter_mut().flat_map(|shown| &mut shown.steps) {
                step.site = site.into();
            }
        }
        document(report)["runs"][0]["results"][0]["locations"][0]["physicalLocation"].clone()
    };
    let place = steps(&mut report, "a dir/ü.rs:7");
    assert_eq!(place["artifactLocation"]["uri"], "a%20dir/%C3%BC.rs");
    assert_eq!((&place["artifactLocation"]["uriBaseId"], &place["region"]["startLine"]), (&"SOURCE".into(), &7.into()));
    let place = steps(&mut report, "/elsewhere/x.rs:9");
    assert_eq!(place["artifactLocation"]["uri"], "file:///elsewhere/x.rs");
    assert!(place["artifactLocation"]["uriBaseId"].is_null());
    // One that the reader can change stands for the finding, where there is one.
    let mut far = canned::canary();
    for finding in far.scenarios[0].trials.iter_mut().flat_map(|trial| &mut trial.findings) {
        if let Some(shown) = &mut finding.interleaving {
            shown.steps[shown.racing[0].second].site = "/rustc/0/library/core/src/iter.rs:3".into();
        }
    }
    let result = &document(&far)["runs"][0]["results"][0];
    assert_eq!(result["locations"][0]["physicalLocation"]["region"]["startLine"], 78);
    assert!(
        result["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            .as_str()
            .is_some_and(|uri| uri.starts_with("file:///rustc/"))
    );
    // Without a line it is the scenario that is shown.
    for site in ["", "nonsense", "x.rs:0"] {
        let place = steps(&mut report, site);
        assert_eq!(place["artifactLocation"]["uri"], "scenarios/canned.toml", "{site}");
    }
}
