//! Emits a second of hardened and of the published fix with a snapshot, at 1, 2 and 8 threads.
//!
//! Every event carries four details and goes to two handlers that add one up; the log keeps 1,000 events. The time ends
//! when all events of all threads are delivered: an emit of hardened may leave its event to another emitter.
//! `own-topic` gives each thread a topic and handlers of its own; in `one-topic` all share them.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use racehunt_scenarios::event_bus::{Event, EventBus, Handler, Hardened, Payload, SnapshotLock, Topic};
use racehunt_scenarios::metrics_buffer::dict::SizeChanged;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

const BOUND: usize = 1_000;
const HANDLERS: usize = 2;
const VARIANTS: [&str; 2] = ["hardened", "snapshot-lock"];

struct Details(Vec<(String, u64)>);

impl Details {
    fn new(n: u64) -> Self {
        Self(["plan", "actor", "step", "cause"].map(|key| (key.to_owned(), n)).into())
    }
}

impl Payload for Details {
    fn deep_copy(&self) -> Result<Self, SizeChanged> {
        Ok(Self(self.0.clone()))
    }
}

/// A bus with handlers for `topics` topics.
fn bus(variant: &str, topics: u32) -> Box<dyn EventBus<Details>> {
    let bus: Box<dyn EventBus<Details>> = match variant {
        "hardened" => Box::new(Hardened::new(BOUND)),
        _ => Box::new(SnapshotLock::new(BOUND)),
    };
    for topic in 0..topics {
        for _ in 0..HANDLERS {
            let sum = AtomicU64::new(0);
            let handler: Handler<Details> = Arc::new(move |event| {
                sum.fetch_add(event.payload.0[0].1, Ordering::Relaxed);
                Ok(())
            });
            bus.subscribe(Topic(topic), handler);
        }
    }
    bus
}

/// Time that `threads` threads take for `emits` emits each, from their common start.
fn emits(bus: &dyn EventBus<Details>, threads: u32, topics: u32, emits: u64) -> Duration {
    let gate = Barrier::new(threads as usize);
    // The threads take the time: who starts them may be late to see them start.
    let spans: Vec<(Instant, Instant)> = std::thread::scope(|scope| {
        let emitters: Vec<_> = (0..threads)
            .map(|me| {
                let gate = &gate;
                scope.spawn(move || {
                    gate.wait();
                    let start = Instant::now();
                    for n in 0..emits {
                        let event = Event { topic: Topic(me % topics), payload: Details::new(n) };
                        bus.emit(Arc::new(event)).expect("nobody changes a payload");
                    }
                    (start, Instant::now())
                })
            })
            .collect();
        emitters.into_iter().map(|emitter| emitter.join().expect("an emitter ends")).collect()
    });
    let start = spans.iter().map(|span| span.0).min().expect("a thread");
    spans.iter().map(|span| span.1).max().map_or(Duration::ZERO, |end| end - start)
}

fn bench(criterion: &mut Criterion) {
    for (name, shared) in [("event-bus/own-topic", false), ("event-bus/one-topic", true)] {
        let mut group = criterion.benchmark_group(name);
        group.measurement_time(Duration::from_secs(3)).sample_size(20);
        for threads in [1, 2, 8] {
            if shared && threads == 1 {
                continue;
            }
            group.throughput(Throughput::Elements(u64::from(threads)));
            let topics = if shared { 1 } else { threads };
            for variant in VARIANTS {
                group.bench_function(BenchmarkId::new(variant, threads), |bencher| {
                    let bus = bus(variant, topics);
                    bencher.iter_custom(|n| emits(&*bus, threads, topics, n));
                });
            }
        }
        group.finish();
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
