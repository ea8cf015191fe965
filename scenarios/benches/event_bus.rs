//! Emits a second of hardened and of the published fix with a snapshot, at 1, 2 and 8 threads.
//!
//! Every event carries a text of 64 bytes and goes to two handlers that add it up; the log keeps 1,000 events. The time ends
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

struct Text(Box<str>);

impl Payload for Text {
    fn deep_copy(&self) -> Result<Self, SizeChanged> {
        Ok(Self(self.0.clone()))
    }
}

/// A bus with handlers for `topics` topics.
fn bus(variant: &str, topics: u32) -> Box<dyn EventBus<Text>> {
    let bus: Box<dyn EventBus<Text>> = match variant {
        "hardened" => Box::new(Hardened::new(BOUND)),
        _ => Box::new(SnapshotLock::new(BOUND)),
    };
    for topic in 0..topics {
        for _ in 0..HANDLERS {
            let sum = AtomicU64::new(0);
            let handler: Handler<Text> = Arc::new(move |event| {
                sum.fetch_add(event.payload.0.len() as u64, Ordering::Relaxed);
                Ok(())
            });
            bus.subscribe(Topic(topic), handler);
        }
    }
    bus
}

/// Time that `threads` threads take for `emits` emits each, from their common start.
fn emits(bus: &dyn EventBus<Text>, threads: u32, topics: u32, emits: u64) -> Duration {
    let gate = Barrier::new(threads as usize + 1);
    std::thread::scope(|scope| {
        for me in 0..threads {
            let gate = &gate;
            scope.spawn(move || {
                let text = "x".repeat(64);
                gate.wait();
                for _ in 0..emits {
                    let event = Event { topic: Topic(me % topics), payload: Text(text.as_str().into()) };
                    bus.emit(Arc::new(event)).expect("nobody changes a text");
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
