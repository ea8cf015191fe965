//! Files: names, contents, locks. Natively in a directory of their own, under a model in its tree.

use std::io::{ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};

use racehunt_sync::fs::{self, File, OpenOptions, TryLockError};
use racehunt_sync::{Arc, thread};

/// A directory that only this execution has.
struct Dir {
    path: PathBuf,
    /// Removes the real one.
    _real: Option<tempfile::TempDir>,
}

fn dir() -> Arc<Dir> {
    #[cfg(feature = "hunt")]
    if racehunt_sync::engine::current().is_model() {
        fs::create_dir_all("/some/where").unwrap();
        return Arc::new(Dir { path: PathBuf::from("/some/where"), _real: None });
    }
    let real = tempfile::tempdir().unwrap();
    Arc::new(Dir { path: real.path().to_owned(), _real: Some(real) })
}

/// Runs `f` in two actors.
fn twice<T: Send + 'static>(dir: &Arc<Dir>, f: fn(&Path) -> T) -> [T; 2] {
    let start = || {
        let dir = Arc::clone(dir);
        thread::spawn(move || f(&dir.path))
    };
    [start(), start()].map(|actor| actor.join().unwrap())
}

pub(crate) fn renamed_file_is_whole() {
    let dir = dir();
    let other = Arc::clone(&dir);
    let writer = thread::spawn(move || {
        let mut file = File::create(other.path.join("new")).unwrap();
        file.write_all(&[7; 100]).unwrap();
        file.sync_all().unwrap();
        drop(file);
        fs::rename(other.path.join("new"), other.path.join("file")).unwrap();
    });
    match fs::read(dir.path.join("file")) {
        Ok(bytes) => assert_eq!(bytes, [7; 100]),
        Err(e) => assert_eq!(e.kind(), ErrorKind::NotFound),
    }
    writer.join().unwrap();
    assert!(fs::exists(dir.path.join("file")).unwrap() && !fs::exists(dir.path.join("new")).unwrap());
}

pub(crate) fn one_creates_and_one_removes() {
    let dir = dir();
    let created = twice(&dir, |dir| File::create_new(dir.join("file")).is_ok());
    assert!(created[0] ^ created[1]);
    let removed = twice(&dir, |dir| fs::remove_file(dir.join("file")).is_ok());
    assert!(removed[0] ^ removed[1]);
}

pub(crate) fn appends_are_whole() {
    let dir = dir();
    twice(&dir, |dir| {
        let mut file = OpenOptions::new().append(true).create(true).open(dir.join("log")).unwrap();
        file.write_all(b"abc").unwrap();
    });
    assert_eq!(fs::read_to_string(dir.path.join("log")).unwrap(), "abcabc");
}

pub(crate) fn lock_excludes() {
    let dir = dir();
    fs::write(dir.path.join("count"), [0]).unwrap();
    twice(&dir, |dir| {
        let mut file = OpenOptions::new().read(true).write(true).open(dir.join("count")).unwrap();
        file.lock().unwrap();
        let mut count = [0];
        file.read_exact(&mut count).unwrap();
        file.rewind().unwrap();
        file.write_all(&[count[0] + 1]).unwrap();
    });
    assert_eq!(fs::read(dir.path.join("count")).unwrap(), [2]);
}

pub(crate) fn locks_are_of_the_open_file() {
    let dir = dir();
    let open = || OpenOptions::new().read(true).write(true).create(true).open(dir.path.join("lock")).unwrap();
    let (a, b) = (open(), open());
    a.lock_shared().unwrap();
    b.try_lock_shared().unwrap();
    assert!(matches!(a.try_lock(), Err(TryLockError::WouldBlock)), "b shares it");
    b.lock().unwrap();
    assert!(matches!(a.try_lock_shared(), Err(TryLockError::WouldBlock)));
    let same = b.try_clone().unwrap();
    drop(b);
    assert!(matches!(a.try_lock(), Err(TryLockError::WouldBlock)), "the other handle keeps it");
    same.unlock().unwrap();
    a.try_lock().unwrap();
    drop(a);
    same.try_lock().unwrap();
}

pub(crate) fn unlinked_file_stays_readable() {
    let dir = dir();
    let path = dir.path.join("file");
    fs::write(&path, "text").unwrap();
    let mut file = File::open(&path).unwrap();
    fs::remove_file(&path).unwrap();
    fs::write(&path, "other").unwrap();
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    assert_eq!(text, "text");
}

pub(crate) fn listing_has_what_stays() {
    let dir = dir();
    for name in ["a", "b"] {
        fs::write(dir.path.join(name), name).unwrap();
    }
    let other = Arc::clone(&dir);
    let mover = thread::spawn(move || fs::remove_file(other.path.join("a")).unwrap());
    let mut names: Vec<_> = fs::read_dir(&dir.path).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert!(names == ["a", "b"] || names == ["b"], "{names:?}");
    mover.join().unwrap();
    let mut entries = fs::read_dir(&dir.path).unwrap();
    let entry = entries.next().unwrap().unwrap();
    assert!(entries.next().is_none() && entry.path() == dir.path.join("b"));
    assert!(entry.file_type().unwrap().is_file() && entry.metadata().unwrap().len() == 1);
    assert!(entry.metadata().unwrap().modified().is_ok());
    fs::remove_dir_all(&dir.path).unwrap();
    assert_eq!(fs::metadata(&dir.path).unwrap_err().kind(), ErrorKind::NotFound);
}
