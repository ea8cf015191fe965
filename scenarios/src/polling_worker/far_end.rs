//! The far end: a file in which each effect is one line, and the token by which it knows who may have one.
//!
//! The fence must stand at the effect itself. A worker that looks at its token, is stopped, and goes on after its
//! successor has started would pass any check of its own.

use super::{Applied, FarEnd, Files};
use crate::lock_file;
use racehunt_core::id::Id;
use racehunt_sync::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};

/// The far end of [`Files`].
#[derive(Clone, Debug)]
pub struct Effects {
    files: Files,
    fenced: bool,
}

/// One line of the far end's record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effect {
    /// The item that had it.
    pub id: Id,
    /// The generation of the worker that asked.
    pub generation: u32,
}

impl Effects {
    /// As shipped and in the published fix: whatever is asked is had.
    #[must_use]
    pub fn open_to_all(files: Files) -> Self {
        Self { files, fenced: false }
    }

    /// Hardened: only the latest generation has effects, and each item one.
    #[must_use]
    pub fn fenced(files: Files) -> Self {
        Self { files, fenced: true }
    }

    /// Every effect so far, in order.
    ///
    /// # Errors
    /// When the record cannot be read. That there is none yet is no error.
    pub fn all(&self) -> io::Result<Vec<Effect>> {
        Ok(parse(&absent_is_empty(fs::read_to_string(self.files.effects()))?))
    }

    fn append(&self, effect: Effect) -> io::Result<()> {
        let mut record = OpenOptions::new().append(true).create(true).open(self.files.effects())?;
        // One write: a kill leaves the whole line or nothing.
        record.write_all(format!("{} {}\n", effect.id.0, effect.generation).as_bytes())
    }

    fn try_apply(&self, effect: Effect) -> io::Result<Applied> {
        if !self.fenced {
            self.append(effect)?;
            return Ok(Applied::Done);
        }
        let _section = lock_file::enter(&self.files.lock())?;
        if token(&self.files)? > effect.generation {
            return Ok(Applied::Fenced);
        }
        if self.all()?.iter().any(|had| had.id == effect.id) {
            return Ok(Applied::Already);
        }
        self.append(effect)?;
        Ok(Applied::Done)
    }
}

impl FarEnd for Effects {
    /// # Panics
    /// When the files cannot be used: the far end of a trial is not what fails in it.
    fn apply(&self, id: Id, generation: u32) -> Applied {
        self.try_apply(Effect { id, generation }).expect("the far end's files can be read and written")
    }
}

/// The effects that a record tells of.
#[must_use]
pub fn parse(record: &str) -> Vec<Effect> {
    let effect = |line: &str| {
        let (id, generation) = line.split_once(' ')?;
        Some(Effect { id: Id(id.parse().ok()?), generation: generation.parse().ok()? })
    };
    record.lines().filter_map(effect).collect()
}

/// The number of the generation that may have effects; 0 before any was raised.
///
/// # Errors
/// When the token is there and cannot be read, or is no number.
pub fn token(files: &Files) -> io::Result<u32> {
    match absent_is_empty(fs::read_to_string(files.token()))?.trim() {
        "" => Ok(0),
        number => number.parse().map_err(io::Error::other),
    }
}

/// Fences off every generation before `generation`: what asks from now on is refused unless it is that or a later one. For
/// the one monitor there is.
///
/// It takes no lock, as a worker that is stopped may hold it for ever. So an effect whose check came before this may be
/// had after it: the next generation is started once the old one is gone.
///
/// # Errors
/// When the token cannot be written.
pub fn raise(files: &Files, generation: u32) -> io::Result<()> {
    let aside = files.dir().join("token.tmp");
    fs::write(&aside, generation.to_string())?;
    fs::rename(aside, files.token())
}

fn absent_is_empty(text: io::Result<String>) -> io::Result<String> {
    match text {
        Err(none) if none.kind() == ErrorKind::NotFound => Ok(String::new()),
        text => text,
    }
}
