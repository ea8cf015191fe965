//! What the facade costs natively: std against racehunt-sync with `hunt` on.

use std::hint::black_box;

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

criterion_group!(benches, lock, atomic, spawn);
criterion_main!(benches);
