//! What the kill of a process leaves behind.

use std::io::{Read, Write};

use racehunt_sync::engine::Engine;
use racehunt_sync::fs::{self, File};
use racehunt_sync::process::{self, Unsynced};
use racehunt_sync::thread;

use crate::support::{MODELS, fails, outcomes};

/// Runs `work` as process 1, kills that at any moment, and looks at what is left.
fn killed<T>(unsynced: Unsynced, work: fn(), look: impl FnOnce() -> T) -> T {
    process::make_mortal(1);
    let worker = thread::spawn(move || {
        process::enter(1);
        work();
    });
    process::kill(1, unsynced);
    if let Err(payload) = worker.join() {
        assert!(process::is_kill(&*payload));
    }
    look()
}

fn left_of_file() -> Option<String> {
    fs::read_to_string("/file").ok()
}

/// Syncs "old", then appends "newer".
fn append() {
    let mut file = File::create("/file").unwrap();
    file.write_all(b"old").unwrap();
    file.sync_all().unwrap();
    file.write_all(b"newer").unwrap();
}

fn texts(engine: Engine, program: impl Fn() -> Option<String> + Send + Sync + 'static) -> Vec<String> {
    outcomes(engine, program).into_iter().map(|text| text.unwrap_or_else(|| "none".to_owned())).collect()
}

#[test]
fn a_kill_leaves_what_it_is_told_to() {
    for engine in MODELS {
        assert_eq!(
            texts(engine, || killed(Unsynced::Kept, append, left_of_file)),
            ["none", "", "old", "oldnewer"],
            "{engine:?}"
        );
        assert_eq!(texts(engine, || killed(Unsynced::Lost, append, left_of_file)), ["none", "", "old"], "{engine:?}");
        // Of the unsynced "old" the half is "o", of "newer" it is "ne".
        assert_eq!(
            texts(engine, || killed(Unsynced::Torn, append, left_of_file)),
            ["none", "", "o", "old", "oldne"],
            "{engine:?}"
        );
    }
}

/// Writes over a synced file, in place.
fn overwrite() {
    File::options().write(true).open("/file").unwrap().write_all(b"aXYZ").unwrap();
}

fn over(unsynced: Unsynced) -> Option<String> {
    let mut file = File::create("/file").unwrap();
    file.write_all(b"abcdef").unwrap();
    file.sync_all().unwrap();
    killed(unsynced, overwrite, left_of_file)
}

#[test]
fn a_torn_overwrite_keeps_the_old_end() {
    for engine in MODELS {
        assert_eq!(texts(engine, || over(Unsynced::Lost)), ["abcdef"], "{engine:?}");
        // "aXYZef" agrees with "abcdef" in its first byte; half of the other five is two.
        assert_eq!(texts(engine, || over(Unsynced::Torn)), ["aXYdef", "abcdef"], "{engine:?}");
    }
}

#[test]
fn synced_before_the_rename_is_whole_after_a_kill() {
    for engine in MODELS {
        let synced = || {
            let mut file = File::create("/new").unwrap();
            file.write_all(b"whole").unwrap();
            file.sync_all().unwrap();
            fs::rename("/new", "/file").unwrap();
        };
        assert_eq!(
            texts(engine, move || killed(Unsynced::Lost, synced, left_of_file)),
            ["none", "whole"],
            "{engine:?}"
        );
        let hasty = || {
            fs::write("/new", "whole").unwrap();
            fs::rename("/new", "/file").unwrap();
        };
        assert_eq!(texts(engine, move || killed(Unsynced::Lost, hasty, left_of_file)), ["none", ""], "{engine:?}");
    }
}

#[test]
fn the_lock_of_a_killed_process_is_given_to_the_waiter() {
    // The holder never gives it up by itself.
    let hold = || {
        let lock = File::create("/lock").unwrap();
        lock.lock().unwrap();
        fs::write("/held", "").unwrap();
        thread::park();
        drop(lock);
    };
    for engine in MODELS {
        let held = outcomes(engine, move || {
            let waiter = thread::spawn(|| {
                let lock = File::create("/lock").unwrap();
                lock.lock().unwrap();
                fs::exists("/held").unwrap()
            });
            killed(Unsynced::Kept, hold, || waiter.join().unwrap())
        });
        assert_eq!(held, [false, true], "{engine:?}");
    }
    for engine in MODELS {
        fails(
            engine,
            || {
                let holder = thread::spawn(|| {
                    let lock = File::create("/lock").unwrap();
                    lock.lock().unwrap();
                    thread::park();
                });
                File::create("/lock").unwrap().lock().unwrap();
                holder.join().unwrap();
            },
            "deadlock",
        );
    }
}

#[test]
fn destructors_of_a_killed_process_do_nothing() {
    struct Cleanup;
    impl Drop for Cleanup {
        fn drop(&mut self) {
            let _ = fs::remove_file("/file");
            let _ = fs::write("/more", "more");
            let mut text = String::new();
            let _ = File::open("/file").and_then(|mut file| file.read_to_string(&mut text));
        }
    }
    let work = || {
        fs::write("/file", "text").unwrap();
        let _cleanup = Cleanup;
        thread::park();
    };
    for engine in MODELS {
        let left = outcomes(engine, move || {
            process::make_mortal(1);
            let worker = thread::spawn(move || {
                process::enter(1);
                work();
            });
            process::kill(1, Unsynced::Kept);
            assert!(process::is_kill(&*worker.join().unwrap_err()));
            fs::model::peek("/").len()
        });
        assert_eq!(left, [0, 1], "{engine:?}");
    }
}

#[test]
fn a_killed_waiter_takes_no_lock() {
    for engine in MODELS {
        outcomes(engine, || {
            process::make_mortal(1);
            let lock = File::create("/lock").unwrap();
            lock.lock().unwrap();
            let waiter = thread::spawn(|| {
                process::enter(1);
                File::open("/lock").unwrap().lock().unwrap();
            });
            process::kill(1, Unsynced::Kept);
            assert!(process::is_kill(&*waiter.join().unwrap_err()));
            lock.unlock().unwrap();
            let other = thread::spawn(|| File::open("/lock").unwrap().lock().unwrap());
            lock.lock().unwrap();
            drop(lock);
            other.join().unwrap();
        });
    }
}
