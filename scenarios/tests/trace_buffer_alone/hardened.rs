//! What hardened makes of crashes, foreign files and company.

use super::*;

fn hardened(bench: &Bench) -> Box<dyn TraceBuffer> {
    open("hardened", &bench.settings)
}

/// The marker is busy, as a process that was killed in a change leaves it.
fn kill_in_a_change(bench: &Bench) {
    let marker = bench.marker();
    fs::rename(bench.path(&marker), bench.path(&marker.replace(".at-", ".busy-"))).unwrap();
}

#[test]
fn a_trace_that_was_set_aside_comes_back_if_its_successor_is_not_in() {
    for successor in [false, true] {
        let bench = bench(2);
        let buffer = hardened(&bench);
        let files: Vec<_> = (0..2).map(|n| put(&*buffer, n, &mut ())).collect();
        let name = files[0].file_name().unwrap().to_str().unwrap();
        kill_in_a_change(&bench);
        fs::rename(&files[0], bench.path(&format!(".aside-{name}"))).unwrap();
        if successor {
            fs::write(bench.path(&format!("trace_{:016}_1_{:032x}.json", 3, 9)), "{\"n\": 9}").unwrap();
        }
        let rest = if successor { [1, 9] } else { [0, 1] };
        assert_eq!(listed(&*buffer), rest, "a listing finds them all");
        bench.marker();
        put(&*buffer, 5, &mut ());
        assert_eq!(listed(&*buffer), [rest[1], 5]);
        assert!(!bench.names().iter().any(|name| name.starts_with(".aside")));
    }
}

#[test]
fn what_the_lock_file_says_counts_only_where_the_marker_agrees() {
    let bench = bench(3);
    let buffer = hardened(&bench);
    (0..2).for_each(|n| drop(put(&*buffer, n, &mut ())));
    let old = fs::read(bench.path(".lock")).unwrap();
    put(&*buffer, 2, &mut ());
    // What the last store wrote is lost; or all; or half.
    for text in [old.clone(), Vec::new(), old[..20].to_vec(), vec![b'x'; 50]] {
        fs::write(bench.path(".lock"), text).unwrap();
        put(&*buffer, 3, &mut ());
        assert_eq!((bench.visible(), listed(&*buffer).len()), (3, 3));
    }
    assert_eq!(listed(&*buffer), [3, 3, 3]);
    kill_in_a_change(&bench);
    put(&*buffer, 4, &mut ());
    assert_eq!(listed(&*buffer), [3, 3, 4]);
    bench.marker();
}

#[test]
fn temporary_files_are_left_for_a_while_and_count_for_nothing() {
    let bench = bench(1);
    let buffer = hardened(&bench);
    let temp = bench.path(&format!(".tmp-{}-1-{:032x}-0", bench.now.load(Ordering::SeqCst), 5));
    fs::write(&temp, "{").unwrap();
    let later = |ms| {
        bench.now.fetch_add(ms, Ordering::SeqCst);
        (0..3).for_each(|n| drop(put(&*buffer, n, &mut ())));
        temp.exists()
    };
    assert!(later(0));
    assert!(!later(600_001));
    assert_eq!(bench.visible(), 1);
}

#[test]
fn an_error_of_the_store_leaves_everything_as_it_was() {
    let bench = bench(2);
    let buffer = hardened(&bench);
    let files: Vec<_> = (0..2).map(|n| put(&*buffer, n, &mut ())).collect();
    let before = bench.traces();
    let hidden = || bench.names().into_iter().filter(|n| n.starts_with(".tmp") || n.starts_with(".aside")).count();
    // The new trace's name is taken by what no rename replaces; so is the place aside.
    let taken = bench.path(&format!("trace_{:016}_{}_{:032x}.json", 3, std::process::id(), 2_u128 << 96));
    fs::create_dir(&taken).unwrap();
    assert_eq!(buffer.store(&json!({"n": 2}), &mut ()).unwrap_err().kind(), "io");
    fs::remove_dir(&taken).unwrap();
    assert_eq!((bench.traces(), hidden()), (before.clone(), 0));
    let aside = bench.path(&format!(".aside-{}", files[0].file_name().unwrap().to_str().unwrap()));
    fs::create_dir(&aside).unwrap();
    let mut told = Told::default();
    assert_eq!(buffer.store(&json!({"n": 2}), &mut told).unwrap_err().kind(), "io");
    fs::remove_dir(&aside).unwrap();
    assert_eq!((bench.traces(), hidden(), told.removed), (before, 0, vec![]));
    put(&*buffer, 3, &mut ());
    assert_eq!(listed(&*buffer), [1, 3], "and the next store goes on");
}

#[test]
fn broken_files_are_quarantined_and_make_room() {
    let bench = bench(2);
    let buffer = hardened(&bench);
    fs::write(bench.path("trace_1700_1_00000000.json"), "{\"n\":").unwrap();
    put(&*buffer, 1, &mut ());
    assert_eq!((listed(&*buffer), bench.visible()), (vec![1], 1));
    assert!(bench.path("trace_1700_1_00000000.json.quarantined").exists());
    put(&*buffer, 2, &mut ());
    assert_eq!(listed(&*buffer), [1, 2], "nothing was evicted");
    fs::write(bench.path("trace_1701_1_00000000.json"), "").unwrap();
    let replayed = buffer.replay(&Far::default(), 1, &mut ()).unwrap();
    assert_eq!((replayed.total, replayed.sent), (2, 2));
    assert!(bench.path("trace_1701_1_00000000.json.quarantined").exists());
    assert_eq!(buffer.clear(&mut ()).unwrap(), 0, "and they stay");
}

/// Does as it pleases while a trace is being sent.
struct Meanwhile<F>(F);

impl<F: Fn() + Send + Sync> Client for Meanwhile<F> {
    fn send(&self, _key: Option<&str>, _body: &Value) -> Result<(), SendError> {
        (self.0)();
        Ok(())
    }
}

#[test]
fn what_is_being_sent_is_listed_and_is_nobody_elses_until_the_lease_ends() {
    let bench = bench(1);
    let buffer = hardened(&bench);
    let file = put(&*buffer, 1, &mut ());
    let second = Far::default();
    let meanwhile = Meanwhile(|| {
        let other = hardened(&bench);
        assert_eq!(listed(&*other), [1]);
        assert_eq!(other.status().unwrap().files, 1);
        assert_eq!(other.clear(&mut ()).unwrap(), 0);
        assert!(!other.remove(&file, &mut ()).unwrap());
        assert_eq!(other.replay(&second, 1, &mut ()).unwrap().total, 0);
        assert_eq!(other.store(&json!({"n": 2}), &mut ()).unwrap_err().kind(), "full");
        assert_eq!(bench.visible(), 1);
        bench.now.fetch_add(1_000, Ordering::SeqCst);
        assert_eq!(other.replay(&second, 1, &mut ()).unwrap().sent, 1, "taken over");
    });
    let mut told = Told::default();
    let claims_only = buffer.replay(&meanwhile, 1, &mut Unchecked(&mut told)).unwrap();
    assert_eq!((claims_only.sent, told.removed.len(), bench.visible()), (1, 0, 0), "the other one removed it");
    let stem = file.file_stem().unwrap().to_str().unwrap().to_owned();
    assert_eq!(second.sent.lock().unwrap().as_slice(), [(Some(stem), 1)], "under the same key");
    put(&*buffer, 3, &mut ());
    assert_eq!(listed(&*buffer), [3]);
}

/// A watch for files that another may have removed before.
struct Unchecked<'a>(&'a mut Told);

impl Watch for Unchecked<'_> {
    fn removing(&mut self, _file: &Path, _why: Why) {}

    fn removed(&mut self, file: &Path, why: Why) {
        self.0.removed(file, why);
    }
}

/// Between two looks at the directory nobody needs it: a file that is added by hand goes unnoticed until the
/// remembered candidates are used up.
#[test]
fn a_store_at_the_cap_does_not_look_at_the_directory() {
    let bench = bench(100);
    let buffer = hardened(&bench);
    for n in 0..101 {
        buffer.store(&json!({ "n": n }), &mut ()).unwrap();
    }
    fs::write(bench.path("trace_0_1_00000000.json"), "{\"n\": 1000}").unwrap();
    for n in 0..99 {
        buffer.store(&json!({ "n": n }), &mut ()).unwrap();
    }
    assert_eq!(bench.visible(), 101, "not seen yet");
    buffer.store(&json!({"n": 7}), &mut ()).unwrap();
    assert_eq!(bench.visible(), 100, "seen, and it is the oldest");
    assert!(!bench.path("trace_0_1_00000000.json").exists());
}

#[test]
fn threads_keep_the_cap_at_every_instant_and_lose_nothing() {
    let bench = bench(50);
    // One instance each for two pairs of threads, as two processes would have.
    let buffers = [hardened(&bench), hardened(&bench)];
    let (evicted, stored, most) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()), AtomicUsize::new(0));
    let running = AtomicBool::new(true);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..4)
            .map(|thread: u64| {
                let (buffer, evicted, stored) = (&buffers[thread as usize % 2], &evicted, &stored);
                scope.spawn(move || {
                    let mut told = Told::default();
                    for n in 0..200 {
                        let file =
                            buffer.store(&json!({ "n": thread * 1_000 + n }), &mut Unchecked(&mut told)).unwrap();
                        stored.lock().unwrap().push(file.file);
                    }
                    evicted.lock().unwrap().extend(told.removed.into_iter().map(|(file, _)| file));
                })
            })
            .collect();
        scope.spawn(|| {
            while running.load(Ordering::SeqCst) {
                // One listing is no instant. What two of them show was all there between the one and the other.
                let (before, after) = (bench.traces(), bench.traces());
                most.fetch_max(before.intersection(&after).count(), Ordering::SeqCst);
            }
        });
        workers.into_iter().for_each(|worker| worker.join().unwrap());
        running.store(false, Ordering::SeqCst);
    });
    assert_eq!(bench.visible(), 50);
    let left: BTreeSet<_> = buffers[0].list().unwrap().into_iter().map(|item| item.file).collect();
    let evicted: Vec<_> = evicted.into_inner().unwrap();
    let stored: BTreeSet<_> = stored.into_inner().unwrap().into_iter().collect();
    assert_eq!((stored.len(), evicted.len(), left.len()), (800, 750, 50));
    let gone: BTreeSet<_> = evicted.into_iter().collect();
    assert_eq!(gone.union(&left).cloned().collect::<BTreeSet<_>>(), stored, "each is in one place");
    assert!(gone.last() < left.first(), "the oldest went");
    let most = most.into_inner();
    assert!((1..=50).contains(&most), "{most} files at one time");
}
