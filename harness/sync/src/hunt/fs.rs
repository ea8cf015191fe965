//! Files whose engine is chosen at run time: std's natively, an in-memory tree under a model.
//!
//! # Under a model
//!
//! Each execution has a tree of its own, which starts with `/` alone; relative paths start there too. Every call is one
//! step, and so is each chunk of a write ([`model::set_chunk`]); reading to the end is one step, listing a directory is
//! one (a snapshot in an order that nobody can rely on, [`model::set_salt`]), and `read`, `write`, `create_dir_all` and
//! `remove_dir_all` are the steps of the calls they are made of. Seeking and looking at an open file are steps as well.
//! Dropping a file is one only if that gives up a lock. Errors are Linux's, by number.
//!
//! Locks are `flock`'s: advisory, of the open file (which [`File::try_clone`] shares), given up by the last handle's
//! drop and by the kill of the process. Changing the mode of a lock gives it up first.
//!
//! # Kills
//!
//! The kill of a modelled process closes its files and gives its locks up. The names survive, as with a journal that
//! keeps their order: what was created, renamed or removed stays so. Content that was written and not synced is
//! treated as [`Unsynced`](super::process::Unsynced) says, file by file, for each file that the process
//! wrote since its last sync: `Kept` leaves it; `Lost` puts back what the last sync saw, nothing if there was none, and
//! with it goes what other processes wrote since; `Torn` keeps the half that was written first. Say that the
//! content and that of the last sync agree in their first `p` bytes: half (rounded down) of what stands behind `p`
//! stays, and behind that is what the last sync saw there. Of a file that was appended to these are the synced
//! bytes and the first half of the new ones. What survives a kill is as good as synced.
//!
//! # What is left out
//!
//! Links, permissions, owners, reading and writing at an offset: with `hunt` on there are no such names. Files and
//! offsets end at 1 GiB (`EFBIG`), and directories have no length.

mod crash;
mod entries;
pub mod faults;
mod file;
mod flock;
mod handle;
pub mod model;
mod options;
mod state;
mod step;
mod tree;
mod watch;
mod weak;

pub use std::fs::TryLockError;

pub(crate) use crash::{before_kill, killed};
pub use entries::{DirEntry, FileType, Metadata, MetadataExt, ReadDir};
pub use file::File;
pub use options::OpenOptions;

use std::io::{self, Read, Write};
use std::panic::Location;
use std::path::Path;
use std::time::Duration;

use crate::engine;
use crate::hook::Site;
use faults::Call;
use state::State;
use step::{native, short, step, touch};
use tree::Errno;

/// A new execution begins on this OS thread.
pub(super) fn reset() {
    watch::reset();
    state::reset();
    faults::reset();
}

/// A call that changes what is at `path`, and does nothing else.
fn change(
    (call, label, site): (Call, &'static str, Site),
    path: &Path,
    effect: impl FnOnce(&mut State, Duration) -> Result<(), Errno>,
) -> io::Result<()> {
    step(
        touch(Some(call), label, site),
        |_| format!("{label} {}", short(path)),
        |s| {
            let mtime = s.next_time();
            effect(s, mtime)?;
            s.change(|_| Path::new("/").join(path));
            Ok(())
        },
    )
}

/// Lists a directory: one step under a model.
///
/// # Errors
///
/// As std's.
#[track_caller]
pub fn read_dir<P: AsRef<Path>>(path: P) -> io::Result<ReadDir> {
    let path = path.as_ref();
    if engine::current().is_model() {
        entries::list(path, Location::caller())
    } else {
        native(Some(Call::List), || entries::list_native(path))
    }
}

/// Looks at what is at `path`.
///
/// # Errors
///
/// As std's.
#[track_caller]
pub fn metadata<P: AsRef<Path>>(path: P) -> io::Result<Metadata> {
    let path = path.as_ref();
    if engine::current().is_model() {
        entries::stat(path, Location::caller())
    } else {
        native(Some(Call::Stat), || std::fs::metadata(path).map(Metadata::native))
    }
}

/// True if there is something at `path`.
///
/// # Errors
///
/// As std's: if that cannot be told.
#[track_caller]
pub fn exists<P: AsRef<Path>>(path: P) -> io::Result<bool> {
    match metadata(path) {
        Ok(_) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(e),
    }
}

/// The content of a file: an open and a read.
///
/// # Errors
///
/// As std's.
#[track_caller]
pub fn read<P: AsRef<Path>>(path: P) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The content of a text file: an open and a read.
///
/// # Errors
///
/// As std's.
#[track_caller]
pub fn read_to_string<P: AsRef<Path>>(path: P) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.read_to_string(&mut text)?;
    Ok(text)
}

/// Makes or empties a file and writes it.
///
/// # Errors
///
/// As std's.
#[track_caller]
pub fn write<P: AsRef<Path>, C: AsRef<[u8]>>(path: P, contents: C) -> io::Result<()> {
    File::create(path)?.write_all(contents.as_ref())
}

/// Renames, in the place of what is at `to`: one step under a model.
///
/// # Errors
///
/// As std's.
#[track_caller]
pub fn rename<P: AsRef<Path>, Q: AsRef<Path>>(from: P, to: Q) -> io::Result<()> {
    let (from, to, site) = (from.as_ref(), to.as_ref(), Location::caller());
    if !engine::current().is_model() {
        return native(Some(Call::Rename), || std::fs::rename(from, to));
    }
    weak::rename(from, to, site)
}

fn rename_now(from: &Path, to: &Path, site: Site) -> io::Result<()> {
    step(
        touch(Some(Call::Rename), "rename", site),
        |_| format!("rename {} -> {}", short(from), short(to)),
        |s| {
            let mtime = s.next_time();
            if s.tree.rename(from, to, mtime)? {
                s.change(|_| Path::new("/").join(to));
            }
            Ok(())
        },
    )
}

/// Removes a file's name.
///
/// # Errors
///
/// As std's.
#[track_caller]
pub fn remove_file<P: AsRef<Path>>(path: P) -> io::Result<()> {
    let path = path.as_ref();
    if engine::current().is_model() {
        weak::remove(path, Location::caller())
    } else {
        native(Some(Call::Unlink), || std::fs::remove_file(path))
    }
}

fn remove_now(path: &Path, site: Site) -> io::Result<()> {
    change((Call::Unlink, "unlink", site), path, |s, mtime| s.tree.remove(path, mtime))
}

/// Makes a directory.
///
/// # Errors
///
/// As std's.
#[track_caller]
pub fn create_dir<P: AsRef<Path>>(path: P) -> io::Result<()> {
    let path = path.as_ref();
    if engine::current().is_model() {
        change((Call::Create, "mkdir", Location::caller()), path, |s, mtime| s.tree.mkdir(path, mtime))
    } else {
        native(Some(Call::Create), || std::fs::create_dir(path))
    }
}

/// Makes a directory and those that it lies in, as far as they are not there.
///
/// # Errors
///
/// As std's.
#[track_caller]
pub fn create_dir_all<P: AsRef<Path>>(path: P) -> io::Result<()> {
    let path = path.as_ref();
    if !engine::current().is_model() {
        return native(Some(Call::Create), || std::fs::create_dir_all(path));
    }
    // Relative paths start at the root, which is there.
    let Some(parent) = path.parent() else {
        return Ok(());
    };
    let made = match create_dir(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound && !path.as_os_str().is_empty() => {
            create_dir_all(parent)?;
            create_dir(path)
        }
        made => made,
    };
    match made {
        // Someone else made it.
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists && metadata(path).is_ok_and(|m| m.is_dir()) => Ok(()),
        made => made,
    }
}

/// Removes an empty directory.
///
/// # Errors
///
/// As std's.
#[track_caller]
pub fn remove_dir<P: AsRef<Path>>(path: P) -> io::Result<()> {
    let path = path.as_ref();
    if engine::current().is_model() {
        change((Call::Unlink, "rmdir", Location::caller()), path, |s, mtime| s.tree.rmdir(path, mtime))
    } else {
        native(Some(Call::Unlink), || std::fs::remove_dir(path))
    }
}

/// Removes a directory and all that is in it: a listing and a removal each.
///
/// # Errors
///
/// As std's.
#[track_caller]
pub fn remove_dir_all<P: AsRef<Path>>(path: P) -> io::Result<()> {
    let path = path.as_ref();
    if !engine::current().is_model() {
        return native(Some(Call::Unlink), || std::fs::remove_dir_all(path));
    }
    for entry in read_dir(path)? {
        let entry = entry?;
        let removed =
            if entry.file_type()?.is_dir() { remove_dir_all(entry.path()) } else { remove_file(entry.path()) };
        match removed {
            // Someone else removed it.
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            removed => removed?,
        }
    }
    remove_dir(path)
}
