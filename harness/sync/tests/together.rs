//! All engines at once in one process, on several OS threads.
#![cfg(feature = "hunt")]

use racehunt_sync::engine::{self, Engine};
use racehunt_sync::{Arc, LazyLock, Mutex, hook, thread};

static SHARED: LazyLock<Mutex<u64>> = LazyLock::new(|| Mutex::new(0));

/// Two adders; the sum, and a static on the side.
fn program() -> u64 {
    let sum = Arc::new(Mutex::new(0));
    let add = |sum: Arc<Mutex<u64>>| {
        thread::spawn(move || {
            *sum.lock().unwrap() += 1;
            *SHARED.lock().unwrap() += 1;
        })
    };
    let (a, b) = (add(Arc::clone(&sum)), add(Arc::clone(&sum)));
    a.join().unwrap();
    b.join().unwrap();
    *sum.lock().unwrap()
}

fn model() {
    hook::reset(true);
    assert_eq!(program(), 2);
    assert_eq!(*SHARED.lock().unwrap(), 2, "each execution has its own");
    assert_eq!(hook::actors(), 3);
    assert_eq!(hook::names(), ["main", "actor-1", "actor-2"]);
    let events = hook::take_events();
    assert!(events.len() > 12 && events.iter().all(|e| (e.actor as usize) < 3));
    hook::finish();
}

#[test]
fn engines_do_not_meet() {
    let workers: Vec<_> = (0..9)
        .map(|i| {
            std::thread::spawn(move || match i % 3 {
                0 => (0..50).for_each(|_| assert_eq!(program(), 2)),
                1 => {
                    let _engine = engine::enter(Engine::Shuttle);
                    let scheduler = shuttle::scheduler::RandomScheduler::new_from_seed(i, 200);
                    shuttle::Runner::new(scheduler, shuttle::Config::default()).run(model);
                }
                _ => {
                    let _engine = engine::enter(Engine::Loom);
                    let mut builder = loom::model::Builder::new();
                    builder.preemption_bound = Some(1);
                    builder.check(model);
                }
            })
        })
        .collect();
    for worker in workers {
        worker.join().unwrap();
    }
}
