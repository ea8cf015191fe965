//! Adds a second of the two hardened buffers, at one and two threads, with a sink that does nothing.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use racehunt_scenarios::metrics_buffer::sink::Discard;
use racehunt_scenarios::metrics_buffer::{Hardened, HardenedSharded, MetricSet, MetricsBuffer};
use std::hint::black_box;
use std::sync::Barrier;
use std::time::{Duration, Instant};

const COUNTERS: [&str; 4] = ["counter0", "counter1", "counter2", "counter3"];
/// Long enough that a flush costs nothing worth measuring, as in the field.
const INTERVAL: Duration = Duration::from_secs(1);

/// Time that `threads` threads take for `adds` adds each, from their common start.
fn adds(buffer: &dyn MetricsBuffer<u64>, threads: usize, adds: u64) -> Duration {
    let gate = Barrier::new(threads + 1);
    std::thread::scope(|scope| {
        for first in 0..threads {
            let gate = &gate;
            scope.spawn(move || {
                gate.wait();
                for n in 0..adds {
                    let metric = COUNTERS[(first + n as usize) % COUNTERS.len()];
                    buffer.increment(black_box(metric), 1).expect("the sink takes everything");
                }
                gate.wait();
            });
        }
        gate.wait();
        let start = Instant::now();
        gate.wait();
        start.elapsed()
    })
}

fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("metrics-buffer/add");
    for threads in [1, 2] {
        group.throughput(Throughput::Elements(threads as u64));
        group.bench_with_input(BenchmarkId::new("hardened", threads), &threads, |bencher, threads| {
            let buffer: Hardened<u64, _> = Hardened::new(INTERVAL, Discard);
            bencher.iter_custom(|n| adds(&buffer, *threads, n));
        });
        group.bench_with_input(BenchmarkId::new("hardened-sharded", threads), &threads, |bencher, threads| {
            let buffer = HardenedSharded::new(MetricSet::new([], COUNTERS), 8, INTERVAL, Discard);
            bencher.iter_custom(|n| adds(&buffer, *threads, n));
        });
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
