//! Goals that can be reached are, and those that cannot do no harm.

use super::*;
use crate::model::Model;
use crate::panics;
use crate::shuttle::{Budget, Driver, Execution, Judged, Seeds, Seen as Counted};
use crate::strategy::Auto;
use crate::strategy::testing::play;
use racehunt_sync::atomic::{AtomicU32, Ordering::SeqCst};
use racehunt_sync::engine::{self, Engine};
use racehunt_sync::{Arc, Mutex, thread, tries};
use std::cell::RefCell;
use std::rc::Rc;

/// Runs `body` under `strategy`; the fingerprint of each execution, whether it failed, and what was counted.
fn hunt(
    body: impl Fn() + Send + Sync + 'static,
    strategy: Box<dyn Strategy>,
    most: u64,
) -> (Vec<(u64, bool)>, Counted) {
    let _quiet = panics::keep();
    let _entered = engine::enter(Engine::Shuttle);
    tries::forget();
    let all = Rc::new(RefCell::new(Vec::new()));
    let seen = Rc::clone(&all);
    let judge = Box::new(move |e: &Execution<'_>| {
        let o = &e.ended.observation;
        seen.borrow_mut().push((hook::fingerprint(), !o.panics.is_empty() || o.deadlock.is_some()));
        Judged { go_on: true, fresh: false }
    });
    let budget = Budget { executions: most, steps: 5_000, deadline: None };
    let model = std::sync::Arc::new(Model::closure(body));
    let driver = Driver::new(model, strategy, true, budget, Seeds::Fixed(1), false, judge);
    assert!(driver.run(None));
    let counted = driver.seen();
    drop(driver);
    (all.take(), counted)
}

fn failures(all: &[(u64, bool)]) -> usize {
    all.iter().filter(|e| e.1).count()
}

/// Of `actors` that store 1 and then 2, one comes between the two loads of another.
fn torn(actors: usize) {
    let (a, b) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let writers: Vec<_> = (0..actors)
        .map(|_| {
            let (a, b) = (Arc::clone(&a), Arc::clone(&b));
            thread::spawn(move || {
                a.store(1, SeqCst);
                b.store(1, SeqCst);
            })
        })
        .collect();
    let reader = thread::spawn(move || {
        let first = a.load(SeqCst);
        assert_eq!(first, b.load(SeqCst));
    });
    for actor in writers.into_iter().chain([reader]) {
        let _ = actor.join();
    }
}

#[test]
fn a_race_that_can_be_turned_round_is_however_many_actors_there_are() {
    for actors in [2, 20, 60] {
        for seed in 0..5 {
            let (all, _) = hunt(move || torn(actors), Box::new(Race::new(seed)), 20);
            assert!(failures(&all) > 0, "{actors} actors, seed {seed}");
        }
    }
}

#[test]
fn what_needs_two_reversals_is_found_one_by_one() {
    // The failure: 1 before `first`, and `second` before 2, in an order that no one reversal of a plain one has.
    let body = || {
        let (x, y) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
        let (p, q) = (Arc::clone(&x), Arc::clone(&y));
        let other = thread::spawn(move || {
            let first = p.load(SeqCst);
            q.store(1, SeqCst);
            let second = p.load(SeqCst);
            assert!((first, second) != (1, 2), "both");
        });
        x.store(1, SeqCst);
        while y.load(SeqCst) == 0 && x.load(SeqCst) != 1 {}
        x.store(2, SeqCst);
        let _ = other.join();
    };
    let (all, _) = hunt(body, Box::new(Race::new(3)), 60);
    assert!(failures(&all) > 0);
}

#[test]
fn a_race_that_cannot_be_turned_round_does_no_harm() {
    // The flag is always set before the value is taken: nobody can take it first. And the holder of a lock is delayed for
    // one that waits for it.
    let body = || {
        let (flag, value) = (Arc::new(AtomicU32::new(0)), Arc::new(Mutex::new(0)));
        let (set, locked) = (Arc::clone(&flag), Arc::clone(&value));
        let setter = thread::spawn(move || {
            let mut value = locked.lock().unwrap();
            *value += 1;
            set.store(1, SeqCst);
            *value += 1;
        });
        while flag.load(SeqCst) == 0 {
            racehunt_sync::hint::spin_loop();
        }
        assert_eq!(*value.lock().unwrap(), 2);
        setter.join().unwrap();
    };
    let (all, counted) = hunt(body, Box::new(Race::new(1)), 300);
    assert_eq!((all.len(), failures(&all), counted.cut_off), (300, 0, 0));
}

#[test]
fn the_seed_decides() {
    let run = |strategy: Box<dyn Strategy>| hunt(|| torn(4), strategy, 100).0;
    assert_eq!(run(Box::new(Race::new(5))), run(Box::new(Race::new(5))));
    assert_ne!(run(Box::new(Race::new(5))), run(Box::new(Race::new(6))));
    assert_eq!(run(Box::new(Auto::new(5))), run(Box::new(Auto::new(5))));
    assert_ne!(run(Box::new(Auto::new(5))), run(Box::new(Auto::new(6))));
}

#[test]
fn what_a_join_puts_in_order_is_no_race() {
    let (mut operations, mut seen) = (Operations::default(), Seen::default());
    let site = std::panic::Location::caller();
    let pending = Pending { kind: Kind::Store, object: 1, site, seq: 1, label: "" };
    let [main, child] = [0, 1].map(|role| operations.number(role, &pending).unwrap());
    let at = |number: u32| operations.get(number);
    let mut run = |join: bool| {
        seen.clear();
        seen.began(None);
        seen.touched(0, main, 1, at(main));
        seen.steps.push(0);
        seen.began(Some(0));
        seen.touched(1, child, 1, at(child));
        seen.steps.push(1);
        if join {
            seen.joined(0, 1);
        }
        seen.touched(0, main, 2, at(main));
        seen.races.clone()
    };
    assert_eq!(run(true), []);
    assert_eq!(run(false), [seen::Race { first: child, nth: 1, then: main }], "the start is no race either way");
}

#[test]
fn without_an_engine_it_is_a_walk() {
    let runs = play(&mut Race::new(1), &[2, 2], 20);
    assert_eq!(runs.len(), 20);
    assert!(runs.iter().all(|run| run.len() == 4));
}
