//! How many races real threads find in a second: this engine in rounds against a pair of threads spawned for each
//! object, on the same subjects. Prints a table and one line of JSON; takes some twenty seconds.

#![expect(clippy::print_stdout, reason = "a benchmark's result")]

use racehunt_core::finding::Finding;
use racehunt_core::ledger::Ledger;
use racehunt_core::plan::{ActorProgram, EngineConfig, OpCall, ParamValue, Params, Program, StressConfig, Trial};
use racehunt_core::scenario::{Chance, Limits, Pace, Perturb, Timespan};
use racehunt_core::subject::{
    Actor, Call, Env, Instance, OpError, OpKind, Opener, ParamSpec, Subject, SubjectError, Variant,
};
use racehunt_engines::emit::{Emit, Progress};
use racehunt_engines::stress;
use racehunt_sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long each row is measured, each of [`TURNS`] times.
const SLICE: Duration = Duration::from_millis(700);
/// Turns taken, row by row, so that a busy moment of the machine does not fall on one row alone.
const TURNS: u32 = 4;

/// A counter that loads and stores.
struct RacyCounter;

impl Subject for RacyCounter {
    fn name(&self) -> &'static str {
        "racy-counter"
    }
    fn about(&self) -> &'static str {
        "loads, then stores"
    }
    fn variants(&self) -> &'static [Variant] {
        &[]
    }
    fn ops(&self) -> &'static [OpKind] {
        &[OpKind { name: "add", about: "adds one id" }]
    }
    fn params(&self) -> Vec<ParamSpec> {
        Vec::new()
    }
    fn open(&self, _: &str, _: &Params, _: &Env) -> Result<Opener, SubjectError> {
        Ok(Box::new(|| Arc::new(Counter(AtomicU64::new(0)))))
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

/// What is hammered: a subject, and what its two actors do.
struct Case {
    subject: &'static dyn Subject,
    variant: &'static str,
    params: Params,
    ops: [&'static [&'static str]; 2],
}

impl Case {
    /// Three adds against three adds, and three adds against a flush of the buffer as its published fix left it.
    fn all() -> [Self; 2] {
        let subjects = racehunt_scenarios::subjects();
        let buffer = subjects.iter().find(|s| s.name() == "metrics-buffer").expect("it is shipped");
        let params = [("interval".to_owned(), ParamValue::String("1h".to_owned()))];
        [
            Self {
                subject: &RacyCounter,
                variant: "",
                params: Params::new(),
                ops: [&["add", "add", "add"], &["add", "add", "add"]],
            },
            Self {
                subject: *buffer,
                variant: "published-fix",
                params: params.into(),
                ops: [&["increment", "increment", "increment"], &["flush"]],
            },
        ]
    }

    fn programs(&self) -> Vec<ActorProgram> {
        let calls = |ops: &[&str]| ops.iter().map(|op| OpCall::plain(*op)).collect();
        ["A", "B"]
            .iter()
            .zip(self.ops)
            .map(|(name, ops)| ActorProgram { name: (*name).into(), ops: calls(ops), process: None })
            .collect()
    }

    fn calls(&self, actor: usize) -> Vec<Call> {
        let number = |op: &str| self.subject.ops().iter().position(|o| o.name == op).expect("an op of the subject");
        self.ops[actor].iter().map(|op| Call { op: number(op), arg: 0 }).collect()
    }
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

fn engine(case: &Case, yields: f64) -> Score {
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
        faults: Vec::new(),
    };
    let trial = Trial {
        id: String::new(),
        scenario: String::new(),
        subject: case.subject.name().to_owned(),
        variant: case.variant.to_owned(),
        params: case.params.clone(),
        program: Program::Actors(case.programs()),
        engine: EngineConfig::Stress(config),
        faults: Vec::new(),
        limits: Limits::default(),
        seed: 1,
        mutation: None,
    };
    let outcome = stress::run(&trial, case.subject, &mut Silent).expect("the trial is well-formed");
    let found = outcome.findings.iter().map(|f| f.count).max().unwrap_or(0);
    Score { rounds: outcome.executions, found, time: Duration::from_nanos(outcome.elapsed_ns) }
}

/// What a test without a harness does: two threads for each object, and look at what is left.
fn naive(case: &Case) -> Score {
    let env = Env { calls: Some(6), ..Env::default() };
    let opener = case.subject.open(case.variant, &case.params, &env).expect("nothing is needed");
    let calls = [case.calls(0), case.calls(1)];
    let start = Instant::now();
    let mut score = Score::default();
    while start.elapsed() < SLICE {
        let instance = opener();
        let threads: Vec<_> = (0..2_u32)
            .map(|me| {
                let instance = Arc::clone(&instance);
                let calls = calls[me as usize].clone();
                std::thread::spawn(move || {
                    let mut actor = Actor::new(me, 1);
                    for call in calls {
                        let _ = instance.apply(call, &mut actor);
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
    type Run = fn(&Case) -> Score;
    let rows: [(&str, Run); 3] = [
        ("two threads spawned for each object", naive),
        ("rounds", |case| engine(case, 0.0)),
        ("rounds, yields 1/64", |case| engine(case, 1.0 / 64.0)),
    ];
    println!("{:<16} {:<38} {:>12} {:>12} {:>9}", "subject", "how", "rounds/s", "found/s", "rate");
    let mut json = Vec::new();
    for case in Case::all() {
        let name = case.subject.name();
        let mut scores = [Score::default(); 3];
        for _ in 0..TURNS {
            for (score, (_, run)) in scores.iter_mut().zip(rows) {
                score.add(run(&case));
            }
        }
        for (score, (how, _)) in scores.iter().zip(rows) {
            let (rounds, found) = score.rates();
            println!("{name:<16} {how:<38} {rounds:>12.0} {found:>12.1} {:>8.3}%", 100.0 * found / rounds);
            json.push(serde_json::json!({
                "subject": name, "how": how, "rounds_per_s": rounds, "found_per_s": found,
            }));
        }
    }
    println!("{}", serde_json::Value::from(json));
}
