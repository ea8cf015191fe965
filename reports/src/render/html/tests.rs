//! The page, as a reader of the text would check it. What a browser makes of it `ci/html.sh` looks at.

use super::html;
use crate::assemble::{Executed, Header, assemble};
use crate::canned::{self, CLEAN, find, header, outcomes, scenario};
use crate::distinct::distinct;
use crate::model::Report;
use crate::render::tests::mixed;
use racehunt_core::finding::FindingKind;
use racehunt_core::outcome::ErrorCount;
use racehunt_core::timeline::{Sample, Timeline};

/// What a component under test may say to whoever reads its report.
const HOSTILE: &str = "</script></style><img src=x onerror=alert(1)>\"'&lt;<svg/onload=alert(2)> \u{202e}\u{1b}[31m";

/// A report in which all that comes from outside is hostile.
fn hostile() -> Report {
    let one = scenario(CLEAN);
    let mut all = outcomes(&one);
    find(&mut all[0], FindingKind::Panic, 1);
    let first = &mut all[0];
    first.errors = vec![ErrorCount { op: HOSTILE.into(), kind: HOSTILE.into(), message: HOSTILE.into(), count: 1 }];
    first.notes = vec![HOSTILE.into()];
    first.doubts = vec![HOSTILE.into()];
    let mut timeline = Timeline::default();
    (0..3).for_each(|i| timeline.sample(Sample { at_ns: i * 1_000, ops: i, ..Sample::default() }));
    timeline.mark(500, HOSTILE);
    first.timeline = Some(timeline);
    let finding = &mut first.findings[0];
    finding.message = HOSTILE.into();
    finding.detail = HOSTILE.into();
    finding.race = Some(HOSTILE.into());
    finding.fingerprint = HOSTILE.into();
    if let Some(shown) = &mut finding.interleaving {
        shown.actors = vec![HOSTILE.into(), HOSTILE.into()];
        for step in &mut shown.steps {
            (step.label, step.object, step.site) = (HOSTILE.into(), HOSTILE.into(), HOSTILE.into());
        }
    }
    let mut executed = Executed { file: HOSTILE.into(), scenario: one, outcomes: all };
    executed.scenario.name = HOSTILE.into();
    executed.scenario.about = HOSTILE.into();
    let started = HOSTILE.to_owned();
    assemble(Header { started, command: vec![HOSTILE.into()], ..header() }, vec![executed], false)
}

/// Values of an attribute.
fn values<'p>(page: &'p str, attribute: &str) -> Vec<&'p str> {
    let start = format!(" {attribute}=\"");
    page.split(start.as_str()).skip(1).map(|rest| rest.split('"').next().unwrap_or_default()).collect()
}

#[test]
fn every_scenario_and_finding_has_its_place_once_and_every_link_leads_somewhere() {
    let report = mixed();
    let page = html(&report);
    let mut ids = values(&page, "id");
    for one in distinct(&report) {
        let wanted = format!("finding-{}", one.best.finding.fingerprint);
        assert_eq!(ids.iter().filter(|id| **id == wanted).count(), 1, "{wanted}");
    }
    let findings = ids.iter().filter(|id| id.starts_with("finding-")).count();
    assert_eq!(findings, distinct(&report).len(), "one that scenarios share has a place under each");
    let name = format!("scenario-{}", report.scenarios[0].scenario.name);
    assert!(ids.contains(&name.as_str()));
    let all = ids.len();
    for target in values(&page, "href") {
        assert!(target.strip_prefix('#').is_some_and(|id| ids.contains(&id)), "{target}");
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "each name once");
}

#[test]
fn what_the_code_under_test_says_is_text() {
    let page = html(&hostile());
    assert!(
        !page.contains("<img") && !page.contains("<svg/onload") && !page.contains("onerror=alert(1)>\""),
        "it is markup"
    );
    assert_eq!((page.matches("<script").count(), page.matches("</script").count()), (1, 1));
    assert_eq!((page.matches("<style").count(), page.matches("</style").count()), (1, 1));
    assert!(!page.contains('\u{202e}') && !page.contains('\u{1b}'));
    for id in values(&page, "id").iter().chain(&values(&page, "href")) {
        assert!(id.chars().all(|c| c.is_ascii_alphanumeric() || "._/-#".contains(c)), "{id}");
    }
    assert!(page.contains("img src=x"), "and it is shown");
}

#[test]
fn nothing_is_loaded() {
    for report in [mixed(), hostile()] {
        let page = html(&report);
        assert!(!page.contains("http:") && !page.contains("https:") && !page.contains("@import"), "an address");
        assert!(values(&page, "src").is_empty() && !page.contains("<link") && !page.contains("url(//"));
        assert!(page.contains("default-src &#39;none&#39;") || page.contains("default-src 'none'"));
    }
}

#[test]
fn one_report_is_one_page() {
    assert_eq!(html(&mixed()), html(&mixed()));
    let report = mixed();
    let stored = Report::from_json(&crate::render::json(&report)).expect("reads back");
    assert_eq!(html(&report), html(&stored), "a stored report gives the page that the run wrote");
}

#[test]
fn it_says_what_the_other_forms_say() {
    let report = mixed();
    let page = html(&report);
    for one in &report.scenarios {
        for trial in &one.trials {
            let said = crate::render::coverage(trial).replace('<', "&#60;");
            assert!(page.contains(&said), "{said}");
        }
    }
    for said in [
        "racehunt replay rh1:canned",
        "metrics/buffer.rs:83",
        "second of the pair",
        "80,000",
        "the worker died: signal 11",
    ] {
        assert!(page.contains(said), "{said}");
    }
    assert_eq!(page.matches("data-verdict=\"fail\"").count(), 1 + crate::render::tests::unexpected(&report));
}

#[test]
fn a_report_of_nothing_is_a_page_too() {
    let page = html(&assemble(header(), vec![], false));
    assert!(page.contains("No scenario ran.") && page.contains("There is none.") && page.contains("? unknown"));
    assert!(html(&canned::canary()).contains("✓ pass"));
}
