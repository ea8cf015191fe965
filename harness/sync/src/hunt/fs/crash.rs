//! What a kill leaves behind.

use super::flock;
use super::state::{self, State};
use super::tree::Data;
use super::watch;
use crate::model::Token;
use crate::model::process::Unsynced;

/// Under loom the kill of a process depends on all steps of files: the scheduling point that says so, which comes
/// directly before its effect.
pub(crate) fn before_kill() {
    if let Some(files) = state::files_if_used()
        && let Token::Loom(_) = files.token
    {
        files.token.touch();
    }
}

/// `process` was killed: its files are closed, its locks given up, and what it wrote and did not sync goes the way of
/// `unsynced`.
pub(crate) fn killed(process: u32, unsynced: Unsynced) {
    if state::files_if_used().is_none() {
        return;
    }
    state::with(|s| close_all(s, process));
    for node in state::with(|s| s.tree.ids()) {
        let lost = state::with(|s| {
            let data = s.tree.data_mut(node).ok().filter(|data| data.writers.contains(&process));
            let lost = data.is_some_and(|data| lose(data, process, unsynced));
            if lost {
                s.change(|s| s.tree.path(node));
            }
            lost
        });
        if lost {
            watch::tell();
        }
    }
}

fn close_all(s: &mut State, process: u32) {
    for id in 0..s.opens.len() {
        if s.open(id).is_ok_and(|open| open.process == process) {
            flock::killed(s, id);
            s.opens[id] = None;
        }
    }
}

/// Applies `unsynced` to a file that the process wrote; true if that changed it.
fn lose(data: &mut Data, process: u32, unsynced: Unsynced) -> bool {
    let left = match unsynced {
        Unsynced::Kept => {
            data.writers.retain(|w| *w != process);
            return false;
        }
        Unsynced::Lost => data.synced.clone(),
        Unsynced::Torn => {
            let same = data.now.iter().zip(&data.synced).take_while(|(now, then)| now == then).count();
            let kept = same + (data.now.len() - same) / 2;
            let then = data.synced.get(kept..).unwrap_or_default();
            [&data.now[..kept], then].concat()
        }
    };
    let changed = left != data.now;
    data.now.clone_from(&left);
    data.synced = left;
    data.writers.clear();
    changed
}
