//! What stress over processes costs: the start of a process, an entry of a journal, and how ops on files of one directory
//! scale over processes. The first two by criterion; then a table and one line of JSON, in some ten seconds.

#![expect(clippy::print_stdout, reason = "a benchmark's result")]

use criterion::Criterion;
use racehunt_core::history::{Answer, Event, Journal as _, What};
use racehunt_core::id::Id;
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::{EngineConfig, Params, Program, StressConfig, Trial};
use racehunt_core::protocol::{FromWorker, Member, Setup, ToWorker, VERSION, decode, encode};
use racehunt_core::scenario::{Chance, Limits, Pace, StressFault, Timespan};
use racehunt_engines::stress::journal::Journal;
use racehunt_engines::supervisor::{Supervise, run_trial};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

const WORKER: &str = env!("CARGO_BIN_EXE_racehunt-fake-worker");
/// Milliseconds each row of the table is measured, each of [`TURNS`] times.
const SLICE: u64 = 500;
const TURNS: u64 = 3;

fn trial(processes: usize, pace: Pace, rounds: Option<u64>) -> Trial {
    let chance = Chance::new(0.0).expect("a chance");
    Trial {
        id: "files/own-files/stress".to_owned(),
        scenario: "bench".to_owned(),
        subject: "files".to_owned(),
        variant: "own-files".to_owned(),
        params: Params::new(),
        program: Program::Mix(vec![("put".to_owned(), 1)]),
        engine: EngineConfig::Stress(StressConfig {
            processes,
            threads: 1,
            pace,
            rate: None,
            ops_per_thread: 5,
            duration: if rounds.is_none() { Timespan::new(Duration::from_millis(SLICE)) } else { None },
            rounds,
            perturb: None,
            stop_after: None,
            // Pauses that never come: so that one process, too, is a member, as all others are.
            faults: vec![StressFault::Pause { chance }],
        }),
        faults: Vec::new(),
        limits: Limits::default(),
        seed: 1,
        mutation: None,
    }
}

fn run(trial: &Trial) -> TrialOutcome {
    let how = Supervise {
        program: PathBuf::from(WORKER),
        args: vec!["real-stress".into()],
        adapter_dir: None,
        disk: None,
        silence: Duration::from_secs(20),
        grace: Duration::from_secs(2),
        overrun: Duration::from_secs(60),
        stop: Arc::new(AtomicBool::new(false)),
    };
    run_trial(trial, &how, &mut |_| {})
}

/// From the start of a process until its actors can be told what to do, and its end.
fn start(setup: &str) {
    let mut command = Command::new(WORKER);
    command.arg("real-stress").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("a worker can be started");
    let (mut stdin, stdout) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
    stdin.write_all(setup.as_bytes()).expect("it reads");
    let mut lines = BufReader::new(stdout).split(b'\n').map(|line| line.expect("it writes"));
    let ready = lines.find(|line| matches!(decode(1, line), Ok(FromWorker::Ready { .. })));
    assert!(ready.is_some());
    drop(stdin);
    child.wait().expect("it ends");
}

fn costs(c: &mut Criterion) {
    let mut group = c.benchmark_group("processes");
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2)).sample_size(20);
    let member = Some(Member { process: 0 });
    let setup = Setup { protocol: VERSION, trial: trial(2, Pace::Closed, None), actors: None, stall_ms: None, member };
    let setup = encode(&ToWorker::Setup(Box::new(setup))).expect("it can be written");
    group.bench_function("start of a process (spawn, hello, ready, end)", |b| b.iter(|| start(&setup)));
    let dir = tempfile::tempdir().expect("a directory");
    let journal = Journal::create(&dir.path().join("journal")).expect("a file");
    let put = What::Put { id: Id::new(1, 77), answer: Answer::Yes, evicted: vec![Id::new(2, 5)] };
    let event = Event { actor: 1, from: 123_456_789_012, to: 123_456_799_012, what: put };
    group.bench_function("an entry of a journal", |b| b.iter(|| journal.write(&event)));
    group.finish();
}

fn scaling() {
    let mut rows: Vec<(usize, f64)> = [1, 2, 4, 8].map(|processes| (processes, 0.0)).to_vec();
    for _ in 0..TURNS {
        for (processes, ops) in &mut rows {
            let outcome = run(&trial(*processes, Pace::Closed, None));
            assert!(outcome.findings.is_empty(), "{:?}", outcome.reasons);
            *ops += outcome.ops as f64 / (SLICE * TURNS) as f64 * 1e3;
        }
    }
    let base = rows[0].1;
    println!("{:>9} {:>10} {:>7}", "processes", "ops/s", "ratio");
    for (processes, ops) in &rows {
        println!("{processes:>9} {ops:>10.0} {:>7.2}", ops / base);
    }
    let rounds = run(&trial(2, Pace::Rounds, Some(300)));
    let per_s = rounds.executions as f64 / (rounds.elapsed_ns as f64 / 1e9);
    println!("2 processes x 5 ops: {per_s:.0} rounds/s; {}", rounds.notes.join("; "));
    let rows: Vec<_> = rows
        .iter()
        .map(|(n, ops)| serde_json::json!({ "processes": n, "ops_per_s": ops, "ratio": ops / base }))
        .collect();
    println!("{}", serde_json::json!({ "scaling": rows, "rounds_per_s": per_s }));
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    costs(&mut criterion);
    criterion.final_summary();
    scaling();
}
