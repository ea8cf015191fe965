//! Accounting by id: the sketch against exact sets. `LEDGER_ITEMS` is how many ids (default one million); each is
//! accepted and delivered, but for one in a million that is lost and one that comes out twice.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use racehunt_core::id::Id;
use racehunt_core::ledger::Ledger;
use racehunt_core::ledger::sketch::{CELLS, Sketch};
use std::collections::HashSet;
use std::hint::black_box;

const ACTORS: u64 = 8;
/// Ids of one actor in a row, as a fold hands them over.
const RUN: u64 = 4096;
/// One in so many is lost, and the next comes out twice.
const WRONG: u64 = 1_000_000;

fn items() -> u64 {
    std::env::var("LEDGER_ITEMS").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000_000)
}

/// Every id, in runs.
fn ids(items: u64) -> impl Iterator<Item = Id> {
    (0..items).map(|n| {
        let run = n / RUN;
        Id::new((run % ACTORS) as u32, run / ACTORS * RUN + n % RUN)
    })
}

fn out(items: u64) -> impl Iterator<Item = Id> {
    (0..items).zip(ids(items)).flat_map(|(n, id)| {
        let times = match n % WRONG {
            0 => 0,
            1 => 2,
            _ => 1,
        };
        std::iter::repeat_n(id, times)
    })
}

fn wrong(items: u64) -> (usize, usize) {
    (items.div_ceil(WRONG) as usize, (items.saturating_sub(1)).div_ceil(WRONG) as usize)
}

fn by_sketch(items: u64) -> (usize, usize) {
    let mut sketch = Sketch::new(CELLS);
    ids(items).for_each(|id| sketch.accept(black_box(id)));
    out(items).for_each(|id| sketch.deliver(black_box(id)));
    let settled = sketch.settle(&Ledger::default());
    (settled.lost.len(), settled.duplicated.len())
}

fn by_sorting(items: u64) -> (usize, usize) {
    let ledger = Ledger { accepted: ids(items).collect(), delivered: out(items).collect(), ..Ledger::default() };
    let settled = ledger.settle();
    (settled.lost.len(), settled.duplicated.len())
}

fn by_set(items: u64) -> (usize, usize) {
    let mut inside: HashSet<Id> = ids(items).collect();
    let twice = out(items).filter(|id| !inside.remove(id)).count();
    (inside.len(), twice)
}

fn account(c: &mut Criterion) {
    let items = items();
    let mut group = c.benchmark_group(format!("ledger-{items}"));
    group.sample_size(10).throughput(Throughput::Elements(items));
    for (name, account) in
        [("sketch", by_sketch as fn(u64) -> (usize, usize)), ("sorted", by_sorting), ("hash-set", by_set)]
    {
        group.bench_function(name, |b| {
            b.iter_batched(|| items, |items| assert_eq!(account(items), wrong(items)), BatchSize::PerIteration);
        });
    }
    group.finish();
}

criterion_group!(benches, account);
criterion_main!(benches);
