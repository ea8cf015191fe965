//! Executions of a complete search: one of each class, every schedule, and loom.

use crate::table::chosen;
use racehunt_core::finding::Finding;
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::{EngineConfig, Plan};
use racehunt_core::scenario::Scenario;
use racehunt_core::verdict::Coverage;
use racehunt_engines::emit::{Emit, Progress};
use racehunt_engines::{loom, registry, shuttle};
use racehunt_sync::{Arc, Mutex, PoisonError, thread};
use std::fmt::Write as _;
use std::time::Duration;

/// Executions after which a search counts as one that does not finish.
const MOST: u64 = 2_000_000;

/// The columns. `dfs` runs every schedule that differs in more than the order of steps that nothing can tell.
const HOW: [&str; 3] = ["exhaustive", "dfs", "loom"];

/// The table in Markdown, told line by line. `words` are names of columns or parts of names of programs to leave the
/// others out.
///
/// # Panics
/// If an engine fails.
pub fn classes_table(words: &[String], tell: &mut dyn FnMut(&str)) {
    let how = chosen(HOW.to_vec(), words, |how, word| *how == word);
    let programs = chosen(programs(), words, |program, word| program.name().contains(word));
    tell(&format!("| program | {} | `exhaustive` took |", how.join(" | ")));
    tell(&format!("|---|{}---|", "---|".repeat(how.len())));
    for program in &programs {
        let (mut cells, mut took) = (String::new(), "–".to_owned());
        for how in &how {
            let outcome = program.search(how);
            let end = if outcome.coverage == Coverage::Exhaustive { "" } else { ", unfinished" };
            let _ = write!(cells, " {}{end} |", outcome.executions);
            if *how == "exhaustive" {
                took = format!("{:.1} s", Duration::from_nanos(outcome.elapsed_ns).as_secs_f64());
            }
        }
        tell(&format!("| {} |{cells} {took} |", program.name()));
    }
}

/// What is searched.
enum Program {
    /// Calls of the metrics buffer: its variant, actors and ops of each.
    Metrics(&'static str, usize, usize),
    /// Four actors with three sections each over two locks: what each of them takes.
    Locks(&'static str, fn(usize) -> Take),
}

/// What a section takes; both in one order.
#[derive(Clone, Copy)]
enum Take {
    First,
    Second,
    Both,
}

fn programs() -> Vec<Program> {
    let metrics = [
        ("published-fix", 2, 2),
        ("published-fix", 2, 3),
        ("published-fix", 3, 2),
        ("hardened", 2, 2),
        ("hardened", 2, 3),
        ("hardened", 3, 2),
        ("hardened", 3, 3),
    ];
    let mut all: Vec<_> =
        metrics.into_iter().map(|(variant, actors, ops)| Program::Metrics(variant, actors, ops)).collect();
    all.push(Program::Locks("one, the other, both in turn", |at| [Take::First, Take::Second, Take::Both][at % 3]));
    all.push(Program::Locks("both each time", |_| Take::Both));
    all
}

impl Program {
    fn name(&self) -> String {
        match self {
            Self::Metrics(variant, actors, ops) => format!("metrics-buffer `{variant}`, {actors} actors × {ops} ops"),
            Self::Locks(what, _) => format!("two locks, 4 actors × 3 sections, {what}"),
        }
    }

    fn search(&self, how: &str) -> TrialOutcome {
        match *self {
            Self::Metrics(variant, actors, ops) => metrics(variant, actors, ops, how),
            Self::Locks(_, take) => {
                let hunt = racehunt::hunt("two_locks").executions(MOST).time(Duration::from_hours(1));
                let hunt = if how == "loom" { hunt.loom([None::<usize>]) } else { hunt.strategy(how) };
                hunt.run(move || locks(take)).searches.remove(0)
            }
        }
    }
}

fn metrics(variant: &str, actors: usize, ops: usize, how: &str) -> TrialOutcome {
    let engine = match how {
        "loom" => "[loom]\npreemptions = [\"none\"]".to_owned(),
        strategy => format!("[shuttle]\nstrategy = \"{strategy}\""),
    };
    let text = format!(
        "schema = 1\nname = \"classes\"\nabout = \"A complete search.\"\n\
         [subject]\nname = \"metrics-buffer\"\nvariant = [\"{variant}\"]\nparams = {{ metrics = 2, interval = \"1h\" }}\n\
         [workload]\nmix = {{ increment = 6, timing = 2, flush = 3 }}\n\
         {engine}\nthreads = {actors}\nops_per_thread = {ops}\nexecutions = {MOST}\ntime = \"1h\"\n"
    );
    let scenario = Scenario::parse("classes.toml", &text).unwrap_or_else(|e| panic!("{e}"));
    let trial = Plan::expand(&scenario, 1).trials.remove(0);
    let subject = registry::find(racehunt_scenarios::subjects(), &trial.subject).expect("a shipped subject");
    let run = if matches!(trial.engine, EngineConfig::Loom(_)) { loom::run } else { shuttle::run };
    run(&trial, subject, &mut Silent).unwrap_or_else(|e| panic!("{e}"))
}

fn locks(take: fn(usize) -> Take) {
    let locks = [Arc::new(Mutex::new(())), Arc::new(Mutex::new(()))];
    let actors: Vec<_> = (0..4)
        .map(|actor| {
            let [first, second] = locks.clone();
            thread::spawn(move || {
                for section in 0..3 {
                    let take = take(actor + section);
                    let first =
                        (!matches!(take, Take::Second)).then(|| first.lock().unwrap_or_else(PoisonError::into_inner));
                    let second =
                        (!matches!(take, Take::First)).then(|| second.lock().unwrap_or_else(PoisonError::into_inner));
                    drop((second, first));
                }
            })
        })
        .collect();
    for actor in actors {
        // The panic of an actor is noted where it happens.
        let _ = actor.join();
    }
}

/// Nobody watches.
pub(crate) struct Silent;

impl Emit for Silent {
    fn progress(&mut self, _: Progress) {}

    fn finding(&mut self, _: &Finding) {}

    fn stopped(&self) -> bool {
        false
    }
}
