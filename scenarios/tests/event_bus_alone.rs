//! The buses used alone, without a harness: what all variants do, and what handlers may do inside of them.

use racehunt_scenarios::event_bus::{
    AsShipped, BusError, Details, Event, EventBus, Handler, HandlerError, Hardened, Payload, SnapshotLock, Topic,
    WholeLock,
};
use racehunt_scenarios::metrics_buffer::dict::SizeChanged;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};

const T: Topic = Topic(0);

/// A number, copied without a step.
#[derive(Clone, Copy)]
struct Number(u64);

impl Payload for Number {
    fn deep_copy(&self) -> Result<Self, SizeChanged> {
        Ok(*self)
    }
}

type Bus = Arc<dyn EventBus<Number>>;

fn all(bound: usize) -> [(&'static str, Bus); 4] {
    [
        ("as-shipped", Arc::new(AsShipped::new(bound))),
        ("snapshot-lock", Arc::new(SnapshotLock::new(bound))),
        ("whole-lock", Arc::new(WholeLock::new(bound))),
        ("hardened", Arc::new(Hardened::new(bound))),
    ]
}

fn emit(bus: &dyn EventBus<Number>, topic: Topic, number: u64) {
    bus.emit(Arc::new(Event { topic, payload: Number(number) })).expect("numbers do not change");
}

fn audited(bus: &dyn EventBus<Number>) -> Vec<u64> {
    bus.audit().expect("nobody changes it").iter().map(|event| event.payload.0).collect()
}

/// What handlers were given, in order: their names and the numbers.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<(&'static str, u64)>>>);

impl Seen {
    fn note(&self, name: &'static str, event: &Event<Number>) {
        self.0.lock().unwrap().push((name, event.payload.0));
    }

    fn take(&self) -> Vec<(&'static str, u64)> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    /// A handler that notes and then does something.
    fn and(&self, name: &'static str, then: impl Fn(u64) + Send + Sync + 'static) -> Handler<Number> {
        let seen = self.clone();
        Arc::new(move |event| {
            seen.note(name, event);
            then(event.payload.0);
            Ok(())
        })
    }

    fn only(&self, name: &'static str) -> Handler<Number> {
        self.and(name, |_| ())
    }
}

#[test]
fn handlers_of_the_topic_are_called_in_order_of_registration_and_no_others() {
    for (name, bus) in all(10) {
        let seen = Seen::default();
        let a = bus.subscribe(T, seen.only("a"));
        let b = bus.subscribe(T, seen.only("b"));
        bus.subscribe(Topic(1), seen.only("other"));
        emit(&*bus, T, 1);
        assert_eq!(seen.take(), [("a", 1), ("b", 1)], "{name}");
        assert!(bus.unsubscribe(a) && !bus.unsubscribe(a), "{name}: taken out once");
        emit(&*bus, T, 2);
        assert_eq!(seen.take(), [("b", 2)], "{name}");
        assert!(bus.unsubscribe(b), "{name}");
        emit(&*bus, T, 3);
        emit(&*bus, Topic(7), 4);
        assert_eq!(seen.take(), [], "{name}");
        assert_eq!((audited(&*bus), bus.failed_calls()), (vec![1, 2, 3, 4], 0), "{name}");
    }
}

#[test]
fn the_log_keeps_the_last_events_and_says_which_one_it_gave_up() {
    for (name, bus) in all(2) {
        let evicted: Vec<Option<u64>> = (0..4)
            .map(|n| {
                let emitted = bus.emit(Arc::new(Event { topic: T, payload: Number(n) })).unwrap();
                emitted.evicted.map(|event| event.payload.0)
            })
            .collect();
        assert_eq!(evicted, [None, None, Some(0), Some(1)], "{name}");
        assert_eq!((audited(&*bus), bus.audit_peak()), (vec![2, 3], 2), "{name}");
    }
}

#[test]
fn a_handler_that_fails_is_counted_and_the_next_one_runs() {
    for (name, bus) in all(10) {
        let seen = Seen::default();
        bus.subscribe(T, Arc::new(|_| Err(HandlerError("no".to_owned()))));
        bus.subscribe(T, seen.only("next"));
        emit(&*bus, T, 1);
        emit(&*bus, T, 2);
        assert_eq!((seen.take(), bus.failed_calls()), (vec![("next", 1), ("next", 2)], 2), "{name}");
    }
}

/// A handler that answers the first event by a second one, before and after a handler that only looks.
fn answering(bus: &Bus, seen: &Seen) {
    let weak: Weak<dyn EventBus<Number>> = Arc::downgrade(bus);
    bus.subscribe(T, seen.only("before"));
    bus.subscribe(
        T,
        seen.and("answers", move |number| {
            if number == 1 {
                emit(&*weak.upgrade().unwrap(), T, 2);
            }
        }),
    );
    bus.subscribe(T, seen.only("after"));
}

#[test]
fn a_handler_that_emits_overtakes_its_event_but_not_in_hardened() {
    for (name, bus) in all(10) {
        let seen = Seen::default();
        answering(&bus, &seen);
        emit(&*bus, T, 1);
        let after: Vec<u64> = seen.take().into_iter().filter(|call| call.0 == "after").map(|call| call.1).collect();
        let expected = if name == "hardened" { [1, 2] } else { [2, 1] };
        assert_eq!((after, audited(&*bus)), (expected.to_vec(), vec![1, 2]), "{name}");
    }
}

#[test]
fn in_hardened_a_handler_is_not_entered_again_by_what_it_emits() {
    let bus: Bus = Arc::new(Hardened::new(10));
    let (weak, depth) = (Arc::downgrade(&bus), Arc::new(AtomicU64::new(0)));
    let numbers = Arc::new(Mutex::new(Vec::new()));
    let handler: Handler<Number> = {
        let (depth, numbers) = (Arc::clone(&depth), Arc::clone(&numbers));
        Arc::new(move |event| {
            assert_eq!(depth.fetch_add(1, Ordering::Relaxed), 0, "entered while it runs");
            numbers.lock().unwrap().push(event.payload.0);
            if event.payload.0 < 5 {
                emit(&*weak.upgrade().unwrap(), T, event.payload.0 + 1);
            }
            depth.fetch_sub(1, Ordering::Relaxed);
            Ok(())
        })
    };
    bus.subscribe(T, handler);
    emit(&*bus, T, 1);
    assert_eq!((numbers.lock().unwrap().clone(), bus.failed_calls()), (vec![1, 2, 3, 4, 5], 0));
}

#[test]
fn a_handler_may_take_itself_out_and_register_others() {
    for (name, bus) in all(10) {
        let seen = Seen::default();
        let own = Arc::new(Mutex::new(None));
        let handler = {
            let (weak, own, inner) = (Arc::downgrade(&bus), Arc::clone(&own), seen.clone());
            seen.and("once", move |_| {
                let bus = weak.upgrade().unwrap();
                let subscription = own.lock().unwrap().take().expect("called once");
                assert!(bus.unsubscribe(subscription));
                bus.subscribe(T, inner.only("new"));
            })
        };
        *own.lock().unwrap() = Some(bus.subscribe(T, handler));
        emit(&*bus, T, 1);
        assert_eq!(seen.take(), [("once", 1)], "{name}: the new one was not there");
        emit(&*bus, T, 2);
        assert_eq!(seen.take(), [("new", 2)], "{name}");
    }
}

#[test]
fn in_hardened_a_handler_that_takes_itself_out_is_given_what_was_emitted_before() {
    let bus: Bus = Arc::new(Hardened::new(10));
    let seen = Seen::default();
    let own = Arc::new(Mutex::new(None));
    let handler = {
        let (weak, own, seen) = (Arc::downgrade(&bus), Arc::clone(&own), seen.clone());
        let handler: Handler<Number> = Arc::new(move |event| {
            seen.note("called", event);
            if event.payload.0 == 1 {
                let bus = weak.upgrade().unwrap();
                emit(&*bus, T, 2);
                let subscription = own.lock().unwrap().take().expect("called with 1 once");
                bus.unsubscribe(subscription);
                seen.note("returned", event);
                emit(&*bus, T, 3);
            }
            Ok(())
        });
        handler
    };
    *own.lock().unwrap() = Some(bus.subscribe(T, handler));
    emit(&*bus, T, 1);
    assert_eq!(seen.take(), [("called", 1), ("called", 2), ("returned", 1)], "and 3 not at all");
}

#[test]
fn a_handler_may_take_out_one_that_was_not_called_yet() {
    for (name, bus) in all(10) {
        let seen = Seen::default();
        let later = Arc::new(Mutex::new(None));
        let handler = {
            let (weak, later) = (Arc::downgrade(&bus), Arc::clone(&later));
            seen.and("first", move |_| {
                if let Some(subscription) = later.lock().unwrap().take() {
                    weak.upgrade().unwrap().unsubscribe(subscription);
                }
            })
        };
        bus.subscribe(T, handler);
        *later.lock().unwrap() = Some(bus.subscribe(T, seen.only("later")));
        emit(&*bus, T, 1);
        assert!(seen.take().len() <= 2, "{name}: either outcome is legal, hanging is not");
        emit(&*bus, T, 2);
        assert_eq!(seen.take(), [("first", 2)], "{name}");
    }
}

#[test]
fn a_panic_reaches_the_emitter_and_wedges_nothing() {
    for (name, bus) in all(10) {
        let seen = Seen::default();
        let subscription = bus.subscribe(T, seen.and("panics", |number| assert_ne!(number, 1, "as it was told to")));
        bus.subscribe(T, seen.only("next"));
        assert!(catch_unwind(AssertUnwindSafe(|| emit(&*bus, T, 1))).is_err(), "{name}");
        let first = seen.take();
        if name == "hardened" {
            assert_eq!((first, bus.failed_calls()), (vec![("panics", 1), ("next", 1)], 1));
        } else {
            assert_eq!(first, [("panics", 1)], "{name}");
        }
        emit(&*bus, T, 2);
        assert_eq!(seen.take(), [("panics", 2), ("next", 2)], "{name}");
        assert!(bus.unsubscribe(subscription), "{name}");
        assert_eq!(audited(&*bus), [1, 2], "{name}");
    }
}

#[test]
fn a_payload_that_changes_during_the_copy_fails_the_emit_before_anything_happened() {
    struct Changing;
    impl Payload for Changing {
        fn deep_copy(&self) -> Result<Self, SizeChanged> {
            // As a walk that another thread's change met.
            Err(SizeChanged)
        }
    }
    let buses: [(&str, Arc<dyn EventBus<Changing>>); 4] = [
        ("as-shipped", Arc::new(AsShipped::new(9))),
        ("snapshot-lock", Arc::new(SnapshotLock::new(9))),
        ("whole-lock", Arc::new(WholeLock::new(9))),
        ("hardened", Arc::new(Hardened::new(9))),
    ];
    for (name, bus) in buses {
        let calls = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&calls);
        bus.subscribe(
            T,
            Arc::new(move |_| {
                counted.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }),
        );
        let emitted = bus.emit(Arc::new(Event { topic: T, payload: Changing }));
        let happened = (calls.load(Ordering::Relaxed), bus.audit().unwrap().len());
        if name == "hardened" {
            assert!(emitted.is_ok() && happened == (1, 1), "nothing is copied");
        } else {
            assert_eq!(emitted.err(), Some(BusError::Payload(SizeChanged)), "{name}");
            assert_eq!(happened, (0, 0), "{name}");
        }
    }
}

#[test]
fn a_copy_of_details_is_not_live_and_frozen_ones_never_change() {
    let details = Details::new([("a", 1)]);
    let (copy, frozen) = (details.deep_copy().unwrap(), details.freeze());
    details.set("b", 2);
    assert_eq!((details.len(), copy.len(), frozen.entries().len()), (2, 1, 1));
    assert_eq!(frozen.deep_copy().unwrap().entries(), [("a".to_owned(), 1)]);
    details.clear();
    assert!(details.is_empty() && !copy.is_empty());
}
