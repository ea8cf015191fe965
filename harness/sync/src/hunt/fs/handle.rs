//! Open files of a model, and the calls on them.

use std::io::{self, SeekFrom};
use std::path::Path;
use std::time::Duration;

use super::entries::Stat;
use super::faults::Call;
use super::flock;
use super::options::Flags;
use super::state::{self, Open, OpenId, State};
use super::step::{self, Op, look, place, short, step, touch};
use super::tree::{Body, Data, Errno, Last, NodeId};
use crate::hook::{self, Kind, Site};
use crate::model::{self, process};

/// The longest a file may get: a mistaken offset must not take the machine's memory.
const LONGEST: u64 = 1 << 30;

/// One handle of an open file. Its drop is a step only if that gives up a lock.
#[derive(Debug)]
pub(super) struct Handle {
    epoch: u64,
    id: OpenId,
}

impl Default for Handle {
    /// Of no file at all: what a destructor of a killed process opens.
    fn default() -> Self {
        Self { epoch: u64::MAX, id: OpenId::MAX }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        if self.epoch != model::epoch() || process::is_dead() {
            return;
        }
        let last = state::with(|s| {
            s.open_mut(self.id).is_ok_and(|open| {
                open.handles -= 1;
                if open.handles > 0 || open.actor != hook::actor() {
                    // Which of several handles goes last is up to all who have one, and no step says so.
                    hook::touch(hook::ALL, hook::How::Step(Kind::Write));
                }
                open.handles == 0
            })
        });
        if last {
            flock::close(self.id);
            state::with(|s| s.opens[self.id] = None);
        }
    }
}

/// Opens a file: one step.
pub(super) fn open(path: &Path, flags: Flags, site: Site) -> io::Result<Handle> {
    let make = flags.create || flags.create_new;
    let (call, label) = if make { (Call::Create, "create") } else { (Call::Open, "open") };
    let op = if make || flags.truncate { touch } else { look };
    step(
        op(Some(call), label, site),
        |_| format!("{label} {}", short(path)),
        |s| {
            let node = open_node(s, path, flags)?;
            s.opens.push(Some(Open {
                node,
                read: flags.read,
                write: flags.write || flags.append,
                append: flags.append,
                position: 0,
                handles: 1,
                process: process::current(),
                actor: hook::actor(),
                site,
            }));
            Ok(Handle { epoch: model::epoch(), id: s.opens.len() - 1 })
        },
    )
}

fn open_node(s: &mut State, path: &Path, flags: Flags) -> Result<NodeId, Errno> {
    let make = flags.create || flags.create_new;
    let write = flags.write || flags.append;
    if make {
        let spot = s.tree.walk(path)?;
        if let Last::Name(name) = spot.last {
            if spot.slash {
                return Err(libc::EISDIR);
            }
            if s.tree.lookup(spot.dir, name)?.is_none() {
                let mtime = s.next_time();
                let node = s.tree.add(spot.dir, name, Body::File(Data::default()), mtime);
                s.change(|s| s.tree.path(node));
                return Ok(node);
            }
        }
        if flags.create_new {
            return Err(libc::EEXIST);
        }
    }
    let node = s.tree.find(path)?;
    if s.tree.is_dir(node) && (make || write) {
        return Err(libc::EISDIR);
    }
    if flags.truncate {
        s.tree.data_mut(node)?.now.clear();
        s.wrote(node)?;
    }
    Ok(node)
}

impl Handle {
    pub(super) fn id(&self) -> OpenId {
        // Of another execution: no file of this one.
        if self.epoch == model::epoch() { self.id } else { OpenId::MAX }
    }

    /// Where a call stands, and whether the position it moves is the actor's own.
    pub(super) fn at(&self, site: Site) -> (Site, bool) {
        let id = self.id();
        state::with(|s| s.open(id).map_or((site, true), |o| (place(site, o.site), o.actor == hook::actor())))
    }

    fn op(&self, call: Option<Call>, kind: Kind, label: &'static str, site: Site) -> Op {
        let (site, own) = self.at(site);
        Op { call, kind: if own { kind } else { Kind::Write }, label, site }
    }

    fn text(&self, label: &'static str) -> impl FnOnce(&State) -> String {
        let id = self.id();
        move |s| s.open(id).map_or_else(|_| label.to_owned(), |o| format!("{label} {}", short(&s.tree.path(o.node))))
    }

    /// As [`Handle::duplicate`], as no step.
    pub(super) fn share(&self) -> Self {
        let id = self.id();
        let shared = state::with(|s| s.open_mut(id).map(|open| open.handles += 1));
        shared.map_or_else(|_| Self::default(), |()| Self { epoch: model::epoch(), id })
    }

    /// True if something was written since the last sync.
    pub(super) fn is_dirty(&self) -> bool {
        let id = self.id();
        state::with(|s| s.open(id).and_then(|o| s.tree.data(o.node)).is_ok_and(|data| data.now != data.synced))
    }

    pub(super) fn duplicate(&self, site: Site) -> io::Result<Self> {
        let id = self.id();
        step(self.op(None, Kind::Read, "dup", site), self.text("dup"), |s| {
            s.open_mut(id)?.handles += 1;
            Ok(Self { epoch: model::epoch(), id })
        })
    }

    /// Reads up to `most` bytes with `put`: one step.
    pub(super) fn read(&self, most: usize, put: impl FnOnce(&[u8]), site: Site) -> io::Result<usize> {
        let id = self.id();
        step(self.op(Some(Call::Read), Kind::Read, "read", site), self.text("read"), |s| {
            let open = s.open(id)?;
            if !open.read {
                return Err(libc::EBADF);
            }
            let data = &s.tree.data(open.node)?.now;
            let rest = data.get(open.position as usize..).unwrap_or_default();
            let n = rest.len().min(most);
            put(&rest[..n]);
            s.open_mut(id)?.position += n as u64;
            Ok(n)
        })
    }

    /// Writes a chunk: one step.
    pub(super) fn write_now(&self, bytes: &[u8], site: Site) -> io::Result<usize> {
        let id = self.id();
        let bytes = &bytes[..bytes.len().min(state::with(|s| s.chunk))];
        let text = self.text("write");
        let text = |s: &State| format!("{} {} bytes", text(s), bytes.len());
        // A destructor of a killed process must not be asked again for ever.
        if step::is_void() {
            return Ok(bytes.len());
        }
        step(self.op(Some(Call::Write), Kind::Write, "write", site), text, |s| {
            let open = s.open(id)?;
            if !open.write {
                return Err(libc::EBADF);
            }
            if bytes.is_empty() {
                return Ok(0);
            }
            let (node, append, position) = (open.node, open.append, open.position);
            let data = &mut s.tree.data_mut(node)?.now;
            let start = if append { data.len() as u64 } else { position };
            let end = start.saturating_add(bytes.len() as u64);
            if end > LONGEST {
                return Err(libc::EFBIG);
            }
            if data.len() < end as usize {
                data.resize(end as usize, 0);
            }
            data[start as usize..end as usize].copy_from_slice(bytes);
            s.open_mut(id)?.position = end;
            s.wrote(node)?;
            Ok(bytes.len())
        })
    }

    pub(super) fn seek(&self, to: SeekFrom, site: Site) -> io::Result<u64> {
        let id = self.id();
        step(self.op(None, Kind::Read, "seek", site), self.text("seek"), |s| {
            let open = s.open(id)?;
            let (base, by) = match to {
                SeekFrom::Start(n) => (0, i64::try_from(n).map_err(|_| libc::EINVAL)?),
                SeekFrom::Current(by) => (open.position, by),
                SeekFrom::End(by) => (s.tree.data(open.node).map_or(0, |d| d.now.len() as u64), by),
            };
            let position = base.checked_add_signed(by).filter(|p| i64::try_from(*p).is_ok()).ok_or(libc::EINVAL)?;
            s.open_mut(id)?.position = position;
            Ok(position)
        })
    }

    pub(super) fn sync_now(&self, site: Site) -> io::Result<()> {
        let id = self.id();
        step(self.op(Some(Call::Sync), Kind::Write, "fsync", site), self.text("fsync"), |s| {
            let node = s.open(id)?.node;
            if let Ok(data) = s.tree.data_mut(node) {
                data.synced.clone_from(&data.now);
                data.writers.clear();
            }
            Ok(())
        })
    }

    pub(super) fn set_len(&self, len: u64, site: Site) -> io::Result<()> {
        let id = self.id();
        if let Err(e) = i64::try_from(len) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, e));
        }
        let text = self.text("truncate");
        let text = |s: &State| format!("{} to {len} bytes", text(s));
        step(self.op(Some(Call::Write), Kind::Write, "truncate", site), text, |s| {
            let open = s.open(id)?;
            let node = open.node;
            if !open.write || s.tree.is_dir(node) {
                return Err(libc::EINVAL);
            }
            if len > LONGEST {
                return Err(libc::EFBIG);
            }
            s.tree.data_mut(node)?.now.resize(len as usize, 0);
            s.wrote(node)
        })
    }

    pub(super) fn stat(&self, site: Site) -> io::Result<Stat> {
        let id = self.id();
        step(self.op(Some(Call::Stat), Kind::Read, "stat", site), self.text("stat"), |s| {
            Ok(Stat::of(&s.tree, s.open(id)?.node))
        })
    }

    pub(super) fn set_mtime(&self, since_epoch: Duration, site: Site) -> io::Result<()> {
        let id = self.id();
        step(self.op(None, Kind::Write, "utime", site), self.text("utime"), |s| {
            let node = s.open(id)?.node;
            s.tree.node_mut(node).mtime = since_epoch;
            s.change(|s| s.tree.path(node));
            Ok(())
        })
    }
}
