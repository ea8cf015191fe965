//! Looking at the tree from outside of the actors.

use std::cell::RefCell;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::state;
use super::tree::{self, Body};

/// Told of the tree after each change.
type Watcher = Box<dyn FnMut(&Tree<'_>)>;

thread_local! {
    static WATCHERS: RefCell<Vec<Watcher>> = const { RefCell::new(Vec::new()) };
}

/// The files of an execution, between two steps.
#[derive(Clone, Copy, Debug)]
pub struct Tree<'a> {
    tree: &'a tree::Tree,
    changed: &'a Path,
}

impl<'a> Tree<'a> {
    /// The files in a directory, by name: name and content. None if there is no such directory.
    pub fn files(&self, dir: &Path) -> impl Iterator<Item = (&'a OsStr, &'a [u8])> + use<'a> {
        let tree = self.tree;
        let entries = tree.find(dir).and_then(|id| tree.entries(id)).ok();
        entries.into_iter().flatten().filter_map(move |(name, id)| match &tree.node(*id).body {
            Body::File(data) => Some((name.as_os_str(), data.now.as_slice())),
            Body::Dir(_) => None,
        })
    }

    /// The absolute path of what the last step changed: of a rename the new one, of a removal the one that is gone.
    #[must_use]
    pub fn changed(&self) -> &'a Path {
        self.changed
    }
}

/// Calls `f` after every step of this execution that changed the tree, inside of that step: what must hold at every
/// instant is looked at here. `f` is no actor: it must not call the facade, and records what it finds.
pub fn watch(f: impl FnMut(&Tree<'_>) + 'static) {
    state::with(|s| s.watched = true);
    WATCHERS.with_borrow_mut(|w| w.push(Box::new(f)));
}

/// The files in a directory of this execution, with their content, by path; no step. For what is looked at at rest.
#[must_use]
pub fn peek(dir: impl AsRef<Path>) -> Vec<(PathBuf, Vec<u8>)> {
    let dir = dir.as_ref();
    state::with(|s| {
        let tree = Tree { tree: &s.tree, changed: dir };
        tree.files(dir).map(|(name, bytes)| (dir.join(name), bytes.to_vec())).collect()
    })
}

/// Tells those who watch, if something was changed.
pub(super) fn tell() {
    let Some(changed) = state::with(|s| s.changed.take()) else {
        return;
    };
    WATCHERS.with_borrow_mut(|watchers| {
        state::with(|s| {
            let tree = Tree { tree: &s.tree, changed: &changed };
            for watcher in watchers {
                watcher(&tree);
            }
        });
    });
}

/// The execution is over.
pub(super) fn reset() {
    drop(WATCHERS.take());
}
