//! The strategy `exhaustive` as a trial: what it finds, what it claims, and that neither depends on the number of CPUs.

use crate::{Told, hunt, kinds, replays, trial};
use racehunt_core::finding::FindingKind;
use racehunt_core::history::{Answer, What};
use racehunt_core::ledger::Ledger;
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::{Params, Plan, Trial};
use racehunt_core::scenario::Scenario;
use racehunt_core::subject::{
    Actor, Call, Env, Instance, OpError, OpKind, Opener, ParamSpec, Subject, SubjectError, Variant,
};
use racehunt_core::verdict::{Coverage, Verdict};
use racehunt_engines::shuttle;
use racehunt_sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::Arc;

const EXHAUSTIVE: &str = "[shuttle]\nstrategy = \"exhaustive\"\nexecutions = 100000\ntime = \"60s\"\nsteps = 500";
const DFS: &str = "[shuttle]\nstrategy = \"dfs\"\nexecutions = 100000\ntime = \"60s\"\nsteps = 500";

#[test]
fn it_finds_what_there_is_in_fewer_executions() {
    for (variant, kind) in [
        ("split", FindingKind::Lost),
        ("ab-ba", FindingKind::Deadlock),
        ("panics", FindingKind::Panic),
        ("errs", FindingKind::Error),
    ] {
        let outcome = hunt(&trial(variant, EXHAUSTIVE, &[1, 1]));
        assert!(kinds(&outcome).contains(&kind), "{variant}: {:?}", kinds(&outcome));
        assert_eq!(outcome.coverage, Coverage::Exhaustive, "{variant}");
        replays(&outcome);
        let whole = hunt(&trial(variant, DFS, &[1, 1]));
        let found = |o: &TrialOutcome| o.findings.iter().map(|f| f.fingerprint.clone()).collect::<Vec<_>>();
        let (mut all, mut some) = (found(&whole), found(&outcome));
        all.sort();
        some.sort();
        assert_eq!(some, all, "{variant}");
        assert!(outcome.executions <= whole.executions, "{variant}");
    }
}

#[test]
fn a_livelock_is_not_exhausted() {
    let few = EXHAUSTIVE.replace("executions = 100000", "executions = 2000");
    let outcome = hunt(&trial("spins", &few, &[1, 1]));
    assert_ne!(outcome.coverage, Coverage::Exhaustive);
    assert_ne!(outcome.verdict, Verdict::Pass);
}

fn with(threads: usize, trial: &Trial) -> TrialOutcome {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let mut outcome = pool.install(|| hunt(trial));
    outcome.elapsed_ns = 0;
    outcome
}

/// Executions of the three rounds with a preemption bound, as the notes tell them.
fn bounded(outcome: &TrialOutcome) -> u64 {
    let told = outcome.notes.iter().filter(|n| n.contains("preemptions seen: "));
    told.map(|n| n.split("seen: ").nth(1).unwrap().split(' ').next().unwrap().parse::<u64>().unwrap()).sum()
}

#[test]
fn a_large_search_is_the_same_on_one_thread_and_on_many() {
    let trial = trial("locked", EXHAUSTIVE, &[3, 3, 3]);
    let one = with(1, &trial);
    assert_eq!((one.verdict, &one.coverage), (Verdict::Pass, &Coverage::Exhaustive), "{one:?}");
    assert_eq!(one.executions - bounded(&one), 1680, "9!/(3!3!3!), and no class twice: {:?}", one.notes);
    assert_eq!(with(4, &trial), one);
}

#[test]
fn a_search_that_is_cut_short_is_the_same_on_one_thread_and_on_many_and_says_how_far_it_came() {
    let few = EXHAUSTIVE.replace("executions = 100000", "executions = 1500");
    for variant in ["locked", "split"] {
        let trial = trial(variant, &few, &[3, 3, 3]);
        let one = with(1, &trial);
        assert_eq!(one.executions, 1500, "{:?}", one.notes);
        let Coverage::Bounded { preemptions } = &one.coverage else { panic!("{:?}", one.coverage) };
        assert!(preemptions.starts_with(&[0]), "{preemptions:?}");
        assert!(one.notes.iter().any(|n| n.starts_with("not finished")), "{:?}", one.notes);
        assert_eq!(with(4, &trial), one);
    }
}

/// Two calls that share nothing: whether the one had answered before the other began is all there is to see.
struct Apart;

struct Halves(AtomicU32, AtomicU32);

impl Subject for Apart {
    fn name(&self) -> &'static str {
        "apart"
    }

    fn about(&self) -> &'static str {
        "A put that no listing sees."
    }

    fn variants(&self) -> &'static [Variant] {
        &[Variant { name: "only", about: "the only one" }]
    }

    fn ops(&self) -> &'static [OpKind] {
        &[OpKind { name: "list", about: "lists the one half" }, OpKind { name: "put", about: "puts into the other" }]
    }

    fn params(&self) -> Vec<ParamSpec> {
        Vec::new()
    }

    fn open(&self, _: &str, _: &Params, _: &Env) -> Result<Opener, SubjectError> {
        Ok(Box::new(|| Arc::new(Halves(AtomicU32::new(0), AtomicU32::new(0)))))
    }
}

impl Instance for Halves {
    fn apply(&self, call: Call, actor: &mut Actor) -> Result<(), OpError> {
        let from = actor.now();
        if call.op == 0 {
            self.0.load(SeqCst);
            actor.note(from, What::List(Vec::new()));
        } else {
            let id = actor.offer();
            self.1.store(1, SeqCst);
            actor.note(from, What::Put { id, answer: Answer::Yes, evicted: Vec::new() });
        }
        Ok(())
    }

    fn rest(&self, ledger: &mut Ledger) {
        let accepted = ledger.accepted.clone();
        ledger.retained.extend(accepted);
    }
}

/// The two calls commute, and one execution would do: but for the moments at which they were made.
#[test]
fn the_order_of_calls_that_share_nothing_is_not_left_out() {
    for (first, second) in [("list", "put"), ("put", "list")] {
        let text = format!(
            "schema = 1\nname = \"apart/only\"\nabout = \"a trap\"\n[subject]\nname = \"apart\"\nvariant = \"only\"\n\
             [workload]\nactors = [{{ name = \"A\", ops = [\"{first}\"] }}, {{ name = \"B\", ops = [\"{second}\"] }}]\n\
             {EXHAUSTIVE}\n"
        );
        let scenario = Scenario::parse("apart.toml", &text).unwrap_or_else(|e| panic!("{}", e.render(false)));
        let trial = Plan::expand(&scenario, 1).trials.remove(0);
        let outcome = shuttle::run(&trial, &Apart, &mut Told::default()).unwrap();
        assert_eq!(kinds(&outcome), [FindingKind::Missed], "{first} first: {outcome:?}");
        assert_eq!(outcome.coverage, Coverage::Exhaustive);
        assert!(outcome.executions < 10, "{}", outcome.executions);
    }
}
