//! The tree of a model against the real one: the same random calls give the same results, errors included, and leave
//! the same files behind.
#![cfg(feature = "hunt")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use racehunt_sync::engine::{self, Engine};
use racehunt_sync::{fs, hook};

/// How a file is opened: read, write, append, truncate, create, `create_new`.
type Flags = [bool; 6];

#[derive(Clone, Debug)]
enum Call {
    Open(usize, Flags, usize),
    Close(usize),
    Clone(usize, usize),
    Write(usize, Vec<u8>),
    Read(usize, usize),
    ReadAll(usize),
    Seek(usize, u8, i64),
    SetLen(usize, u64),
    Sync(usize),
    Stat(usize),
    Lock(usize, bool),
    Unlock(usize),
    StatPath(usize),
    Exists(usize),
    WholeRead(usize),
    WholeWrite(usize, Vec<u8>),
    Rename(usize, usize),
    Remove(usize),
    MakeDir(usize),
    MakeDirs(usize),
    RemoveDir(usize),
    RemoveDirs(usize),
    List(usize),
}

/// Few names, so that the calls meet; some of them are no good names.
const PATHS: [&str; 20] = [
    "a", "b", "c", "d", "d/a", "d/b", "d/e", "d/e/a", "d/e/f", "g", "g/h", "a/x", "d/", "a/", "n/", "d/../a", "d/.",
    "g/..", "d//e/./a", "",
];
const HANDLES: usize = 4;

fn path() -> impl Strategy<Value = usize> {
    prop_oneof![4 => 0..12usize, 1 => 12..PATHS.len()]
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..150)
}

/// Mostly options that std accepts.
fn flags() -> impl Strategy<Value = Flags> {
    let usual = prop::sample::select(vec![
        [true, false, false, false, false, false],
        [false, true, false, true, true, false],
        [true, true, false, false, true, false],
        [false, false, true, false, true, false],
        [true, true, false, false, false, true],
        [true, true, false, true, false, false],
        [true, false, true, false, false, false],
    ]);
    prop_oneof![3 => usual, 1 => any::<Flags>()]
}

fn call() -> impl Strategy<Value = Call> {
    let handle = 0..HANDLES;
    let on_handles = prop_oneof![
        6 => (handle.clone(), flags(), path()).prop_map(|(h, f, p)| Call::Open(h, f, p)),
        1 => handle.clone().prop_map(Call::Close),
        1 => (handle.clone(), handle.clone()).prop_map(|(a, b)| Call::Clone(a, b)),
        4 => (handle.clone(), bytes()).prop_map(|(h, b)| Call::Write(h, b)),
        2 => (handle.clone(), 0..200usize).prop_map(|(h, n)| Call::Read(h, n)),
        1 => handle.clone().prop_map(Call::ReadAll),
        2 => (handle.clone(), 0..3u8, -100..200i64).prop_map(|(h, w, n)| Call::Seek(h, w, n)),
        1 => (handle.clone(), prop_oneof![0..200u64, Just(u64::MAX)]).prop_map(|(h, n)| Call::SetLen(h, n)),
        1 => handle.clone().prop_map(Call::Sync),
        1 => handle.clone().prop_map(Call::Stat),
        3 => (handle.clone(), any::<bool>()).prop_map(|(h, s)| Call::Lock(h, s)),
        1 => handle.prop_map(Call::Unlock),
    ];
    let on_paths = prop_oneof![
        1 => path().prop_map(Call::StatPath),
        1 => path().prop_map(Call::Exists),
        1 => path().prop_map(Call::WholeRead),
        2 => (path(), bytes()).prop_map(|(p, b)| Call::WholeWrite(p, b)),
        3 => (path(), path()).prop_map(|(p, q)| Call::Rename(p, q)),
        2 => path().prop_map(Call::Remove),
        3 => path().prop_map(Call::MakeDir),
        1 => path().prop_map(Call::MakeDirs),
        1 => path().prop_map(Call::RemoveDir),
        1 => path().prop_map(Call::RemoveDirs),
        1 => path().prop_map(Call::List),
    ];
    prop_oneof![1 => on_handles, 1 => on_paths]
}

/// What a call gave, in words that can be compared.
fn said<T: std::fmt::Debug>(result: io::Result<T>) -> String {
    match result {
        Ok(value) => format!("{value:?}"),
        Err(e) => format!("{:?} {:?} {e}", e.kind(), e.raw_os_error()),
    }
}

fn stat(metadata: &fs::Metadata) -> (u64, bool, bool) {
    (if metadata.is_dir() { 0 } else { metadata.len() }, metadata.is_dir(), metadata.is_file())
}

struct World {
    root: PathBuf,
    handles: [Option<fs::File>; HANDLES],
}

impl World {
    fn path(&self, path: usize) -> PathBuf {
        // An empty path stays one.
        if PATHS[path].is_empty() { PathBuf::new() } else { self.root.join(PATHS[path]) }
    }

    fn on(&self, handle: usize, f: impl FnOnce(&mut &fs::File) -> String) -> String {
        self.handles[handle].as_ref().map_or_else(|| "closed".to_owned(), |mut file| f(&mut file))
    }

    fn call(&mut self, call: &Call) -> String {
        match call {
            Call::Open(handle, [read, write, append, truncate, create, create_new], path) => {
                let mut options = fs::OpenOptions::new();
                options.read(*read).write(*write).append(*append);
                options.truncate(*truncate).create(*create).create_new(*create_new);
                let result = options.open(self.path(*path));
                self.keep(*handle, result)
            }
            Call::Close(handle) => {
                self.handles[*handle] = None;
                String::new()
            }
            Call::Clone(from, to) => {
                let Some(file) = &self.handles[*from] else {
                    return "closed".to_owned();
                };
                let result = file.try_clone();
                self.keep(*to, result)
            }
            Call::Write(handle, bytes) => self.on(*handle, |file| said(file.write_all(bytes))),
            Call::Read(handle, n) => self.on(*handle, |file| {
                let mut buffer = vec![0; *n];
                let result = file.read(&mut buffer);
                said(result.map(|n| buffer[..n].to_vec()))
            }),
            Call::ReadAll(handle) => self.on(*handle, |file| {
                let mut buffer = Vec::new();
                said(file.read_to_end(&mut buffer).map(|_| buffer))
            }),
            Call::Seek(handle, whence, by) => self.on(*handle, |file| {
                // Where a directory's end is, is the file system's affair.
                if file.metadata().is_ok_and(|m| m.is_dir()) {
                    return String::new();
                }
                said(file.seek(match whence {
                    0 => SeekFrom::Start(*by as u64),
                    1 => SeekFrom::Current(*by),
                    _ => SeekFrom::End(*by),
                }))
            }),
            Call::SetLen(handle, len) => self.on(*handle, |file| said(file.set_len(*len))),
            Call::Sync(handle) => self.on(*handle, |file| said(file.sync_all())),
            Call::Stat(handle) => self.on(*handle, |file| said(file.metadata().map(|m| stat(&m)))),
            Call::Lock(handle, shared) => {
                self.on(*handle, |file| format!("{:?}", if *shared { file.try_lock_shared() } else { file.try_lock() }))
            }
            Call::Unlock(handle) => self.on(*handle, |file| said(file.unlock())),
            on_path => self.call_on_path(on_path),
        }
    }

    fn keep(&mut self, handle: usize, result: io::Result<fs::File>) -> String {
        let said = said(result.as_ref().map(|_| ()).map_err(|e| {
            e.raw_os_error().map_or_else(|| io::Error::new(e.kind(), e.to_string()), io::Error::from_raw_os_error)
        }));
        self.handles[handle] = result.ok();
        said
    }

    fn call_on_path(&self, call: &Call) -> String {
        match call {
            Call::StatPath(path) => said(fs::metadata(self.path(*path)).map(|m| stat(&m))),
            Call::Exists(path) => said(fs::exists(self.path(*path))),
            Call::WholeRead(path) => said(fs::read(self.path(*path))),
            Call::WholeWrite(path, bytes) => said(fs::write(self.path(*path), bytes)),
            Call::Rename(from, to) => said(fs::rename(self.path(*from), self.path(*to))),
            Call::Remove(path) => said(fs::remove_file(self.path(*path))),
            Call::MakeDir(path) => said(fs::create_dir(self.path(*path))),
            Call::MakeDirs(path) => said(fs::create_dir_all(self.path(*path))),
            Call::RemoveDir(path) => said(fs::remove_dir(self.path(*path))),
            // Not of the root's own directory, which is not this test's.
            Call::RemoveDirs(path) if PATHS[*path].contains("..") => String::new(),
            Call::RemoveDirs(path) => said(fs::remove_dir_all(self.path(*path))),
            Call::List(path) => said(fs::read_dir(self.path(*path)).map(|entries| {
                let entries = entries.map(|e| e.unwrap());
                entries.map(|e| (e.file_name(), e.file_type().unwrap().is_dir())).collect::<BTreeSet<_>>()
            })),
            other => unreachable!("{other:?} is a call on a handle"),
        }
    }

    fn leaves(&self, dir: &Path, into: &mut BTreeMap<PathBuf, Option<Vec<u8>>>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(&self.root).unwrap().to_owned();
            if fs::metadata(&path).unwrap().is_dir() {
                into.insert(name, None);
                self.leaves(&path, into);
            } else {
                into.insert(name, Some(fs::read(&path).unwrap()));
            }
        }
    }
}

/// What the calls gave, and what they left behind.
type Outcome = (Vec<String>, BTreeMap<PathBuf, Option<Vec<u8>>>);

fn run(root: PathBuf, calls: &[Call]) -> Outcome {
    let mut world = World { root, handles: [const { None }; HANDLES] };
    let said = calls.iter().map(|call| world.call(call)).collect();
    let mut left = BTreeMap::new();
    let root = world.root.clone();
    world.leaves(&root, &mut left);
    (said, left)
}

/// One execution of shuttle's, with one actor.
fn modelled(calls: &[Call]) -> Outcome {
    let _engine = engine::enter(Engine::Shuttle);
    let out = Arc::new(Mutex::new(None));
    let (into, calls) = (Arc::clone(&out), calls.to_vec());
    let scheduler = shuttle::scheduler::RandomScheduler::new_from_seed(1, 1);
    shuttle::Runner::new(scheduler, shuttle::Config::default()).run(move || {
        hook::reset(false);
        fs::create_dir_all("/tmp/root").unwrap();
        *into.lock().unwrap() = Some(run(PathBuf::from("/tmp/root"), &calls));
        hook::finish();
    });
    out.lock().unwrap().take().unwrap()
}

fn real(calls: &[Call]) -> Outcome {
    let dir = tempfile::tempdir().unwrap();
    // A root below, so that `..` stays inside.
    let root = dir.path().join("root");
    std::fs::create_dir(&root).unwrap();
    run(root, calls)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn model_does_what_linux_does(calls in proptest::collection::vec(call(), 1..60)) {
        let (model, linux) = (modelled(&calls), real(&calls));
        for (i, (model, linux)) in model.0.iter().zip(&linux.0).enumerate() {
            prop_assert_eq!(model, linux, "call {}: {:?}", i, &calls[i]);
        }
        prop_assert_eq!(model.1, linux.1);
    }
}
