//! The supervisor against workers of ours: whatever they do, the trial ends with a verdict and no process is left.

use super::trials::{exists, own, patient, pid, run, run_until};
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::EngineConfig;
use racehunt_core::protocol::{Run, Setup, ToWorker, encode};
use racehunt_core::scenario::Timespan;
use racehunt_core::verdict::{Coverage, Verdict};
use racehunt_engines::supervisor::Event;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::time::Duration;

fn outcome(part: &str) -> TrialOutcome {
    let (outcome, events) = run(&own(), &patient(part));
    assert!(!exists(pid(&events)), "{part}: the worker is still there");
    outcome
}

/// The reason of a trial that is unknown and has no findings.
fn unknown(part: &str) -> String {
    let outcome = outcome(part);
    assert_eq!((outcome.verdict, outcome.findings.len()), (Verdict::Unknown, 0), "{part}: {outcome:?}");
    outcome.reasons.join("; ")
}

#[test]
fn a_good_worker_is_believed() {
    let (outcome, events) = run(&own(), &patient("good"));
    assert_eq!((outcome.verdict, outcome.executions, outcome.ledger.accepted), (Verdict::Pass, 3, 6));
    assert!(events.iter().any(|e| matches!(e, Event::Progress(p) if p.executions == 3)), "{events:?}");
    assert!(!exists(pid(&events)));
}

#[test]
fn a_bad_line_is_named_and_shown() {
    for (part, says) in [
        ("malformed", ["line 4 is no message", "EOF while parsing", r#"`{"type":"progress",`"#]),
        ("unknown-type", ["line 4 is no message", "unknown variant `dance`", r#""to":"\\u001b[2J"}`"#]),
        ("garbage", ["line 4 is no message", "expected value", r"`hello from a library \u{1b}[31m`"]),
    ] {
        let reason = unknown(part);
        assert!(says.iter().all(|s| reason.contains(s)), "{part}: {reason}");
    }
}

#[test]
fn a_line_without_end_does_not_fill_the_memory() {
    assert!(unknown("endless-line").contains("line 4 of the worker is longer than 67108864 bytes"));
}

#[test]
fn a_wrong_version_or_order_ends_the_session() {
    assert_eq!(unknown("version"), "the worker speaks protocol 99, this harness 1");
    assert_eq!(unknown("no-hello"), "line 1 of the worker: the first message must be `hello`");
}

#[test]
fn a_silent_worker_is_killed() {
    let mut how = patient("silent");
    how.silence = Duration::from_millis(300);
    let (outcome, events) = run(&own(), &how);
    assert_eq!(outcome.verdict, Verdict::Unknown);
    assert_eq!(outcome.reasons, ["the worker was silent for 0.3 s"]);
    assert_eq!((outcome.executions, &outcome.coverage), (3, &Coverage::Stressed { executions: 3 }));
    assert!(!exists(pid(&events)));
}

#[test]
fn a_death_is_named_and_its_last_words_are_kept() {
    let dead = outcome("killed");
    assert_eq!(dead.verdict, Verdict::Unknown);
    assert_eq!(dead.reasons, ["the worker was killed by signal 9 (SIGKILL) before the trial was over"]);
    assert_eq!(dead.notes, ["worker's stderr: about to die"]);
    assert_eq!(unknown("exits"), "the worker ended with exit code 0 before the trial was over");
    assert_eq!(unknown("closes-stdout"), "the worker closed its stdout before the trial was over");
    assert_eq!(unknown("failed"), "the worker cannot run this trial: no such package");
}

#[test]
fn a_finding_survives_its_worker() {
    for part in ["killed", "exits", "garbage", "good"] {
        let outcome = outcome(&format!("{part}-after-finding"));
        assert_eq!(outcome.verdict, Verdict::Fail, "{part}: {outcome:?}");
        assert_eq!(outcome.findings.len(), 1, "{part}");
        assert_eq!(outcome.reasons, ["lost: 1 of 2 accepted ids lost: 0#1"], "{part}");
    }
}

#[test]
fn a_flood_of_stderr_blocks_nobody() {
    assert_eq!(outcome("flood").verdict, Verdict::Pass);
}

#[test]
fn who_ignores_the_request_to_stop_is_killed_with_all_that_it_started() {
    let mut how = patient("ignores-stop");
    how.grace = Duration::from_millis(200);
    let (outcome, events) = run_until(&own(), &how, |e| matches!(e, Event::Progress(p) if p.executions > 3));
    assert_eq!(outcome.verdict, Verdict::Unknown);
    assert_eq!(outcome.reasons, ["interrupted (the worker did not stop within 0.2 s and was killed)"]);
    assert!(!exists(pid(&events)));
    // Killed with the group; whoever adopted it reaps it, a moment later.
    let grandchild = u32::try_from(outcome.executions).expect("a process id");
    assert!((0..400).any(|_| {
        std::thread::sleep(Duration::from_millis(25));
        !is_running(grandchild)
    }));
}

fn is_running(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

#[test]
fn who_stops_when_asked_gives_a_part_of_the_trial() {
    let (outcome, _) = run_until(&own(), &patient("stops"), |e| matches!(e, Event::Progress(_)));
    assert_eq!((outcome.verdict, outcome.reasons.as_slice()), (Verdict::Unknown, &["interrupted".to_owned()][..]));
    assert_eq!((outcome.executions, outcome.ledger.accepted), (3, 6));
    let (outcome, _) = run_until(&own(), &patient("stops-after-finding"), |e| matches!(e, Event::Finding(_)));
    assert_eq!((outcome.verdict, outcome.ledger.accepted), (Verdict::Fail, 6));
    assert_eq!(outcome.notes, ["interrupted"]);
}

#[test]
fn a_stop_before_the_start_is_a_stop() {
    let how = patient("stops");
    how.stop.store(true, Ordering::Relaxed);
    assert_eq!(run(&own(), &how).0.verdict, Verdict::Unknown);
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let mut how = patient("");
    how.program = "/nowhere/at-all".into();
    let (outcome, _) = run(&own(), &how);
    assert_eq!(outcome.verdict, Verdict::Unknown);
    assert!(outcome.reasons[0].starts_with("cannot start the worker `/nowhere/at-all `: "), "{:?}", outcome.reasons);
}

#[test]
fn what_an_engine_prints_is_no_message() {
    let outcome = outcome("real-chatty");
    assert_eq!((outcome.verdict, outcome.executions), (Verdict::Pass, 1), "{outcome:?}");
}

#[test]
fn our_worker_tells_why_it_cannot() {
    assert!(unknown("real-panics").contains("the engine panicked: out of cheese"));
    assert!(unknown("real-nothing").contains("no such engine"));
    let mut trial = own();
    trial.subject = "other".to_owned();
    let (outcome, _) = run(&trial, &patient("real-chatty"));
    assert!(outcome.reasons[0].contains("unknown subject \"other\": one of toy"), "{:?}", outcome.reasons);
}

#[test]
fn our_worker_gives_signs_of_life_and_stops_when_asked() {
    let mut how = patient("real-patient");
    // Many pulses long: without the pulse the worker would be killed as silent.
    how.silence = Duration::from_secs(2);
    let seen = std::cell::Cell::new(0);
    let (outcome, _) = run_until(&own(), &how, |e| {
        seen.set(seen.get() + u32::from(matches!(e, Event::Progress(_))));
        seen.get() == 30
    });
    assert_eq!((outcome.verdict, outcome.reasons.as_slice()), (Verdict::Unknown, &["interrupted".to_owned()][..]));
    let mut faulty = own();
    faulty.variant = "faulty".to_owned();
    let (outcome, _) = run_until(&faulty, &patient("real-patient"), |e| matches!(e, Event::Finding(_)));
    assert_eq!((outcome.verdict, outcome.findings.len()), (Verdict::Fail, 1));
}

#[test]
fn an_engine_that_is_stuck_in_one_execution_is_given_up() {
    let mut how = patient("real-deaf");
    how.overrun = Duration::from_millis(200);
    let mut trial = own();
    if let EngineConfig::Stress(stress) = &mut trial.engine {
        stress.duration = Timespan::new(Duration::from_millis(300));
    }
    let (outcome, events) = run(&trial, &how);
    assert_eq!(outcome.reasons, ["the worker did not end within 0.5 s: it may be stuck in one execution"]);
    assert!(!exists(pid(&events)));
}

#[test]
fn a_worker_whose_harness_is_gone_ends_by_itself() {
    let mut worker = Command::new(env!("CARGO_BIN_EXE_racehunt-fake-worker"));
    worker.arg("real-deaf").stdout(Stdio::null()).stdin(Stdio::piped());
    let mut worker = worker.spawn().expect("a worker can be started");
    let setup = Setup { protocol: 1, trial: own(), actors: None, stall_ms: None, member: None };
    let orders = [ToWorker::Setup(Box::new(setup)), ToWorker::Run(Run::default())];
    let mut stdin = worker.stdin.take().expect("stdin is piped");
    for order in &orders {
        let line = encode(order).expect("an order can be written");
        stdin.write_all(line.as_bytes()).expect("the worker reads");
    }
    drop(stdin);
    assert_eq!(worker.wait().expect("the worker ends").code(), Some(71));
}
