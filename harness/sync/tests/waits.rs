//! The wait-for graph of real threads: what is a deadlock is proven, and nothing else is.

#![cfg(feature = "hunt")]

use racehunt_sync::hook::{Kind, Site};
use racehunt_sync::waits::{Group, Report, Waiting};
use racehunt_sync::{Arc, Barrier, Condvar, Mutex, OnceLock, RwLock, mpsc, thread};
use std::panic::Location;
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_millis(20);

fn enter() -> Group {
    let group = Group::new();
    group.enter("main", Some(0));
    group
}

/// A thread of the group that may be left behind.
fn start(name: &str, f: impl FnOnce() + Send + 'static) -> thread::JoinHandle<()> {
    thread::Builder::new().name(name.to_owned()).spawn(f).unwrap()
}

fn report(group: &Group) -> Report {
    let earlier = group.look();
    std::thread::sleep(PAUSE);
    group.look().report(&earlier, |_| true)
}

/// The report, once it satisfies the condition.
fn until(group: &Group, what: impl Fn(&Report) -> bool) -> Report {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let report = report(group);
        if what(&report) {
            return report;
        }
        assert!(Instant::now() < end, "{report:?}");
    }
}

#[track_caller]
fn here(lines_up: u32) -> u32 {
    Location::caller().line() - lines_up
}

fn line(site: Site) -> u32 {
    assert!(site.file().ends_with("waits.rs"), "{site}");
    site.line()
}

fn of<'a>(report: &'a Report, name: &str) -> &'a Waiting {
    report.waits.iter().find(|w| w.name == name).unwrap_or_else(|| panic!("no {name}: {report:?}"))
}

fn holders(waiting: &Waiting) -> Vec<&str> {
    waiting.holders.iter().map(|h| h.name.as_str()).collect()
}

#[test]
fn two_orders_are_a_cycle_with_both_holds_and_both_waits() {
    let group = enter();
    let locks = Arc::new((Mutex::new(()), Mutex::new(()), Barrier::new(2)));
    let made = here(1);
    let other = Arc::clone(&locks);
    start("A", move || {
        let _a = locks.0.lock().unwrap();
        locks.2.wait();
        drop(locks.1.lock());
    });
    let (hold_a, wait_a) = (here(4), here(2));
    start("B", move || {
        let _b = other.1.lock().unwrap();
        other.2.wait();
        drop(other.0.lock());
    });
    let (hold_b, wait_b) = (here(4), here(2));
    let report = until(&group, |r| r.deadlock);
    assert_eq!(report.waits.len(), 2, "{report:?}");
    for (name, wait, holder, hold) in [("A", wait_a, "B", hold_b), ("B", wait_b, "A", hold_a)] {
        let waiting = of(&report, name);
        assert_eq!((waiting.kind, line(waiting.site), waiting.timed), (Kind::Lock, wait, false));
        assert_eq!((holders(waiting), line(waiting.holders[0].site)), (vec![holder], hold));
        let object = waiting.object.unwrap();
        assert_eq!((object.type_name, line(object.site)), ("Mutex", made));
        assert!(waiting.since <= Instant::now());
    }
}

#[test]
fn who_joins_a_thread_that_needs_its_lock_waits_for_ever() {
    for scoped in [false, true] {
        let group = enter();
        start("owner", move || {
            let lock = Arc::new(Mutex::new(()));
            let held = lock.lock().unwrap();
            let other = Arc::clone(&lock);
            if scoped {
                thread::scope(|scope| {
                    let worker = thread::Builder::new().name("worker".to_owned());
                    worker.spawn_scoped(scope, || drop(other.lock())).unwrap();
                });
            } else {
                start("worker", move || drop(other.lock())).join().unwrap();
            }
            drop(held);
        });
        let report = until(&group, |r| r.deadlock);
        assert_eq!((of(&report, "owner").kind, holders(of(&report, "owner"))), (Kind::Join, vec!["worker"]));
        assert_eq!((of(&report, "worker").kind, holders(of(&report, "worker"))), (Kind::Lock, vec!["owner"]));
    }
}

#[test]
fn readers_and_a_writer_in_a_cycle() {
    let group = enter();
    let locks = Arc::new((RwLock::new(()), Mutex::new(()), Barrier::new(2)));
    let other = Arc::clone(&locks);
    start("reader", move || {
        let _read = locks.0.read().unwrap();
        locks.2.wait();
        drop(locks.1.lock());
    });
    start("writer", move || {
        let _held = other.1.lock().unwrap();
        other.2.wait();
        drop(other.0.write());
    });
    let report = until(&group, |r| r.deadlock);
    assert_eq!(holders(of(&report, "writer")), ["reader"]);
    assert_eq!(of(&report, "writer").object.unwrap().type_name, "RwLock");
    assert_eq!(holders(of(&report, "reader")), ["writer"]);
}

#[test]
fn a_reader_that_reads_again_behind_a_writer() {
    let group = enter();
    let lock = Arc::new((RwLock::new(()), Barrier::new(2)));
    let other = Arc::clone(&lock);
    start("reader", move || {
        let _read = lock.0.read().unwrap();
        lock.1.wait();
        // Until the writer stands in line a second read goes through.
        while lock.0.try_read().is_ok() {
            thread::yield_now();
        }
        drop(lock.0.read());
    });
    start("writer", move || {
        other.1.wait();
        drop(other.0.write());
    });
    let report = until(&group, |r| r.deadlock);
    assert_eq!((of(&report, "reader").kind, holders(of(&report, "reader"))), (Kind::ReadLock, vec!["reader"]));
    assert_eq!(holders(of(&report, "writer")), ["reader"]);
}

#[test]
fn a_wait_on_a_condvar_needs_its_mutex_even_with_a_timeout() {
    let group = enter();
    let all = Arc::new((Mutex::new(()), Mutex::new(()), Condvar::new(), Barrier::new(2)));
    let other = Arc::clone(&all);
    start("waiter", move || {
        let _outer = all.0.lock().unwrap();
        let inner = all.1.lock().unwrap();
        all.3.wait();
        drop(all.2.wait_timeout(inner, Duration::from_millis(500)));
    });
    start("holder", move || {
        other.3.wait();
        // Free only while the waiter waits, to which it then cannot come back.
        let _inner = other.1.lock().unwrap();
        drop(other.0.lock());
    });
    let report = until(&group, |r| r.deadlock);
    assert_eq!((of(&report, "waiter").kind, holders(of(&report, "waiter"))), (Kind::Lock, vec!["holder"]));
}

#[test]
fn an_initialisation_that_waits_for_itself() {
    static CELL: OnceLock<u32> = OnceLock::new();
    let group = enter();
    start("first", || {
        CELL.get_or_init(|| {
            let second = start("second", || _ = CELL.get_or_init(|| 2));
            second.join().unwrap();
            1
        });
    });
    let report = until(&group, |r| r.deadlock);
    assert_eq!((of(&report, "second").kind, holders(of(&report, "second"))), (Kind::Init, vec!["first"]));
    assert_eq!(holders(of(&report, "first")), ["second"]);
}

#[test]
fn waits_that_may_end_are_told_and_prove_nothing() {
    let group = enter();
    let stop = Arc::new((Mutex::new(false), Condvar::new()));
    let (send, recv) = mpsc::channel::<()>();
    let (full, out) = mpsc::sync_channel(0);
    let lock = Arc::new(Mutex::new(()));
    let held = lock.lock().unwrap();
    let (waits, locks) = (Arc::clone(&stop), Arc::clone(&lock));
    let threads = [
        start("condvar", move || drop(waits.1.wait_while(waits.0.lock().unwrap(), |stop| !*stop).unwrap())),
        start("recv", move || assert!(recv.recv().is_err())),
        start("send", move || full.send(()).unwrap()),
        start("lock", move || drop(locks.lock().unwrap())),
        start("park", thread::park),
        start("sleep", || thread::sleep(Duration::from_millis(300))),
    ];
    let report = until(&group, |r| r.waits.len() == threads.len());
    assert!(!report.deadlock, "{report:?}");
    let kinds = [Kind::Wait, Kind::Recv, Kind::Send, Kind::Lock, Kind::Park, Kind::Sleep];
    for (name, kind) in ["condvar", "recv", "send", "lock", "park", "sleep"].into_iter().zip(kinds) {
        assert_eq!((of(&report, name).kind, of(&report, name).timed), (kind, name == "sleep"), "{name}");
    }
    assert_eq!(holders(of(&report, "lock")), ["main"]);
    threads[4].thread().unpark();
    drop((held, send));
    out.recv().unwrap();
    *stop.0.lock().unwrap() = true;
    stop.1.notify_all();
    threads.into_iter().for_each(|t| t.join().unwrap());
    assert_eq!(group.look().waiting().count(), 0);
}

#[test]
fn what_a_thread_that_panics_held_it_holds_no_longer() {
    let group = enter();
    let lock = Arc::new((Mutex::new(()), RwLock::new(())));
    let other = Arc::clone(&lock);
    let panics = start("panics", move || {
        let _held = (other.0.lock().unwrap(), other.1.read().unwrap());
        panic!("as it should");
    });
    assert!(panics.join().is_err());
    let held = lock.0.lock().unwrap_err().into_inner();
    let other = Arc::clone(&lock);
    let waits = start("waits", move || drop(other.0.lock()));
    assert_eq!(holders(of(&until(&group, |r| !r.waits.is_empty()), "waits")), ["main"]);
    drop(held);
    waits.join().unwrap();
    drop(lock.1.write().unwrap());
    assert_eq!(group.look().waiting().count(), 0);
}

#[test]
fn a_lock_that_went_with_its_thread_is_nobody_s() {
    let group = enter();
    let lock = Arc::new(Mutex::new(()));
    let other = Arc::clone(&lock);
    start("forgets", move || std::mem::forget(other.lock().unwrap())).join().unwrap();
    start("waits", move || drop(lock.lock()));
    let report = until(&group, |r| !r.waits.is_empty());
    assert_eq!(holders(of(&report, "waits")), ["a thread that has ended"]);
}

type Locks = (Mutex<u64>, RwLock<u64>, Mutex<u64>, Condvar);

#[test]
fn contention_is_never_a_cycle() {
    let group = enter();
    let locks = Arc::new((Mutex::new(0u64), RwLock::new(0u64), Mutex::new(0u64), Condvar::new()));
    let work = |locks: Arc<Locks>, me: u64| {
        move || {
            for i in 0..20_000u64 {
                let mut a = locks.0.lock().unwrap();
                if (i + me).is_multiple_of(3) {
                    *locks.1.write().unwrap() += 1;
                } else {
                    let _read = locks.1.read().unwrap();
                    *locks.2.lock().unwrap() += 1;
                }
                if (i + me).is_multiple_of(64) {
                    a = locks.3.wait_timeout(a, Duration::from_micros(20)).unwrap().0;
                }
                *a += 1;
                locks.3.notify_one();
            }
        }
    };
    let threads: Vec<_> = (0..4).map(|me| start("busy", work(Arc::clone(&locks), me))).collect();
    let (mut earlier, mut looks, mut waited) = (group.look(), 0, 0);
    while threads.iter().any(|t| !t.is_finished()) {
        let later = group.look();
        let report = later.report(&earlier, |_| true);
        assert!(!report.deadlock, "{report:?}");
        (earlier, looks) = (later, looks + 1);
        waited += report.waits.len();
    }
    threads.into_iter().for_each(|t| t.join().unwrap());
    assert!(looks > 10 && waited > 0, "{looks} looks saw {waited} waits");
    assert_eq!((*locks.0.lock().unwrap(), group.look().waiting().count()), (80_000, 0));
}
