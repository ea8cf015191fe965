//! Faults of file calls, natively and under the models. (The native rules are the process's: one test sets them.)

use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use racehunt_sync::engine;
use racehunt_sync::fs::faults::{self, Act, Call, Rule, When};
use racehunt_sync::fs::{self, File, TryLockError};
use racehunt_sync::thread;

use crate::support::{MODELS, outcomes};

fn rule(call: Call, when: When, errno: i32) -> Rule {
    Rule { call, when, act: Act::Error(errno) }
}

/// The error of each kind of call in `dir`, none where it worked.
fn errors(dir: &Path) -> Vec<Option<i32>> {
    let errno = |result: std::io::Result<()>| result.err().map(|e| e.raw_os_error().unwrap());
    let kept = dir.join("kept");
    let mut file = File::options().read(true).append(true).create(true).open(&kept).unwrap();
    vec![
        errno(File::open(&kept).map(|_| ())),
        errno(fs::create_dir(dir.join("dir"))),
        errno(std::io::Read::read(&mut file, &mut [0]).map(|_| ())),
        errno(file.write(b"x").map(|_| ())),
        errno(file.sync_data()),
        errno(fs::rename(&kept, dir.join("moved"))),
        errno(fs::remove_file(dir.join("moved"))),
        errno(fs::read_dir(dir).map(|_| ())),
        errno(fs::metadata(dir).map(|_| ())),
        match file.try_lock() {
            Err(TryLockError::Error(e)) => e.raw_os_error(),
            _ => None,
        },
    ]
}

const CALLS: [Call; 10] = [
    Call::Open,
    Call::Create,
    Call::Read,
    Call::Write,
    Call::Sync,
    Call::Rename,
    Call::Unlink,
    Call::List,
    Call::Stat,
    Call::Lock,
];

/// Each call met alone: that one fails and the others work (but for the removal of what was not renamed).
fn each_call_is_met(base: &Path) {
    for (i, call) in CALLS.into_iter().enumerate() {
        let dir = base.join(i.to_string());
        fs::create_dir_all(&dir).unwrap();
        // The file itself is made by the first `Create`.
        let nth = if call == Call::Create { 2 } else { 1 };
        faults::set(vec![rule(call, When::Nth(nth), libc::EIO)], 0);
        let mut expected = vec![None; CALLS.len()];
        expected[i] = Some(libc::EIO);
        if call == Call::Rename {
            expected[6] = Some(libc::ENOENT);
        }
        assert_eq!(errors(&dir), expected, "{call:?}");
        faults::set(Vec::new(), 0);
    }
    let dir = base.join("none set");
    fs::create_dir(&dir).unwrap();
    assert_eq!(errors(&dir), vec![None; CALLS.len()]);
}

static DONE: AtomicU32 = AtomicU32::new(0);

#[test]
fn native_faults() {
    let dir = tempfile::tempdir().unwrap();
    each_call_is_met(dir.path());
    let act = Act::Do(|| {
        DONE.fetch_add(1, Ordering::Relaxed);
    });
    faults::set(vec![Rule { call: Call::Stat, when: When::Nth(2), act }], 0);
    for _ in 0..3 {
        fs::metadata(dir.path()).unwrap();
    }
    assert_eq!(DONE.load(Ordering::Relaxed), 1);
    // A quarter, drawn from the seed: the same ones each time.
    let failing = |seed| {
        faults::set(vec![rule(Call::Stat, When::Chance(16_384), libc::ENOSPC)], seed);
        let calls: Vec<_> = (0..400).map(|_| fs::metadata(dir.path()).is_err()).collect();
        faults::set(Vec::new(), 0);
        calls
    };
    let first = failing(1);
    let hits = first.iter().filter(|hit| **hit).count();
    assert!((60..140).contains(&hits), "{hits}");
    assert_eq!(first, failing(1));
    assert_ne!(first, failing(2));
}

#[test]
fn model_faults() {
    for engine in MODELS {
        outcomes(engine, || each_call_is_met(Path::new("/")));
    }
}

#[test]
fn a_write_that_fails_midway_leaves_a_torn_file() {
    for engine in MODELS {
        let _entered = engine::enter(engine);
        faults::set(vec![rule(Call::Write, When::Nth(2), libc::ENOSPC)], 0);
        // Counted anew in each execution, or only the first one would see it.
        let seen = outcomes(engine, || {
            let error = fs::write("/file", [1; 100]).unwrap_err();
            (error.raw_os_error(), fs::read("/file").unwrap().len())
        });
        faults::set(Vec::new(), 0);
        assert_eq!(seen, [(Some(libc::ENOSPC), 64)], "{engine:?}");
    }
}

#[test]
fn which_of_two_readers_is_met_depends_on_the_order() {
    for engine in MODELS {
        let _entered = engine::enter(engine);
        faults::set(vec![rule(Call::Stat, When::Nth(1), libc::EIO)], 0);
        let seen = outcomes(engine, || {
            let other = thread::spawn(|| fs::metadata("/").is_ok());
            (fs::metadata("/").is_ok(), other.join().unwrap())
        });
        faults::set(Vec::new(), 0);
        assert_eq!(seen, [(false, true), (true, false)], "{engine:?}");
    }
}
