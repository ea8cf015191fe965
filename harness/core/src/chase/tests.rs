//! What is searched, in which order, and what it comes to.

use super::*;
use crate::discovery::Sampling;
use crate::finding::{Confirmed, Shrunk, Switches, fingerprint};
use crate::plan::Plan;
use crate::scenario::Scenario;
use crate::tally::{Explored, Tally};
use crate::verdict::Coverage;

const MIX: &str = "mix = { add = 8, flush = 1 }";
const ACTORS: &str = "actors = [{ name = \"D\", ops = [\"flush\"] }, { name = \"A\", ops = [\"add\", \"add\"] }]";

fn trial(workload: &str, rest: &str) -> Trial {
    let text = format!(
        "schema = 1\nname = \"t\"\nabout = \"t\"\n[subject]\nname = \"s\"\nvariant = \"v\"\n[workload]\n{workload}\n{rest}"
    );
    let scenario = Scenario::parse("t.toml", &text).unwrap_or_else(|e| panic!("{}", e.render(false)));
    Plan::expand(&scenario, 1).trials.remove(0)
}

fn shuttle(trial: &Trial) -> &ShuttleConfig {
    let EngineConfig::Shuttle(config) = &trial.engine else { panic!("{}", trial.id) };
    config
}

fn actors(trial: &Trial) -> &[ActorProgram] {
    let Program::Actors(actors) = &trial.program else { panic!("{}", trial.id) };
    actors
}

fn sizes(all: &[Trial]) -> Vec<(usize, usize)> {
    let mut sizes: Vec<_> = all.iter().map(|s| (shuttle(s).threads, shuttle(s).ops_per_thread)).collect();
    sizes.dedup();
    sizes
}

#[test]
fn a_mix_is_dealt_small_and_smallest_first() {
    let four = trial(MIX, "[stress]\nthreads = 4\nrounds = 9");
    let all = searches(&four, "f");
    assert_eq!(sizes(&all), [(2, 2), (3, 3), (4, 3), (4, 4)]);
    assert!(all.iter().map(|s| shuttle(s).executions).sum::<u64>() <= EXECUTIONS);
    assert!(all.iter().all(|s| shuttle(s).seek.as_deref() == Some("f") && s.variant == "v"));
    for (i, one) in all.iter().enumerate() {
        assert!(all[..i].iter().all(|other| other.program != one.program && other.id != one.id), "{}", one.id);
    }
    assert_eq!(all, searches(&four, "f"), "the same each time");
    let other = Trial { seed: 2, ..four };
    assert_ne!(all, searches(&other, "f"), "and another with another seed");
    let two = trial(MIX, "[stress]\nthreads = 2\nrounds = 9");
    assert_eq!(sizes(&searches(&two, "f")), [(2, 2)], "no more actors than real threads had");
}

#[test]
fn actors_are_searched_as_they_are_and_then_as_often_as_they_ran() {
    let all = searches(&trial(ACTORS, "[stress]\nthreads = 8\nrounds = 9"), "f");
    assert_eq!(sizes(&all), [(2, 2), (4, 2)]);
    assert_eq!(shuttle(&all[0]).executions, EXECUTIONS / 2);
    assert_eq!(sizes(&searches(&trial(ACTORS, "[stress]\nrounds = 9"), "f")), [(2, 2)]);
    let many: Vec<String> = (0..33).map(|i| format!("{{ name = \"A{i}\", ops = [\"add\"] }}")).collect();
    let crowd = trial(&format!("actors = [{}]", many.join(", ")), "[stress]\nrounds = 9");
    assert!(searches(&crowd, "f").is_empty(), "no room");
    let Exact::NotSearched { why } = Chase::of(&crowd).answer() else { panic!() };
    assert!(why.contains("no room"), "{why}");
}

#[test]
fn processes_stay_apart() {
    let of = |trial: &Trial| -> Vec<Option<String>> {
        actors(searches(trial, "f").last().unwrap()).iter().map(|a| a.process.clone()).collect()
    };
    let p = |n: u32| Some(format!("p{n}"));
    assert_eq!(of(&trial(MIX, "[stress]\nprocesses = 2\nthreads = 2\nrounds = 9")), [p(1), p(2), p(1), p(2)]);
    assert_eq!(of(&trial(ACTORS, "[stress]\nprocesses = 2\nthreads = 2\nrounds = 9")), [p(1), p(1), p(2), p(2)]);
    assert_eq!(
        of(&trial(MIX, "[stress]\nthreads = 2\nrounds = 9")),
        [None, None],
        "one process is nobody's in particular"
    );
    let named = ACTORS.replace("\"A\",", "\"A\", process = \"q\",").replace("\"D\",", "\"D\", process = \"r\",");
    let fault = "[[fault]]\nkind = \"kill\"\nprocess = \"q\"\n[stress]\nrounds = 9";
    let one = trial(&named, fault);
    assert_eq!(of(&one), [Some("r".to_owned()), Some("q".to_owned())]);
    assert_eq!(searches(&one, "f")[0].faults, one.faults, "the model has the kill too");
}

#[test]
fn what_no_model_can_show_is_not_searched() {
    let stress = trial(MIX, "[stress]\nrounds = 9");
    for kind in FindingKind::ALL {
        let real = matches!(kind, FindingKind::Stall | FindingKind::Latency);
        assert_eq!(refused(&stress, kind).is_some(), real, "{kind}");
    }
    let text = "schema = 1\nname = \"t\"\nabout = \"t\"\n[subject]\ncommand = [\"x\"]\n[workload]\nmix = { add = 1 }\n\
                [adapter]\nrounds = 1";
    let adapter = Plan::expand(&Scenario::parse("t.toml", text).unwrap(), 1).trials.remove(0);
    assert!(refused(&adapter, FindingKind::Lost).is_some_and(|why| why.contains("another language")));
    assert!(searches(&adapter, "f").is_empty());
}

fn finding(print: &str, repro: Repro) -> Finding {
    Finding {
        fingerprint: print.to_owned(),
        kind: FindingKind::Lost,
        detail: "ids".into(),
        message: "gone".into(),
        race: None,
        count: 1,
        first_execution: 1,
        ids: Vec::new(),
        repro,
        interleaving: None,
        exact: None,
    }
}

fn schedule(same: u32) -> Repro {
    let (switches, shrunk) = (Switches { found: 1, kept: 1 }, Shrunk::default());
    let (schedule, confirmed) = ("0".to_owned(), Confirmed { same, of: 10 });
    let (program, spared, token) = (Vec::new(), Vec::new(), String::new());
    Repro::Schedule { program, spared, schedule, seed: 1, switches, shrunk, confirmed, token }
}

fn outcome(trial: &Trial, executions: u64, doubts: &[&str], findings: Vec<Finding>) -> TrialOutcome {
    let doubts: Vec<String> = doubts.iter().map(|d| (*d).to_owned()).collect();
    let explored = Explored {
        coverage: Coverage::Nothing,
        steps: Some(0),
        ops: 0,
        elapsed_ns: 0,
        latencies: Vec::new(),
        doubts: Vec::new(),
        notes: Vec::new(),
    };
    TrialOutcome { executions, findings, doubts, ..Tally::new(trial.clone()).finish(explored) }
}

#[test]
fn a_link_goes_to_an_exact_repro_with_the_same_parameters_first() {
    let stress = trial(ACTORS, "[stress]\nrounds = 9");
    let other = |id: &str, param: Option<i64>| {
        let mut trial = Trial { id: id.into(), ..stress.clone() };
        trial.params.extend(param.map(|n| ("cap".to_owned(), crate::plan::ParamValue::Integer(n))));
        trial
    };
    let statistical = Repro::Statistical { seed: 1, seen: 1, executions: 9 };
    let real = outcome(&stress, 9, &[], vec![finding("f", statistical)]);
    let unlike = outcome(&other("unlike", Some(2)), 9, &[], vec![finding("f", schedule(10))]);
    let unsteady = outcome(&other("unsteady", None), 9, &[], vec![finding("f", schedule(9))]);
    let steady = outcome(&other("steady", None), 9, &[], vec![finding("g", schedule(1)), finding("f", schedule(10))]);
    let link = |outcomes: &[&TrialOutcome]| linked(outcomes, &stress, "f");
    assert_eq!(link(&[&real]), None, "real threads have no schedule to link to");
    assert_eq!(link(&[&real, &unlike]), Some("unlike".into()));
    assert_eq!(link(&[&unlike, &unsteady]), Some("unsteady".into()));
    assert_eq!(link(&[&unlike, &unsteady, &steady]), Some("steady".into()));
    assert_eq!(linked(&[&steady], &stress, "h"), None, "another failure is no companion");
}

#[test]
fn a_chase_ends_with_the_first_hit_and_counts_what_it_took() {
    let all = searches(&trial(MIX, "[stress]\nthreads = 4\nrounds = 9"), "f");
    let mut chase = Chase::default();
    assert!(chase.add(outcome(&all[0], 1250, &[], vec![finding("g", schedule(10))])), "another failure is not it");
    assert!(!chase.add(outcome(&all[4], 7, &["ended"], vec![finding("f", schedule(10))])));
    let answer = chase.answer();
    let (search, found) = answer.companion().unwrap();
    assert_eq!((search, found.fingerprint.as_str()), (&all[4], "f"));
    assert!(matches!(answer, Exact::Found { executions: 1257, .. }));
}

#[test]
fn a_chase_in_vain_says_how_far_it_came_and_what_cut_it_short() {
    let faulty = trial(MIX, "[stress]\nthreads = 4\nrounds = 9\nfaults = [{ kind = \"pause\", chance = 0.1 }]");
    let all = searches(&faulty, "f");
    let mut chase = Chase::of(&faulty);
    let whole = shuttle(&all[0]).executions;
    assert!(chase.add(outcome(&all[0], whole, &["a doubt about a search that was whole"], vec![])));
    let larger = all.iter().find(|s| shuttle(s).threads == 3).unwrap();
    assert!(chase.add(outcome(larger, 9, &["time ended it"], vec![])));
    let Exact::NotFound { executions, actors, ops, remarks } = chase.answer() else { panic!() };
    assert_eq!((executions, actors, ops), (whole + 9, 3, 3));
    assert!(remarks[0].contains("no counterpart") && remarks[1..] == ["time ended it"], "{remarks:?}");
    let mut chase = Chase::of(&faulty);
    assert!(!chase.add(outcome(&all[0], 0, &["a model has no sockets"], vec![])), "the next would fail as well");
    assert_eq!(chase.answer(), Exact::NotSearched { why: "a model has no sockets".into() });
}

#[test]
fn the_fingerprint_does_not_hang_on_the_engine() {
    // What the whole of this module rests on.
    let one = fingerprint("s", "v", FindingKind::Lost, "ids");
    assert_eq!(one, fingerprint("s", "v", FindingKind::Lost, "ids"));
    assert_ne!(one, fingerprint("s", "w", FindingKind::Lost, "ids"));
    assert_ne!(Sampling::of(STRATEGY), Sampling::InOrder, "a search in order would look at one corner only");
}
