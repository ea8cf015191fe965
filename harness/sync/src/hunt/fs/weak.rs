//! Calls on files of a model that a mutant weakens.

use std::io;
use std::path::Path;

use super::handle::Handle;
use super::options::Flags;
use super::state;
use super::step::{self, error};
use super::{remove_now, rename_now};
use crate::hook::Site;
use crate::mutant::{self, Gap, Operator};

use Operator::{Loose, Skip, Split, Swap};

/// A rename, or what a mutant makes of it. Onto a file, it may leave a moment in which there is none.
pub(super) fn rename(from: &Path, to: &Path, site: Site) -> io::Result<()> {
    let offers = if from != to && is_there(to) { &[Split, Skip, Swap][..] } else { &[Skip, Swap][..] };
    match mutant::at(site, "rename", offers) {
        None => {
            let renamed = rename_now(from, to, site);
            mutant::renamed();
            renamed
        }
        Some(Split) => {
            remove_now(to, site)?;
            let gap = Gap::open();
            let renamed = rename_now(from, to, site);
            gap.close();
            renamed
        }
        Some(operator) => {
            let (old, new) = (from.to_owned(), to.to_owned());
            left_out(operator, from, move || drop(rename_now(&old, &new, site)))
        }
    }
}

/// A removal, or what a mutant makes of it.
pub(super) fn remove(path: &Path, site: Site) -> io::Result<()> {
    match mutant::at(site, "unlink", &[Skip, Swap]) {
        None => {
            let removed = remove_now(path, site);
            mutant::renamed();
            removed
        }
        Some(operator) => {
            let gone = path.to_owned();
            left_out(operator, path, move || drop(remove_now(&gone, site)))
        }
    }
}

/// Answers as if the step had been made, which is about what is at `path`.
fn left_out(operator: Operator, path: &Path, step: impl FnOnce() + 'static) -> io::Result<()> {
    if step::is_void() {
        return Ok(());
    }
    state::with(|s| s.tree.find(path)).map_err(error)?;
    put_off(operator, step);
    Ok(())
}

fn put_off(operator: Operator, step: impl FnOnce() + 'static) {
    if operator == Swap {
        mutant::later(step);
    } else {
        mutant::differed();
    }
}

fn is_there(path: &Path) -> bool {
    mutant::is_on() && state::with(|s| s.tree.find(path).is_ok())
}

/// A sync, or what a mutant makes of it.
pub(super) fn sync(handle: &Handle, site: Site) -> io::Result<()> {
    match mutant::at(handle.at(site).0, "fsync", &[Skip, Swap]) {
        None => return handle.sync_now(site),
        Some(Swap) => {
            let late = handle.share();
            mutant::later_than_a_name(move || drop(late.sync_now(site)));
        }
        Some(_) => mutant::differed_if(handle.is_dirty()),
    }
    Ok(())
}

/// The write of a chunk, or what a mutant makes of it.
pub(super) fn write(handle: &Handle, bytes: &[u8], site: Site) -> io::Result<usize> {
    let Some(operator) = mutant::at(handle.at(site).0, "write", &[Skip, Swap]) else {
        return handle.write_now(bytes, site);
    };
    let chunk = bytes[..bytes.len().min(state::with(|s| s.chunk))].to_vec();
    let length = chunk.len();
    let late = handle.share();
    put_off(operator, move || drop(late.write_now(&chunk, site)));
    Ok(length)
}

/// What a file is opened with.
pub(super) fn flags(flags: Flags, path: &Path, site: Site) -> Flags {
    if !flags.create_new || mutant::at(site, "create_new", &[Loose]).is_none() {
        return flags;
    }
    mutant::differed_if(is_there(path));
    Flags { create_new: false, create: true, ..flags }
}
