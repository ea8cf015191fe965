//! Listings, times, watchers, and what is recorded.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use racehunt_sync::engine::{self, Engine};
use racehunt_sync::fs::{self, File};
use racehunt_sync::{hook, thread};

use crate::support::{MODELS, outcomes};

/// The order in which `/` is listed.
fn listed(salt: u64) -> Vec<String> {
    fs::model::set_salt(salt);
    for name in ["a", "b", "c", "d", "e"] {
        fs::write(name, "").unwrap();
    }
    fs::read_dir("/").unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn listings_come_in_an_order_of_the_salt() {
    let mut orders = BTreeSet::new();
    for salt in 0..20 {
        let (first, again) = outcomes(Engine::Loom, move || (listed(salt), listed(salt))).pop().unwrap();
        assert_eq!(first, again);
        assert_eq!(first.iter().collect::<BTreeSet<_>>().len(), 5);
        orders.insert(first);
    }
    assert!(orders.len() > 10, "{orders:?}");
}

#[test]
fn a_file_that_is_replaced_has_another_inode() {
    use racehunt_sync::os::unix::fs::MetadataExt;
    let check = || {
        fs::write("file", "one").unwrap();
        let first = fs::metadata("file").unwrap();
        fs::write("file", "two").unwrap();
        let same = fs::metadata("file").unwrap();
        assert_eq!((first.ino(), first.size()), (same.ino(), same.size()));
        assert!((first.mtime(), first.mtime_nsec()) <= (same.mtime(), same.mtime_nsec()));
        fs::write("new", "two").unwrap();
        let made = fs::metadata("new").unwrap().ino();
        assert_ne!(made, first.ino());
        fs::rename("new", "file").unwrap();
        assert_eq!(fs::metadata("file").unwrap().ino(), made);
    };
    for engine in MODELS {
        outcomes(engine, check);
    }
}

#[test]
fn neighbours_share_a_time() {
    let times = || {
        let mut times = BTreeSet::new();
        for name in ["a", "b", "c", "d", "e", "f", "g", "h"] {
            fs::write(name, "").unwrap();
            times.insert(fs::metadata(name).unwrap().modified().unwrap());
        }
        thread::sleep(Duration::from_millis(100));
        fs::write("late", "").unwrap();
        let late = fs::metadata("late").unwrap().modified().unwrap();
        assert!(late.duration_since(SystemTime::UNIX_EPOCH).unwrap() >= Duration::from_millis(108));
        times.len()
    };
    assert_eq!(outcomes(Engine::Shuttle, times), [3], "1 to 3 ms, 4 to 7 ms, 8 ms");
    let finer = outcomes(Engine::Shuttle, move || {
        fs::model::set_tick(Duration::from_millis(1));
        times()
    });
    assert_eq!(finer, [8]);
}

#[test]
fn watchers_see_every_change() {
    for engine in MODELS {
        outcomes(engine, || {
            let log = Rc::new(RefCell::new(Vec::new()));
            let into = Rc::clone(&log);
            fs::create_dir("/dir").unwrap();
            fs::model::watch(move |tree| {
                let files = tree.files(Path::new("/dir")).map(|(name, bytes)| (name.to_owned(), bytes.len()));
                into.borrow_mut().push((tree.changed().to_owned(), files.collect::<Vec<_>>()));
            });
            fs::write("/dir/a", "abc").unwrap();
            fs::rename("dir/a", "dir/b").unwrap();
            assert!(fs::remove_file("/dir/a").is_err());
            fs::remove_file("/dir/b").unwrap();
            let one = |name: &str, len| vec![(OsStr::new(name).to_owned(), len)];
            let expected = [
                ("/dir/a".into(), one("a", 0)),
                ("/dir/a".into(), one("a", 3)),
                ("/dir/b".into(), one("b", 3)),
                ("/dir/b".into(), Vec::new()),
            ];
            assert_eq!(*log.borrow(), expected);
        });
    }
}

#[test]
fn recorded_steps_say_what_they_did() {
    let _entered = engine::enter(Engine::Shuttle);
    let scheduler = shuttle::scheduler::RandomScheduler::new_from_seed(3, 1);
    shuttle::Runner::new(scheduler, shuttle::Config::default()).run(|| {
        hook::reset(true);
        fs::write("/a", [0; 70]).unwrap();
        fs::rename("/a", "/b").unwrap();
        let _ = fs::read("/a");
        let file = File::open("/b").unwrap();
        file.lock().unwrap();
        drop(file);
        fs::remove_file("/b").unwrap();
        let events = hook::take_events();
        assert!(events.iter().all(|e| e.site.file().ends_with("tests/files/tree.rs")), "{events:?}");
        let labels: Vec<_> = events.into_iter().map(|e| e.label).collect();
        let expected = [
            "create a",
            "write a 64 bytes",
            "write a 6 bytes",
            "rename a -> b",
            "open a: entity not found",
            "open b",
            "flock b",
            "close b",
            "unlink b",
        ];
        assert_eq!(labels, expected);
        hook::finish();
    });
}
