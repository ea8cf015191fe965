//! The event bus through the contract that the engines use: histories, ledgers, what was seen.

use racehunt_core::history::{Answer, Event, What, account};
use racehunt_core::id::Id;
use racehunt_core::ledger::Ledger;
use racehunt_core::plan::{ParamValue, Params};
use racehunt_core::subject::{Actor, Call, Env, Instance, Opener, Subject, SubjectError};
use racehunt_scenarios::event_bus::EventBusSubject;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

fn now() -> u64 {
    static NOW: AtomicU64 = AtomicU64::new(1);
    NOW.fetch_add(1, Ordering::SeqCst)
}

fn open(variant: &str, pairs: &[(&str, ParamValue)]) -> Result<Opener, SubjectError> {
    let params: Params = pairs.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    EventBusSubject.open(variant, &params, &Env::default())
}

fn number(n: i64) -> ParamValue {
    ParamValue::Integer(n)
}

fn text(value: &str) -> ParamValue {
    ParamValue::String(value.to_owned())
}

fn variants() -> impl Iterator<Item = &'static str> {
    EventBusSubject.variants().iter().map(|variant| variant.name)
}

fn call(op: &str, arg: u32) -> Call {
    let op = EventBusSubject.ops().iter().position(|known| known.name == op).expect("an op");
    Call { op, arg }
}

fn actor(number: u32) -> Actor {
    Actor::new(number, 1).with_clock(now)
}

fn play(instance: &dyn Instance, actor: &mut Actor, ops: &[(&str, u32)]) {
    for (op, arg) in ops {
        instance.apply(call(op, *arg), actor).unwrap_or_else(|error| panic!("{op}: {error}"));
    }
}

/// The handlers' runs of a history: handler and event.
fn handled(history: &[Event]) -> Vec<(Id, Id)> {
    let runs = history.iter().filter_map(|event| match event.what {
        What::Handle { handler, id } => Some((handler, id)),
        _ => None,
    });
    runs.collect()
}

fn emitted(history: &[Event]) -> Vec<(Id, Answer)> {
    let emits = history.iter().filter_map(|event| match event.what {
        What::Emit { id, answer, .. } => Some((id, answer)),
        _ => None,
    });
    emits.collect()
}

#[test]
fn alone_every_variant_tells_what_it_did_and_balances() {
    for variant in variants() {
        let opener = open(variant, &[("prefill", number(1)), ("audit", number(2)), ("details", number(2))]).unwrap();
        let (instance, mut actor) = (opener(), actor(3));
        let ops =
            [("emit", 0), ("subscribe", 0), ("emit", 0), ("mutate", 0), ("audit", 0), ("unsubscribe", 0), ("emit", 0)];
        play(&*instance, &mut actor, &ops);
        assert_eq!(handled(&actor.history).len(), 1 + 2 + 1, "{variant}");
        assert!(actor.history.iter().all(|event| event.from <= event.to), "{variant}");
        let mut ledger = Ledger::default();
        ledger.merge(&actor.ledger);
        account(&actor.history, &mut ledger);
        instance.rest(&mut ledger);
        let (settled, seen) = (ledger.settle(), instance.seen());
        assert!(settled.balances(), "{variant}: {settled:?}");
        assert_eq!((ledger.evicted.len(), ledger.retained.len()), (1, 2), "{variant}");
        assert_eq!(seen.audit, Some(ledger.retained), "{variant}");
        let gauge = &seen.gauges[0];
        assert_eq!((gauge.name.as_str(), gauge.peak, gauge.bound), ("audit-entries", 2, Some(2)), "{variant}");
    }
}

#[test]
fn prefilled_handlers_are_subscribed_before_all_and_the_first_is_taken_out_first() {
    for variant in variants() {
        let (instance, mut actor) = (open(variant, &[("prefill", number(2))]).unwrap()(), actor(0));
        play(
            &*instance,
            &mut actor,
            &[("unsubscribe", 0), ("emit", 0), ("unsubscribe", 0), ("unsubscribe", 0), ("emit", 0)],
        );
        let before: Vec<&Event> =
            actor.history.iter().filter(|event| matches!(event.what, What::Subscribe { .. })).collect();
        assert_eq!(before.len(), 2, "{variant}");
        assert!(before.iter().all(|event| event.to == 0 && event.actor != 0), "{variant}");
        let What::Subscribe { handler: second, .. } = before[1].what else { unreachable!() };
        assert_eq!(handled(&actor.history).iter().map(|run| run.0).collect::<Vec<_>>(), [second], "{variant}");
    }
}

#[test]
fn what_a_handler_does_is_in_the_history_of_the_actor_that_ran_it() {
    for variant in variants() {
        let open = |handler| open(variant, &[("prefill", number(1)), ("handler", text(handler))]).unwrap()();
        let run = |handler, ops: &[(&str, u32)]| {
            let (instance, mut actor) = (open(handler), actor(0));
            play(&*instance, &mut actor, ops);
            actor.history
        };
        let history = run("emits", &[("emit", 0)]);
        assert_eq!((emitted(&history).len(), handled(&history).len()), (2, 2), "{variant}");
        let history = run("unsubscribes", &[("emit", 0), ("emit", 0)]);
        assert_eq!((emitted(&history).len(), handled(&history).len()), (2, 1), "{variant}");
        let history = run("subscribes", &[("emit", 0), ("emit", 0)]);
        assert_eq!((emitted(&history).len(), handled(&history).len()), (2, 3), "{variant}");
        let history = run("fails", &[("emit", 0)]);
        assert_eq!((emitted(&history)[0].1, handled(&history).len()), (Answer::Yes, 1), "{variant}");
        let history = run("waits", &[("release", 0), ("emit", 0)]);
        assert_eq!(handled(&history).len(), 1, "{variant}");
        let history = run("app-lock", &[("subscribe-locked", 0), ("emit", 0)]);
        assert_eq!(handled(&history).len(), 2, "{variant}");
    }
}

#[test]
fn hardened_keeps_its_promises_in_histories_of_real_threads() {
    let pairs = [("prefill", number(2)), ("handler", text("emits")), ("audit", number(5)), ("details", number(1))];
    let opener = open("hardened", &pairs).unwrap();
    for _ in 0..100 {
        let instance = opener();
        let programs: [&[(&str, u32)]; 3] = [
            &[("emit", 0), ("mutate", 0), ("emit", 0)],
            &[("emit", 0), ("unsubscribe", 0)],
            &[("subscribe", 0), ("emit", 0), ("unsubscribe", 0), ("audit", 0)],
        ];
        let actors: Vec<Actor> = thread::scope(|scope| {
            let players: Vec<_> = (0..3_u32)
                .map(|n| {
                    let (instance, program) = (Arc::clone(&instance), programs[n as usize]);
                    scope.spawn(move || {
                        let mut actor = actor(n);
                        play(&*instance, &mut actor, program);
                        actor
                    })
                })
                .collect();
            players.into_iter().map(|player| player.join().unwrap()).collect()
        });
        let mut ledger = Ledger::default();
        let mut history = Vec::new();
        for actor in actors {
            ledger.merge(&actor.ledger);
            history.extend(actor.history);
        }
        account(&history, &mut ledger);
        instance.rest(&mut ledger);
        assert!(ledger.settle().balances());
        let runs = handled(&history);
        let mut once = runs.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), runs.len(), "nothing twice");
        let out = history.iter().filter_map(|event| match event.what {
            What::Unsubscribe { handler } => Some((handler, event.to)),
            _ => None,
        });
        for (gone, to) in out {
            let late = |event: &&Event| {
                matches!(event.what, What::Handle { handler, .. } if handler == gone) && event.from > to
            };
            assert_eq!(history.iter().find(late), None);
        }
    }
}

#[test]
fn what_cannot_be_opened_is_refused_by_name() {
    let refusal = |variant, pairs: &[(&str, ParamValue)]| open(variant, pairs).err().expect("refused").to_string();
    assert!(refusal("published-fix", &[]).contains("no variant \"published-fix\" (it has as-shipped, snapshot-lock"));
    assert!(refusal("hardened", &[("handler", text("waits"))]).starts_with("params.handler"));
    let several = Env { processes: 2, ..Env::default() };
    assert!(EventBusSubject.open("hardened", &Params::new(), &several).is_err());
}
