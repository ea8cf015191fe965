//! Both directions: the numbers are there, and nothing promises more than they do.

use super::*;
use crate::canned::{self, CANARY, CLEAN, outcomes, scenario};
use crate::render::{TextOptions, coverage, markdown, text};
use racehunt_core::discovery::Sampling;
use racehunt_core::scenario::EngineKind;

fn with(strategy: &str, sampling: Sampling, pct: Option<PctChance>) -> (Report, TrialOutcome) {
    let scenario = scenario(&CLEAN.replace("dfs", strategy));
    let mut outcomes = outcomes(&scenario);
    outcomes[0].discovery = Some(Discovery { pct, ..canned::discovery(sampling) });
    let one = outcomes[0].clone();
    (canned::report(scenario, outcomes), one)
}

#[test]
fn the_line_says_the_estimate_its_bound_and_of_what() {
    let (_, one) = with("random", Sampling::Independent, None);
    assert_eq!(
        coverage(&one),
        "no finding in 10,000 executions, 4,211 distinct; chance that the next one is new, as random draws them: \
         about 0.02 % (≤ 4.7 % with 95 % confidence)"
    );
    let (_, mut one) = with("random", Sampling::Adapts, None);
    assert!(coverage(&one).ends_with("about 0.02 % (without a bound)"), "{}", coverage(&one));
    let discovery = one.discovery.as_mut().unwrap();
    discovery.at_least = true;
    assert!(coverage(&one).contains("at least 4,211 distinct"));
    discovery_of(&mut one).unseen = Sampling::InOrder.unseen(1, 2);
    assert!(coverage(&one).ends_with("; how much is left is not known") && !coverage(&one).contains('%'));
}

fn discovery_of(one: &mut TrialOutcome) -> &mut Discovery {
    one.discovery.as_mut().unwrap()
}

#[test]
fn pct_is_worded_as_an_if_and_stands_where_it_was_run() {
    let pct = Some(PctChance::new(3, 3, 20, 10_000));
    let (report, one) = with("pct:3", Sampling::Learns, pct);
    let said = promise(&one).unwrap();
    assert!(
        said.starts_with("if these actors' programs have a race of depth ≤ 3 that shows within 20 choices"),
        "{said}"
    );
    assert!(said.ends_with("with a chance of ≥ 99.9 %"), "{said}");
    let shown = text(&report, &TextOptions::default());
    assert!(shown.contains(&said), "{shown}");
    assert!(markdown(&report).contains("| depth ≤ 3, 20 choices: ≥ 99.9 % |"), "{}", markdown(&report));
    let (report, one) = with("random", Sampling::Independent, None);
    assert_eq!(promise(&one), None);
    assert!(!text(&report, &TextOptions::default()).contains("depth"));
}

#[test]
fn the_table_has_those_that_sampled_and_found_nothing_most_open_first() {
    let scenario = scenario(CANARY);
    let mut all = outcomes(&scenario);
    canned::at(&mut all, "hardened", EngineKind::Shuttle).discovery.as_mut().unwrap().unseen =
        Sampling::Independent.unseen(900, 10_000);
    let page = markdown(&canned::report(scenario.clone(), all.clone()));
    let rows: Vec<&str> = page.lines().filter(|l| l.contains("▁")).collect();
    assert_eq!(rows.len(), 2, "two variants, and neither loom's order nor real threads: {page}");
    assert!(rows[0].contains("hardened") && rows[0].contains("| about 9 % | ≤ 13.7 % |"), "{rows:?}");
    canned::find(canned::at(&mut all, "hardened", EngineKind::Shuttle), racehunt_core::finding::FindingKind::Lost, 3);
    let page = markdown(&canned::report(scenario, all));
    assert_eq!(page.lines().filter(|l| l.contains("▁")).count(), 1, "{page}");
}

#[test]
fn the_blocks_rise_with_the_curve() {
    let point = |executions, distinct| Reached { executions, distinct };
    assert_eq!(sparkline(&[point(1, 1), point(2, 2), point(4, 4), point(8, 8), point(16, 8)]), "▁▂▄██");
    assert_eq!(sparkline(&[]), "");
}

#[test]
fn nothing_reads_as_a_proof() {
    for (strategy, sampling) in [
        ("random", Sampling::Independent),
        ("urw", Sampling::Learns),
        ("pct:3", Sampling::Adapts),
        ("random", Sampling::InOrder),
    ] {
        let (report, _) = with(strategy, sampling, Some(PctChance::new(1, 2, 3, u64::MAX)));
        for said in [text(&report, &TextOptions::default()), markdown(&report)] {
            let said = said.to_lowercase().replace(&report.scenarios[0].scenario.about.to_lowercase(), "");
            for word in ["safe", "no race", "covered", "proof", "proven", "guarantee", "100 %", "all interleavings"] {
                assert!(!said.contains(word), "{word}: {said}");
            }
        }
    }
}
