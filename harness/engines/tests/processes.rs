//! Stress over processes, through the real supervisor: what is right passes whatever is done to its processes, what is
//! broken is found, and after every trial no process and no directory is left.

#[path = "processes/run.rs"]
mod run;
#[path = "supervisor/trials.rs"]
#[expect(dead_code, reason = "shared with the supervisor's tests, which use all of it")]
mod trials;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use racehunt_core::finding::FindingKind;
use racehunt_core::plan::{ActorProgram, EngineConfig, OpCall, Program, StressConfig};
use racehunt_core::scenario::{Chance, Fault, FileCall, IoError, Pace, StressFault, Unsynced};
use racehunt_core::verdict::{Coverage, Verdict};
use racehunt_engines::supervisor::Event;
use run::{closed, kinds, note, rounds, run, run_with, span, trial};
use std::time::{Duration, Instant};

fn kills(every_ms: u64) -> StressFault {
    StressFault::Kill { every: Some(span(every_ms)), call: None, chance: None }
}

fn pauses() -> StressFault {
    StressFault::Pause { chance: Chance::new(0.5).unwrap() }
}

#[test]
fn what_is_right_passes_and_everything_is_accounted_for() {
    for variant in ["own-files", "marks"] {
        let outcome = run(&trial(variant, StressConfig { processes: 3, threads: 2, ops_per_thread: 5, ..rounds(10) }));
        run::assert_clean(&outcome);
        assert_eq!((outcome.executions, &outcome.coverage), (10, &Coverage::Stressed { executions: 10 }));
        assert_eq!((outcome.ops, outcome.ledger.accepted, outcome.ledger.retained), (300, 300, 300));
        assert!(outcome.checked.iter().any(|c| c.checker == FindingKind::Lost && c.judged == 10));
        assert!(note(&outcome, "started within"), "{:?}", outcome.notes);
    }
}

#[test]
fn kills_and_pauses_lose_nothing_that_is_not_lost() {
    for variant in ["own-files", "marks"] {
        let faults = vec![kills(40), pauses()];
        let outcome = run(&trial(variant, StressConfig { processes: 3, faults, ..closed(1200) }));
        run::assert_clean(&outcome);
        assert!(outcome.crashes > 3 && note(&outcome, " kills, "), "{:?}", outcome.notes);
        // A call that a kill cut off after it told what it did has not ended.
        assert!(outcome.ops > 100, "{}", outcome.ops);
        assert!(outcome.ledger.accepted <= outcome.ops + outcome.crashes, "{:?} {}", outcome.ledger, outcome.ops);
        assert_eq!((outcome.ledger.lost, outcome.ledger.duplicated, outcome.ledger.phantom), (0, 0, 0));
        assert!(outcome.ledger.retained <= outcome.ledger.accepted + outcome.ledger.uncertain);
        assert!(outcome.gauges.iter().any(|g| g.name == "samples" && g.peak > 10), "{:?}", outcome.gauges);
    }
}

#[test]
fn a_lost_update_between_processes_is_found() {
    let config = StressConfig { ops_per_thread: 20, stop_after: Some(1), ..rounds(300) };
    let outcome = run(&trial("one-file", config));
    assert_eq!((outcome.verdict, kinds(&outcome)), (Verdict::Fail, vec![FindingKind::Lost]), "{:?}", outcome.reasons);
    assert!(outcome.executions < 300 && outcome.ledger.lost > 0);
}

#[test]
fn a_named_process_is_killed_in_its_rounds_and_its_calls_go_on() {
    let mut trial = trial("own-files", rounds(15));
    let actor = |name: &str, process: &str| ActorProgram {
        name: name.to_owned(),
        ops: vec![OpCall::plain("put"); 400],
        process: Some(process.to_owned()),
    };
    trial.program = Program::Actors(vec![actor("A", "left"), actor("B", "right")]);
    trial.faults = vec![Fault::Kill { process: "right".to_owned(), unsynced: Unsynced::Kept }];
    let outcome = run(&trial);
    run::assert_clean(&outcome);
    assert!(outcome.crashes > 0 && outcome.crashes <= 15, "{}", outcome.crashes);
    // Each kill cuts off one call at most; whether that kept its id is not known.
    assert!(outcome.ops <= 12_000 && outcome.ops + outcome.crashes >= 12_000, "{}", outcome.ops);
    assert_eq!(outcome.ops, outcome.ledger.accepted);
    trial.faults = vec![Fault::Kill { process: "middle".to_owned(), unsynced: Unsynced::Kept }];
    assert!(run(&trial).reasons[0].contains("there are [left, right]"));
}

#[test]
fn a_process_kills_itself_at_a_call_and_is_started_again() {
    let fault = |chance| StressFault::Kill { every: None, call: Some(FileCall::Create), chance: Chance::new(chance) };
    let config = |chance| StressConfig { ops_per_thread: 20, faults: vec![fault(chance)], ..rounds(2) };
    let outcome = run(&trial("marks", config(0.1)));
    run::assert_clean(&outcome);
    assert!(outcome.crashes > 0 && outcome.ops + outcome.crashes == 80, "{} {}", outcome.ops, outcome.crashes);
    // The kill comes before the call, so what was offered is nowhere.
    assert_eq!((outcome.ledger.uncertain, outcome.ledger.retained), (outcome.crashes, outcome.ops));
    // At each call: every life ends at its first, and the round ends all the same.
    let outcome = run(&trial("marks", StressConfig { ops_per_thread: 3, ..config(1.0) }));
    assert_eq!((outcome.verdict, outcome.ops, outcome.crashes), (Verdict::Unknown, 0, 12), "{outcome:?}");
}

#[test]
fn a_call_that_fails_is_an_error_of_the_component() {
    let mut trial = trial("own-files", StressConfig { ops_per_thread: 5, ..rounds(4) });
    let (call, error) = (FileCall::Create, IoError::NoSpace);
    trial.faults = vec![Fault::Io { call, error, nth: Some(3), chance: None }];
    let one = StressConfig { processes: 1, threads: 2, ops_per_thread: 5, ..rounds(4) };
    for (engine, failures) in [(trial.engine.clone(), 8), (EngineConfig::Stress(one), 4)] {
        trial.engine = engine;
        let outcome = run(&trial);
        assert_eq!(kinds(&outcome), [FindingKind::Error], "{:?}", outcome.reasons);
        assert_eq!((outcome.errors[0].count, outcome.ledger.accepted), (failures, 40 - failures));
        assert!(outcome.errors[0].message.contains("No space left"), "{:?}", outcome.errors);
    }
}

#[test]
fn a_process_that_ends_by_itself_is_a_finding() {
    for (variant, detail) in
        [("aborts", "process died: signal 6 (SIGABRT)"), ("exits", "process died: exit code 3"), ("panics", "")]
    {
        let outcome = run(&run::spoilt(variant, rounds(3)));
        assert_eq!((outcome.verdict, kinds(&outcome)), (Verdict::Fail, vec![FindingKind::Panic]), "{outcome:?}");
        let found = &outcome.findings[0];
        assert!(found.detail.contains(detail), "{}", found.detail);
        assert!((outcome.executions, outcome.crashes, found.count) == (3, 0, 3), "{outcome:?}");
        if variant == "aborts" {
            assert!(found.message.contains("about to abort"), "{}", found.message);
        }
    }
}

#[test]
fn a_crash_is_a_finding_though_another_process_has_to_be_killed_for_the_round_to_end() {
    let mut trial = run::spoilt("one-hangs", rounds(2));
    let Program::Actors(actors) = &mut trial.program else { panic!("actors") };
    actors[0].ops.push(OpCall::plain("spoil"));
    let outcome = run(&trial);
    assert_eq!((outcome.verdict, kinds(&outcome)), (Verdict::Fail, vec![FindingKind::Panic]), "{outcome:?}");
    assert!(outcome.findings[0].detail.contains("SIGABRT") && outcome.findings[0].count == 2, "{outcome:?}");
}

#[test]
fn a_drop_belongs_to_its_round_and_comes_before_rest() {
    run::assert_clean(&run(&trial("late", StressConfig { ops_per_thread: 5, ..rounds(3) })));
    for (variant, kind, says) in [
        ("aborts-at-drop", FindingKind::Panic, "SIGABRT"),
        ("panics-at-drop", FindingKind::Panic, "spoilt at its drop"),
        ("hangs-at-drop", FindingKind::Stall, "the opening of an instance, or its drop"),
    ] {
        let mut trial = trial(variant, StressConfig { ops_per_thread: 5, ..rounds(1) });
        trial.limits.stall = span(100);
        let outcome = run(&trial);
        assert_eq!((outcome.verdict, kinds(&outcome)[0]), (Verdict::Fail, kind), "{outcome:?}");
        assert!(outcome.findings[0].message.contains(says), "{}", outcome.findings[0].message);
    }
}

#[test]
fn a_process_has_the_actors_that_name_it() {
    let actor = |name: &str, process: Option<&str>| ActorProgram {
        name: name.to_owned(),
        ops: vec![OpCall::plain("put"); 50],
        process: process.map(str::to_owned),
    };
    // Those without a name come first, so theirs is process 0.
    let actors = vec![actor("N", None), actor("A", Some("p")), actor("B", Some("q")), actor("C", Some("p"))];
    let mut trial = trial("own-files", StressConfig { processes: 3, threads: 2, ..rounds(10) });
    trial.program = Program::Actors(actors);
    trial.faults = vec![Fault::Kill { process: "q".to_owned(), unsynced: Unsynced::Kept }];
    let outcome = run(&trial);
    run::assert_clean(&outcome);
    assert!(outcome.crashes > 0 && outcome.ops + outcome.crashes >= 2000 && outcome.ops <= 2000, "{outcome:?}");
    for (processes, threads, says) in
        [(3, 1, "stress.threads = 1: one process has 2 actors"), (2, 2, "the actors name 3")]
    {
        trial.engine = EngineConfig::Stress(StressConfig { processes, threads, ..rounds(1) });
        assert!(run(&trial).reasons[0].contains(says));
    }
}

#[test]
fn what_a_members_own_instance_complains_of_is_found_and_the_round_is_settled() {
    let outcome = run(&trial("complains", StressConfig { ops_per_thread: 5, ..rounds(3) }));
    assert_eq!((outcome.verdict, kinds(&outcome)), (Verdict::Fail, vec![FindingKind::Invariant]), "{outcome:?}");
    assert_eq!((outcome.findings[0].count, outcome.ledger.retained), (3, 30));
}

#[test]
fn faults_that_never_came_prove_nothing() {
    let faults = vec![kills(3_000_000)];
    let outcome = run(&trial("own-files", StressConfig { faults, ..rounds(2) }));
    assert_eq!(outcome.verdict, Verdict::Unknown);
    assert!(outcome.doubts.contains(&"faults: nobody was killed".to_owned()), "{:?}", outcome.doubts);
}

#[test]
fn a_process_that_hangs_is_a_stall_and_takes_nobody_with_it() {
    let started = Instant::now();
    for (variant, says) in [("hangs", "actor 1 in spoil for"), ("never-rests", "the drain at rest did not end")] {
        let mut trial = run::spoilt(variant, closed(60_000));
        if variant == "never-rests" {
            trial = run::trial(variant, rounds(1));
        }
        trial.limits.stall = span(300);
        let outcome = run(&trial);
        assert_eq!((outcome.verdict, kinds(&outcome)), (Verdict::Fail, vec![FindingKind::Stall]), "{outcome:?}");
        assert!(outcome.findings[0].message.contains(says), "{}", outcome.findings[0].message);
        assert!(outcome.ops > 0);
    }
    assert!(started.elapsed() < Duration::from_secs(30));
}

#[test]
fn a_process_that_locks_itself_up_says_where() {
    let mut trial = run::spoilt("locks-up", closed(60_000));
    trial.limits.stall = span(300);
    let outcome = run(&trial);
    assert_eq!((outcome.verdict, kinds(&outcome)), (Verdict::Fail, vec![FindingKind::Deadlock]), "{outcome:?}");
    let found = &outcome.findings[0];
    assert!(found.detail.starts_with("lock ") && found.detail.ends_with("files.rs"), "{}", found.detail);
    for says in ["process 1: B waits to lock Mutex (", " s, held by B since "] {
        assert!(found.message.contains(says), "{}", found.message);
    }
}

#[test]
fn a_full_disk_ends_the_trial_and_proves_nothing() {
    let outcome = run_with("real-tight", &run::spoilt("fills", closed(60_000)), |_, _| {});
    assert_eq!((outcome.verdict, outcome.findings.len()), (Verdict::Unknown, 0), "{outcome:?}");
    assert!(outcome.reasons.iter().any(|r| r.contains("the trial's directory holds")), "{:?}", outcome.reasons);
}

#[test]
fn a_killed_coordinator_leaves_nothing_behind() {
    let outcome = run_with("real-stress", &trial("own-files", closed(60_000)), |event, pid| {
        if let Event::Progress(p) = event
            && p.spent > 0.005
        {
            let _ = kill(Pid::from_raw(pid.cast_signed()), Signal::SIGKILL);
        }
    });
    assert_eq!(outcome.verdict, Verdict::Unknown);
    assert!(outcome.reasons[0].contains("was killed by signal 9"), "{:?}", outcome.reasons);
}

#[test]
fn a_request_to_stop_is_heeded() {
    let started = Instant::now();
    let outcome = run::run_until(&trial("own-files", closed(60_000)), |p| p.spent > 0.005);
    assert_eq!(outcome.verdict, Verdict::Unknown);
    assert!(outcome.ops > 0 && outcome.ledger.accepted == outcome.ops && outcome.executions == 1, "{outcome:?}");
    // Nobody was killed, so every call's latency is there.
    assert_eq!(outcome.latencies.iter().map(|l| l.count).sum::<u64>(), outcome.ops);
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn the_same_seed_deals_the_same_ops() {
    let deal = |seed| {
        let mut trial = trial("repeats", StressConfig { ops_per_thread: 10, ..rounds(6) });
        trial.program = Program::Mix(vec![("put".to_owned(), 3), ("spoil".to_owned(), 1)]);
        trial.seed = seed;
        let outcome = run(&trial);
        let ids = outcome.findings.iter().find(|f| f.kind == FindingKind::Duplicated).map(|f| f.ids.clone());
        (ids, outcome.ledger)
    };
    assert_eq!(deal(1), deal(1));
    assert_ne!(deal(1), deal(2));
}

#[test]
fn what_this_engine_has_not_is_refused() {
    let open = StressConfig { pace: Pace::Open, ..closed(100) };
    assert!(run(&trial("own-files", open)).reasons[0].contains("stress.rate"));
}
