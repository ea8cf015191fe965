//! Golden files: canned reports in every form. `cargo insta review` after a change that is meant.

use crate::assemble::{Executed, Header, assemble};
use crate::canned::{
    self, CANARY, CLEAN, at, canary_outcomes, doubt, find, header, lost_increment, outcomes, processes_outcomes,
    scenario,
};
use crate::model::{LeftOut, Report};
use crate::render::{self, TextOptions, interleaving, text};
use crate::style::Style;
use racehunt_core::finding::FindingKind;
use racehunt_core::scenario::EngineKind::{Loom, Shuttle, Stress};
use racehunt_core::verdict::Coverage;

pub(super) fn golden(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/golden"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// One of each: found, cannot see, clean, exhaustive, unexpected, missing, unknown.
pub(super) fn mixed() -> Report {
    let (canary, found) = canary_outcomes();
    let passes =
        Executed { file: "scenarios/metrics-buffer/published-fix.toml".into(), scenario: canary, outcomes: found };
    let clean = scenario(CLEAN);
    let exhaustive =
        Executed { file: "scenarios/metrics-buffer/hardened.toml".into(), outcomes: outcomes(&clean), scenario: clean };

    let bad = scenario(&CANARY.replace("metrics-buffer/published-fix\"", "metrics-buffer/broken\""));
    let mut outcomes_of_bad = outcomes(&bad);
    find(at(&mut outcomes_of_bad, "published-fix", Stress), FindingKind::Lost, 3);
    find(at(&mut outcomes_of_bad, "hardened", Shuttle), FindingKind::Duplicated, 5);
    find(at(&mut outcomes_of_bad, "hardened", Stress), FindingKind::Duplicated, 1);
    let fails =
        Executed { file: "scenarios/metrics-buffer/broken.toml".into(), scenario: bad, outcomes: outcomes_of_bad };

    let unsure = scenario(&CANARY.replace("metrics-buffer/published-fix\"", "metrics-buffer/unsure\""));
    let (_, mut some) = canary_outcomes();
    doubt(at(&mut some, "hardened", Stress), "the worker died: signal 11");
    let one = at(&mut some, "hardened", Loom);
    (one.executions, one.coverage) = (4_000, Coverage::Bounded { preemptions: vec![] });
    let unknown = Executed { file: "scenarios/metrics-buffer/unsure.toml".into(), scenario: unsure, outcomes: some };
    assemble(header(), vec![passes, exhaustive, fails, unknown], false)
}

fn processes() -> Report {
    let (scenario, outcomes) = processes_outcomes();
    canned::report(scenario, outcomes)
}

fn interrupted() -> Report {
    let (scenario, mut outcomes) = canary_outcomes();
    outcomes.truncate(1);
    assemble(header(), vec![Executed { file: "scenarios/a.toml".into(), scenario, outcomes }], true)
}

/// What a folder's run shows when it is not asked for more.
fn brief(width: usize) -> TextOptions {
    TextOptions { full: false, ..options(width) }
}

/// Two systems, one of them as processes; some scenarios ran on request only.
fn systems() -> Report {
    let (one, found) = canary_outcomes();
    let (two, more) = processes_outcomes();
    let run = |file: &str, scenario, outcomes| Executed { file: file.into(), scenario, outcomes };
    let left_out = vec![
        LeftOut {
            folder: "scenarios/openlayer/0.36.0".into(),
            reason: "needs openlayer==0.36.0 for the python3 in PATH".into(),
            scenarios: vec!["openlayer/0.36.0-clear".into(), "openlayer/0.36.0-kill".into()],
        },
        LeftOut { folder: "scenarios/soak".into(), reason: "takes ten minutes".into(), scenarios: vec!["soak".into()] },
    ];
    assemble(Header { left_out, ..header() }, vec![run("a.toml", one, found), run("b.toml", two, more)], false)
}

fn options(width: usize) -> TextOptions {
    TextOptions { width, report: Some("racehunt-out/report.json".into()), ..TextOptions::default() }
}

#[test]
fn text_of_each_kind() {
    golden("text-pass", &text(&canned::canary(), &options(100)));
    golden("text-mixed", &text(&mixed(), &options(120)));
    golden("text-interrupted", &text(&interrupted(), &options(100)));
    golden("text-processes", &text(&processes(), &options(100)));
    golden("text-nothing", &text(&assemble(header(), vec![], false), &options(100)));
}

#[test]
fn markdown_of_each_kind() {
    golden("markdown-pass", &render::markdown(&canned::canary()));
    golden("markdown-mixed", &render::markdown(&mixed()));
    golden("markdown-processes", &render::markdown(&processes()));
    golden("markdown-interrupted", &render::markdown(&interrupted()));
}

#[test]
fn junit_of_each_kind() {
    golden("junit-mixed", &render::junit(&mixed()));
    golden("junit-interrupted", &render::junit(&interrupted()));
    let nothing = render::junit(&assemble(header(), vec![], false));
    assert!(nothing.contains("errors=\"1\"") && nothing.contains("no scenario ran"), "{nothing}");
}

#[test]
fn junit_counts_what_is_wrong_and_what_is_not_known() {
    let text = render::junit(&mixed());
    let page = roxmltree::Document::parse(&text).expect("it is XML");
    let suites: Vec<_> = page.descendants().filter(|node| node.has_tag_name("testsuite")).collect();
    let of = |node: &roxmltree::Node<'_, '_>| ["failures", "errors"].map(|name| node.attribute(name) != Some("0"));
    let said: Vec<[bool; 2]> = suites.iter().map(of).collect();
    // As the scenarios are: passes, passes, fails, unknown.
    assert_eq!(said, [[false, false], [false, false], [true, false], [false, true]]);
    for failure in page.descendants().filter(|node| node.has_tag_name("failure")) {
        let told = failure.text().unwrap_or_default();
        assert!(
            failure.attribute("message").is_some_and(|said| !said.is_empty())
                && (told.contains("fingerprint") || told.starts_with("not found")),
            "{told}"
        );
    }
}

#[test]
fn a_comment_is_never_too_long_and_says_what_it_leaves_out() {
    let mut report = mixed();
    let pattern = report.scenarios[2].clone();
    for n in 0..300 {
        let mut one = pattern.clone();
        one.scenario.name = format!("many/{n}");
        one.reasons = vec!["x".repeat(400); 5];
        report.scenarios.push(one);
    }
    let page = render::markdown(&report);
    assert!(page.len() <= 60_000 && page.len() > 30_000, "{}", page.len());
    assert!(page.contains("### racehunt: fail") && page.contains("left out, since a comment holds no more"));
    assert!(page.contains("racehunt replay rh1:canned") && page.contains("more unexpected finding"), "{page}");
    assert!(!render::markdown(&mixed()).contains("left out"));
}

#[test]
fn a_folder_is_a_line_a_scenario_and_the_catalogue() {
    golden("brief-systems", &text(&systems(), &brief(100)));
    golden("brief-mixed", &text(&mixed(), &brief(100)));
    golden("catalogue-systems", &render::catalogue(&systems()));
    golden("catalogue-mixed", &render::catalogue(&mixed()));
    golden("catalogue-nothing", &render::catalogue(&assemble(header(), vec![], false)));
}

#[test]
fn the_catalogue_keeps_its_width() {
    for width in [80, 100, 160] {
        let shown = text(&systems(), &brief(width));
        let table = shown
            .lines()
            .skip_while(|line| !line.contains("race, variant"))
            .take_while(|line| !line.contains("left out"));
        for line in table {
            assert!(line.chars().count() <= width, "{width}: {line}");
        }
    }
}

#[test]
fn what_was_left_out_is_never_silent() {
    for shown in [text(&systems(), &brief(100)), render::catalogue(&systems()), render::json(&systems())] {
        assert!(shown.contains("scenarios/soak") && shown.contains("takes ten minutes"), "{shown}");
    }
    assert!(text(&systems(), &brief(100)).contains("PASS: 2 passed, 3 left out;"));
}

#[test]
fn json_of_a_run() {
    golden("json-interrupted", &render::json(&interrupted()));
}

#[test]
fn what_became_of_the_items_is_said_where_there_is_more_than_loss_to_tell() {
    let (scenario, mut outcomes) = processes_outcomes();
    let shown = |outcomes: &[_]| text(&canned::report(scenario.clone(), outcomes.to_vec()), &options(100));
    assert!(shown(&outcomes).contains("1,440 rejected") && shown(&outcomes).contains("12 processes killed"));
    for one in &mut outcomes {
        one.gauges.clear();
        one.crashes = 0;
    }
    assert!(shown(&outcomes).contains("1,440 rejected, 1,560 evicted") && !shown(&outcomes).contains("killed"));
    outcomes[0].ledger.rejected = 0;
    outcomes.iter_mut().for_each(|one| one.ledger.evicted = 0);
    assert!(!shown(&outcomes).contains("accepted"));
}

#[test]
fn a_curve_as_a_picture() {
    golden("curve", &render::curve(&canned::discovery(racehunt_core::discovery::Sampling::Independent)).unwrap());
}

#[test]
fn interleaving_by_width() {
    for width in [120, 80, 60] {
        golden(&format!("interleaving-{width}"), &interleaving(&lost_increment(), width, Style::Plain));
    }
    golden("interleaving-colour", &interleaving(&lost_increment(), 120, Style::Ansi).replace('\u{1b}', "ESC"));
}

#[test]
fn an_interleaving_keeps_its_width() {
    for width in [70, 80, 90, 100, 120] {
        let shown = interleaving(&lost_increment(), width, Style::Plain);
        for line in shown.lines() {
            assert!(line.chars().count() <= width, "{width}: {line}");
        }
    }
}

#[test]
fn an_interleaving_that_lies_about_its_actors_is_still_shown() {
    let mut shown = lost_increment();
    shown.actors.clear();
    shown.steps[1].label = "a│b\u{1b}[31m".into();
    let text = interleaving(&shown, 120, Style::Plain);
    assert!(text.contains("actor 0") && text.contains("actor 1") && !text.contains('\u{1b}'), "{text}");
    shown.steps.clear();
    assert_eq!(interleaving(&shown, 120, Style::Plain), "0 steps, 2 context switches\n");
}

#[test]
fn a_sample_is_never_worded_as_a_proof() {
    for outcome in mixed().scenarios.iter().flat_map(|one| &one.trials) {
        let said = render::coverage(outcome);
        assert_eq!(said.contains("exhaustive"), outcome.coverage == Coverage::Exhaustive, "{said}");
        if let Coverage::Sampled { .. } = outcome.coverage {
            assert!(said.contains("chance that the next one is new"), "{said}");
        }
    }
    let mut several = processes_outcomes().1.remove(0);
    several.findings.clear();
    let said = render::coverage(&several);
    assert_eq!(said, "no finding in 1 execution in 4 processes of 2 threads, whose schedules are not known");
    let cut_off = Coverage::Sampled { executions: 10_000, distinct: 10_000, unseen: 0.0 };
    let mut in_order = outcomes(&scenario(CLEAN)).remove(0);
    assert!(render::coverage(&in_order).contains("sequentially consistent only"));
    in_order.coverage = cut_off;
    let said = render::coverage(&in_order);
    assert!(said.contains("no sample") && !said.contains("chance"), "{said}");
}

#[test]
fn text_of_the_code_under_test_cannot_break_the_page() {
    let clean = scenario(CLEAN);
    let mut all = outcomes(&clean);
    find(&mut all[0], FindingKind::Panic, 1);
    all[0].findings[0].message = "</details><img src=x> @you | `x`\n# title \u{1b}[2J".into();
    let report = canned::report(clean, all);
    let page = render::markdown(&report);
    assert!(!page.contains("<img") && !page.contains("@you") && !page.contains("\n# title"), "{page}");
    assert!(!text(&report, &options(100)).contains('\u{1b}'));
}

#[test]
fn every_renderer_is_found_by_name_and_gives_something() {
    for renderer in render::ALL {
        assert_eq!(render::by_name(renderer.name).map(|one| one.extension), Some(renderer.extension));
        assert!((renderer.render)(&mixed()).ends_with(b"\n"), "{}", renderer.name);
    }
    assert!(render::by_name("pdf").is_none());
}

/// Findings of the report that nobody expects.
pub(super) fn unexpected(report: &Report) -> usize {
    let all = crate::distinct::distinct(report);
    all.iter().filter(|one| one.standing == crate::distinct::Standing::Unexpected).count()
}
