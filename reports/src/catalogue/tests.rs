//! What is summed and what is kept apart.

use super::{Catalogue, Standing, catalogue};
use crate::canned::{self, CANARY, CLEAN, at, doubt, find, header, outcomes, processes_outcomes, scenario};
use crate::render::words_of;
use crate::{Executed, assemble};
use racehunt_core::finding::FindingKind::{Deadlock, Duplicated, Lost};
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::scenario::EngineKind::{self, Loom, Shuttle, Stress};
use racehunt_core::scenario::Scenario;

fn named(text: &str, name: &str) -> Scenario {
    scenario(&text.replace("name = \"metrics-buffer/", &format!("name = \"{name}/")))
}

/// The canary as `change` makes it, with what it expects.
fn canary(name: &str, change: impl Fn(&str) -> String, spoil: impl Fn(&mut Vec<TrialOutcome>)) -> Executed {
    let scenario = named(&change(CANARY), name);
    let mut outcomes = outcomes(&scenario);
    find(at(&mut outcomes, "published-fix", Stress), Lost, 3);
    find(at(&mut outcomes, "published-fix", Shuttle), Lost, 812);
    spoil(&mut outcomes);
    Executed { file: format!("{name}.toml"), scenario, outcomes }
}

fn good(name: &str) -> Executed {
    canary(name, str::to_owned, |_| ())
}

fn of(executed: Vec<Executed>) -> Catalogue {
    catalogue(&assemble(header(), executed, false))
}

/// The words of a cell of a race (`""`: of none) of the first system.
#[track_caller]
fn says(all: &Catalogue, race: &str, variant: &str, engine: EngineKind) -> String {
    let same = |name: Option<&str>| name.unwrap_or_default() == race;
    let races = &all.systems[0].races;
    let race = races.iter().find(|one| same(one.shows.as_ref().map(|(name, _)| name.as_str()))).expect("the race");
    let row = race.rows.iter().find(|row| row.variant == variant).expect("the variant");
    words_of(row.by(engine))
}

#[test]
fn executions_are_summed_over_the_scenarios_that_name_the_race() {
    let clean = scenario(CLEAN);
    let other = Executed { file: "c.toml".into(), outcomes: outcomes(&clean), scenario: clean };
    let all = of(vec![good("a"), good("b"), other]);
    assert_eq!(says(&all, "MB3", "published-fix", Stress), "found in 6 of 20,000");
    assert_eq!(says(&all, "MB3", "published-fix", Shuttle), "found in 1,624 of 20,000");
    assert_eq!(says(&all, "MB3", "published-fix", Loom), "cannot see it [1]");
    assert_eq!(says(&all, "MB3", "hardened", Stress), "clean after 20,000");
    // What cannot see the race is no witness for its absence either.
    assert_eq!(says(&all, "MB3", "hardened", Loom), "cannot see it [1]");
    assert_eq!(says(&all, "", "hardened", Shuttle), "clean after 10,000 (exhaustive, SC)");
    assert_eq!(says(&all, "", "hardened", Stress), "·");
}

#[test]
fn the_worst_stands_first_and_is_not_averaged_away() {
    let missed = canary("b", str::to_owned, |all| at(all, "published-fix", Stress).findings.clear());
    let all = of(vec![good("a"), missed]);
    assert_eq!(says(&all, "MB3", "published-fix", Stress), "NOT FOUND in 10,000; found in 3 of 10,000");
    let unsure = canary("c", str::to_owned, |all| doubt(at(all, "hardened", Shuttle), "the worker died"));
    let all = of(vec![good("a"), unsure]);
    assert_eq!(says(&all, "MB3", "hardened", Shuttle), "not judged, 10,000 run; clean after 10,000");
    let seen = canary("d", str::to_owned, |all| find(at(all, "published-fix", Loom), Lost, 7));
    let all = of(vec![good("a"), seen]);
    assert_eq!(says(&all, "MB3", "published-fix", Loom), "FOUND in 7 of 10,000, said to be out of sight");
    let dirty = canary("e", str::to_owned, |all| {
        find(at(all, "hardened", Shuttle), Deadlock, 1);
        find(at(all, "published-fix", Stress), Duplicated, 1);
        at(all, "hardened", Stress).verdict = racehunt_core::verdict::Verdict::Fail;
    });
    let all = of(vec![good("a"), dirty]);
    assert_eq!(says(&all, "MB3", "hardened", Shuttle), "UNEXPECTED deadlock; clean after 10,000");
    assert_eq!(says(&all, "MB3", "hardened", Stress), "FAILED; clean after 10,000");
    assert_eq!(says(&all, "MB3", "published-fix", Stress), "UNEXPECTED duplicated; found in 6 of 20,000");
}

#[test]
fn where_another_race_lives_a_variant_can_still_be_clean_of_this_one() {
    let second = |race: &str, kind: &str| {
        let more = format!("\n[[expect]]\nrace = \"{race}\"\nfinding = \"{kind}\"\nvariants = [\"hardened\"]\n");
        move |text: &str| text.to_owned() + &more
    };
    let both = |all: &mut Vec<TrialOutcome>| {
        for engine in [Stress, Shuttle, Loom] {
            find(at(all, "hardened", engine), Deadlock, 9);
        }
    };
    let all = of(vec![canary("a", second("MB9", "deadlock"), both)]);
    assert_eq!(says(&all, "MB9", "published-fix", Stress), "clean after 10,000");
    assert_eq!(says(&all, "MB3", "hardened", Stress), "clean after 10,000");
    assert_eq!(says(&all, "MB9", "hardened", Loom), "found in 9 of 10,000");
    // A checker that judged nothing has not seen that it is clean.
    let blind = |all: &mut Vec<TrialOutcome>| {
        both(all);
        at(all, "hardened", Stress).checked.iter_mut().for_each(|count| count.judged = 0);
    };
    let all = of(vec![canary("a", second("MB9", "deadlock"), blind)]);
    assert_eq!(says(&all, "MB3", "hardened", Stress), "not judged, 10,000 run");
    // Two races of one kind are not told apart.
    let same = |all: &mut Vec<TrialOutcome>| find(at(all, "hardened", Stress), Lost, 9);
    let all = of(vec![canary("a", second("MB8", "lost"), same)]);
    assert_eq!(says(&all, "MB3", "hardened", Stress), "see MB8");
    assert_eq!(says(&all, "MB8", "published-fix", Stress), "see MB3");
}

#[test]
fn a_scenario_can_say_why_it_has_no_such_engine() {
    let without = |text: &str| text.replace("[loom]\npreemptions = [2, 3]\n", "");
    let all = of(vec![canary("a", without, |_| ())]);
    assert_eq!(says(&all, "MB3", "published-fix", Loom), "cannot see it [1]");
    let silent = |text: &str| without(text).replace("why = \"two ops an actor are too few\"", "");
    let all = of(vec![canary("a", silent, |_| ())]);
    assert_eq!(says(&all, "MB3", "published-fix", Loom), "·");
    assert_eq!(all.engines, [Stress, Shuttle]);
    // Another scenario that has it outweighs what this one says.
    let sees = |text: &str| text.replace("engines = [\"stress\", \"shuttle\"]\n", "");
    let found = canary("b", sees, |all| find(at(all, "published-fix", Loom), Lost, 5));
    let all = of(vec![canary("a", without, |_| ()), found]);
    assert_eq!(says(&all, "MB3", "published-fix", Loom), "found in 5 of 10,000");
    assert_eq!(says(&all, "MB3", "hardened", Loom), "clean after 10,000 (≤ 3)");
}

#[test]
fn what_a_limit_allows_is_said() {
    let limited = |text: &str| text.replace("[[expect]]", "[limits]\nduplicated = 5\n[[expect]]");
    let some = canary("a", limited, |all| find(at(all, "hardened", Stress), Duplicated, 2));
    assert_eq!(says(&of(vec![some]), "MB3", "hardened", Stress), "clean after 10,000", "of this race");
    let lost = |text: &str| text.replace("[[expect]]", "[limits]\nlost = 5\n[[expect]]");
    let some = canary("a", lost, |all| find(at(all, "hardened", Stress), Lost, 2));
    assert_eq!(says(&of(vec![some]), "MB3", "hardened", Stress), "within limits after 10,000");
}

#[test]
fn what_an_interruption_cut_short_is_not_judged() {
    let cut = assemble(header(), vec![good("a")], true);
    assert_eq!(says(&catalogue(&cut), "MB3", "hardened", Stress), "not judged, 10,000 run");
    assert_eq!(says(&catalogue(&cut), "MB3", "published-fix", Stress), "found in 3 of 10,000");
}

#[test]
fn systems_races_and_variants_have_an_order() {
    let race = |name: &'static str| move |text: &str| text.replace("race = \"MB3\"", &format!("race = \"{name}\""));
    let (processes, found) = processes_outcomes();
    let mut run: Vec<Executed> =
        ["MB10", "MB-order", "MB2", "MB1b", "MB1"].map(|name| canary(&name.to_lowercase(), race(name), |_| ())).into();
    run.push(Executed { file: "p.toml".into(), scenario: processes, outcomes: found });
    let all = of(run);
    let names: Vec<&str> =
        all.systems[0].races.iter().filter_map(|race| race.shows.as_ref()).map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["MB1", "MB1b", "MB2", "MB10", "MB-order"]);
    assert_eq!(all.systems.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["metrics-buffer", "trace-buffer"]);
    let variants: Vec<&str> = all.systems[0].races[0].rows.iter().map(|row| row.variant.as_str()).collect();
    assert_eq!(variants, ["published-fix", "hardened"], "first where it lives");
    let row = &all.systems[1].races[0].rows[0];
    let (standing, part) = row.by(Stress).and_then(|cell| cell.shown().next()).expect("a part");
    assert_eq!((standing, part.seen, part.of), (Standing::Found, 1, 1));
    assert!(catalogue(&canned::report(scenario(CLEAN), vec![])).systems[0].races[0].shows.is_none());
}
