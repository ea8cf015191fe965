//! All that an execution knows of its files: the tree, the open files, the locks, the settings.

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use super::tree::{Errno, NodeId, Tree};
use crate::hook::{self, ActorId, ObjectId, Site};
use crate::model::{self, Token, WaitList, clock};
use crate::tries;

/// Number of an open file in an execution, never used again.
pub(super) type OpenId = usize;

/// An open file description: what `open` makes and `dup` shares.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) node: NodeId,
    pub(super) read: bool,
    pub(super) write: bool,
    pub(super) append: bool,
    pub(super) position: u64,
    /// How many handles there are.
    pub(super) handles: u32,
    pub(super) process: u32,
    /// Who opened it. Its position is shared with the others, so that their reads are writes of it.
    pub(super) actor: ActorId,
    pub(super) site: Site,
}

/// The advisory lock of a file.
#[derive(Debug)]
pub(super) struct Flock {
    pub(super) node: NodeId,
    pub(super) id: ObjectId,
    pub(super) waiters: Rc<WaitList>,
    pub(super) holders: Vec<Holder>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Holder {
    pub(super) open: OpenId,
    pub(super) shared: bool,
    /// Who took it.
    pub(super) actor: ActorId,
    /// Steps that it had begun then, counted for mutants only.
    pub(super) since: u64,
}

/// The scheduling points of the tree.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) id: ObjectId,
    pub(super) token: Token,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) tree: Tree,
    pub(super) opens: Vec<Option<Open>>,
    pub(super) flocks: Vec<Flock>,
    pub(super) files: Option<Rc<Files>>,
    /// Steps that changed something.
    pub(super) changes: u64,
    /// What the last of these changed, for those who watch.
    pub(super) changed: Option<PathBuf>,
    pub(super) watched: bool,
    /// See `model::set_chunk`, `model::set_tick` and `model::set_salt`.
    pub(super) chunk: usize,
    pub(super) tick: Duration,
    pub(super) salt: u64,
}

impl Default for State {
    fn default() -> Self {
        Self {
            tree: Tree::default(),
            opens: Vec::new(),
            flocks: Vec::new(),
            files: None,
            changes: 0,
            changed: None,
            watched: false,
            chunk: 64,
            tick: Duration::from_millis(4),
            salt: SALT.get(),
        }
    }
}

thread_local! {
    static STATE: RefCell<Option<Box<State>>> = const { RefCell::new(None) };
    /// Set for every execution, also for those that use no files.
    static SALT: Cell<u64> = const { Cell::new(0) };
}

/// Works on the state; `f` must not come back here or switch.
pub(super) fn with<R>(f: impl FnOnce(&mut State) -> R) -> R {
    STATE.with_borrow_mut(|state| f(state.get_or_insert_with(Box::default)))
}

/// Forgets the files of the last execution.
pub(super) fn reset() {
    // What is dropped must find the state unborrowed.
    let state = STATE.take();
    drop(state);
    SALT.set(0);
}

/// See `model::set_salt`.
pub(super) fn set_salt(salt: u64) {
    SALT.set(salt);
    STATE.with_borrow_mut(|state| {
        if let Some(state) = state {
            state.salt = salt;
        }
    });
}

/// The scheduling points, made on first use.
pub(super) fn files(site: Site) -> Rc<Files> {
    if let Some(files) = with(|s| s.files.clone()) {
        return files;
    }
    let files = Rc::new(Files { id: hook::new_object("files", site), token: Token::new() });
    with(|s| s.files.insert(files).clone())
}

/// The scheduling points, if there were any yet.
pub(super) fn files_if_used() -> Option<Rc<Files>> {
    STATE.with_borrow(|s| s.as_ref().and_then(|s| s.files.clone()))
}

impl State {
    pub(super) fn open(&self, id: OpenId) -> Result<&Open, Errno> {
        self.opens.get(id).and_then(Option::as_ref).ok_or(libc::EBADF)
    }

    pub(super) fn open_mut(&mut self, id: OpenId) -> Result<&mut Open, Errno> {
        self.opens.get_mut(id).and_then(Option::as_mut).ok_or(libc::EBADF)
    }

    /// The time at which a step that changes something does so.
    pub(super) fn next_time(&self) -> Duration {
        let now = Duration::from_nanos(clock::now()) + Duration::from_millis(self.changes + 1);
        let tick = self.tick.as_nanos().max(1);
        Duration::from_nanos((now.as_nanos() / tick * tick) as u64)
    }

    /// The step has changed what is at a path.
    pub(super) fn change(&mut self, path: impl FnOnce(&Self) -> PathBuf) {
        self.changes += 1;
        if self.watched {
            self.changed = Some(path(self));
        }
    }

    /// The current process has changed the file's content.
    pub(super) fn wrote(&mut self, node: NodeId) -> Result<(), Errno> {
        let process = model::process::current();
        let mtime = self.next_time();
        self.tree.node_mut(node).mtime = mtime;
        let writers = &mut self.tree.data_mut(node)?.writers;
        if !writers.contains(&process) {
            writers.push(process);
        }
        self.change(|s| s.tree.path(node));
        Ok(())
    }

    /// The lock of a file, made on first use.
    pub(super) fn flock(&mut self, node: NodeId) -> &mut Flock {
        let i = self.flocks.iter().position(|l| l.node == node).unwrap_or_else(|| {
            let id = hook::new_object("file lock", super::flock::SITE);
            if tries::is_tried(super::flock::SITE) {
                hook::set_tried(id);
            }
            self.flocks.push(Flock { node, id, waiters: Rc::default(), holders: Vec::new() });
            self.flocks.len() - 1
        });
        &mut self.flocks[i]
    }
}
