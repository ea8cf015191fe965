//! Kills under the models: at every point, found and replayed, and no reason for a false finding.

mod files;
mod script;
mod till;

use racehunt_core::finding::{FindingKind, Repro, ShrinkEnd, Size};
use racehunt_core::id::Id;
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::{ActorProgram, EngineConfig, OpCall, Plan, Program, Trial};
use racehunt_core::scenario::{Fault, Scenario, Unsynced};
use racehunt_core::subject::Subject;
use racehunt_core::verdict::{Coverage, Verdict};
use racehunt_engines::emit::{Emit, Progress};
use racehunt_engines::{loom, replay, shuttle};
use script::Player;
use std::collections::BTreeSet;
use till::{Left, Till};

struct Quiet;

impl Emit for Quiet {
    fn progress(&mut self, _: Progress) {}
    fn finding(&mut self, _: &racehunt_core::finding::Finding) {}
    fn stopped(&self) -> bool {
        false
    }
}

const DFS: &str = "[shuttle]\nstrategy = \"dfs\"\nexecutions = 200000\ntime = \"60s\"";
const RANDOM: &str = "[shuttle]\nstrategy = \"random\"\nexecutions = 3000\ntime = \"60s\"";
const LOOM: &str = "[loom]\npreemptions = [3, \"none\"]\ntime = \"60s\"";
/// For programs whose unbounded search takes half a minute.
const LOOM_3: &str = "[loom]\npreemptions = [3]\ntime = \"60s\"";

/// Random programs over files; `RACEHUNT_SOUNDNESS=n` plays n times as many. Those whose searches do not come to their end
/// in this many executions show nothing.
const FILE_PROGRAMS: u64 = 16;
const FILE_DFS: &str = "[shuttle]\nstrategy = \"dfs\"\nexecutions = 6000\ntime = \"60s\"";
const FILE_LOOM: &str = "[loom]\npreemptions = [\"none\"]\nexecutions = 6000\ntime = \"60s\"";

/// Actors as (process, puts); the process `p` is killed.
fn trial(variant: &str, engine: &str, actors: &[(&str, usize)]) -> Trial {
    let text = format!(
        "schema = 1\nname = \"till\"\nabout = \"kills\"\n[subject]\nname = \"till\"\nvariant = \"{variant}\"\n\
         [workload]\nactors = [{{ name = \"A\", ops = [\"put\"] }}]\n{engine}\n"
    );
    let scenario = Scenario::parse("till.toml", &text).unwrap_or_else(|e| panic!("{}", e.render(false)));
    let mut trial = Plan::expand(&scenario, 1).trials.remove(0);
    let actor = |(i, (process, puts)): (usize, &(&str, usize))| ActorProgram {
        name: ["A", "B", "C"][i].to_owned(),
        ops: vec![OpCall::plain("put"); *puts],
        process: Some((*process).to_owned()),
    };
    trial.program = Program::Actors(actors.iter().enumerate().map(actor).collect());
    match &mut trial.engine {
        EngineConfig::Shuttle(config) => config.threads = actors.len(),
        EngineConfig::Loom(config) => config.threads = actors.len(),
        other => panic!("{other:?}"),
    }
    trial.faults = vec![Fault::Kill { process: "p".into(), unsynced: Unsynced::Kept }];
    trial
}

fn run(trial: &Trial, subject: &dyn Subject) -> TrialOutcome {
    let outcome = match trial.engine {
        EngineConfig::Shuttle(_) => shuttle::run(trial, subject, &mut Quiet),
        _ => loom::run(trial, subject, &mut Quiet),
    };
    outcome.unwrap_or_else(|e| panic!("{e}"))
}

fn hunt(trial: &Trial) -> (TrialOutcome, Left) {
    let till = Till::default();
    let outcome = run(trial, &till);
    let left = till.left.lock().unwrap().clone();
    (outcome, left)
}

fn ids(ids: &[(u32, u64)]) -> Vec<Id> {
    ids.iter().map(|(actor, serial)| Id::new(*actor, *serial)).collect()
}

#[test]
fn a_process_is_killed_at_every_point_and_nowhere_else() {
    // A of `p` puts twice in two steps each; C of `q` once. What p can leave: the first 0 to 4 of its steps.
    let p = [
        (vec![], vec![]),
        (vec![], vec![(0, 0)]),
        (vec![(0, 0)], vec![]),
        (vec![(0, 0)], vec![(0, 1)]),
        (vec![(0, 0), (0, 1)], vec![]),
    ];
    let want: BTreeSet<_> = p
        .into_iter()
        .map(|(mut whole, half)| {
            whole.push((1, 0));
            (ids(&whole), ids(&half))
        })
        .collect();
    for engine in [DFS, RANDOM, LOOM] {
        let (outcome, left) = hunt(&trial("two-steps", engine, &[("p", 2), ("q", 1)]));
        assert_eq!(left, want, "{engine}");
        assert_eq!(outcome.crashes, outcome.executions, "each execution has its kill");
        let kinds: Vec<FindingKind> = outcome.findings.iter().map(|f| f.kind).collect();
        assert_eq!(kinds, [FindingKind::Invariant], "{engine}");
        assert_eq!(outcome.ledger.lost + outcome.ledger.phantom + outcome.ledger.duplicated, 0);
        assert!(outcome.ledger.uncertain > 0, "a put that was cut off is uncertain");
        if engine != RANDOM {
            assert_eq!(outcome.coverage, Coverage::Exhaustive);
        }
    }
}

#[test]
fn the_kill_is_a_step_that_replays_and_shrinks() {
    let (outcome, _) = hunt(&trial("two-steps", RANDOM, &[("p", 2), ("q", 2)]));
    let finding = &outcome.findings[0];
    let Repro::Schedule { switches, confirmed, program, shrunk, .. } = &finding.repro else {
        panic!("{:?}", finding.repro)
    };
    assert_eq!((confirmed.same, confirmed.of), (10, 10));
    assert_eq!(switches.kept, 1, "leave p once, between its two steps, for the kill");
    assert_eq!(shrunk.kept, Size { actors: 1, ops: 1, kills: 1 }, "q is not needed: {program:?}");
    assert_eq!((program[0].name.as_str(), shrunk.end, shrunk.fewest_switches), ("A", ShrinkEnd::Done, true));
    let interleaving = replay::check(&outcome.trial, &Till::default(), finding).unwrap_or_else(|e| panic!("{e}"));
    let kills = interleaving.steps.iter().filter(|s| s.kind == "kill").count();
    assert_eq!(kills, 1, "{interleaving:?}");
    let (outcome, _) = hunt(&trial("two-steps", LOOM, &[("p", 1), ("q", 1)]));
    replay::check(&outcome.trial, &Till::default(), &outcome.findings[0]).unwrap_or_else(|e| panic!("{e}"));
    let Repro::Execution { shrunk, .. } = &outcome.findings[0].repro else { panic!("{outcome:?}") };
    assert_eq!(shrunk.kept, Size { actors: 1, ops: 1, kills: 1 });
    // Another process's kill takes no part.
    for engine in [RANDOM, LOOM_3] {
        let mut trial = trial("two-steps", engine, &[("p", 1), ("q", 1)]);
        trial.faults.push(Fault::Kill { process: "q".into(), unsynced: Unsynced::Kept });
        let (outcome, _) = hunt(&trial);
        let finding = &outcome.findings[0];
        replay::check(&outcome.trial, &Till::default(), finding).unwrap_or_else(|e| panic!("{e}"));
        let (Repro::Schedule { shrunk, spared, program, .. } | Repro::Execution { shrunk, spared, program, .. }) =
            &finding.repro
        else {
            panic!("{:?}", finding.repro)
        };
        assert_eq!((shrunk.found.kills, shrunk.kept), (2, Size { actors: 1, ops: 1, kills: 1 }));
        assert_ne!(Some(&spared[0]), program[0].process.as_ref());
    }
}

#[test]
fn what_is_done_in_one_step_survives_a_kill_anywhere() {
    for engine in [DFS, LOOM] {
        let (outcome, _) = hunt(&trial("one-step", engine, &[("p", 2), ("q", 2)]));
        assert_eq!((outcome.verdict, &outcome.coverage), (Verdict::Pass, &Coverage::Exhaustive), "{outcome:?}");
    }
}

#[test]
fn locks_and_waiters_in_the_memory_of_a_killed_process_hold_nobody_up() {
    // Two actors of `p` share a lock that one may be killed with; the process `q` has one of its own.
    for engine in [DFS, LOOM_3] {
        let (outcome, _) = hunt(&trial("guarded", engine, &[("p", 1), ("p", 1), ("q", 1)]));
        let kinds: Vec<FindingKind> = outcome.findings.iter().map(|f| f.kind).collect();
        assert_eq!(kinds, [FindingKind::Invariant], "half an item, and no deadlock: {:?}", outcome.reasons);
        let interleaving = outcome.findings[0].interleaving.as_ref().expect("a model's");
        let (steps, actors) = (&interleaving.steps, &interleaving.actors);
        let kill = steps.iter().position(|s| s.kind == "kill").expect("the kill");
        let dead = |actor: u32| ["A", "B"].contains(&actors[actor as usize].as_str());
        assert!(steps[..kill].iter().any(|s| dead(s.actor)), "{interleaving:?}");
        assert!(steps[kill..].iter().all(|s| !dead(s.actor)), "the dead take no steps: {interleaving:?}");
        let (outcome, _) = hunt(&trial("waits", engine, &[("p", 1), ("p", 1)]));
        assert_eq!(outcome.verdict, Verdict::Pass, "{outcome:?}");
    }
    // Without the kill, who waits for one that never comes is found to.
    let mut alone = trial("waits", DFS, &[("p", 1), ("q", 1)]);
    alone.faults.clear();
    let (outcome, _) = hunt(&alone);
    assert_eq!(outcome.findings[0].kind, FindingKind::Deadlock);
}

#[test]
fn complete_searches_come_to_every_outcome_there_is_and_to_no_other() {
    for seed in 0..16 {
        let script = script::draw(seed);
        let want = script::outcomes(&script);
        for (engine, reduce) in [(DFS, true), (DFS, false), (LOOM, true)] {
            if (engine == LOOM || !reduce) && script.len() > 2 {
                continue; // Neither comes to an end in a second.
            }
            let mut trial = trial("script", engine, &[("p", 1), ("q", 1)]);
            let parts = script.iter().enumerate().map(|(i, (process, steps))| ActorProgram {
                name: ["A", "B", "C"][i].to_owned(),
                ops: steps.iter().map(|log| OpCall { kind: "put".into(), arg: Some(*log as u32) }).collect(),
                process: Some(["p", "q"][*process as usize].to_owned()),
            });
            trial.program = Program::Actors(parts.collect());
            match &mut trial.engine {
                EngineConfig::Shuttle(config) => (config.threads, config.reduce) = (script.len(), reduce),
                EngineConfig::Loom(config) => config.threads = script.len(),
                other => panic!("{other:?}"),
            }
            let player = Player::default();
            let outcome = run(&trial, &player);
            let left = player.left.lock().unwrap().clone();
            assert_eq!(outcome.coverage, Coverage::Exhaustive, "{engine} {script:?}");
            assert_eq!(left, want, "{engine} {script:?}");
        }
    }
}

#[test]
fn reduced_unreduced_and_loom_come_to_the_same_over_files_and_their_locks() {
    let (mut outcomes, mut compared) = (0, 0);
    let times = std::env::var("RACEHUNT_SOUNDNESS").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    for seed in 0..FILE_PROGRAMS * times {
        for killed in [false, true] {
            let program = files::draw(seed);
            let of = |engine: &str, reduce: bool| {
                let mut trial = trial("files", engine, &[("p", 1), ("q", 1)]);
                let part = |(i, ops): (usize, &Vec<u32>)| ActorProgram {
                    name: ["A", "B"][i].to_owned(),
                    ops: ops.iter().map(|n| OpCall { kind: "put".into(), arg: Some(*n) }).collect(),
                    process: Some(["p", "q"][i].to_owned()),
                };
                trial.program = Program::Actors(program.iter().enumerate().map(part).collect());
                if let EngineConfig::Shuttle(config) = &mut trial.engine {
                    config.reduce = reduce;
                }
                if !killed {
                    trial.faults.clear();
                }
                let files = files::Files::default();
                let outcome = run(&trial, &files);
                let left = files.left.lock().unwrap().clone();
                (outcome.coverage == Coverage::Exhaustive).then_some(left)
            };
            let Some(reduced) = of(FILE_DFS, true) else { continue };
            outcomes += reduced.len();
            for other in [("unreduced", of(FILE_DFS, false)), ("loom", of(FILE_LOOM, true))] {
                let (name, Some(other)) = other else { continue };
                compared += 1;
                assert_eq!(reduced, other, "{name}: seed {seed} {program:?} killed: {killed}");
            }
        }
    }
    assert!(outcomes > 100 && compared > 20, "{outcomes} outcomes, {compared} comparisons: next to nothing");
}
