//! How many races real threads find in a second: this engine in rounds against a pair of threads spawned for each
//! object, on the same subjects. Prints a table and one line of JSON; takes some twenty seconds.

#![expect(clippy::print_stdout, reason = "a benchmark's result")]

use racehunt_core::finding::Finding;
use racehunt_core::id::Id;
use racehunt_core::ledger::Ledger;
use racehunt_core::plan::{ActorProgram, EngineConfig, OpCall, Params, Program, StressConfig, Trial};
use racehunt_core::scenario::{Chance, Limits, Pace, Perturb, Timespan};
use racehunt_core::subject::{
    Actor, Call, Env, Instance, OpError, OpKind, Opener, ParamSpec, Subject, SubjectError, Variant,
};
use racehunt_engines::emit::{Emit, Progress};
use racehunt_engines::stress;
use racehunt_sync::atomic::{AtomicU64, Ordering};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long each row is measured, each of [`TURNS`] times.
const SLICE: Duration = Duration::from_millis(700);
/// Turns taken, row by row, so that a busy moment of the machine does not fall on one row alone.
const TURNS: u32 = 4;

const OPS: [OpKind; 2] = [OpKind { name: "add", about: "adds one id" }, OpKind { name: "flush", about: "sends all" }];

/// A counter that loads and stores, three adds by each of two actors; or a buffer whose flush copies under one lock
/// and clears under another, three adds against one flush.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Counter,
    Buffer,
}

impl Subject for Kind {
    fn name(&self) -> &'static str {
        match self {
            Self::Counter => "racy-counter",
            Self::Buffer => "snapshot-buffer",
        }
    }
    fn about(&self) -> &'static str {
        ""
    }
    fn variants(&self) -> &'static [Variant] {
        &[]
    }
    fn ops(&self) -> &'static [OpKind] {
        &OPS
    }
    fn params(&self) -> Vec<ParamSpec> {
        Vec::new()
    }
    fn open(&self, _: &str, _: &Params, _: &Env) -> Result<Opener, SubjectError> {
        Ok(match self {
            Self::Counter => Box::new(|| Arc::new(Counter(AtomicU64::new(0)))),
            Self::Buffer => Box::new(|| Arc::new(Buffer::default())),
        })
    }
}

struct Counter(AtomicU64);

impl Instance for Counter {
    fn apply(&self, _: Call, actor: &mut Actor) -> Result<(), OpError> {
        let id = actor.next_id();
        self.0.store(self.0.load(Ordering::SeqCst) + 1, Ordering::SeqCst);
        actor.ledger.accepted.push(id);
        Ok(())
    }
    fn rest(&self, ledger: &mut Ledger) {
        let kept = usize::try_from(self.0.load(Ordering::SeqCst)).unwrap_or(0).min(ledger.accepted.len());
        ledger.retained.extend_from_slice(&ledger.accepted[..kept]);
    }
}

#[derive(Default)]
struct Buffer {
    pending: racehunt_sync::Mutex<HashMap<u32, Vec<Id>>>,
    sent: std::sync::Mutex<Vec<Id>>,
}

impl Buffer {
    fn flush(&self) {
        let snapshot = self.pending.lock().expect("nothing panics here").clone();
        self.sent.lock().expect("nothing panics here").extend(snapshot.values().flatten());
        self.pending.lock().expect("nothing panics here").clear();
    }
}

impl Instance for Buffer {
    fn apply(&self, call: Call, actor: &mut Actor) -> Result<(), OpError> {
        if call.op == 1 {
            self.flush();
            return Ok(());
        }
        let id = actor.next_id();
        self.pending.lock().expect("nothing panics here").entry(call.arg).or_default().push(id);
        actor.ledger.accepted.push(id);
        Ok(())
    }
    fn rest(&self, ledger: &mut Ledger) {
        self.flush();
        ledger.delivered.append(&mut self.sent.lock().expect("nothing panics here"));
    }
}

fn programs(kind: Kind) -> Vec<ActorProgram> {
    let actor = |name: &str, ops: &[&str]| ActorProgram {
        name: name.to_owned(),
        ops: ops.iter().map(|op| OpCall::plain(*op)).collect(),
    };
    let other: &[&str] = if kind == Kind::Counter { &["add", "add", "add"] } else { &["flush"] };
    vec![actor("A", &["add", "add", "add"]), actor("B", other)]
}

/// Rounds, rounds with a finding, and the time they took.
#[derive(Clone, Copy, Default)]
struct Score {
    rounds: u64,
    found: u64,
    time: Duration,
}

impl Score {
    fn add(&mut self, other: Self) {
        self.rounds += other.rounds;
        self.found += other.found;
        self.time += other.time;
    }
    fn rates(&self) -> (f64, f64) {
        (self.rounds as f64 / self.time.as_secs_f64(), self.found as f64 / self.time.as_secs_f64())
    }
}

struct Silent;

impl Emit for Silent {
    fn progress(&mut self, _: Progress) {}
    fn finding(&mut self, _: &Finding) {}
    fn stopped(&self) -> bool {
        false
    }
}

fn engine(kind: Kind, yields: f64) -> Score {
    let yield_chance = Chance::new(yields).expect("a chance");
    let config = StressConfig {
        processes: 1,
        threads: 2,
        pace: Pace::Rounds,
        rate: None,
        ops_per_thread: 3,
        duration: Timespan::new(SLICE),
        rounds: None,
        perturb: Some(Perturb { yield_chance, pause: None, pause_chance: None }),
        stop_after: None,
    };
    let trial = Trial {
        id: String::new(),
        scenario: String::new(),
        subject: kind.name().to_owned(),
        variant: String::new(),
        params: Params::default(),
        program: Program::Actors(programs(kind)),
        engine: EngineConfig::Stress(config),
        limits: Limits::default(),
        seed: 1,
    };
    let outcome = stress::run(&trial, &kind, &mut Silent).expect("the trial is well-formed");
    let found = outcome.findings.iter().map(|f| f.count).max().unwrap_or(0);
    Score { rounds: outcome.executions, found, time: Duration::from_nanos(outcome.elapsed_ns) }
}

/// What a test without a harness does: two threads for each object, and look at what is left.
fn naive(kind: Kind) -> Score {
    let opener = kind.open("", &Params::default(), &Env::default()).expect("nothing is needed");
    let programs = programs(kind);
    let start = Instant::now();
    let mut score = Score::default();
    while start.elapsed() < SLICE {
        let instance = opener();
        let threads: Vec<_> = (0..2_u32)
            .map(|me| {
                let instance = Arc::clone(&instance);
                let ops: Vec<usize> =
                    programs[me as usize].ops.iter().map(|op| usize::from(op.kind == "flush")).collect();
                std::thread::spawn(move || {
                    let mut actor = Actor::new(me, 1);
                    for op in ops {
                        let _ = instance.apply(Call { op, arg: 0 }, &mut actor);
                    }
                    actor
                })
            })
            .collect();
        let mut ledger = Ledger::default();
        for thread in threads {
            ledger.merge(&thread.join().expect("nothing panics here").ledger);
        }
        instance.rest(&mut ledger);
        score.rounds += 1;
        score.found += u64::from(!ledger.settle().balances());
    }
    score.time = start.elapsed();
    score
}

fn main() {
    type Run = fn(Kind) -> Score;
    let rows: [(&str, Run); 3] = [
        ("two threads spawned for each object", naive),
        ("rounds", |kind| engine(kind, 0.0)),
        ("rounds, yields 1/64", |kind| engine(kind, 1.0 / 64.0)),
    ];
    println!("{:<16} {:<38} {:>12} {:>12} {:>9}", "subject", "how", "rounds/s", "found/s", "rate");
    let mut json = Vec::new();
    for kind in [Kind::Counter, Kind::Buffer] {
        let mut scores = [Score::default(); 3];
        for _ in 0..TURNS {
            for (score, (_, run)) in scores.iter_mut().zip(rows) {
                score.add(run(kind));
            }
        }
        for (score, (how, _)) in scores.iter().zip(rows) {
            let (rounds, found) = score.rates();
            println!("{:<16} {how:<38} {rounds:>12.0} {found:>12.1} {:>8.3}%", kind.name(), 100.0 * found / rounds);
            json.push(serde_json::json!({
                "subject": kind.name(), "how": how, "rounds_per_s": rounds, "found_per_s": found,
            }));
        }
    }
    println!("{}", serde_json::Value::from(json));
}
