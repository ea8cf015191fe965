//! A worker that plays the part its argument names: a good one, or one that misbehaves in one particular way.

use nix::sys::signal::{Signal, raise};
use racehunt_core::finding::{Finding, FindingKind, Repro, fingerprint};
use racehunt_core::id::Id;
use racehunt_core::ledger::LedgerTotals;
use racehunt_core::observation::OpFailure;
use racehunt_core::outcome::{Named, TrialOutcome};
use racehunt_core::plan::Trial;
use racehunt_core::protocol::{FromWorker, GateState, History, Progress, Run, ToWorker, decode, encode};
use racehunt_core::verdict::{Coverage, Verdict};
use std::io::{BufRead, Write};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

mod files;
mod real;

fn main() -> ExitCode {
    let part = std::env::args().nth(1).unwrap_or_default();
    if part == "sleeper" {
        loop {
            std::thread::sleep(Duration::from_secs(600));
        }
    }
    if let Some(engine) = part.strip_prefix("real-") {
        return real::serve(engine);
    }
    let protocol = if part == "version" { 99 } else { 1 };
    let (name, language) = ("fake".to_owned(), "rust".to_owned());
    if part == "no-hello" {
        say(&FromWorker::Ready { actors: 2 });
    }
    say(&FromWorker::Hello { protocol, name, pid: std::process::id(), language });
    let ToWorker::Setup(setup) = hear() else { panic!("no setup") };
    if part == "failed" {
        say(&FromWorker::Failed { message: "no such package".to_owned() });
        return ExitCode::FAILURE;
    }
    say(&FromWorker::Ready { actors: if part == "too-few-actors" { 1 } else { 2 } });
    if let Some(part) = part.strip_prefix("foreign-") {
        foreign(part);
    } else {
        let ToWorker::Run(_) = hear() else { panic!("no run") };
        own(&part, &setup.trial);
    }
    ExitCode::SUCCESS
}

fn raw(text: &[u8]) {
    let mut out = std::io::stdout();
    // The supervisor may have closed its end by now, which is as it should be.
    let _ = out.write_all(text).and_then(|()| out.flush());
}

fn say(message: &FromWorker) {
    raw(encode(message).expect("every message can be written").as_bytes());
}

fn hear() -> ToWorker {
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line).expect("stdin can be read");
    if read == 0 { ToWorker::Teardown } else { decode(1, line.as_bytes()).expect("the supervisor's lines are good") }
}

fn alive(executions: u64) {
    say(&FromWorker::Progress(Progress { executions, ..Progress::default() }));
}

fn sleep_for_ever() {
    loop {
        std::thread::sleep(Duration::from_secs(600));
    }
}

fn own(part: &str, trial: &Trial) {
    alive(3);
    if part.ends_with("after-finding") {
        say(&FromWorker::Finding { finding: Box::new(finding(trial)) });
    }
    match part.strip_suffix("-after-finding").unwrap_or(part) {
        "malformed" => raw(b"{\"type\":\"progress\",\n"),
        "unknown-type" => raw(b"{\"type\":\"dance\",\"to\":\"\\u001b[2J\"}\n"),
        "garbage" => raw("hello from a library \u{1b}[31m\n".as_bytes()),
        "endless-line" => (0..80).for_each(|_| raw(&[b'x'; 1024 * 1024])),
        "silent" => sleep_for_ever(),
        "killed" => {
            eprint_line("about to die");
            raise(Signal::SIGKILL).expect("a signal can be sent to oneself");
        }
        "exits" => return,
        "closes-stdout" => {
            nix::unistd::dup2_stdout(std::io::stderr()).expect("stdout can be closed");
            sleep_for_ever();
        }
        "flood" => flood(),
        "ignores-stop" => ignore_stop(),
        "stops" => while hear() != ToWorker::Stop {},
        _ => {}
    }
    say(&FromWorker::Outcome { outcome: Box::new(outcome(trial)) });
}

fn eprint_line(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn flood() {
    let line = "x".repeat(1023);
    (0..16 * 1024).for_each(|_| eprint_line(&line));
}

/// Goes on, with a process of its own beside it, whose id travels as a number of executions.
#[expect(clippy::zombie_processes, reason = "that nobody waits for it is what the supervisor must cope with")]
fn ignore_stop() {
    let me = std::env::current_exe().expect("this program is somewhere");
    let child = Command::new(me).arg("sleeper").stdin(Stdio::null()).spawn().expect("a process can be started");
    loop {
        alive(child.id().into());
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn finding(trial: &Trial) -> Finding {
    let (kind, detail) = (FindingKind::Lost, "ids".to_owned());
    Finding {
        fingerprint: fingerprint(&trial.subject, &trial.variant, kind, &detail),
        kind,
        detail,
        message: "1 of 2 accepted ids lost: 0#1".to_owned(),
        race: None,
        count: 1,
        first_execution: 2,
        ids: vec![Id(1)],
        repro: Repro::Statistical { seed: trial.seed, seen: 1, executions: 3 },
        interleaving: None,
        exact: None,
    }
}

fn outcome(trial: &Trial) -> TrialOutcome {
    TrialOutcome {
        trial: trial.clone(),
        verdict: Verdict::Pass,
        reasons: Vec::new(),
        coverage: Coverage::Stressed { executions: 3 },
        discovery: None,
        executions: 3,
        steps: None,
        ops: 6,
        elapsed_ns: 1,
        ledger: LedgerTotals { accepted: 6, delivered: 6, ..LedgerTotals::default() },
        ids: Named::default(),
        errors: Vec::new(),
        latencies: Vec::new(),
        gauges: Vec::new(),
        crashes: 0,
        findings: Vec::new(),
        checked: Vec::new(),
        doubts: Vec::new(),
        notes: Vec::new(),
        timeline: None,
        mutated: None,
    }
}

fn foreign(part: &str) {
    loop {
        match hear() {
            ToWorker::Run(run) => batch(part, &run),
            ToWorker::Gate { .. } if part == "gate" => {
                let gate = |name: &str, state| say(&FromWorker::Gate { name: name.to_owned(), state });
                gate("door", GateState::Held);
                gate("window", GateState::Passed);
            }
            ToWorker::Stop | ToWorker::Setup(_) | ToWorker::Gate { .. } => {}
            ToWorker::Round(_) | ToWorker::Go { .. } | ToWorker::Look => panic!("that is for members"),
            ToWorker::Teardown => return,
        }
    }
}

fn batch(part: &str, run: &Run) {
    if part == "gate" {
        let open = hear();
        assert!(matches!(open, ToWorker::Gate { .. }), "{open:?}");
    }
    for round in run.round..run.round + run.rounds {
        one_round(part, round, run);
    }
    if part == "stall" {
        let message = "no call ended for 2 s".to_owned();
        raw(format!(r#"{{"type":"violation","kind":"stall","detail":"round","message":"{message}"}}"#).as_bytes());
        raw(b"\n");
        say(&FromWorker::Failed { message: "the threads hang".to_owned() });
        return;
    }
    let calls: usize = run.programs.iter().map(Vec::len).sum();
    let ops = calls as u64 * run.rounds - u64::from(part == "lazy");
    say(&FromWorker::Done { rounds: run.rounds, ops });
}

fn one_round(part: &str, round: u64, run: &Run) {
    let first = run.first_serial + (round - run.round) * 3;
    let mut history = History { round, ..History::default() };
    history.accepted = (0..2).flat_map(|actor| (first..first + 3).map(move |s| Id::new(actor, s))).collect();
    history.delivered = history.accepted.clone();
    let mut retained = Vec::new();
    match part {
        "keeps" => retained.extend(history.delivered.pop()),
        "loses" if round == 6 => _ = history.delivered.pop(),
        "repeats" if round == 6 => history.delivered.push(Id::new(0, first)),
        "unsure" => {
            history.uncertain.extend(history.accepted.pop());
            _ = history.delivered.pop();
        }
        "late" if round == 6 => history.delivered.push(Id::new(0, 0)),
        "idle" => history = History { round, ..History::default() },
        "errs" => history.errors.push(OpFailure {
            actor: 1,
            op: "put".to_owned(),
            kind: "iteration".to_owned(),
            message: "size changed".to_owned(),
        }),
        "skips" if round == 6 => history.round = 7,
        _ => {}
    }
    say(&FromWorker::History(history));
    if part == "killed" && round == 6 {
        raise(Signal::SIGKILL).expect("a signal can be sent to oneself");
    }
    say(&FromWorker::Snapshot { seen: Default::default(), crashes: 0, round, retained });
}
