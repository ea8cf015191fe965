//! Programs of what only the facade has in a form that can be explored: run by its types alone.

use crate::program::{Outcome, Program, Step};
use crate::run::{Sink, clear, log};
use racehunt_sync::atomic::{AtomicU32, Ordering::SeqCst};
use racehunt_sync::mpsc::{self, Receiver, SyncSender, TryRecvError};
use racehunt_sync::time::{Duration, Instant};
use racehunt_sync::{Barrier, Condvar, Mutex, MutexGuard, PoisonError, hook, thread};
use std::sync::Arc;

struct World {
    m: [Mutex<u32>; 2],
    a: [AtomicU32; 2],
    condvar: Condvar,
    barrier: Barrier,
}

#[derive(Default)]
struct Held<'a> {
    m: [Option<MutexGuard<'a, u32>>; 2],
    send: Option<SyncSender<u32>>,
    recv: Option<Receiver<u32>>,
}

/// Runs the program in the calling actor and those it starts.
pub(crate) fn run(program: &Arc<Program>, sink: &Sink) {
    clear(sink, program);
    let world = Arc::new(World {
        m: [Mutex::new(0), Mutex::new(0)],
        a: [AtomicU32::new(0), AtomicU32::new(0)],
        condvar: Condvar::new(),
        barrier: Barrier::new(2),
    });
    let talks = program.has(|s| matches!(s, Step::Put | Step::Recv | Step::TryRecv | Step::Hang));
    let (send, recv) = talks.then(|| mpsc::sync_channel(1)).unzip();
    let others: Vec<_> = (1..program.0.len())
        .map(|number| {
            let send = send.clone();
            let (program, world, sink) = (Arc::clone(program), Arc::clone(&world), Arc::clone(sink));
            thread::spawn(move || act(&program, number, &world, &sink, Held { send, ..Held::default() }))
        })
        .collect();
    drop(send);
    act(program, 0, &world, sink, Held { recv, ..Held::default() });
    let ends: Vec<u32> = others.into_iter().map(|other| u32::from(other.join().is_ok())).collect();
    let mut last: Vec<u32> = world.a.iter().map(|a| a.load(SeqCst)).collect();
    last.extend(world.m.iter().map(|m| *m.lock().unwrap_or_else(PoisonError::into_inner)));
    last.extend(ends);
    let mut sink = sink.lock().unwrap_or_else(PoisonError::into_inner);
    *sink = Outcome { logs: std::mem::take(&mut sink.logs), last };
}

fn act<'a>(program: &Program, number: usize, world: &'a World, sink: &Sink, mut held: Held<'a>) {
    hook::call_begins();
    for one in &program.0[number] {
        if let Some(seen) = step(*one, number as u32 + 1, world, &mut held) {
            log(sink, number, seen);
        }
    }
}

fn append(value: &mut u32, me: u32) -> u32 {
    let before = *value;
    *value = before * 4 + me;
    before + 1
}

fn step<'a>(step: Step, me: u32, world: &'a World, held: &mut Held<'a>) -> Option<u32> {
    match step {
        Step::Lock(i) if held.m[i].is_none() => {
            let guard = world.m[i].lock().unwrap_or_else(PoisonError::into_inner);
            Some(append(held.m[i].insert(guard), me))
        }
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
        Step::NotifyOne => {
            world.condvar.notify_one();
            None
        }
        Step::NotifyAll => {
            world.condvar.notify_all();
            None
        }
        Step::WaitFor(ms) => {
            let guard = held.m[0].take()?;
            let waited = world.condvar.wait_timeout(guard, Duration::from_millis(ms));
            let (guard, result) = waited.unwrap_or_else(PoisonError::into_inner);
            held.m[0] = Some(guard);
            Some(u32::from(result.timed_out()))
        }
        Step::Sleep(ms) => {
            let began = Instant::now();
            thread::sleep(Duration::from_millis(ms));
            Some(began.elapsed().as_millis() as u32)
        }
        Step::Tick => Some((hook::tick() * 100 + hook::call_began().unwrap_or(0)) as u32),
        Step::Meet => Some(u32::from(world.barrier.wait().is_leader())),
        Step::Scope => {
            thread::scope(|scope| {
                for a in &world.a {
                    scope.spawn(|| a.fetch_add(1, SeqCst));
                }
            });
            None
        }
        Step::Fail(i) if me > 1 => {
            let seen = world.a[i].load(SeqCst);
            assert!(seen == 0, "made to panic");
            Some(seen)
        }
        Step::Poisoned => Some(u32::from(world.m[0].is_poisoned())),
        Step::Put => Some(u32::from(held.send.as_ref()?.send(me).is_ok())),
        Step::Recv => Some(held.recv.as_ref()?.recv().map_or(1, |v| v + 10)),
        Step::TryRecv => Some(match held.recv.as_ref()?.try_recv() {
            Ok(v) => v + 10,
            Err(TryRecvError::Empty) => 0,
            Err(TryRecvError::Disconnected) => 1,
        }),
        Step::Hang => {
            held.send = None;
            held.recv = None;
            None
        }
        _ => None,
    }
}
