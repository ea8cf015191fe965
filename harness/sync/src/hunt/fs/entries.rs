//! What directories and files say of themselves.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use std::{fs, io};

use super::faults::{Call, splitmix};
use super::state;
use super::step::{look, native, short, step};
use super::tree::{Body, NodeId, Tree};
use crate::hook::Site;

/// What the tree knows of a node.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stat {
    ino: u64,
    len: u64,
    dir: bool,
    mtime: Duration,
}

impl Stat {
    pub(super) fn of(tree: &Tree, id: NodeId) -> Self {
        let node = tree.node(id);
        let (len, dir) = match &node.body {
            Body::Dir(_) => (0, true),
            Body::File(data) => (data.now.len() as u64, false),
        };
        Self { ino: id as u64 + 1, len, dir, mtime: node.mtime }
    }
}

/// [`std::fs::Metadata`], the part of it that a model has.
#[derive(Clone, Debug)]
pub struct Metadata(Meta);

#[derive(Clone, Debug)]
enum Meta {
    Native(fs::Metadata),
    Model(Stat),
}

impl Metadata {
    pub(super) fn native(metadata: fs::Metadata) -> Self {
        Self(Meta::Native(metadata))
    }

    pub(super) fn model(stat: Stat) -> Self {
        Self(Meta::Model(stat))
    }

    /// Length in bytes. (A model's directories have none.)
    #[expect(clippy::len_without_is_empty, reason = "std's has none")]
    #[must_use]
    pub fn len(&self) -> u64 {
        match &self.0 {
            Meta::Native(m) => m.len(),
            Meta::Model(stat) => stat.len,
        }
    }

    /// True for a regular file.
    #[must_use]
    pub fn is_file(&self) -> bool {
        self.file_type().is_file()
    }

    /// True for a directory.
    #[must_use]
    pub fn is_dir(&self) -> bool {
        self.file_type().is_dir()
    }

    /// The kind of the file.
    #[must_use]
    pub fn file_type(&self) -> FileType {
        match &self.0 {
            Meta::Native(m) => FileType::native(m.file_type()),
            Meta::Model(stat) => FileType { dir: stat.dir, file: !stat.dir },
        }
    }

    /// The time of the last change. Under a model that of its own clock, see [`super::model::set_tick`].
    ///
    /// # Errors
    ///
    /// As std's; none under a model.
    pub fn modified(&self) -> io::Result<SystemTime> {
        match &self.0 {
            Meta::Native(m) => m.modified(),
            Meta::Model(stat) => Ok(SystemTime::UNIX_EPOCH + stat.mtime),
        }
    }
}

/// [`std::os::unix::fs::MetadataExt`], the part of it that a model has. Its inodes are never used twice.
pub trait MetadataExt {
    /// Number of the inode.
    fn ino(&self) -> u64;
    /// Length in bytes.
    fn size(&self) -> u64;
    /// Seconds of the time of the last change.
    fn mtime(&self) -> i64;
    /// Nanoseconds of the time of the last change, within the second.
    fn mtime_nsec(&self) -> i64;
}

impl MetadataExt for Metadata {
    fn ino(&self) -> u64 {
        match &self.0 {
            Meta::Native(m) => std::os::unix::fs::MetadataExt::ino(m),
            Meta::Model(stat) => stat.ino,
        }
    }

    fn size(&self) -> u64 {
        self.len()
    }

    fn mtime(&self) -> i64 {
        match &self.0 {
            Meta::Native(m) => std::os::unix::fs::MetadataExt::mtime(m),
            Meta::Model(stat) => stat.mtime.as_secs().cast_signed(),
        }
    }

    fn mtime_nsec(&self) -> i64 {
        match &self.0 {
            Meta::Native(m) => std::os::unix::fs::MetadataExt::mtime_nsec(m),
            Meta::Model(stat) => stat.mtime.subsec_nanos().into(),
        }
    }
}

/// [`std::fs::FileType`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileType {
    dir: bool,
    file: bool,
}

impl FileType {
    fn native(of: fs::FileType) -> Self {
        Self { dir: of.is_dir(), file: of.is_file() }
    }

    /// True for a directory.
    #[must_use]
    pub fn is_dir(&self) -> bool {
        self.dir
    }

    /// True for a regular file.
    #[must_use]
    pub fn is_file(&self) -> bool {
        self.file
    }
}

/// [`std::fs::ReadDir`]: the entries of a directory. Under a model all of them are read in the step that makes it.
#[derive(Debug)]
pub struct ReadDir(Entries);

#[derive(Debug)]
enum Entries {
    Native(fs::ReadDir),
    Model(std::vec::IntoIter<DirEntry>),
}

/// [`std::fs::DirEntry`].
#[derive(Debug)]
pub struct DirEntry(Entry);

#[derive(Debug)]
enum Entry {
    Native(fs::DirEntry),
    Model { path: PathBuf, dir: bool },
}

impl Iterator for ReadDir {
    type Item = io::Result<DirEntry>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Entries::Native(entries) => entries.next().map(|e| e.map(|e| DirEntry(Entry::Native(e)))),
            Entries::Model(entries) => entries.next().map(Ok),
        }
    }
}

impl DirEntry {
    /// The directory's path as it was given to `read_dir`, and the name.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        match &self.0 {
            Entry::Native(entry) => entry.path(),
            Entry::Model { path, .. } => path.clone(),
        }
    }

    /// The name in the directory.
    #[must_use]
    pub fn file_name(&self) -> OsString {
        match &self.0 {
            Entry::Native(entry) => entry.file_name(),
            Entry::Model { path, .. } => path.file_name().map(OsStr::to_owned).unwrap_or_default(),
        }
    }

    /// Looks at the file, which may be gone by now: a step.
    ///
    /// # Errors
    ///
    /// As std's.
    #[track_caller]
    pub fn metadata(&self) -> io::Result<Metadata> {
        match &self.0 {
            Entry::Native(entry) => native(Some(Call::Stat), || entry.metadata().map(Metadata::native)),
            Entry::Model { path, .. } => stat(path, Location::caller()),
        }
    }

    /// The kind of the file as the listing had it: no step.
    ///
    /// # Errors
    ///
    /// As std's; none under a model.
    pub fn file_type(&self) -> io::Result<FileType> {
        match &self.0 {
            Entry::Native(entry) => entry.file_type().map(FileType::native),
            Entry::Model { dir, .. } => Ok(FileType { dir: *dir, file: !dir }),
        }
    }
}

/// `stat` of a model.
pub(super) fn stat(path: &Path, site: Site) -> io::Result<Metadata> {
    let text = |_: &state::State| format!("stat {}", short(path));
    let stat = step(look(Some(Call::Stat), "stat", site), text, |s| Ok(Stat::of(&s.tree, s.tree.find(path)?)))?;
    Ok(Metadata::model(stat))
}

pub(super) fn list_native(path: &Path) -> io::Result<ReadDir> {
    fs::read_dir(path).map(|entries| ReadDir(Entries::Native(entries)))
}

/// `readdir` of a model: one step.
pub(super) fn list(path: &Path, site: Site) -> io::Result<ReadDir> {
    let text = |_: &state::State| format!("list {}", short(path));
    let entries = step(look(Some(Call::List), "list", site), text, |s| {
        let entries = s.tree.entries(s.tree.find(path)?)?;
        let mut found: Vec<_> = entries.iter().map(|(name, id)| (rank(name, s.salt), name, *id)).collect();
        found.sort_unstable();
        let entry = |(_, name, id)| DirEntry(Entry::Model { path: path.join(name), dir: s.tree.is_dir(id) });
        Ok(found.into_iter().map(entry).collect::<Vec<_>>())
    })?;
    Ok(ReadDir(Entries::Model(entries.into_iter())))
}

/// Where a name stands in a listing: any order is legal, and nobody may rely on one. FNV-1a, then salted.
fn rank(name: &OsStr, salt: u64) -> u64 {
    let fnv = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    splitmix(name.as_bytes().iter().fold(0xcbf2_9ce4_8422_2325, fnv) ^ splitmix(salt))
}
