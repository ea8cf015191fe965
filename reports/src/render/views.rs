//! Tests of the two views of an interleaving: the table and the lane diagram.

use super::interleaving::rows::{self, Row};
use super::tests::golden;
use super::{interleaving, svg, svg_of_report};
use crate::canned::{self, lost_increment};
use crate::style::Style;
use proptest::prelude::*;
use racehunt_core::interleaving::{Interleaving, Step, Told, Waited};

const LOCK: &str = "Mutex (bus/lock.rs:25)";
const OTHER: &str = "Mutex (bus/handler.rs:83)";

fn step((actor, kind, label, object_id, value): (u32, &str, &str, u32, Option<u64>)) -> Step {
    let object = match object_id {
        0 => "",
        1 => LOCK,
        2 => OTHER,
        _ => "ready (bus/lock.rs:26)",
    };
    Step {
        actor,
        kind: kind.into(),
        label: label.into(),
        object: object.into(),
        object_id,
        value,
        site: if kind == "note" { String::new() } else { format!("bus/lock.rs:{}", 40 + object_id) },
    }
}

fn stuck(actor: u32, object_id: u32, object: &str) -> Waited {
    let (site, on) = (format!("bus/lock.rs:{}", 60 + actor), Vec::new());
    Waited { actor, kind: "lock".into(), object: object.into(), object_id, site, from: 0, to: None, on }
}

/// Two locks in two orders, after a spin; a third actor is killed.
fn deadlock() -> Interleaving {
    let mut steps = vec![(1, "note", "emit(0) called", 0, None), (1, "lock", "", 1, None)];
    steps.extend([(2, "note", "subscribe called", 0, None), (2, "lock", "", 2, None)]);
    steps.extend([(2, "load", "", 3, Some(0)); 5]);
    steps.extend([(3, "kill", "SIGKILL", 0, None), (1, "write", "called <&\"'>", 3, Some(1))]);
    let told = Told {
        killed: vec![(10, 4)],
        waits: vec![(12, 1), (11, 2)],
        stuck: vec![stuck(1, 2, OTHER), stuck(2, 1, LOCK)],
        ..Told::default()
    };
    let steps: Vec<Step> = [(4, "read", "", 3, None)].into_iter().chain(steps).map(step).collect();
    let actors = ["main", "E", "T", "kill p", "victim"].map(String::from).to_vec();
    Interleaving { actors, steps, switches: 1, ..Interleaving::default() }.explain(&told)
}

#[test]
fn the_table_of_a_deadlock_by_width() {
    for width in [160, 120, 80] {
        golden(&format!("interleaving-deadlock-{width}"), &interleaving(&deadlock(), width, Style::Plain));
    }
}

#[test]
fn the_diagrams() {
    golden("svg-lost", &svg(&lost_increment(), "lost in published-fix"));
    golden("svg-deadlock", &svg(&deadlock(), "deadlock in whole-lock: E & T"));
}

#[test]
fn a_diagram_is_well_formed_and_says_what_the_steps_say() {
    let shown = deadlock();
    let text = svg(&shown, "<script>alert(1)</script> & \u{1b}[31m \u{ffff}");
    let page = roxmltree::Document::parse(&text).expect("it is XML");
    assert!(
        page.descendants().all(|node| !matches!(node.tag_name().name(), "script" | "a" | "image" | "foreignObject"))
    );
    assert!(!text.contains("href") && !text.contains("@import") && !text.contains("http://www.w3.org/1999"), "{text}");
    let said: Vec<&str> = page.descendants().filter_map(|node| node.text()).collect();
    for word in ["E", "T", "✗ lock waits for T", "called <&\"'> ← 1", "load → 0 ×5", "lock.rs:41", "✗ killed", "6–10"]
    {
        assert!(said.iter().any(|s| s.trim() == word), "{word}: {said:?}");
    }
    let class = |name: &str| page.descendants().filter(|n| n.attribute("class") == Some(name)).count();
    assert_eq!((class("rh-stuck"), class("rh-pair")), (2, 0));
    let lost = svg(&lost_increment(), "");
    assert_eq!(lost.matches("class=\"rh-pair\"").count(), 2, "the pair, and nothing else");
    assert_eq!(svg(&Interleaving::default(), "").matches("rh-lane\"").count(), 0);
}

#[test]
fn what_is_marked_is_told_in_words() {
    let lost = interleaving(&lost_increment(), 120, Style::Plain);
    assert!(
        lost.contains("race for Map") && lost.contains("├◆") && lost.contains("└◆") && lost.contains("preempted"),
        "{lost}"
    );
    let dead = interleaving(&deadlock(), 120, Style::Plain);
    assert!(dead.contains("E waits for ever to lock Mutex#2, held by T since step 5") && !dead.contains('◆'), "{dead}");
    let mut unmarked = lost_increment();
    unmarked.racing.clear();
    assert!(!interleaving(&unmarked, 120, Style::Plain).contains('◆'));
}

#[test]
fn one_finding_of_a_report_is_shown_by_number_or_fingerprint() {
    let report = canned::canary();
    let first = svg_of_report(&report, Some("1")).expect("there is one");
    assert_eq!(svg_of_report(&report, None), Some(first.clone()));
    let fingerprint = &crate::distinct::distinct(&report)[0].best.finding.fingerprint;
    assert_eq!(svg_of_report(&report, Some(fingerprint)), Some(first));
    assert_eq!(svg_of_report(&report, Some("2")), None);
}

/// Interleavings that nobody worked out: what a report says may be anything.
fn reported() -> impl Strategy<Value = Interleaving> {
    let kinds = prop::sample::select(vec!["lock", "unlock", "read", "write", "load", "note", "sleep"]);
    let step = (0..4u32, kinds, 0..4u32).prop_map(|(actor, kind, object)| step((actor, kind, "", object, None)));
    (prop::collection::vec(step, 0..30), 1..4usize, any::<bool>()).prop_map(|(steps, times, lies)| {
        let steps: Vec<Step> = std::iter::repeat_n(steps, times).flatten().collect();
        let mut shown = Interleaving { steps, switches: 1, ..Interleaving::default() }.explain(&Told::default());
        if lies {
            shown.steps.truncate(shown.steps.len() / 2);
        }
        shown
    })
}

proptest! {
    #[test]
    fn every_step_has_a_row_or_is_in_a_fold(shown in reported()) {
        let mut seen = Vec::new();
        for row in rows::rows(&shown) {
            match row {
                Row::Step { at, times } => seen.extend(at..at + times),
                Row::Again(fold) => seen.extend(fold.from + fold.len..fold.end()),
                Row::Switch { .. } | Row::Stuck(_) => {}
            }
        }
        prop_assert_eq!(seen, (0..shown.steps.len()).collect::<Vec<_>>());
    }

    #[test]
    fn nothing_that_a_report_says_breaks_a_view(shown in reported(), width in 60..160usize) {
        prop_assert!(roxmltree::Document::parse(&svg(&shown, "any")).is_ok());
        let table = interleaving(&shown, width, Style::Plain);
        // Two bars in each row less than there are columns: every row can be taken apart again.
        let rows = table.lines().filter(|l| l.contains('│')).map(|l| l.matches('│').count());
        let lanes = rows::actors(&shown).len();
        prop_assert!(rows.into_iter().all(|bars| bars <= lanes + 2));
    }
}
