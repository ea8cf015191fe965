//! One interpreter, three sets of types: the facade's, shuttle's own, loom's own.

use crate::program::{Outcome, Program, Step};
use std::sync::{Mutex, PoisonError};

/// Where an execution writes what it shows. No type of an engine: looking at it is no step.
pub(crate) type Sink = std::sync::Arc<Mutex<Outcome>>;

pub(crate) fn log(sink: &Sink, actor: usize, value: u32) {
    sink.lock().unwrap_or_else(PoisonError::into_inner).logs[actor].push(value);
}

/// Empties the sink for another execution.
pub(crate) fn clear(sink: &Sink, program: &Program) {
    let logs = vec![Vec::new(); program.0.len()];
    *sink.lock().unwrap_or_else(PoisonError::into_inner) = Outcome { logs, last: Vec::new() };
}

macro_rules! interpreter {
    ($engine:ident, $($sync:ident)::+, $thread:path, $mpsc:path, $once:path, $($shared:tt)+) => {
        pub(crate) mod $engine {
            use super::{Outcome, Program, Sink, Step, clear, log};
            use $($sync)::+::atomic::{AtomicU32, Ordering::SeqCst};
            use $($sync)::+::{Condvar, Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};
            use $mpsc as mpsc;
            use $once as Once;
            use $thread as thread;
            use std::sync::{Arc, PoisonError};

            $($shared)+

            struct World {
                m: [Mutex<u32>; 2],
                rw: RwLock<u32>,
                a: [AtomicU32; 2],
                shared: Cell,
                condvar: Condvar,
                once: Once,
                first: First,
            }

            #[derive(Default)]
            struct Held<'a> {
                m: [Option<MutexGuard<'a, u32>>; 2],
                r: Option<RwLockReadGuard<'a, u32>>,
                w: Option<RwLockWriteGuard<'a, u32>>,
                send: Option<mpsc::Sender<u32>>,
                recv: Option<mpsc::Receiver<u32>>,
            }

            /// Runs the program in the calling actor and those it starts.
            pub(crate) fn run(program: &Arc<Program>, sink: &Sink) {
                clear(sink, program);
                let world = Arc::new(World {
                    m: [Mutex::new(0), Mutex::new(0)],
                    rw: RwLock::new(0),
                    a: [AtomicU32::new(0), AtomicU32::new(0)],
                    shared: Cell::make(),
                    condvar: Condvar::new(),
                    once: Once::new(),
                    first: First::me(),
                });
                // Only where it is used: its ends go in steps of their own.
                let talks = program.has(|s| matches!(s, Step::Send | Step::Recv | Step::TryRecv | Step::Hang));
                let (send, recv) = talks.then(mpsc::channel).unzip();
                let others: Vec<_> = (1..program.0.len())
                    .map(|number| {
                        let send = send.clone();
                        let (program, world, sink) = (Arc::clone(program), Arc::clone(&world), Arc::clone(sink));
                        thread::spawn(move || act(&program, number, &world, &sink, (send, None)))
                    })
                    .collect();
                drop(send);
                act(program, 0, &world, sink, (None, recv));
                for other in others {
                    other.join().unwrap();
                }
                let mut last: Vec<u32> = world.a.iter().map(|a| a.load(SeqCst)).collect();
                last.extend(world.m.iter().map(|m| *m.lock().unwrap()));
                last.push(*world.rw.read().unwrap());
                last.push(world.shared.look());
                let mut sink = sink.lock().unwrap_or_else(PoisonError::into_inner);
                *sink = Outcome { logs: std::mem::take(&mut sink.logs), last };
            }

            type Ends = (Option<mpsc::Sender<u32>>, Option<mpsc::Receiver<u32>>);

            fn act(program: &Program, number: usize, world: &World, sink: &Sink, (send, recv): Ends) {
                let mut held = Held { send, recv, ..Held::default() };
                for one in &program.0[number] {
                    if let Some(seen) = step(*one, number as u32 + 1, world, &mut held) {
                        log(sink, number, seen);
                    }
                }
                let Held { m: [m0, m1], r, w, send, recv } = held;
                drop(m0);
                drop(m1);
                drop(r);
                drop(w);
                drop(send);
                drop(recv);
            }

            fn append(value: &mut u32, me: u32) -> Option<u32> {
                let before = *value;
                *value = before * 4 + me;
                Some(before + 1)
            }

            fn step<'a>(step: Step, me: u32, world: &'a World, held: &mut Held<'a>) -> Option<u32> {
                match step {
                    Step::Lock(i) if held.m[i].is_none() => {
                        append(held.m[i].insert(world.m[i].lock().unwrap()), me)
                    }
                    Step::TryLock(i) if held.m[i].is_none() => match world.m[i].try_lock() {
                        Ok(guard) => append(held.m[i].insert(guard), me),
                        Err(_) => Some(0),
                    },
                    Step::Unlock(i) => {
                        held.m[i] = None;
                        None
                    }
                    Step::Load(i, order) => Some(world.a[i].load(order)),
                    Step::Store(i, value, order) => {
                        world.a[i].store(value, order);
                        None
                    }
                    Step::Add(i, order) => Some(world.a[i].fetch_add(1, order)),
                    Step::Cas(i, old, new) => match world.a[i].compare_exchange(old, new, SeqCst, SeqCst) {
                        Ok(seen) | Err(seen) => Some(seen),
                    },
                    Step::Look => Some(world.shared.look()),
                    Step::Touch => Some(world.shared.touch(me)),
                    Step::Wait => {
                        let guard = held.m[0].take()?;
                        append(held.m[0].insert(world.condvar.wait(guard).unwrap()), me)
                    }
                    Step::NotifyOne => {
                        world.condvar.notify_one();
                        None
                    }
                    Step::NotifyAll => {
                        world.condvar.notify_all();
                        None
                    }
                    Step::Park => {
                        world.first.park();
                        Some(9)
                    }
                    Step::Unpark => {
                        world.first.unpark();
                        None
                    }
                    Step::Once => {
                        world.once.call_once(|| world.a[0].store(7, SeqCst));
                        None
                    }
                    Step::Done => Some(u32::from(world.once.is_completed())),
                    Step::Send | Step::Recv | Step::TryRecv | Step::Hang => talk(step, me, held),
                    _ => rw(step, me, world, held),
                }
            }

            fn talk(step: Step, me: u32, held: &mut Held<'_>) -> Option<u32> {
                match step {
                    Step::Send => Some(u32::from(held.send.as_ref()?.send(me).is_ok())),
                    Step::Recv => Some(held.recv.as_ref()?.recv().map_or(1, |v| v + 10)),
                    Step::TryRecv => Some(match held.recv.as_ref()?.try_recv() {
                        Ok(v) => v + 10,
                        Err(mpsc::TryRecvError::Empty) => 0,
                        Err(mpsc::TryRecvError::Disconnected) => 1,
                    }),
                    _ => {
                        held.send = None;
                        held.recv = None;
                        None
                    }
                }
            }

            fn rw<'a>(step: Step, me: u32, world: &'a World, held: &mut Held<'a>) -> Option<u32> {
                if step == Step::Release {
                    held.r = None;
                    held.w = None;
                    return None;
                }
                if held.r.is_some() || held.w.is_some() {
                    return None;
                }
                match step {
                    Step::Read => Some(**held.r.insert(world.rw.read().unwrap()) + 1),
                    Step::Write => append(held.w.insert(world.rw.write().unwrap()), me),
                    Step::TryRead => match world.rw.try_read() {
                        Ok(guard) => Some(**held.r.insert(guard) + 1),
                        Err(_) => Some(0),
                    },
                    Step::TryWrite => match world.rw.try_write() {
                        Ok(guard) => append(held.w.insert(guard), me),
                        Err(_) => Some(0),
                    },
                    _ => None,
                }
            }
        }
    };
}

interpreter!(facade, racehunt_sync, racehunt_sync::thread, racehunt_sync::mpsc, racehunt_sync::Once,
    struct Cell(racehunt_sync::shared::Shared<u32>);

    impl Cell {
        fn make() -> Self {
            Self(racehunt_sync::shared::Shared::new("cell", 0))
        }

        fn look(&self) -> u32 {
            self.0.read("look", |v| *v)
        }

        fn touch(&self, me: u32) -> u32 {
            self.0.write("touch", |v| { let before = *v; *v = before * 4 + me; before })
        }
    }

    struct First(thread::Thread);

    impl First {
        fn me() -> Self {
            Self(thread::current())
        }

        fn park(&self) {
            thread::park();
        }

        fn unpark(&self) {
            self.0.unpark();
        }
    }
);

// A mutex of its own that is free again at once: one step for all that the others can tell.
interpreter!(raw_shuttle, shuttle::sync, shuttle::thread, shuttle::sync::mpsc, shuttle::sync::Once,
    struct Cell(Mutex<u32>);

    impl Cell {
        fn make() -> Self {
            Self(Mutex::new(0))
        }

        fn look(&self) -> u32 {
            *self.0.lock().unwrap()
        }

        fn touch(&self, me: u32) -> u32 {
            let mut value = self.0.lock().unwrap();
            let before = *value;
            *value = before * 4 + me;
            before
        }
    }

    /// shuttle's own `park` returns whenever it likes, as std's may; the facade's does not, nor does this one.
    struct First(Mutex<bool>, Condvar);

    impl First {
        fn me() -> Self {
            Self(Mutex::new(false), Condvar::new())
        }

        fn park(&self) {
            let mut token = self.0.lock().unwrap();
            while !std::mem::take(&mut *token) {
                token = self.1.wait(token).unwrap();
            }
        }

        fn unpark(&self) {
            *self.0.lock().unwrap() = true;
            self.1.notify_one();
        }
    }
);

// loom has no `Once` and a channel that never closes; programs with these are not run by it.
interpreter!(raw_loom, loom::sync, loom::thread, std::sync::mpsc, std::sync::Once,
    struct Cell(Mutex<u32>);

    impl Cell {
        fn make() -> Self {
            Self(Mutex::new(0))
        }

        fn look(&self) -> u32 {
            *self.0.lock().unwrap()
        }

        fn touch(&self, me: u32) -> u32 {
            let mut value = self.0.lock().unwrap();
            let before = *value;
            *value = before * 4 + me;
            before
        }
    }

    struct First(thread::Thread);

    impl First {
        fn me() -> Self {
            Self(thread::current())
        }

        fn park(&self) {
            thread::park();
        }

        fn unpark(&self) {
            self.0.unpark();
        }
    }
);
