//! The file tree of an execution: plain data, with Linux's rules and error numbers.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// An error number of the system, or [`NUL`].
pub(super) type Errno = i32;
pub(super) type NodeId = usize;

/// Stands for std's own error of a path that no system call can take.
pub(super) const NUL: Errno = -1;
pub(super) const ROOT: NodeId = 0;

/// A directory, or a file's inode.
#[derive(Debug)]
pub(super) struct Node {
    /// Its directory and its name in there; none once unlinked.
    pub(super) place: Option<(NodeId, OsString)>,
    /// Since the epoch.
    pub(super) mtime: Duration,
    pub(super) body: Body,
}

#[derive(Debug)]
pub(super) enum Body {
    Dir(BTreeMap<OsString, NodeId>),
    File(Data),
}

/// What a file holds.
#[derive(Debug, Default)]
pub(super) struct Data {
    pub(super) now: Vec<u8>,
    /// As at the last sync.
    pub(super) synced: Vec<u8>,
    /// The processes that changed it since.
    pub(super) writers: Vec<u32>,
}

/// Where a path leads to, but for its last part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot<'a> {
    pub(super) dir: NodeId,
    pub(super) last: Last<'a>,
    /// The path ends in a slash, so that it can only mean a directory.
    pub(super) slash: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Last<'a> {
    Name(&'a OsStr),
    Root,
    Dot,
    DotDot,
}

impl<'a> Spot<'a> {
    /// The last part, if it is a name; `Err(other)` if it is not.
    pub(super) fn name(&self, other: Errno) -> Result<&'a OsStr, Errno> {
        match self.last {
            Last::Name(name) => Ok(name),
            _ => Err(other),
        }
    }
}

/// All files and directories of an execution, the unlinked ones included.
#[derive(Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
}

impl Default for Tree {
    fn default() -> Self {
        Self { nodes: vec![Node { place: None, mtime: Duration::ZERO, body: Body::Dir(BTreeMap::new()) }] }
    }
}

impl Tree {
    pub(super) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }

    pub(super) fn node_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id]
    }

    pub(super) fn ids(&self) -> std::ops::Range<NodeId> {
        0..self.nodes.len()
    }

    pub(super) fn is_dir(&self, id: NodeId) -> bool {
        matches!(self.nodes[id].body, Body::Dir(_))
    }

    pub(super) fn data(&self, id: NodeId) -> Result<&Data, Errno> {
        match &self.nodes[id].body {
            Body::File(data) => Ok(data),
            Body::Dir(_) => Err(libc::EISDIR),
        }
    }

    pub(super) fn data_mut(&mut self, id: NodeId) -> Result<&mut Data, Errno> {
        match &mut self.nodes[id].body {
            Body::File(data) => Ok(data),
            Body::Dir(_) => Err(libc::EISDIR),
        }
    }

    pub(super) fn entries(&self, id: NodeId) -> Result<&BTreeMap<OsString, NodeId>, Errno> {
        match &self.nodes[id].body {
            Body::Dir(entries) => Ok(entries),
            Body::File(_) => Err(libc::ENOTDIR),
        }
    }

    fn entries_mut(&mut self, id: NodeId) -> &mut BTreeMap<OsString, NodeId> {
        match &mut self.nodes[id].body {
            Body::Dir(entries) => entries,
            Body::File(_) => unreachable!("only directories hold names"),
        }
    }

    fn parent(&self, id: NodeId) -> NodeId {
        self.nodes[id].place.as_ref().map_or(ROOT, |p| p.0)
    }

    /// The path of a node; for one that was unlinked, what is left of it.
    pub(super) fn path(&self, id: NodeId) -> PathBuf {
        match &self.nodes[id].place {
            Some((dir, name)) => self.path(*dir).join(name),
            None if id == ROOT => PathBuf::from("/"),
            None => PathBuf::from("(deleted)"),
        }
    }

    /// What `name` is in the directory `dir`.
    pub(super) fn lookup(&self, dir: NodeId, name: &OsStr) -> Result<Option<NodeId>, Errno> {
        if name.len() > 255 {
            return Err(libc::ENAMETOOLONG);
        }
        Ok(self.entries(dir)?.get(name).copied())
    }

    /// Walks to the directory of the path's last part. Relative paths start at the root.
    pub(super) fn walk<'p>(&self, path: &'p Path) -> Result<Spot<'p>, Errno> {
        let bytes = path.as_os_str().as_bytes();
        match bytes.len() {
            _ if bytes.contains(&0) => return Err(NUL),
            0 => return Err(libc::ENOENT),
            4096.. => return Err(libc::ENAMETOOLONG),
            _ => {}
        }
        let mut parts = bytes.split(|b| *b == b'/').filter(|part| !part.is_empty()).peekable();
        let mut spot = Spot { dir: ROOT, last: Last::Root, slash: bytes.ends_with(b"/") };
        while let Some(part) = parts.next() {
            spot.last = match part {
                b"." => Last::Dot,
                b".." => Last::DotDot,
                name => Last::Name(OsStr::from_bytes(name)),
            };
            if parts.peek().is_some() {
                spot.dir = self.at(&spot)?;
            }
            // Also of the last part: what it stands in has to be a directory.
            self.entries(spot.dir)?;
        }
        Ok(spot)
    }

    fn at(&self, spot: &Spot<'_>) -> Result<NodeId, Errno> {
        match spot.last {
            Last::Name(name) => self.lookup(spot.dir, name)?.ok_or(libc::ENOENT),
            Last::Root => Ok(ROOT),
            Last::Dot => Ok(spot.dir),
            Last::DotDot => Ok(self.parent(spot.dir)),
        }
    }

    /// The node of a path.
    pub(super) fn find(&self, path: &Path) -> Result<NodeId, Errno> {
        let spot = self.walk(path)?;
        let id = self.at(&spot)?;
        if spot.slash {
            self.entries(id)?;
        }
        Ok(id)
    }

    fn link(&mut self, dir: NodeId, name: &OsStr, id: NodeId, mtime: Duration) {
        self.entries_mut(dir).insert(name.to_owned(), id);
        self.nodes[dir].mtime = mtime;
        self.nodes[id].place = Some((dir, name.to_owned()));
    }

    fn unlink(&mut self, dir: NodeId, name: &OsStr, mtime: Duration) {
        if let Some(id) = self.entries_mut(dir).remove(name) {
            self.nodes[id].place = None;
        }
        self.nodes[dir].mtime = mtime;
    }

    /// Puts a new node into a directory.
    pub(super) fn add(&mut self, dir: NodeId, name: &OsStr, body: Body, mtime: Duration) -> NodeId {
        let id = self.nodes.len();
        self.nodes.push(Node { place: None, mtime, body });
        self.link(dir, name, id, mtime);
        id
    }

    pub(super) fn mkdir(&mut self, path: &Path, mtime: Duration) -> Result<(), Errno> {
        let spot = self.walk(path)?;
        let name = spot.name(libc::EEXIST)?;
        if self.lookup(spot.dir, name)?.is_some() {
            return Err(libc::EEXIST);
        }
        self.add(spot.dir, name, Body::Dir(BTreeMap::new()), mtime);
        Ok(())
    }

    pub(super) fn rmdir(&mut self, path: &Path, mtime: Duration) -> Result<(), Errno> {
        let spot = self.walk(path)?;
        let name = spot.name(match spot.last {
            Last::Dot => libc::EINVAL,
            Last::DotDot => libc::ENOTEMPTY,
            _ => libc::EBUSY,
        })?;
        let id = self.lookup(spot.dir, name)?.ok_or(libc::ENOENT)?;
        if !self.entries(id)?.is_empty() {
            return Err(libc::ENOTEMPTY);
        }
        self.unlink(spot.dir, name, mtime);
        Ok(())
    }

    pub(super) fn remove(&mut self, path: &Path, mtime: Duration) -> Result<(), Errno> {
        let spot = self.walk(path)?;
        let name = spot.name(libc::EISDIR)?;
        let id = self.lookup(spot.dir, name)?.ok_or(libc::ENOENT)?;
        if self.is_dir(id) {
            return Err(libc::EISDIR);
        }
        if spot.slash {
            return Err(libc::ENOTDIR);
        }
        self.unlink(spot.dir, name, mtime);
        Ok(())
    }

    /// True if the directory `inner` is `outer` or lies in it.
    fn is_within(&self, inner: NodeId, outer: NodeId) -> bool {
        inner == outer || (inner != ROOT && self.is_within(self.parent(inner), outer))
    }

    /// Renames; false if both names mean the same file already.
    pub(super) fn rename(&mut self, from: &Path, to: &Path, mtime: Duration) -> Result<bool, Errno> {
        let (old, new) = (self.walk(from)?, self.walk(to)?);
        let (old_name, new_name) = (old.name(libc::EBUSY)?, new.name(libc::EBUSY)?);
        let id = self.lookup(old.dir, old_name)?;
        let target = self.lookup(new.dir, new_name)?;
        let id = id.ok_or(libc::ENOENT)?;
        let dir = self.is_dir(id);
        if !dir && (old.slash || new.slash) {
            return Err(libc::ENOTDIR);
        }
        if dir && self.is_within(new.dir, id) {
            return Err(libc::EINVAL);
        }
        if let Some(target) = target {
            if self.is_within(old.dir, target) {
                return Err(libc::ENOTEMPTY);
            }
            if target == id {
                return Ok(false);
            }
            match (dir, &self.nodes[target].body) {
                (true, Body::File(_)) => return Err(libc::ENOTDIR),
                (false, Body::Dir(_)) => return Err(libc::EISDIR),
                (true, Body::Dir(entries)) if !entries.is_empty() => return Err(libc::ENOTEMPTY),
                _ => self.unlink(new.dir, new_name, mtime),
            }
        }
        self.unlink(old.dir, old_name, mtime);
        self.link(new.dir, new_name, id, mtime);
        Ok(true)
    }
}
