//! What the models find in programs that share files, and what a kill leaves behind.
#![cfg(feature = "hunt")]

mod faults;
mod kills;
#[path = "../support/explore.rs"]
mod support;
mod tree;

use std::io::Read;

use racehunt_sync::atomic::{AtomicBool, Ordering::SeqCst};
use racehunt_sync::fs::{self, File};
use racehunt_sync::{Arc, hook, thread, tries};
use support::{MODELS, fails, outcomes};

/// Lengths that a reader of `/file` sees while another actor writes 100 bytes to it.
fn lengths(write: fn()) -> Option<usize> {
    let writer = thread::spawn(write);
    let seen = fs::read("/file").ok().map(|bytes| bytes.len());
    writer.join().unwrap();
    assert_eq!(fs::read("/file").unwrap(), [1; 100]);
    seen
}

#[test]
fn torn_read_is_found() {
    for engine in MODELS {
        let seen = outcomes(engine, || lengths(|| fs::write("/file", [1; 100]).unwrap()));
        assert_eq!(seen, [None, Some(0), Some(64), Some(100)], "{engine:?}");
        let seen = outcomes(engine, || {
            lengths(|| {
                fs::write("/new", [1; 100]).unwrap();
                fs::rename("/new", "/file").unwrap();
            })
        });
        assert_eq!(seen, [None, Some(100)], "{engine:?}");
    }
}

#[test]
fn chunks_are_as_long_as_told() {
    for engine in MODELS {
        let seen = outcomes(engine, || {
            fs::model::set_chunk(50);
            lengths(|| fs::write("/file", [1; 100]).unwrap())
        });
        assert_eq!(seen, [None, Some(0), Some(50), Some(100)], "{engine:?}");
    }
}

/// Two actors take two lock files, in the same order or crossed.
fn two_locks(crossed: bool) {
    let take = |first: &str, second: &str| {
        let (first, second) = (File::create(first).unwrap(), File::create(second).unwrap());
        first.lock().unwrap();
        second.lock().unwrap();
    };
    let other = thread::spawn(move || if crossed { take("/b", "/a") } else { take("/a", "/b") });
    take("/a", "/b");
    other.join().unwrap();
}

#[test]
fn crossed_lock_files_deadlock() {
    for engine in MODELS {
        fails(engine, || two_locks(true), "deadlock");
        let blocked = hook::blocked();
        let waiting: Vec<_> = blocked.iter().filter(|b| b.waits.kind == hook::Kind::Lock).collect();
        assert_eq!(waiting.len(), 2, "{engine:?}: {blocked:?}");
        assert!(waiting.iter().all(|b| b.holders.len() == 1 && b.holders[0].0 != b.name));
        assert!(waiting.iter().all(|b| b.object.unwrap().type_name == "file lock"));
        assert_eq!(outcomes(engine, || two_locks(false)), [()]);
    }
}

#[test]
fn upgrading_a_shared_lock_twice_ends() {
    // Linux gives the shared lock up first, so that this is no deadlock.
    for engine in MODELS {
        outcomes(engine, || {
            File::create("/lock").unwrap();
            let upgrade = || {
                let file = File::open("/lock").unwrap();
                file.lock_shared().unwrap();
                file.lock().unwrap();
            };
            let other = thread::spawn(upgrade);
            upgrade();
            other.join().unwrap();
        });
    }
}

#[test]
fn release_by_drop_is_seen_by_who_tries() {
    // The flag is set while the lock is held: who sees it and is refused was there just before the drop.
    for engine in MODELS {
        tries::forget();
        let program = || {
            let flag = Arc::new(AtomicBool::new(false));
            let set = Arc::clone(&flag);
            let holder = thread::spawn(move || {
                let lock = File::create("/lock").unwrap();
                lock.lock().unwrap();
                set.store(true, SeqCst);
            });
            let lock = File::create("/lock").unwrap();
            let seen = flag.load(SeqCst);
            let got = lock.try_lock().is_ok();
            drop(lock);
            holder.join().unwrap();
            (seen, got)
        };
        let all = [(false, false), (false, true), (true, false), (true, true)];
        assert_eq!(outcomes(engine, program), all, "{engine:?}");
    }
}

#[test]
fn reads_of_a_shared_position_do_not_commute() {
    for engine in MODELS {
        let order = outcomes(engine, || {
            fs::write("/file", "ab").unwrap();
            let file = Arc::new(File::open("/file").unwrap());
            let read = |file: Arc<File>| {
                let mut byte = [0];
                (&*file).read_exact(&mut byte).unwrap();
                byte[0]
            };
            let (first, second) = (Arc::clone(&file), file);
            let other = thread::spawn(move || read(first));
            (read(second), other.join().unwrap())
        });
        assert_eq!(order, [(b'a', b'b'), (b'b', b'a')], "{engine:?}");
    }
}
