//! Mutants of small subjects: each operator is noticed where it breaks something, and changes nothing where it cannot.

mod toys;

use racehunt_core::finding::{Finding, FindingKind};
use racehunt_core::mutant::{Mutant, Mutated, Mutation, Operator};
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::{EngineConfig, Plan, Trial};
use racehunt_core::scenario::Scenario;
use racehunt_core::verdict::Verdict;
use racehunt_engines::emit::{Emit, Progress};
use racehunt_engines::{loom, mutants, shuttle};
use racehunt_sync::fs;
use std::sync::{Mutex, PoisonError};
use toys::{Toys, VARIANTS};

struct Silent;

impl Emit for Silent {
    fn progress(&mut self, _: Progress) {}

    fn finding(&mut self, _: &Finding) {}

    fn stopped(&self) -> bool {
        false
    }
}

/// What the toys with files find. Not in their own file, so that it is not weakened.
pub(crate) fn lay_out() {
    fs::write("/item", "0").unwrap();
    fs::File::open("/item").unwrap().sync_all().unwrap();
}

const SHUTTLE: &str = "[shuttle]\nstrategy = \"random\"\nexecutions = 2000\ntime = \"60s\"\nsteps = 2000";
const DFS: &str = "[shuttle]\nstrategy = \"dfs\"\nexecutions = 20000\ntime = \"60s\"\nsteps = 2000";
const LOOM: &str = "[loom]\npreemptions = [2]\ntime = \"60s\"";

fn trial(variant: &str, engine: &str, mutation: Option<Mutation>) -> Trial {
    let fault = if variant.starts_with("file") {
        "[[fault]]\nkind = \"kill\"\nprocess = \"p\"\nunsynced = \"lost\"\n"
    } else {
        ""
    };
    let text = format!(
        "schema = 1\nname = \"toys/{variant}\"\nabout = \"a toy\"\n[subject]\nname = \"toys\"\nvariant = \"{variant}\"\n\
         [workload]\nactors = [{{ name = \"A\", process = \"p\", ops = [\"first\"] }}, \
         {{ name = \"B\", process = \"q\", ops = [\"second\"] }}]\n{fault}{engine}\n"
    );
    let scenario = Scenario::parse("toys.toml", &text).unwrap_or_else(|e| panic!("{}", e.render(false)));
    Trial { mutation, ..Plan::expand(&scenario, 1).trials.remove(0) }
}

/// One at a time: the switches are the process's, and a trial without a mutation would be seen by another's survey.
fn run(trial: &Trial) -> TrialOutcome {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let engine = if matches!(trial.engine, EngineConfig::Loom(_)) { loom::run } else { shuttle::run };
    mutants::run(engine, trial, &Toys, &mut Silent).unwrap()
}

/// What can be weakened in `variant`, which is clean as it stands.
fn points(variant: &str) -> Vec<Mutant> {
    let outcome = run(&trial(variant, SHUTTLE, Some(Mutation::Survey)));
    assert!(outcome.findings.is_empty(), "{variant}: {:?}", outcome.findings);
    assert_ne!(outcome.verdict, Verdict::Fail);
    let own = |m: &Mutant| m.site.contains("mutants/toys.rs:");
    outcome.mutated.expect("a survey says what it saw").points.into_iter().filter(own).collect()
}

fn weaken(variant: &str, engine: &str, mutant: &Mutant) -> (Vec<FindingKind>, Mutated) {
    let outcome = run(&trial(variant, engine, Some(Mutation::Mutant(mutant.clone()))));
    (outcome.findings.iter().map(|f| f.kind).collect(), outcome.mutated.expect("it says what it saw"))
}

/// Every mutant of that operator and operation in `variant`.
fn these(variant: &str, operator: Operator, what: &str) -> Vec<Mutant> {
    let mutants: Vec<Mutant> =
        points(variant).into_iter().filter(|m| m.operator == operator && m.what == what).collect();
    assert!(!mutants.is_empty(), "{variant}: no {operator:?} of {what}");
    mutants
}

/// One of them is noticed.
fn is_killed(variant: &str, operator: Operator, what: &str, engine: &str) {
    let all = these(variant, operator, what);
    let killed = all.iter().any(|mutant| !weaken(variant, engine, mutant).0.is_empty());
    assert!(killed, "{variant}: {operator:?} of {what} is not noticed: {all:?}");
}

/// All of them are reached, and none makes a difference.
fn changes_nothing(variant: &str, operator: Operator, what: &str, engine: &str) {
    for mutant in these(variant, operator, what) {
        let (found, seen) = weaken(variant, engine, &mutant);
        assert_eq!((found, seen.differed), (Vec::new(), 0), "{variant}: {mutant:?}");
        assert!(seen.reached > 0, "{variant}: {mutant:?}");
    }
}

/// All of them are reached and make a difference that nobody is to notice.
fn is_stood(variant: &str, operator: Operator, what: &str, engine: &str) {
    for mutant in these(variant, operator, what) {
        let (found, seen) = weaken(variant, engine, &mutant);
        assert!(found.is_empty() && seen.differed > 0, "{variant}: {mutant:?}: {found:?} {seen:?}");
    }
}

#[test]
fn every_toy_is_clean_as_it_stands_under_both_models() {
    for variant in VARIANTS {
        for engine in [SHUTTLE, LOOM] {
            let outcome = run(&trial(variant.name, engine, None));
            assert!(outcome.findings.is_empty(), "{}: {:?}", variant.name, outcome.findings);
            assert_eq!(outcome.mutated, None);
        }
    }
}

#[test]
fn an_update_in_two_steps_is_noticed_and_changes_nothing_where_one_actor_writes() {
    is_killed("counted", Operator::Split, "atomic fetch_add", SHUTTLE);
    is_killed("counted", Operator::Split, "atomic fetch_add", LOOM);
    changes_nothing("alone", Operator::Split, "atomic fetch_add", DFS);
}

#[test]
fn a_section_cut_in_two_is_noticed_and_changes_nothing_under_an_outer_lock() {
    is_killed("locked", Operator::Split, "section", SHUTTLE);
    is_killed("locked", Operator::Split, "section", LOOM);
    is_killed("rw-locked", Operator::Split, "section", SHUTTLE);
    changes_nothing("nested", Operator::Split, "section", DFS);
}

#[test]
fn a_section_is_not_cut_before_its_first_use() {
    let cut = |m: &Mutant| m.operator == Operator::Split && m.what == "section";
    assert!(!points("once").iter().any(cut));
}

#[test]
fn a_lock_of_nothing_is_left_out_and_one_of_something_is_bare() {
    is_killed("unit", Operator::Drop, "Mutex.lock", SHUTTLE);
    is_killed("unit", Operator::Drop, "Mutex.lock", LOOM);
    assert!(!points("locked").iter().any(|m| m.operator == Operator::Drop));
    is_killed("locked", Operator::Bare, "lock", LOOM);
    is_stood("after-a-join", Operator::Bare, "lock", LOOM);
}

#[test]
fn a_relaxed_ordering_is_noticed_by_loom_alone() {
    is_killed("published", Operator::Relax, "atomic store", LOOM);
    is_stood("published", Operator::Relax, "atomic store", SHUTTLE);
    let (with, without) = ("counted-in-order", run(&trial("counted-in-order", LOOM, None)).executions);
    for mutant in these(with, Operator::Relax, "atomic fetch_add") {
        let outcome = run(&trial(with, LOOM, Some(Mutation::Mutant(mutant))));
        assert_eq!((outcome.findings.len(), outcome.executions), (0, without), "loom runs the same");
    }
}

#[test]
fn a_store_left_out_or_late_is_noticed_and_changes_nothing_if_it_stores_what_is_there() {
    is_killed("published", Operator::Skip, "atomic store", SHUTTLE);
    is_killed("published", Operator::Swap, "atomic store", SHUTTLE);
    is_killed("published", Operator::Swap, "atomic store", LOOM);
    changes_nothing("stored-again", Operator::Skip, "atomic store", DFS);
}

#[test]
fn a_notification_left_out_is_a_deadlock_and_changes_nothing_where_nobody_waits() {
    is_killed("told", Operator::Skip, "notify_all", SHUTTLE);
    is_killed("told-two", Operator::One, "notify_all", SHUTTLE);
    changes_nothing("told", Operator::One, "notify_all", DFS);
    changes_nothing("told-nobody", Operator::Skip, "notify_all", DFS);
}

#[test]
fn what_is_legal_is_stood_by_a_loop_and_breaks_what_looks_once() {
    is_stood("told", Operator::Early, "wait", SHUTTLE);
    is_killed("looks-once", Operator::Early, "wait", SHUTTLE);
}

#[test]
fn calls_on_files_left_out_or_late_are_noticed() {
    is_killed("file", Operator::Skip, "fsync", SHUTTLE);
    is_killed("file", Operator::Swap, "fsync", SHUTTLE);
    is_killed("file", Operator::Skip, "rename", SHUTTLE);
    is_killed("file", Operator::Split, "rename", SHUTTLE);
    changes_nothing("file-synced-twice", Operator::Skip, "fsync", SHUTTLE);
}

#[test]
fn the_lock_of_a_file_is_left_out_or_given_up_between_two_calls() {
    is_killed("flock", Operator::Drop, "flock", SHUTTLE);
    is_killed("flock", Operator::Split, "file section", SHUTTLE);
    is_killed("made-new", Operator::Loose, "create_new", SHUTTLE);
}
