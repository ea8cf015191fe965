//! With one process: what every variant does, what each gets wrong all by itself, and what a crash leaves behind.

use racehunt_core::history::Why;
use racehunt_scenarios::trace_buffer::{
    AsShipped, Client, Hardened, PublishedFix, RacyRegistry, Registry, SendError, Settings, StoreError, TraceBuffer,
    Watch,
};
use serde::ser::{Error, Serialize, SerializeSeq, Serializer};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use tempfile::TempDir;

const ALL: [&str; 3] = ["as-shipped", "published-fix", "hardened"];

/// A directory, a clock that moves only when it is moved, and ids that count in their first digits.
struct Bench {
    dir: TempDir,
    now: Arc<AtomicU64>,
    settings: Settings,
}

fn bench(cap: usize) -> Bench {
    let dir = tempfile::tempdir().unwrap();
    let now = Arc::new(AtomicU64::new(1_700_000_000_000));
    let (clock, ids) = (Arc::clone(&now), AtomicU32::new(0));
    let settings = Settings {
        dir: dir.path().join("buffer"),
        cap,
        now_ms: Arc::new(move || clock.load(Ordering::SeqCst)),
        uuid: Arc::new(move || u128::from(ids.fetch_add(1, Ordering::SeqCst)) << 96),
        sync: false,
        lease_ms: 1_000,
    };
    Bench { dir, now, settings }
}

fn open(variant: &str, settings: &Settings) -> Box<dyn TraceBuffer> {
    let settings = settings.clone();
    match variant {
        "as-shipped" => Box::new(AsShipped::new(settings).unwrap()),
        "published-fix" => Box::new(PublishedFix::new(settings).unwrap()),
        _ => Box::new(Hardened::new(settings).unwrap()),
    }
}

impl Bench {
    fn names(&self) -> BTreeSet<String> {
        let entries = fs::read_dir(&self.settings.dir).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// Files that count towards the cap.
    fn traces(&self) -> BTreeSet<String> {
        let mut names = self.names();
        names.retain(|name| name.starts_with("trace_") && !name.ends_with(".quarantined"));
        names
    }

    fn visible(&self) -> usize {
        self.traces().len()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.settings.dir.join(name)
    }

    fn marker(&self) -> String {
        let mut markers: Vec<_> = self.names().into_iter().filter(|n| n.starts_with(".at-")).collect();
        assert_eq!(markers.len(), 1, "{markers:?}");
        markers.remove(0)
    }
}

/// Stores `n`; a pause, so that as-shipped's and published-fix's order by mtime is the order of the stores.
fn put(buffer: &dyn TraceBuffer, n: u64, watch: &mut dyn Watch) -> PathBuf {
    std::thread::sleep(std::time::Duration::from_millis(8));
    buffer.store(&json!({ "n": n }), watch).unwrap().file
}

fn listed(buffer: &dyn TraceBuffer) -> Vec<u64> {
    buffer.list().unwrap().iter().map(|item| item.value["n"].as_u64().unwrap()).collect()
}

/// What a watch was told.
#[derive(Default)]
struct Told {
    removing: Vec<(PathBuf, Why)>,
    removed: Vec<(PathBuf, Why)>,
    attempting: usize,
}

impl Watch for Told {
    fn removing(&mut self, file: &Path, why: Why) {
        assert!(file.exists(), "told before: {}", file.display());
        self.removing.push((file.to_owned(), why));
    }

    fn removed(&mut self, file: &Path, why: Why) {
        assert!(!file.exists(), "told after: {}", file.display());
        self.removed.push((file.to_owned(), why));
    }

    fn attempting(&mut self, file: &Path) {
        assert!(file.exists(), "told before the read: {}", file.display());
        self.attempting += 1;
    }
}

/// Takes what it is sent, after some refusals.
#[derive(Default)]
struct Far {
    refuse: AtomicU32,
    sent: Mutex<Vec<(Option<String>, u64)>>,
}

impl Client for Far {
    fn send(&self, key: Option<&str>, body: &Value) -> Result<(), SendError> {
        self.sent.lock().unwrap().push((key.map(str::to_owned), body["n"].as_u64().unwrap()));
        let left = self.refuse.load(Ordering::SeqCst);
        self.refuse.store(left.saturating_sub(1), Ordering::SeqCst);
        if left > 0 { Err(SendError::Unavailable("not now".to_owned())) } else { Ok(()) }
    }
}

/// Fails after `good` numbers.
struct Broken {
    good: u64,
}

impl Serialize for Broken {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        (0..self.good).try_for_each(|n| list.serialize_element(&n))?;
        Err(S::Error::custom("no JSON for this"))
    }
}

#[test]
fn the_oldest_makes_room_and_the_watch_is_told() {
    for variant in ALL {
        let bench = bench(2);
        let buffer = open(variant, &bench.settings);
        let mut told = Told::default();
        let files: Vec<_> = (0..4).map(|n| put(&*buffer, n, &mut told)).collect();
        assert_eq!(listed(&*buffer), [2, 3], "{variant}");
        let evicted = [(files[0].clone(), Why::Evict), (files[1].clone(), Why::Evict)];
        assert_eq!((told.removing, told.removed), (evicted.to_vec(), evicted.to_vec()), "{variant}");
        let status = buffer.status().unwrap();
        assert_eq!((status.files, status.cap, status.bytes), (2, 2, 14), "{variant}");
        assert!(buffer.remove(&files[2], &mut ()).unwrap() && !buffer.remove(&files[2], &mut ()).unwrap());
        assert_eq!((buffer.clear(&mut ()).unwrap(), bench.visible()), (1, 0), "{variant}");
        assert!(bench.dir.path().exists());
    }
}

#[test]
fn names_carry_the_first_digits_of_the_id() {
    for variant in ALL {
        let bench = bench(9);
        let buffer = open(variant, &bench.settings);
        (0..3).for_each(|n| drop(put(&*buffer, n, &mut ())));
        let file = put(&*buffer, 3, &mut ());
        let name = file.file_stem().unwrap().to_str().unwrap();
        let digits = name.rsplit('_').next().unwrap();
        assert!(digits.starts_with("00000003"), "{variant}: {name}");
        assert_eq!(digits.len(), if variant == "as-shipped" { 8 } else { 32 }, "{variant}");
    }
}

#[test]
fn a_replay_sends_each_once_and_keeps_what_was_refused() {
    for variant in ALL {
        let bench = bench(9);
        let buffer = open(variant, &bench.settings);
        (0..3).for_each(|n| drop(put(&*buffer, n, &mut ())));
        let (far, mut told) = (Far::default(), Told::default());
        far.refuse.store(3, Ordering::SeqCst);
        let replayed = buffer.replay(&far, 2, &mut told).unwrap();
        assert_eq!((replayed.total, replayed.sent, replayed.failed), (3, 2, 1), "{variant}");
        assert_eq!((listed(&*buffer), told.removed.len(), told.attempting), (vec![0], 2, 3), "{variant}");
        let sent = far.sent.lock().unwrap().clone();
        assert_eq!(sent.iter().map(|(_, n)| *n).collect::<Vec<_>>(), [0, 0, 1, 1, 2], "{variant}");
        let keys: HashSet<_> = sent.iter().map(|(key, _)| key.clone()).collect();
        assert_eq!(keys.len(), if variant == "hardened" { 3 } else { 1 }, "{variant}: one key for each trace, or none");
        // What came back is the oldest still.
        let buffer = open(variant, &Settings { cap: 2, ..bench.settings.clone() });
        put(&*buffer, 7, &mut ());
        put(&*buffer, 8, &mut ());
        assert_eq!(listed(&*buffer), [7, 8], "{variant}");
    }
}

/// TB5.
#[test]
fn a_body_that_cannot_be_serialised_costs_a_trace_unless_it_is_serialised_first() {
    for variant in ALL {
        let bench = bench(2);
        let buffer = open(variant, &bench.settings);
        (0..2).for_each(|n| drop(put(&*buffer, n, &mut ())));
        let before = bench.names();
        let error = buffer.store(&Broken { good: 10_000 }, &mut ()).unwrap_err();
        assert_eq!(error.kind(), "serialise", "{variant}");
        if variant == "hardened" {
            assert_eq!(bench.names(), before);
        } else {
            assert_eq!((listed(&*buffer), bench.visible()), (vec![1], 2), "{variant}: a broken file that counts");
        }
    }
}

/// TB12: a frozen clock and ids that agree in their first digits.
#[test]
fn short_ids_in_one_millisecond_overwrite_each_other() {
    for variant in ALL {
        let mut bench = bench(9);
        let rest = AtomicU32::new(0);
        bench.settings.uuid = Arc::new(move || u128::from(rest.fetch_add(1, Ordering::SeqCst)));
        let buffer = open(variant, &bench.settings);
        (0..3).for_each(|n| drop(put(&*buffer, n, &mut ())));
        let kept = if variant == "as-shipped" { vec![2] } else { vec![0, 1, 2] };
        assert_eq!(listed(&*buffer), kept, "{variant}");
    }
}

/// TB13.
#[test]
fn zero_means_zero_after_the_fix() {
    for variant in ALL {
        let none = bench(0);
        let stored = open(variant, &none.settings).store(&json!({"n": 0}), &mut ());
        let far = Far::default();
        let one = bench(9);
        let buffer = open(variant, &one.settings);
        put(&*buffer, 1, &mut ());
        let replayed = buffer.replay(&far, 0, &mut ()).unwrap();
        let (sent, left) = ((replayed.sent, replayed.failed), one.visible());
        if variant == "as-shipped" {
            assert_eq!((stored.unwrap().file.exists(), sent, left), (true, (0, 0), 1));
        } else {
            assert!(matches!(stored, Err(StoreError::Disabled)), "{variant}");
            assert_eq!((none.visible(), sent, left), (0, (1, 0), 0), "{variant}");
        }
    }
}

/// TB13: a directory of a trace's name is what no unlink removes.
#[test]
fn a_clear_goes_on_after_an_unlink_that_fails_and_counts_what_it_removed() {
    for variant in ALL {
        let bench = bench(9);
        let buffer = open(variant, &bench.settings);
        (0..4).for_each(|n| drop(put(&*buffer, n, &mut ())));
        fs::create_dir(bench.path("trace_0_0_0.json")).unwrap();
        let (counted, left) = (buffer.clear(&mut ()).unwrap(), bench.visible());
        if variant == "as-shipped" {
            assert!(counted == 0 && left >= 1, "stops, and says 0 whatever it removed");
        } else {
            assert_eq!((counted, left), (4, 1), "{variant}");
        }
    }
}

/// TB10, with the second thread's look put between the first one's look and its note.
#[test]
fn a_registry_that_looks_before_it_notes_opens_twice() {
    let opened = Arc::new(AtomicU32::new(0));
    let opener = |together: Arc<Barrier>, opened: Arc<AtomicU32>| {
        move || {
            together.wait();
            opened.fetch_add(1, Ordering::SeqCst)
        }
    };
    let racy = RacyRegistry::new(opener(Arc::new(Barrier::new(2)), Arc::clone(&opened)));
    std::thread::scope(|scope| (0..2).for_each(|_| drop(scope.spawn(|| racy.get()))));
    assert_eq!(opened.load(Ordering::SeqCst), 2);
    let once = Registry::new(opener(Arc::new(Barrier::new(1)), Arc::clone(&opened)));
    std::thread::scope(|scope| (0..2).for_each(|_| drop(scope.spawn(|| once.get()))));
    assert_eq!(opened.load(Ordering::SeqCst), 3);
}

#[path = "trace_buffer_alone/hardened.rs"]
mod hardened;
