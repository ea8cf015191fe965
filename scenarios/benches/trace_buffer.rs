//! Stores a second into a full directory: the published fix, which looks at every file, and hardened, which does not.
//!
//! Both write to the same file system (that of the temporary directory) and evict one trace for each that they store.
//! With `sync` both sync the file before the store ends.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use racehunt_scenarios::trace_buffer::{Hardened, PublishedFix, Settings, TraceBuffer};
use serde_json::json;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

fn settings(dir: &Path, cap: usize, sync: bool) -> Settings {
    let ids = AtomicU64::new(0);
    let since = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |age| age.as_millis() as u64);
    Settings {
        dir: dir.to_owned(),
        cap,
        now_ms: Arc::new(since),
        uuid: Arc::new(move || u128::from(ids.fetch_add(1, Ordering::Relaxed)) << 64),
        sync,
        lease_ms: Settings::LEASE_MS,
    }
}

/// A directory that is full of another process's traces.
fn full(cap: usize) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a temporary directory");
    for n in 0..cap {
        fs::write(dir.path().join(format!("trace_{n}_1_{n:032x}.json")), "{\"n\":0}").expect("room for a trace");
    }
    // Or the first syncs of the run would pay for it.
    File::open(dir.path()).and_then(|dir| dir.sync_all()).expect("the directory can be synced");
    dir
}

fn bench(criterion: &mut Criterion) {
    for sync in [false, true] {
        let name = if sync { "trace-buffer/store-synced" } else { "trace-buffer/store" };
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(1)).measurement_time(Duration::from_secs(4)).sample_size(20);
        for cap in [200, 10_000] {
            let body = json!({"inferenceId": "0123456789abcdef", "steps": "s".repeat(1_000)});
            for variant in ["published-fix", "hardened"] {
                group.bench_function(BenchmarkId::new(variant, cap), |bencher| {
                    let dir = full(cap);
                    let settings = settings(dir.path(), cap, sync);
                    let buffer: Box<dyn TraceBuffer> = match variant {
                        "hardened" => Box::new(Hardened::new(settings).expect("the directory is there")),
                        _ => Box::new(PublishedFix::new(settings).expect("the directory is there")),
                    };
                    bencher.iter(|| buffer.store(&body, &mut ()).expect("room for a trace"));
                });
            }
        }
        group.finish();
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
