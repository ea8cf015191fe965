//! Prompt time: what happens between two operations takes none.
#![cfg(feature = "hunt")]

#[path = "support/explore.rs"]
mod support;

use racehunt_sync::mpsc::{self, RecvTimeoutError};
use racehunt_sync::time::{Duration, Instant, model};
use racehunt_sync::{Arc, Condvar, Mutex, process, thread};
use support::{MODELS, fails, outcomes};

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// Milliseconds since the execution began, if `start` was taken then.
fn at(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_millis()).unwrap()
}

#[test]
fn moments_come_in_the_order_of_the_clock_whatever_the_schedule() {
    for engine in MODELS {
        let seen = outcomes(engine, || {
            model::set_prompt(true);
            let (start, log) = (Instant::now(), Arc::new(Mutex::new(Vec::new())));
            let sleeper = |every: u64, times: usize| {
                let log = Arc::clone(&log);
                thread::spawn(move || {
                    for _ in 0..times {
                        thread::sleep(ms(every));
                        log.lock().unwrap().push(at(start));
                    }
                })
            };
            let (a, b) = (sleeper(10, 3), sleeper(25, 1));
            a.join().unwrap();
            b.join().unwrap();
            Arc::try_unwrap(log).unwrap().into_inner().unwrap()
        });
        assert_eq!(seen, [[10, 20, 25, 30]], "{engine:?}");
    }
}

/// The steps of a busy actor that a sleeper sees.
fn busy_beside_a_sleeper(prompt: bool) -> usize {
    model::set_prompt(prompt);
    let count = Arc::new(Mutex::new(0));
    let other = Arc::clone(&count);
    let busy = thread::spawn(move || {
        for _ in 0..2 {
            *other.lock().unwrap() += 1;
        }
    });
    thread::sleep(ms(5));
    let seen = *count.lock().unwrap();
    busy.join().unwrap();
    seen
}

#[test]
fn nobody_oversleeps_only_when_time_is_prompt() {
    for engine in MODELS {
        assert_eq!(outcomes(engine, || busy_beside_a_sleeper(true)), [2], "{engine:?}");
        assert_eq!(outcomes(engine, || busy_beside_a_sleeper(false)), [0, 1, 2], "{engine:?}");
    }
}

#[test]
fn both_orders_of_one_moment_are_explored() {
    for engine in MODELS {
        let seen = outcomes(engine, || {
            model::set_prompt(true);
            let log = Arc::new(Mutex::new(Vec::new()));
            let sleeper = |name: char| {
                let log = Arc::clone(&log);
                thread::spawn(move || {
                    thread::sleep(ms(10));
                    log.lock().unwrap().push(name);
                })
            };
            let (a, b) = (sleeper('a'), sleeper('b'));
            a.join().unwrap();
            b.join().unwrap();
            Arc::try_unwrap(log).unwrap().into_inner().unwrap()
        });
        assert_eq!(seen, [['a', 'b'], ['b', 'a']], "{engine:?}");
    }
}

/// Waits for `timeout` on a condvar that is notified at 20 ms: whether it timed out, and when it went on.
fn notified_at_20(timeout: u64) -> (bool, u64) {
    model::set_prompt(true);
    let start = Instant::now();
    let pair = Arc::new((Mutex::new(false), Condvar::new()));
    let other = Arc::clone(&pair);
    let notifier = thread::spawn(move || {
        thread::sleep(ms(20));
        *other.0.lock().unwrap() = true;
        other.1.notify_one();
    });
    let held = pair.0.lock().unwrap();
    let (held, waited) = pair.1.wait_timeout_while(held, ms(timeout), |go| !*go).unwrap();
    let out = (waited.timed_out(), at(start));
    drop(held);
    notifier.join().unwrap();
    out
}

#[test]
fn a_timeout_comes_first_exactly_if_it_is_earlier() {
    for engine in MODELS {
        assert_eq!(outcomes(engine, || notified_at_20(30)), [(false, 20)], "{engine:?}");
        assert_eq!(outcomes(engine, || notified_at_20(10)), [(true, 10)], "{engine:?}");
        let tied = outcomes(engine, || notified_at_20(20));
        assert!(tied.iter().all(|(_, at)| *at == 20) && tied.len() == 2, "{engine:?}: {tied:?}");
    }
}

#[test]
fn channels_and_parking_keep_the_time_too() {
    for engine in MODELS {
        let seen = outcomes(engine, || {
            model::set_prompt(true);
            let start = Instant::now();
            let (send, recv) = mpsc::channel();
            let waiter = thread::spawn(move || {
                let early = recv.recv_timeout(ms(10)) == Err(RecvTimeoutError::Timeout);
                let late = recv.recv_timeout(ms(100)) == Ok(7);
                let heard = at(start);
                thread::park_timeout(ms(100));
                (early, late, heard, at(start))
            });
            thread::sleep(ms(20));
            send.send(7).unwrap();
            thread::sleep(ms(20));
            waiter.thread().unpark();
            waiter.join().unwrap()
        });
        assert_eq!(seen, [(true, true, 20, 40)], "{engine:?}");
    }
}

#[test]
fn time_goes_on_while_others_wait_for_a_lock_or_an_end() {
    for engine in MODELS {
        let seen = outcomes(engine, || {
            model::set_prompt(true);
            let (start, lock) = (Instant::now(), Arc::new(Mutex::new(())));
            let other = Arc::clone(&lock);
            let holder = thread::spawn(move || {
                let held = other.lock().unwrap();
                thread::sleep(ms(10));
                drop(held);
            });
            let next = thread::spawn(move || {
                thread::sleep(ms(5));
                drop(lock.lock().unwrap());
                let scoped = thread::scope(|s| s.spawn(|| thread::sleep(ms(10))).join().is_ok());
                (scoped, at(start))
            });
            let out = next.join().unwrap();
            holder.join().unwrap();
            out
        });
        assert_eq!(seen, [(true, 20)], "{engine:?}");
    }
}

#[test]
fn time_does_not_stand_still_for_the_dead() {
    for engine in MODELS {
        let seen = outcomes(engine, || {
            model::set_prompt(true);
            process::make_mortal(1);
            let start = Instant::now();
            let sleeper = thread::spawn(|| {
                process::enter(1);
                thread::sleep(ms(100));
            });
            thread::sleep(ms(10));
            process::kill(1, process::Unsynced::Kept);
            thread::sleep(ms(10));
            let killed = sleeper.join().is_err();
            (killed, at(start))
        });
        assert_eq!(seen, [(true, 20)], "{engine:?}");
    }
}

#[test]
fn a_deadlock_is_one_still() {
    for engine in MODELS {
        let program = || {
            model::set_prompt(true);
            let (send, recv) = mpsc::channel::<()>();
            let waiter = thread::spawn(move || recv.recv().is_ok());
            thread::sleep(ms(10));
            waiter.join().unwrap();
            drop(send);
        };
        fails(engine, program, "deadlock");
    }
}
