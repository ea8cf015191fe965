//! The metrics buffer through the contract that the engines use: each variant, each sink, by id.

use racehunt_core::ledger::{Ledger, Settlement};
use racehunt_core::plan::{ParamValue, Params};
use racehunt_core::subject::{Actor, Call, Env, Instance, Opener, Subject, SubjectError};
use racehunt_scenarios::metrics_buffer::MetricsBufferSubject;
use std::sync::Arc;
use std::thread;

const INCREMENT: usize = 0;
const TIMING: usize = 1;
const FLUSH: usize = 2;

fn text(value: &str) -> ParamValue {
    ParamValue::String(value.to_owned())
}

fn params(pairs: &[(&str, ParamValue)]) -> Params {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
}

fn rounds(calls: usize) -> Env {
    Env { calls: Some(calls), ..Env::default() }
}

fn open(variant: &str, pairs: &[(&str, ParamValue)], env: &Env) -> Result<Opener, SubjectError> {
    MetricsBufferSubject.open(variant, &params(pairs), env)
}

fn refusal(variant: &str, pairs: &[(&str, ParamValue)], env: &Env) -> String {
    open(variant, pairs, env).err().expect("refused").to_string()
}

fn variants() -> impl Iterator<Item = &'static str> {
    MetricsBufferSubject.variants().iter().map(|variant| variant.name)
}

fn call(op: usize, arg: u32) -> Call {
    Call { op, arg }
}

/// Some adds of every kind with a flush between, by one actor.
fn program() -> Vec<Call> {
    let mut calls: Vec<Call> = (0..5).map(|arg| call(INCREMENT, arg)).collect();
    calls.extend([call(TIMING, 1), call(FLUSH, 0), call(TIMING, 0), call(INCREMENT, 0)]);
    calls
}

fn settle(instance: &dyn Instance, actors: Vec<Actor>) -> Settlement {
    let mut ledger = Ledger::default();
    for actor in actors {
        ledger.merge(&actor.ledger);
    }
    instance.rest(&mut ledger);
    ledger.settle()
}

fn run_alone(opener: &Opener) -> (Settlement, Vec<racehunt_core::observation::Violation>) {
    let (instance, mut actor) = (opener(), Actor::new(3, 1));
    for call in program() {
        instance.apply(call, &mut actor).unwrap();
    }
    (settle(&*instance, vec![actor]), instance.violations())
}

#[test]
fn alone_every_variant_balances_with_every_sink() {
    for variant in variants() {
        for sink in ["recorder", "yielding", "gated", "statsd-udp", "statsd-unix"] {
            for keys in ["shared", "drawn"] {
                let pairs = [("sink", text(sink)), ("keys", text(keys))];
                let opener = open(variant, &pairs, &rounds(9)).unwrap();
                for _ in 0..3 {
                    let (settled, violations) = run_alone(&opener);
                    assert!(settled.balances(), "{variant}, {sink}, {keys}: {settled:?}");
                    assert_eq!(settled.totals.delivered, 8, "{variant}, {sink}, {keys}");
                    assert_eq!(violations, [], "{variant}, {sink}, {keys}");
                }
            }
        }
    }
}

#[test]
fn fresh_metrics_are_new_each_time() {
    for variant in ["as-shipped", "published-fix", "swap-unlocked", "hardened"] {
        let opener = open(variant, &[("keys", text("fresh"))], &Env::default()).unwrap();
        assert!(run_alone(&opener).0.balances(), "{variant}");
    }
}

#[test]
fn a_refused_hand_over_is_retained_or_delivered_later() {
    for variant in ["hardened", "hardened-sharded"] {
        for at in 1..=6 {
            let pairs = [("sink_fails_at", ParamValue::Integer(at)), ("interval", text("0s"))];
            let opener = open(variant, &pairs, &rounds(9)).unwrap();
            let (settled, _) = run_alone(&opener);
            assert!(settled.balances(), "{variant}, hand-over {at}: {settled:?}");
            assert_eq!(settled.totals.uncertain, 0, "{variant}: no error reaches an add");
        }
    }
}

#[test]
fn as_shipped_an_add_fails_with_its_flush_and_the_id_is_uncertain() {
    let pairs = [("sink_fails_at", ParamValue::Integer(1)), ("interval", text("0s"))];
    let opener = open("as-shipped", &pairs, &rounds(1)).unwrap();
    let (instance, mut actor) = (opener(), Actor::new(0, 1));
    let error = instance.apply(call(INCREMENT, 0), &mut actor).unwrap_err();
    assert_eq!((error.kind, actor.ledger.uncertain.len()), ("sink", 1));
    assert!(settle(&*instance, vec![actor]).balances());
}

#[test]
fn ids_travel_through_real_sockets_under_load() {
    for sink in ["statsd-udp", "statsd-unix"] {
        let opener = open("hardened", &[("sink", text(sink)), ("keys", text("drawn"))], &Env::default()).unwrap();
        let instance = opener();
        let actors: Vec<Actor> = thread::scope(|scope| {
            let adders: Vec<_> = (0..3)
                .map(|n| {
                    scope.spawn({
                        let instance = Arc::clone(&instance);
                        move || hammer(&*instance, n, 2_000)
                    })
                })
                .collect();
            adders.into_iter().map(|adder| adder.join().unwrap()).collect()
        });
        let settled = settle(&*instance, actors);
        assert_eq!(instance.violations(), [], "{sink}");
        assert!(settled.balances(), "{sink}: {} lost, {} twice", settled.lost.len(), settled.duplicated.len());
        assert_eq!(settled.totals.delivered, 6_000 - 6_000 / 20, "{sink}");
    }
}

/// `calls` calls, every twentieth a flush.
fn hammer(instance: &dyn Instance, number: u32, calls: u32) -> Actor {
    let mut actor = Actor::new(number, 7);
    for n in 1..=calls {
        let op = if n % 20 == 0 { FLUSH } else { (n % 3 == 0).into() };
        instance.apply(call(op, 0), &mut actor).unwrap();
    }
    actor
}

#[test]
fn hardened_variants_keep_every_id_on_real_threads() {
    for (variant, sink, interval) in [
        ("hardened", "yielding", "0s"),
        ("hardened", "recorder", "1s"),
        ("hardened-sharded", "yielding", "0s"),
        ("hardened-sharded", "recorder", "1s"),
    ] {
        let pairs = [("sink", text(sink)), ("interval", text(interval))];
        let opener = open(variant, &pairs, &rounds(10)).unwrap();
        for round in 0..300 {
            let instance = opener();
            let actors = thread::scope(|scope| {
                let both = [0, 1].map(|number| {
                    let instance = &instance;
                    scope.spawn(move || {
                        let mut actor = Actor::new(number, round);
                        for op in [INCREMENT, TIMING, FLUSH, INCREMENT, INCREMENT] {
                            instance.apply(call(op, 0), &mut actor).unwrap();
                        }
                        actor
                    })
                });
                both.map(|actor| actor.join().unwrap()).into()
            });
            let settled = settle(&*instance, actors);
            assert!(settled.balances() && settled.totals.delivered == 8, "{variant}, round {round}: {settled:?}");
        }
    }
}

#[test]
fn settings_without_meaning_are_refused_by_name() {
    let load = Env::default();
    let message = refusal("hardened-sharded", &[], &load);
    assert!(message.contains("hardened-sharded can account by id only in rounds and models"), "{message}");
    let message = refusal("relaxed-publish", &[], &rounds(31));
    assert!(message.starts_with("params.metrics: ") && message.ends_with("31 calls: 3 would do"), "{message}");
    assert!(open("relaxed-publish", &[], &rounds(30)).is_ok());
    assert!(refusal("hardened-sharded", &[("keys", text("fresh"))], &rounds(1)).starts_with("params.keys"));
    let model = Env { model: true, calls: Some(2), dir: None, ..Env::default() };
    assert!(refusal("hardened", &[("sink", text("statsd-unix"))], &model).contains("params.sink"));
    assert!(refusal("hardend", &[], &rounds(1)).contains("no variant \"hardend\""));
}

#[test]
fn fifteen_adds_fit_into_each_metric_and_not_one_more() {
    let opener = open("hardened-sharded", &[], &rounds(30)).unwrap();
    let (instance, mut actor) = (opener(), Actor::new(0, 1));
    for _ in 0..30 {
        instance.apply(call(INCREMENT, 1), &mut actor).unwrap();
    }
    let error = instance.apply(call(INCREMENT, 1), &mut actor).unwrap_err();
    assert_eq!((error.kind, actor.ledger.rejected.len()), ("accounting", 1));
    let settled = settle(&*instance, vec![actor]);
    assert!(settled.balances() && settled.totals.delivered == 30, "{settled:?}");
}
