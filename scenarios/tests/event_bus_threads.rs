//! hardened on real threads: its promises as invariants, whatever the machine does in between.

use racehunt_scenarios::event_bus::{Event, EventBus, Handler, Hardened, Payload, Topic};
use racehunt_scenarios::metrics_buffer::dict::SizeChanged;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;

const T: Topic = Topic(0);

struct Number(u64);

impl Payload for Number {
    fn deep_copy(&self) -> Result<Self, SizeChanged> {
        Ok(Self(self.0))
    }
}

fn emit(bus: &Hardened<Number>, number: u64) {
    bus.emit(Arc::new(Event { topic: T, payload: Number(number) })).expect("hardened takes everything");
}

/// A handler that notes what it is given, and that nobody enters it twice.
fn noting(seen: &Arc<Mutex<Vec<u64>>>) -> Handler<Number> {
    let (seen, inside) = (Arc::clone(seen), AtomicBool::new(false));
    Arc::new(move |event| {
        assert!(!inside.swap(true, Ordering::AcqRel), "entered twice at once");
        seen.lock().unwrap().push(event.payload.0);
        thread::yield_now();
        inside.store(false, Ordering::Release);
        Ok(())
    })
}

#[test]
fn every_handler_sees_every_event_once_in_the_order_of_the_log() {
    const EMITTERS: u64 = 4;
    const EMITS: u64 = 500;
    let bus: Hardened<Number> = Hardened::new((EMITTERS * EMITS) as usize);
    let seen: Vec<Arc<Mutex<Vec<u64>>>> = (0..3).map(|_| Arc::default()).collect();
    for seen in &seen {
        bus.subscribe(T, noting(seen));
    }
    let gate = Barrier::new(EMITTERS as usize);
    thread::scope(|scope| {
        for emitter in 0..EMITTERS {
            let (bus, gate) = (&bus, &gate);
            scope.spawn(move || {
                gate.wait();
                for n in 0..EMITS {
                    emit(bus, emitter * EMITS + n);
                }
            });
        }
    });
    let log: Vec<u64> = bus.audit().unwrap().iter().map(|event| event.payload.0).collect();
    assert_eq!(log.len() as u64, EMITTERS * EMITS);
    for seen in seen {
        assert_eq!(*seen.lock().unwrap(), log);
    }
    assert_eq!(bus.failed_calls(), 0, "no assertion of a handler failed");
}

#[test]
fn between_subscribe_and_unsubscribe_exactly_once_and_never_after() {
    let bus: Hardened<Number> = Hardened::new(100);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    emit(&bus, u64::MAX);
                }
            });
        }
        for round in 0..300 {
            let (own, gone) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
            let handler: Handler<Number> = {
                let (own, gone) = (Arc::clone(&own), Arc::clone(&gone));
                Arc::new(move |event| {
                    assert!(!gone.load(Ordering::SeqCst), "called after its unsubscribe");
                    own.fetch_add(u64::from(event.payload.0 == round), Ordering::SeqCst);
                    thread::yield_now();
                    assert!(!gone.load(Ordering::SeqCst), "still running after its unsubscribe");
                    Ok(())
                })
            };
            let subscription = bus.subscribe(T, handler);
            emit(&bus, round);
            assert!(bus.unsubscribe(subscription));
            gone.store(true, Ordering::SeqCst);
            assert_eq!(own.load(Ordering::SeqCst), 1, "round {round}");
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(bus.failed_calls(), 0, "no assertion of a handler failed");
}

#[test]
fn an_emit_does_not_wait_for_a_handler_that_another_emitter_runs_and_an_unsubscribe_does() {
    let bus: Hardened<Number> = Hardened::new(100);
    let seen: Arc<Mutex<Vec<u64>>> = Arc::default();
    let (entered, was_entered) = mpsc::channel();
    let (let_go, wait) = mpsc::channel::<()>();
    let (entered, wait) = (Mutex::new(entered), Mutex::new(wait));
    let noted = Arc::clone(&seen);
    let subscription = bus.subscribe(
        T,
        Arc::new(move |event| {
            noted.lock().unwrap().push(event.payload.0);
            if event.payload.0 == 1 {
                entered.lock().unwrap().send(()).unwrap();
                wait.lock().unwrap().recv().unwrap();
            }
            Ok(())
        }),
    );
    let finished = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| emit(&bus, 1));
        was_entered.recv().unwrap();
        // Returns though the handler is held; nobody is waited for by a subscribe either.
        emit(&bus, 2);
        let other = bus.subscribe(T, Arc::new(|_| Ok(())));
        assert!(bus.unsubscribe(other));
        assert_eq!(*seen.lock().unwrap(), [1]);
        let waits = scope.spawn(|| {
            assert!(bus.unsubscribe(subscription));
            assert!(finished.load(Ordering::SeqCst), "returned while the handler was held");
        });
        thread::yield_now();
        finished.store(true, Ordering::SeqCst);
        let_go.send(()).unwrap();
        waits.join().unwrap();
    });
    assert_eq!(*seen.lock().unwrap(), [1, 2], "the one that was held delivers both, before the unsubscribe returns");
}

#[test]
fn a_handler_that_waits_keeps_nobody_but_its_emitter_from_the_next_handler() {
    let bus: Hardened<Number> = Hardened::new(100);
    let (entered, was_entered) = mpsc::channel();
    let (let_go, wait) = mpsc::channel::<()>();
    let (entered, wait) = (Mutex::new(entered), Mutex::new(wait));
    bus.subscribe(
        T,
        Arc::new(move |event| {
            if event.payload.0 == 1 {
                entered.lock().unwrap().send(()).unwrap();
                wait.lock().unwrap().recv().unwrap();
            }
            Ok(())
        }),
    );
    let seen: Arc<Mutex<Vec<u64>>> = Arc::default();
    bus.subscribe(T, noting(&seen));
    thread::scope(|scope| {
        scope.spawn(|| emit(&bus, 1));
        was_entered.recv().unwrap();
        emit(&bus, 2);
        assert_eq!(*seen.lock().unwrap(), [1, 2], "the second emitter delivered for the first");
        let_go.send(()).unwrap();
    });
    assert_eq!(*seen.lock().unwrap(), [1, 2]);
}

#[test]
fn handlers_that_panic_on_real_threads_wedge_no_mailbox() {
    let bus: Hardened<Number> = Hardened::new(1_000);
    let seen: Arc<Mutex<Vec<u64>>> = Arc::default();
    let noted = Arc::clone(&seen);
    let subscription = bus.subscribe(
        T,
        Arc::new(move |event| {
            noted.lock().unwrap().push(event.payload.0);
            thread::yield_now();
            if event.payload.0.is_multiple_of(3) {
                // Without a word on stderr.
                std::panic::resume_unwind(Box::new("as it was told to"));
            }
            Ok(())
        }),
    );
    let panics = AtomicU64::new(0);
    thread::scope(|scope| {
        for emitter in 0..4 {
            let (bus, panics) = (&bus, &panics);
            scope.spawn(move || {
                for n in 0..50 {
                    let emitted = std::panic::AssertUnwindSafe(|| emit(bus, emitter * 50 + n));
                    panics.fetch_add(u64::from(std::panic::catch_unwind(emitted).is_err()), Ordering::Relaxed);
                }
            });
        }
    });
    assert!(bus.unsubscribe(subscription));
    let mut seen = seen.lock().unwrap().clone();
    seen.sort_unstable();
    assert_eq!(seen, (0..200).collect::<Vec<u64>>());
    assert_eq!(bus.failed_calls(), 67);
    assert!((1..=67).contains(&panics.load(Ordering::Relaxed)), "they are not hidden");
}
