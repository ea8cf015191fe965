//! What the facade costs natively: std against racehunt-sync with `hunt` on.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};

fn lock(c: &mut Criterion) {
    let mut group = c.benchmark_group("lock+unlock");
    let std = std::sync::Mutex::new(0u64);
    group.bench_function("std", |b| b.iter(|| *black_box(&std).lock().unwrap() += 1));
    let facade = racehunt_sync::Mutex::new(0u64);
    group.bench_function("facade", |b| {
        b.iter(|| *black_box(&facade).lock().unwrap() += 1);
    });
    group.finish();
}

fn read(c: &mut Criterion) {
    let mut group = c.benchmark_group("read+unlock");
    let std = std::sync::RwLock::new(0u64);
    group.bench_function("std", |b| b.iter(|| *black_box(&std).read().unwrap()));
    let facade = racehunt_sync::RwLock::new(0u64);
    group.bench_function("facade", |b| b.iter(|| *black_box(&facade).read().unwrap()));
    group.finish();
}

/// Two threads that do nothing but take the same lock: about every second one has to wait.
fn contended(c: &mut Criterion) {
    let mut group = c.benchmark_group("contended lock+unlock");
    let std = std::sync::Mutex::new(0u64);
    group.bench_function("std", |b| b.iter_custom(|n| twice(n, &|| *std.lock().unwrap() += 1)));
    let facade = racehunt_sync::Mutex::new(0u64);
    group.bench_function("facade", |b| b.iter_custom(|n| twice(n, &|| *facade.lock().unwrap() += 1)));
    group.finish();
}

/// The time that two threads take for `n` steps each.
fn twice(n: u64, step: &(impl Fn() + Sync)) -> Duration {
    let started = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| (0..n).for_each(|_| step()));
        }
    });
    started.elapsed()
}

fn atomic(c: &mut Criterion) {
    let mut group = c.benchmark_group("fetch_add");
    let std = std::sync::atomic::AtomicU64::new(0);
    group.bench_function("std", |b| {
        b.iter(|| black_box(&std).fetch_add(1, std::sync::atomic::Ordering::AcqRel));
    });
    let facade = racehunt_sync::atomic::AtomicU64::new(0);
    let order = racehunt_sync::atomic::Ordering::AcqRel;
    group.bench_function("facade", |b| {
        b.iter(|| black_box(&facade).fetch_add(1, order));
    });
    group.finish();
}

fn spawn(c: &mut Criterion) {
    let mut group = c.benchmark_group("spawn+join");
    group.bench_function("std", |b| {
        b.iter(|| std::thread::spawn(|| black_box(1)).join().unwrap());
    });
    group.bench_function("facade", |b| {
        b.iter(|| racehunt_sync::thread::spawn(|| black_box(1)).join().unwrap());
    });
    group.finish();
}

criterion_group!(benches, lock, read, contended, atomic, spawn);
criterion_main!(benches);
