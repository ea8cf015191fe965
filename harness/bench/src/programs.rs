//! The programs: each has one race, which shows as a panic of an actor.

use racehunt_sync::atomic::{AtomicBool, AtomicI32, Ordering::SeqCst};
use racehunt_sync::{Arc, Mutex, MutexGuard, PoisonError, thread};

/// A program with a race.
#[derive(Clone)]
pub struct Program {
    /// As the table names it.
    pub name: String,
    body: std::sync::Arc<dyn Fn() + Send + Sync>,
}

impl Program {
    fn new(name: impl Into<String>, body: impl Fn() + Send + Sync + 'static) -> Self {
        Self { name: name.into(), body: std::sync::Arc::new(body) }
    }

    /// Runs it, in the first actor of a model.
    pub fn run(&self) {
        (self.body)();
    }
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

/// The programs of the table, in its order.
#[must_use]
pub fn programs() -> Vec<Program> {
    let mut all: Vec<Program> = [3, 5, 10, 20, 50, 100].into_iter().map(reorder).collect();
    all.extend([1, 20, 50, 100].into_iter().map(twostage));
    all.extend([bluetooth(), uneven(25)]);
    all
}

fn join(actors: impl IntoIterator<Item = thread::JoinHandle<()>>) {
    for actor in actors {
        // The panic of an actor is noted where it happens.
        let _ = actor.join();
    }
}

fn lock(mutex: &Mutex<i32>) -> MutexGuard<'_, i32> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `actors` − 1 setters store a and then b; one checker sees something in between. As in `SCTBench` each comparison loads
/// anew, so that only "a is stored, no b is" shows.
fn reorder(actors: usize) -> Program {
    Program::new(format!("reorder_{actors}"), move || {
        let (a, b) = (Arc::new(AtomicI32::new(0)), Arc::new(AtomicI32::new(0)));
        let mut all: Vec<_> = (1..actors)
            .map(|_| {
                let (a, b) = (Arc::clone(&a), Arc::clone(&b));
                thread::spawn(move || {
                    a.store(1, SeqCst);
                    b.store(-1, SeqCst);
                })
            })
            .collect();
        all.push(thread::spawn(move || {
            let (a, b) = (|| a.load(SeqCst), || b.load(SeqCst));
            assert!((a() == 0 && b() == 0) || (a() == 1 && b() == -1), "in between");
        }));
        join(all);
    })
}

/// Writers set d1 under one lock and then d2 to d1 + 1 under another; the reader sees one without the other. `actors`
/// counts the reader, but for the smallest, which is one writer and the reader. (`SCTBench`.)
fn twostage(actors: usize) -> Program {
    let writers = (actors - 1).max(1);
    Program::new(format!("twostage_{actors}"), move || {
        let (first, second) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(0)));
        let mut all: Vec<_> = (0..writers)
            .map(|_| {
                let (first, second) = (Arc::clone(&first), Arc::clone(&second));
                thread::spawn(move || {
                    *lock(&first) = 1;
                    let mut second = lock(&second);
                    *second = 2;
                })
            })
            .collect();
        all.push(thread::spawn(move || {
            let seen = *lock(&first);
            if seen == 0 {
                return;
            }
            let then = *lock(&second);
            assert_eq!(then, seen + 1);
        }));
        join(all);
    })
}

/// A driver is stopped while a request that it let in still runs. (Qadeer and Wu, PLDI 2004; `SCTBench`.)
fn bluetooth() -> Program {
    #[derive(Default)]
    struct Driver {
        stopping: AtomicBool,
        pending: AtomicI32,
        event: AtomicBool,
        stopped: AtomicBool,
    }

    impl Driver {
        fn leave(&self) {
            if self.pending.fetch_sub(1, SeqCst) == 1 {
                self.event.store(true, SeqCst);
            }
        }

        fn stop(&self) {
            self.stopping.store(true, SeqCst);
            self.leave();
            if self.event.load(SeqCst) {
                self.stopped.store(true, SeqCst);
            }
        }

        fn add(&self) {
            if self.stopping.load(SeqCst) {
                return;
            }
            self.pending.fetch_add(1, SeqCst);
            assert!(!self.stopped.load(SeqCst), "the driver is used after it was stopped");
            self.leave();
        }
    }

    Program::new("bluetooth", || {
        let driver = Arc::new(Driver { pending: AtomicI32::new(1), ..Driver::default() });
        let stopper = {
            let driver = Arc::clone(&driver);
            thread::spawn(move || driver.stop())
        };
        driver.add();
        join([stopper]);
    })
}

/// One actor stores 0 once, another one stores 1 `events` times, and the 0 comes last. (shuttle's tests of its URW.)
fn uneven(events: usize) -> Program {
    Program::new(format!("uneven_{events}"), move || {
        let counter = Arc::new(AtomicI32::new(1));
        let (short, long) = (Arc::clone(&counter), Arc::clone(&counter));
        let short = thread::spawn(move || short.store(0, SeqCst));
        let long = thread::spawn(move || (0..events).for_each(|_| long.store(1, SeqCst)));
        join([short, long]);
        assert_ne!(counter.load(SeqCst), 0, "the one store came last");
    })
}
