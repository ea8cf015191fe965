//! The trace buffer through the contract that the engines use: each variant, each client, by id, on real files.

use racehunt_core::finding::FindingKind;
use racehunt_core::history::{Answer, Event, What, account};
use racehunt_core::ledger::Ledger;
use racehunt_core::observation::Seen;
use racehunt_core::plan::{ParamValue, Params};
use racehunt_core::subject::{Actor, Call, Env, Instance, Opener, Subject, SubjectError};
use racehunt_scenarios::trace_buffer::TraceBufferSubject;
use std::path::Path;
use std::sync::Arc;

const VARIANTS: [&str; 3] = ["as-shipped", "published-fix", "hardened"];

fn number(value: i64) -> ParamValue {
    ParamValue::Integer(value)
}

fn text(value: &str) -> ParamValue {
    ParamValue::String(value.to_owned())
}

fn open(variant: &str, pairs: &[(&str, ParamValue)], env: &Env) -> Result<Opener, SubjectError> {
    let params: Params = pairs.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    TraceBufferSubject.open(variant, &params, env)
}

fn refusal(variant: &str, pairs: &[(&str, ParamValue)], env: &Env) -> String {
    open(variant, pairs, env).err().expect("refused").to_string()
}

fn call(name: &str) -> Call {
    let op = TraceBufferSubject.ops().iter().position(|op| op.name == name).expect("an op");
    Call { op, arg: 0 }
}

/// What one actor alone left.
struct Left {
    history: Vec<Event>,
    ledger: Ledger,
    seen: Seen,
    violations: Vec<racehunt_core::observation::Violation>,
}

impl Left {
    fn calls(&self) -> Vec<&What> {
        let marks = |what: &&What| !matches!(what, What::Offer(_) | What::Remove(..));
        self.history.iter().map(|event| &event.what).filter(marks).collect()
    }
}

fn rest(instance: &dyn Instance, history: Vec<Event>) -> Left {
    let mut ledger = Ledger::default();
    account(&history, &mut ledger);
    instance.rest(&mut ledger);
    Left { history, ledger, violations: instance.violations(), seen: instance.seen() }
}

fn alone(variant: &str, pairs: &[(&str, ParamValue)], ops: &[&str]) -> Left {
    let opener = open(variant, pairs, &Env::default()).unwrap();
    let (instance, mut actor) = (opener(), Actor::new(3, 1));
    for op in ops {
        instance.apply(call(op), &mut actor).unwrap_or_else(|error| panic!("{variant}, {op}: {error}"));
    }
    rest(&*instance, actor.history)
}

#[test]
fn alone_every_variant_balances_with_every_client() {
    let ops = ["store", "store", "list", "replay", "store", "store", "store", "store", "status", "clear", "store"];
    for variant in VARIANTS {
        for client in ["memory", "http"] {
            let left = alone(variant, &[("client", text(client))], &ops);
            let settled = left.ledger.settle();
            assert!(settled.balances(), "{variant}, {client}: {settled:?}");
            let totals = settled.totals;
            assert_eq!((totals.accepted, totals.delivered, totals.evicted), (7, 3, 4), "{variant}, {client}");
            assert_eq!((left.violations.len(), left.seen.unreadable.len()), (0, 0), "{variant}, {client}");
            assert_eq!(left.seen.sends.len(), 3, "{variant}, {client}");
            assert_eq!(left.seen.sends.iter().all(|sent| sent.key.is_some()), variant == "hardened");
        }
    }
}

#[test]
fn a_history_says_what_each_call_did() {
    for variant in VARIANTS {
        let left = alone(variant, &[("cap", number(1))], &["store", "store", "list", "replay", "store", "clear"]);
        let calls = left.calls();
        let [
            What::Put { evicted: none, .. },
            What::Put { answer: Answer::Yes, evicted, .. },
            What::List(listed),
            rest @ ..,
        ] = &calls[..]
        else {
            panic!("{variant}: {calls:?}");
        };
        assert_eq!((none.len(), evicted.len(), listed.len()), (0, 1, 1), "{variant}");
        let [
            What::Replay { attempted, removed, total: 1, sent: 1, failed: 0 },
            What::Put { .. },
            What::Clear { counted: 1, removed: cleared },
        ] = rest
        else {
            panic!("{variant}: {rest:?}");
        };
        assert_eq!((attempted, removed, cleared.len()), (listed, listed, 1), "{variant}");
    }
}

#[test]
fn a_trace_that_cannot_be_serialised_costs_a_good_one_but_in_hardened() {
    for variant in VARIANTS {
        let left = alone(variant, &[("cap", number(1))], &["store", "store-bad"]);
        let hardened = variant == "hardened";
        let Some(What::Put { answer: Answer::No, evicted, .. }) = left.calls().last().copied() else {
            panic!("{variant}: {:?}", left.calls());
        };
        assert_eq!((evicted.is_empty(), left.seen.unreadable.is_empty()), (hardened, hardened), "{variant}");
        assert_eq!(left.ledger.settle().balances(), hardened, "{variant}");
    }
}

#[test]
fn a_server_that_fails_now_and_then_is_outlasted() {
    for client in ["memory", "http"] {
        let pairs = [("client", text(client)), ("server_fails", number(2)), ("cap", number(9)), ("prefill", number(6))];
        for variant in VARIANTS {
            let left = alone(variant, &pairs, &["replay"]);
            assert!(left.ledger.settle().balances(), "{variant}, {client}");
            assert_eq!(left.ledger.delivered.len(), 6, "{variant}, {client}");
        }
    }
}

#[test]
fn what_is_not_drained_is_retained() {
    let pairs = [("drain", ParamValue::Bool(false)), ("prefill", number(2))];
    for variant in VARIANTS {
        let left = alone(variant, &pairs, &["store"]);
        assert_eq!((left.ledger.retained.len(), left.ledger.delivered.len()), (3, 0), "{variant}");
        assert!(left.ledger.settle().balances(), "{variant}");
        assert_eq!(left.seen.gauges[0].peak, 3);
    }
}

#[test]
fn regressions_of_as_shipped_show_in_it_alone() {
    for variant in VARIANTS {
        let shipped = variant == "as-shipped";
        let zero = alone(variant, &[("cap", number(0))], &["store"]);
        assert_eq!(zero.seen.gauges[0].peak, u64::from(shipped), "{variant}: a cap of 0");
        let stubbed = [("clock", text("frozen")), ("ids", text("stubbed"))];
        let lost = alone(variant, &stubbed, &["store", "store"]).ledger.settle().lost.len();
        assert_eq!(lost, usize::from(shipped), "{variant}: the same name");
        let left = alone(variant, &[("retries", number(0)), ("prefill", number(2))], &["replay"]);
        let Some(What::Replay { attempted, .. }) = left.calls().last().copied() else { panic!("{variant}") };
        assert_eq!(attempted.len(), if shipped { 0 } else { 2 }, "{variant}: no retries");
    }
}

#[test]
fn processes_share_a_directory_and_a_far_end_and_one_beside_them_comes_to_rest() {
    let dir = tempfile::tempdir().unwrap();
    for variant in VARIANTS {
        let env = Env { processes: 2, dir: Some(dir.path().to_owned()), ..Env::default() };
        let beside = open(variant, &[("prefill", number(1))], &env).unwrap()();
        let host = beside.address();
        let member = |process| -> Arc<dyn Instance> {
            let env = Env { process: Some(process), host: host.clone(), ..env.clone() };
            open(variant, &[("prefill", number(1))], &env).unwrap()()
        };
        let mut history = Vec::new();
        for process in [0, 1] {
            let (instance, mut actor) = (member(process), Actor::new(process as u32, 1));
            actor.process = process as u32;
            for op in ["store", "replay", "store"] {
                instance.apply(call(op), &mut actor).unwrap();
                beside.sample();
            }
            history.append(&mut actor.history);
            assert_eq!(instance.seen().sends, [], "only the one beside them knows");
        }
        let left = rest(&*beside, history);
        let settled = left.ledger.settle();
        assert!(settled.balances(), "{variant}: {settled:?}");
        assert_eq!((settled.totals.accepted, settled.totals.delivered), (5, 5), "{variant}");
        assert_eq!((left.seen.gauges[0].peak, left.seen.unreadable.len()), (2, 0), "{variant}");
        drop(beside);
        assert_eq!(files(dir.path()), 0, "{variant}: nothing stays");
    }
}

fn files(dir: &Path) -> usize {
    std::fs::read_dir(dir).unwrap().count()
}

#[test]
fn a_sample_sees_what_is_torn_and_what_is_too_much_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let env = Env { dir: Some(dir.path().to_owned()), ..Env::default() };
    let pairs = [("cap", number(2)), ("prefill", number(2))];
    let instance = open("hardened", &pairs, &env).unwrap()();
    instance.sample();
    let clean = instance.seen();
    assert_eq!((clean.gauges[0].peak, clean.gauges[0].bound, clean.unreadable.len()), (2, Some(2), 0));
    let own = std::fs::read_dir(dir.path()).unwrap().next().unwrap().unwrap().path();
    std::fs::write(own.join("trace_0000000000000009_1_00000000000000000000000000000000.json"), "{").unwrap();
    instance.sample();
    let seen = instance.seen();
    assert_eq!((seen.gauges[0].peak, seen.unreadable.len()), (3, 1));
    assert!(seen.unreadable[0].starts_with("torn: trace_0000000000000009"), "{:?}", seen.unreadable);
}

#[test]
fn a_fork_stores_its_trace_in_a_child() {
    for variant in VARIANTS {
        let ops = ["store", "fork", "list"];
        let left = alone(variant, &[("fork_timeout_ms", number(20_000)), ("cap", number(1))], &ops);
        assert_eq!(left.violations, [], "{variant}");
        let calls = left.calls();
        let [What::Put { id: first, .. }, What::Put { answer: Answer::Yes, evicted, id }, What::List(listed)] =
            &calls[..]
        else {
            panic!("{variant}: {calls:?}");
        };
        assert_eq!((evicted, listed), (&vec![*first], &vec![*id]), "{variant}: the child told what it evicted");
    }
    let opener = open("hardened", &[], &Env::default()).unwrap();
    let error = opener().apply(call("fork"), &mut Actor::new(0, 0)).unwrap_err();
    assert!(error.message.contains("fork_timeout_ms"), "{error}");
}

#[test]
fn one_thread_gets_one_instance() {
    for variant in VARIANTS {
        let left = alone(variant, &[], &["open", "open", "open"]);
        assert!(left.violations.iter().all(|v| v.kind != FindingKind::Invariant), "{variant}");
    }
}

#[test]
fn what_cannot_be_opened_is_refused_by_name() {
    let native = Env::default();
    assert!(refusal("hardend", &[], &native).contains("no variant \"hardend\""));
    assert!(refusal("hardened", &[("chunks", number(1))], &native).starts_with("params.chunks"));
    let lost = Env { processes: 2, process: Some(0), ..Env::default() };
    assert!(refusal("hardened", &[], &lost).contains("where the far end is"));
    let model = Env { model: true, ..Env::default() };
    assert!(refusal("hardened", &[("fork_timeout_ms", number(1))], &model).contains("cannot fork"));
}
