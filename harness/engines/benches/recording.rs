//! What recording costs on top of an op: nothing, the ledger, the latency, both. Nanoseconds an op.
//!
//! The op is the cheapest that a component with a lock can have: an uncontended mutex and a map of 64 keys.

use criterion::{Criterion, criterion_group, criterion_main};
use racehunt_core::id::Id;
use racehunt_core::subject::Actor;
use racehunt_engines::stress::latency::Recorder;
use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Entries after which a ledger is emptied, outside of the measured time.
const ENTRIES: u64 = 1 << 16;

struct Op(Mutex<HashMap<u64, u64>>);

impl Op {
    fn new() -> Self {
        Self(Mutex::new((0..64).map(|key| (key, 0)).collect()))
    }

    #[inline]
    fn call(&self, i: u64) {
        if let Some(n) = self.0.lock().expect("nothing panics here").get_mut(&(i.wrapping_mul(7) & 63)) {
            *n += 1;
        }
    }
}

/// Times `n` calls of `op`, with the actor emptied in between so that memory does not grow without end.
fn time(n: u64, actor: &mut Actor, mut op: impl FnMut(u64, &mut Actor)) -> Duration {
    let (mut left, mut sum) = (n, Duration::ZERO);
    while left > 0 {
        let now = left.min(ENTRIES);
        actor.clear();
        let start = Instant::now();
        for i in 0..now {
            op(black_box(i), actor);
        }
        sum += start.elapsed();
        left -= now;
    }
    sum
}

fn recording(c: &mut Criterion) {
    let mut group = c.benchmark_group("recording");
    group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2)).sample_size(40);
    let op = Op::new();
    let mut actor = Actor::new(0, 1);
    // Grown beforehand: a trial of any length has grown its ledger early on.
    actor.ledger.accepted.extend((0..ENTRIES).map(Id));
    group.bench_function("op alone", |b| b.iter_custom(|n| time(n, &mut actor, |i, _| op.call(i))));
    group.bench_function("op + ledger", |b| {
        b.iter_custom(|n| {
            time(n, &mut actor, |i, actor| {
                op.call(i);
                let id = actor.next_id();
                actor.ledger.accepted.push(id);
            })
        });
    });
    let mut recorder = Recorder::new(2);
    group.bench_function("op + latency", |b| {
        b.iter_custom(|n| {
            time(n, &mut actor, |i, _| {
                let from = recorder.now();
                op.call(i);
                let to = recorder.now();
                recorder.note(1, from, to);
            })
        });
    });
    group.bench_function("op + latency + ledger", |b| {
        b.iter_custom(|n| {
            time(n, &mut actor, |i, actor| {
                let from = recorder.now();
                op.call(i);
                let id = actor.next_id();
                actor.ledger.accepted.push(id);
                let to = recorder.now();
                recorder.note(1, from, to);
            })
        });
    });
    group.finish();
}

criterion_group!(benches, recording);
criterion_main!(benches);
