//! Executions a second: our engines against the raw crates on the same program written by hand.
//!
//! The program: two writers that add three times under a mutex, and one that takes all. Ours pays for the facade, the
//! announcements, the ledger, the checkers and the fingerprints, and saves what `Reduce` leaves out.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use racehunt_core::finding::Finding;
use racehunt_core::ledger::Ledger;
use racehunt_core::plan::{Params, Plan, Trial};
use racehunt_core::scenario::Scenario;
use racehunt_core::subject::{
    Actor, Call, Env, Instance, OpError, OpKind, Opener, ParamSpec, Subject, SubjectError, Variant,
};
use racehunt_core::verdict::Verdict;
use racehunt_engines::emit::{Emit, Progress};
use racehunt_sync::{Mutex, PoisonError};
use std::sync::Arc;

/// Executions in one measured call.
const EXECUTIONS: usize = 2_000;

struct Boxes;

impl Subject for Boxes {
    fn name(&self) -> &'static str {
        "boxes"
    }

    fn about(&self) -> &'static str {
        "A box under a mutex."
    }

    fn variants(&self) -> &'static [Variant] {
        &[Variant { name: "locked", about: "a mutex" }]
    }

    fn ops(&self) -> &'static [OpKind] {
        &[OpKind { name: "add", about: "adds an id" }, OpKind { name: "take", about: "takes all" }]
    }

    fn params(&self) -> Vec<ParamSpec> {
        Vec::new()
    }

    fn open(&self, _: &str, _: &Params, _: &Env) -> Result<Opener, SubjectError> {
        Ok(Box::new(|| Arc::new(OneBox(Mutex::new(Vec::new())))))
    }
}

struct OneBox(Mutex<Vec<racehunt_core::id::Id>>);

impl Instance for OneBox {
    fn apply(&self, call: Call, actor: &mut Actor) -> Result<(), OpError> {
        let mut inside = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if call.op == 0 {
            let id = actor.next_id();
            inside.push(id);
            actor.ledger.accepted.push(id);
        } else {
            actor.ledger.delivered.append(&mut inside);
        }
        Ok(())
    }

    fn rest(&self, ledger: &mut Ledger) {
        ledger.retained.append(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
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

fn trial(engine: &str) -> Trial {
    let text = format!(
        "schema = 1\nname = \"boxes\"\nabout = \"b\"\n[subject]\nname = \"boxes\"\nvariant = \"locked\"\n[workload]\nactors = [\
         {{ name = \"D\", ops = [\"take\"] }}, {{ name = \"A\", ops = [\"add\", \"add\", \"add\"] }}, \
         {{ name = \"B\", ops = [\"add\", \"add\", \"add\"] }}]\n{engine}"
    );
    Plan::expand(&Scenario::parse("b.toml", &text).expect("a scenario"), 1).trials.remove(0)
}

/// The same program as a user of shuttle or loom writes it by hand, with the same check at its end.
macro_rules! by_hand {
    ($engine:ident) => {
        || {
            use $engine::sync::Mutex;
            let inside = Arc::new(Mutex::new(Vec::new()));
            let writers: Vec<_> = (0..2u64)
                .map(|w| {
                    let inside = Arc::clone(&inside);
                    $engine::thread::spawn(move || {
                        for n in 0..3 {
                            inside.lock().unwrap().push(w * 3 + n);
                        }
                    })
                })
                .collect();
            let taker = {
                let inside = Arc::clone(&inside);
                $engine::thread::spawn(move || std::mem::take(&mut *inside.lock().unwrap()))
            };
            for w in writers {
                w.join().unwrap();
            }
            let mut all = taker.join().unwrap();
            all.append(&mut *inside.lock().unwrap());
            all.sort_unstable();
            assert_eq!(all, [0, 1, 2, 3, 4, 5]);
        }
    };
}

fn shuttle_engine(c: &mut Criterion) {
    let mut group = c.benchmark_group("shuttle");
    group.sample_size(10).throughput(Throughput::Elements(EXECUTIONS as u64));
    group.bench_function(BenchmarkId::new("random", "by hand"), |b| {
        b.iter(|| {
            let random = shuttle::scheduler::RandomScheduler::new_from_seed(1, EXECUTIONS);
            let config = racehunt_engines::shuttle::config(shuttle::MaxSteps::None);
            shuttle::Runner::new(random, config).run(by_hand!(shuttle))
        });
    });
    for reduce in [false, true] {
        let text = format!("[shuttle]\nstrategy = \"random\"\nexecutions = {EXECUTIONS}\nreduce = {reduce}");
        let trial = trial(&text);
        let name = if reduce { "racehunt" } else { "racehunt, not reduced" };
        group.bench_function(BenchmarkId::new("random", name), |b| {
            b.iter(|| {
                let outcome = racehunt_engines::shuttle::run(&trial, &Boxes, &mut Silent).expect("a trial");
                assert_eq!((outcome.verdict, outcome.executions), (Verdict::Pass, EXECUTIONS as u64));
            });
        });
    }
    group.finish();
}

fn loom_engine(c: &mut Criterion) {
    let mut group = c.benchmark_group("loom");
    let trial = trial("[loom]\npreemptions = [4]\ntime = \"600s\"");
    let ours = racehunt_engines::loom::run(&trial, &Boxes, &mut Silent).expect("a trial").executions;
    let by_hand = {
        let count = Arc::new(std::sync::atomic::AtomicU64::new(0));
        let counted = Arc::clone(&count);
        loom_builder().check(move || {
            counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            by_hand!(loom)();
        });
        count.load(std::sync::atomic::Ordering::Relaxed)
    };
    group.sample_size(10).throughput(Throughput::Elements(by_hand));
    group.bench_function(BenchmarkId::new("bound 4", format!("by hand, {by_hand} executions")), |b| {
        b.iter(|| loom_builder().check(by_hand!(loom)));
    });
    group.throughput(Throughput::Elements(ours));
    group.bench_function(BenchmarkId::new("bound 4", format!("racehunt, {ours} executions")), |b| {
        b.iter(|| {
            let outcome = racehunt_engines::loom::run(&trial, &Boxes, &mut Silent).expect("a trial");
            assert_eq!((outcome.verdict, outcome.executions), (Verdict::Pass, ours));
        });
    });
    group.finish();
}

fn loom_builder() -> loom::model::Builder {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(4);
    builder.max_branches = 10_000;
    builder
}

criterion_group!(benches, shuttle_engine, loom_engine);
criterion_main!(benches);
