//! The polling worker through the contract that the engines use: each variant, by id, on real files.

use racehunt_core::finding::FindingKind;
use racehunt_core::history::{Answer, Event, What, account};
use racehunt_core::ledger::Ledger;
use racehunt_core::observation::{Seen, Violation};
use racehunt_core::plan::{ParamValue, Params};
use racehunt_core::subject::{Actor, Call, Env, Instance, Opener, Subject, SubjectError};
use racehunt_scenarios::polling_worker::PollingWorkerSubject;
use std::sync::Arc;

/// Where threads have to meet on a machine that may be busy.
const TRIES: usize = 5;
const VARIANTS: [&str; 3] = ["as-shipped", "published-fix", "hardened"];

fn number(value: i64) -> ParamValue {
    ParamValue::Integer(value)
}

fn text(value: &str) -> ParamValue {
    ParamValue::String(value.to_owned())
}

fn open(variant: &str, pairs: &[(&str, ParamValue)], env: &Env) -> Result<Opener, SubjectError> {
    let params: Params = pairs.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    PollingWorkerSubject.open(variant, &params, env)
}

fn call(name: &str) -> Call {
    let (name, arg) = name.split_once(' ').map_or((name, 0), |(name, arg)| (name, arg.parse().expect("a number")));
    let op = PollingWorkerSubject.ops().iter().position(|op| op.name == name).expect("an op");
    Call { op, arg }
}

/// What an execution left.
struct Left {
    history: Vec<Event>,
    ledger: Ledger,
    seen: Seen,
    violations: Vec<Violation>,
}

impl Left {
    /// Names of the views that are not what is there.
    fn stale(&self) -> Vec<&str> {
        let stale = self.seen.views.iter().filter(|view| view.shown != view.there);
        stale.map(|view| view.name.as_str()).collect()
    }
}

fn rest(instance: &dyn Instance, history: Vec<Event>) -> Left {
    let mut ledger = Ledger::default();
    account(&history, &mut ledger);
    instance.rest(&mut ledger);
    Left { history, ledger, violations: instance.violations(), seen: instance.seen() }
}

fn apply(instance: &dyn Instance, actor: &mut Actor, ops: &[&str]) {
    for op in ops {
        instance.apply(call(op), actor).unwrap_or_else(|error| panic!("{op}: {error}"));
    }
}

fn alone(variant: &str, pairs: &[(&str, ParamValue)], ops: &[&str]) -> Left {
    let instance = open(variant, pairs, &Env::default()).unwrap()();
    let mut actor = Actor::new(3, 1);
    apply(&*instance, &mut actor, ops);
    rest(&*instance, actor.history)
}

#[test]
fn alone_every_variant_does_what_was_opened_and_leaves_what_is_on_hold() {
    let ops = ["add", "add 1", "hold 1", "open 1", "hold", "overwrite 1", "work"];
    for variant in VARIANTS {
        for writing in ["replace", "in-place"] {
            let pairs =
                [("writes", number(6)), ("prefill", number(2)), ("held", number(1)), ("writing", text(writing))];
            let left = alone(variant, &pairs, &ops);
            let settled = left.ledger.settle();
            assert!(settled.balances(), "{variant}, {writing}: {settled:?}");
            let totals = settled.totals;
            assert_eq!((totals.accepted, totals.delivered, totals.retained), (8, 6, 2), "{variant}, {writing}");
            assert_eq!((left.stale(), left.seen.views.len(), left.violations.len()), (vec![], 2, 0), "{variant}");
            let puts = left.history.iter().filter(|event| matches!(event.what, What::Put { answer: Answer::Yes, .. }));
            assert_eq!(puts.count(), 5, "{variant}");
        }
    }
}

#[test]
fn a_directory_of_tasks_is_one_more_source() {
    for variant in VARIANTS {
        let pairs = [("writes", number(4)), ("tasks", ParamValue::Bool(true)), ("prefill", number(1))];
        let left = alone(variant, &pairs, &["add 2", "hold 2", "open 2", "hold 2", "work"]);
        let settled = left.ledger.settle();
        assert!(settled.balances(), "{variant}: {settled:?}");
        assert_eq!((settled.totals.delivered, settled.totals.retained), (3, 1), "{variant}");
        assert_eq!((left.stale(), left.seen.views.len()), (vec![], 3), "{variant}");
    }
}

#[test]
fn a_worker_that_did_not_run_shows_nothing_and_everything_is_retained() {
    for variant in VARIANTS {
        let left = alone(variant, &[("prefill", number(2))], &["add"]);
        assert_eq!((left.ledger.retained.len(), left.seen.views.len()), (3, 0), "{variant}");
        assert!(left.ledger.settle().balances(), "{variant}");
    }
}

#[test]
fn a_file_that_is_gone_or_broken_is_an_error_and_its_item_is_uncertain() {
    let dir = tempfile::tempdir().unwrap();
    let env = Env { dir: Some(dir.path().to_owned()), ..Env::default() };
    let instance = open("hardened", &[], &env).unwrap()();
    std::fs::remove_file(dir.path().join("run-0/ideas.json")).unwrap();
    let mut actor = Actor::new(0, 1);
    assert_eq!(instance.apply(call("add"), &mut actor).unwrap_err().kind, "io");
    let left = rest(&*instance, actor.history);
    assert_eq!((left.ledger.uncertain.len(), left.ledger.accepted.len()), (1, 0));
}

/// A worker beside a thread that writes once the worker has read: its second poll at the earliest.
fn beside(variant: &str, pairs: &[(&str, ParamValue)], ops: &'static [&'static str]) -> Left {
    let instance: Arc<dyn Instance> = open(variant, pairs, &Env::default()).unwrap()();
    let worker = {
        let instance = Arc::clone(&instance);
        std::thread::spawn(move || instance.apply(call("work"), &mut Actor::new(0, 1)))
    };
    let mut actor = Actor::new(1, 1);
    apply(&*instance, &mut actor, &["idle", "idle"]);
    apply(&*instance, &mut actor, ops);
    worker.join().unwrap().unwrap();
    rest(&*instance, actor.history)
}

#[test]
fn what_each_variant_cannot_see_is_stale_and_hardened_sees_all() {
    let replaced = [("held", number(1)), ("poll_ms", number(50))];
    let torn = [("gap_ms", number(150)), ("poll_ms", number(50))];
    for (what, pairs, ops, blind) in [
        ("WD4, PL1", replaced, &["open 1"], &["as-shipped", "published-fix"][..]),
        ("PL2", torn, &["overwrite 1"], &["published-fix"]),
    ] {
        for variant in VARIANTS {
            // A worker that is late sees the last version only, and a blind one is right by chance.
            let stale = (0..TRIES).any(|_| !beside(variant, &pairs, ops).stale().is_empty());
            assert_eq!(stale, blind.contains(&variant), "{what}: {variant}");
        }
    }
}

#[test]
fn a_handler_that_minds_its_own_reading_makes_a_storm() {
    for (events, stormy) in [("modified", false), ("any", true)] {
        for watcher in ["own", "notify"] {
            let pairs = [
                ("poll_ms", number(20)),
                ("writing", text("in-place")),
                ("events", text(events)),
                ("watcher", text(watcher)),
                ("storm", number(32)),
            ];
            let left = beside("as-shipped", &pairs, &["hold 1"]);
            let gauge = &left.seen.gauges[0];
            assert_eq!(gauge.peak > gauge.bound.expect("judged"), stormy, "{events}, {watcher}: {gauge:?}");
            assert_eq!(left.stale(), Vec::<&str>::new(), "{events}, {watcher}");
        }
    }
}

#[test]
fn a_loop_that_nobody_wakes_oversleeps() {
    for (handoff, found) in [("silent", true), ("awake", false)] {
        let pairs = [
            ("poll_ms", number(50)),
            ("writing", text("in-place")),
            ("handoff", text(handoff)),
            ("watcher", text("own")),
        ];
        let overslept = |left: &Left| left.violations.iter().any(|found| found.kind == FindingKind::Latency);
        let seen = (0..TRIES).any(|_| overslept(&beside("as-shipped", &pairs, &["hold 1"])));
        assert_eq!(seen, found, "{handoff}");
    }
}

#[test]
fn processes_share_their_files_and_one_beside_them_comes_to_rest() {
    for variant in VARIANTS {
        let dir = tempfile::tempdir().unwrap();
        let env = Env { processes: 2, dir: Some(dir.path().to_owned()), ..Env::default() };
        let pairs = [("prefill", number(1)), ("writes", number(2))];
        let beside = open(variant, &pairs, &env).unwrap()();
        let member = |process| -> Arc<dyn Instance> {
            open(variant, &pairs, &Env { process: Some(process), ..env.clone() }).unwrap()()
        };
        let (manager, worker) = (member(0), member(1));
        let (mut m, mut w) = (Actor::new(0, 1), Actor::new(1, 1));
        apply(&*manager, &mut m, &["add", "hold 1"]);
        apply(&*worker, &mut w, &["work"]);
        assert_eq!(worker.seen(), Seen::default(), "only the one beside them tells");
        let left = rest(&*beside, [m.history, w.history].concat());
        let settled = left.ledger.settle();
        assert!(settled.balances(), "{variant}: {settled:?}");
        assert_eq!((settled.totals.delivered, settled.totals.retained), (2, 1), "{variant}");
        assert_eq!((left.stale(), left.seen.views.len()), (vec![], 2), "{variant}");
    }
}

#[test]
fn what_cannot_be_opened_is_refused_by_name() {
    let native = Env::default();
    let refusal = |variant, pairs: &[(&str, ParamValue)], env: &Env| {
        open(variant, pairs, env).err().expect("refused").to_string()
    };
    assert!(refusal("hardend", &[], &native).contains("no variant \"hardend\""));
    assert!(refusal("hardened", &[("polls", number(1))], &native).starts_with("params.polls"));
    let model = Env { model: true, ..Env::default() };
    assert!(refusal("as-shipped", &[("watcher", text("notify"))], &model).contains("inotify"));
}
