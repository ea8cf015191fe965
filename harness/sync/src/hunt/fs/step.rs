//! What a call of the model is: one announced step on the one object that all files are.

use std::io;
use std::panic::Location;
use std::path::Path;

use super::faults::{self, Call};
use super::flock;
use super::state::{self, State};
use super::tree::{Errno, NUL};
use super::watch;
use crate::hook::{self, Kind, Site};
use crate::model::{self, Token, process};
use crate::perturb;

/// What a step says of itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Op {
    /// What faults may be injected for.
    pub(super) call: Option<Call>,
    pub(super) kind: Kind,
    pub(super) label: &'static str,
    pub(super) site: Site,
}

/// A step that only looks.
pub(super) fn look(call: Option<Call>, label: &'static str, site: Site) -> Op {
    Op { call, kind: Kind::Read, label, site }
}

/// A step that may change something.
pub(super) fn touch(call: Option<Call>, label: &'static str, site: Site) -> Op {
    Op { call, kind: Kind::Write, label, site }
}

/// A call of std's.
#[inline]
pub(super) fn native<R>(call: Option<Call>, f: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
    perturb::point();
    if let Some(call) = call {
        faults::native(call)?;
    }
    f()
}

/// True if a call has no effect: a destructor of a killed process makes it. Ends the actor if it is no destructor.
pub(super) fn is_void() -> bool {
    process::check();
    process::is_dead()
}

/// False where a call is no step: in what is dropped after the execution.
pub(super) fn is_step() -> bool {
    !model::failed() && model::in_execution()
}

/// The scheduling point of a step that was announced.
pub(super) fn point(token: &Token, kind: Kind) {
    process::expose();
    if kind == Kind::Read {
        token.look();
    } else {
        token.touch();
    }
    process::check();
}

/// One step. `text` says for a recorded interleaving what it was.
pub(super) fn step<R: Default>(
    op: Op,
    text: impl FnOnce(&State) -> String,
    effect: impl FnOnce(&mut State) -> Result<R, Errno>,
) -> io::Result<R> {
    if is_void() {
        return Ok(R::default());
    }
    if !is_step() {
        return state::with(effect).map_err(error);
    }
    flock::part(op.site);
    let files = state::files(op.site);
    // Which call a fault meets depends on the order of all that it may meet.
    let kind = if faults::concern(op.call) { Kind::Write } else { op.kind };
    let me = model::begin(kind, files.id, op.site, op.label);
    point(&files.token, kind);
    let out = match faults::model(op.call) {
        Some(errno) => Err(errno),
        None => state::with(effect),
    };
    watch::tell();
    let text = || with_outcome(state::with(|s| text(s)), out.as_ref().err());
    hook::done_with(me, kind, files.id, op.site, text, None);
    out.map_err(error)
}

pub(super) fn with_outcome(text: String, errno: Option<&Errno>) -> String {
    match errno {
        Some(errno) => format!("{text}: {}", error(*errno).kind()),
        None => text,
    }
}

/// The error that std makes of an error number.
pub(super) fn error(errno: Errno) -> io::Error {
    if errno == NUL {
        return io::Error::new(io::ErrorKind::InvalidInput, "file name contained an unexpected NUL byte");
    }
    io::Error::from_raw_os_error(errno)
}

/// The last part of a path, which tells files apart well enough in one line. Of a long one the middle is left out: at
/// the start stands what a file is, at the end what tells it from the next.
pub(super) fn short(path: &Path) -> String {
    const LONGEST: usize = 24;
    let name = path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
    let length = name.chars().count();
    if length <= LONGEST {
        return name;
    }
    let (head, tail) = (name.chars().take(6), name.chars().skip(length - 13));
    head.chain(['…']).chain(tail).collect()
}

/// Where a call on an open file is to be said to stand: what reaches us through std or through a trait object has no
/// place of its own, so that the place where the file was opened has to do.
pub(super) fn place(site: Site, opened: Site) -> Site {
    let own = Location::caller().file().trim_end_matches("step.rs");
    if site.file().starts_with("/rustc/") || site.file().starts_with(own) { opened } else { site }
}

#[cfg(test)]
mod tests {
    use super::short;
    use std::path::Path;

    #[test]
    fn long_names_lose_their_middle_and_short_ones_nothing() {
        assert_eq!(short(Path::new("/buffer/trace_1_2.json")), "trace_1_2.json");
        assert_eq!(short(Path::new("/b/trace_0123456789abcdefghijklm_07.json")), "trace_…ijklm_07.json");
    }
}
