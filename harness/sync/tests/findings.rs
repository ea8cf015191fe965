//! What must be found, so that the battery is known to be able to fail; and what each engine must explore.
#![cfg(feature = "hunt")]

#[path = "support/explore.rs"]
mod support;

use std::collections::BTreeSet;

use racehunt_sync::atomic::{AtomicUsize, Ordering};
use racehunt_sync::cell::UnsafeCell;
use racehunt_sync::engine::Engine;
use racehunt_sync::time::{Duration, Instant};
use racehunt_sync::{Arc, Condvar, Mutex, hook, mpsc, thread};
use support::{MODELS, fails, outcomes};

#[test]
fn lost_update_is_found() {
    for engine in MODELS {
        let sums = outcomes(engine, || {
            let sum = Arc::new(AtomicUsize::new(0));
            let add = |sum: Arc<AtomicUsize>| {
                thread::spawn(move || {
                    let before = sum.load(Ordering::SeqCst);
                    sum.store(before + 1, Ordering::SeqCst);
                })
            };
            let (a, b) = (add(Arc::clone(&sum)), add(Arc::clone(&sum)));
            a.join().unwrap();
            b.join().unwrap();
            sum.load(Ordering::SeqCst)
        });
        assert_eq!(sums, [1, 2], "{engine:?}");
    }
}

fn message_passing(order: Ordering) -> bool {
    let shared = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
    let other = Arc::clone(&shared);
    let writer = thread::spawn(move || {
        other.0.store(1, Ordering::Relaxed);
        other.1.store(1, order);
    });
    let seen = shared.1.load(if order == Ordering::Relaxed { order } else { Ordering::Acquire });
    let stale = seen == 1 && shared.0.load(Ordering::Relaxed) == 0;
    writer.join().unwrap();
    stale
}

#[test]
fn stale_message_is_found_by_loom_alone() {
    assert_eq!(outcomes(Engine::Loom, || message_passing(Ordering::Relaxed)), [false, true]);
    assert_eq!(outcomes(Engine::Loom, || message_passing(Ordering::Release)), [false]);
    assert_eq!(outcomes(Engine::Shuttle, || message_passing(Ordering::Relaxed)), [false]);
}

#[test]
fn crossed_locks_deadlock() {
    for engine in MODELS {
        let program = || {
            let locks = Arc::new((Mutex::new(()), Mutex::new(())));
            let other = Arc::clone(&locks);
            let thread = thread::spawn(move || {
                let _b = other.1.lock();
                let _a = other.0.lock();
            });
            {
                let _a = locks.0.lock();
                let _b = locks.1.lock();
            }
            thread.join().unwrap();
        };
        fails(engine, program, "deadlock");
        // What the tables say of it: both wait for a lock that the other holds.
        let blocked = hook::blocked();
        let waiting: Vec<_> = blocked.iter().filter(|b| b.waits.kind == hook::Kind::Lock).collect();
        assert_eq!(waiting.len(), 2, "{engine:?}: {blocked:?}");
        assert!(waiting.iter().all(|b| b.holders.len() == 1 && b.holders[0].0 != b.name));
    }
}

#[test]
fn locking_twice_deadlocks() {
    for engine in MODELS {
        let program = || {
            let lock = Mutex::new(());
            let _first = lock.lock();
            let _second = lock.lock();
        };
        fails(engine, program, "deadlock");
    }
}

#[test]
fn lost_wake_up_is_found() {
    for engine in MODELS {
        let program = || {
            let pair = Arc::new((Mutex::new(false), Condvar::new()));
            let other = Arc::clone(&pair);
            let thread = thread::spawn(move || other.1.notify_one());
            // The condition is not looked at under the lock: the notification may have come before.
            drop(pair.1.wait(pair.0.lock().unwrap()).unwrap());
            thread.join().unwrap();
        };
        fails(engine, program, "deadlock");
    }
}

#[test]
fn both_ends_of_a_timed_wait_are_found() {
    for engine in MODELS {
        let ends = outcomes(engine, || {
            let pair = Arc::new((Mutex::new(()), Condvar::new()));
            let other = Arc::clone(&pair);
            let thread = thread::spawn(move || other.1.notify_one());
            let timeout = Duration::from_secs(1);
            let timed_out = pair.1.wait_timeout(pair.0.lock().unwrap(), timeout).unwrap().1.timed_out();
            thread.join().unwrap();
            timed_out
        });
        assert_eq!(ends, [false, true], "{engine:?}");
        let ends = outcomes(engine, || {
            let (send, recv) = mpsc::channel();
            let thread = thread::spawn(move || send.send(1).is_ok());
            let start = Instant::now();
            let got = recv.recv_timeout(Duration::from_secs(1)).is_ok();
            let waited = start.elapsed();
            thread.join().unwrap();
            (got, waited.as_secs())
        });
        assert_eq!(ends, [(false, 1), (true, 0)], "{engine:?}");
        let ends = outcomes(engine, || {
            let main = thread::current();
            let thread = thread::spawn(move || main.unpark());
            let start = Instant::now();
            thread::park_timeout(Duration::from_secs(1));
            let waited = start.elapsed();
            thread.join().unwrap();
            waited.as_secs()
        });
        assert_eq!(ends, [0, 1], "{engine:?}");
    }
}

#[test]
fn timers_fire_in_order_and_at_any_time() {
    for engine in MODELS {
        let seen = outcomes(engine, || {
            let log = Arc::new(Mutex::new(Vec::new()));
            let sleep = |log: Arc<Mutex<Vec<u64>>>, secs| {
                thread::spawn(move || {
                    let start = Instant::now();
                    thread::sleep(Duration::from_secs(secs));
                    // Nothing in between: what is logged is the order of waking.
                    (start.elapsed().as_secs(), log.lock().unwrap().push(secs))
                })
            };
            let (a, b) = (sleep(Arc::clone(&log), 2), sleep(Arc::clone(&log), 1));
            let early = log.lock().unwrap().len();
            let waited = (a.join().unwrap().0, b.join().unwrap().0);
            assert!(waited.0 >= 2 && waited.1 >= 1);
            (early, Instant::now().elapsed().as_secs())
        });
        let early: BTreeSet<_> = seen.iter().map(|s| s.0).collect();
        assert!(early.contains(&0) && early.contains(&2), "{engine:?}: {early:?}");
    }
}

#[test]
fn polling_a_clock_ends() {
    for engine in MODELS {
        let done = outcomes(engine, || {
            let flag = Arc::new(AtomicUsize::new(0));
            let other = Arc::clone(&flag);
            let thread = thread::spawn(move || other.store(1, Ordering::Release));
            while flag.load(Ordering::Acquire) == 0 {
                thread::sleep(Duration::from_millis(1));
            }
            thread.join().unwrap();
        });
        assert_eq!(done.len(), 1, "{engine:?}");
    }
}

#[test]
fn unguarded_cell_is_found_by_loom() {
    struct Racy(UnsafeCell<u32>);
    // SAFETY: a lie, to be found out.
    unsafe impl Sync for Racy {}
    let program = || {
        let cell = Arc::new(Racy(UnsafeCell::new(0)));
        let other = Arc::clone(&cell);
        // SAFETY: none; under loom the two never run at the same time.
        let thread = thread::spawn(move || other.0.with_mut(|v| unsafe { *v += 1 }));
        // SAFETY: as above.
        cell.0.with_mut(|v| unsafe { *v += 1 });
        thread.join().unwrap();
    };
    fails(Engine::Loom, program, "causality violation");
}

#[test]
fn a_panic_of_the_first_actor_ends_the_search() {
    for engine in MODELS {
        let program = || {
            let lock = Arc::new(Mutex::new(0));
            let other = Arc::clone(&lock);
            let thread = thread::spawn(move || *other.lock().unwrap() += 1);
            let _held = lock.lock();
            let _ = thread;
            std::panic::resume_unwind(Box::new("program"));
        };
        fails(engine, program, "program");
    }
}

/// How many came, and who was woken, in order.
type Waited = Arc<(Mutex<(u32, Vec<u32>)>, Condvar)>;

#[test]
fn who_is_notified_is_explored_by_shuttle() {
    let first = outcomes(Engine::Shuttle, || {
        let shared = Arc::new((Mutex::new((0, Vec::new())), Condvar::new()));
        let wait = |i, shared: Waited| {
            thread::spawn(move || {
                let mut state = shared.0.lock().unwrap();
                state.0 += 1;
                let order = state.0;
                state = shared.1.wait(state).unwrap();
                state.1.push(order * 10 + i);
            })
        };
        let (a, b) = (wait(1, Arc::clone(&shared)), wait(2, Arc::clone(&shared)));
        while shared.0.lock().unwrap().0 < 2 {
            thread::yield_now();
        }
        shared.1.notify_one();
        shared.1.notify_one();
        a.join().unwrap();
        b.join().unwrap();
        shared.0.lock().unwrap().1[0]
    });
    assert_eq!(first, [11, 12, 21, 22], "the first to wait is not always the first to be woken");
}
