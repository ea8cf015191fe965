//! A lock file: a section that only one thread of one process is in.

use racehunt_sync::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::ops::{Deref, DerefMut};
use std::path::Path;

/// Whoever has it is alone; dropping it lets the next one in.
pub(crate) struct Held(File);

/// Waits for everybody else. The file is made if it is not there. It is opened anew each time: an own open file
/// excludes the threads of this process too, and a forked child has nothing that it would find locked.
#[track_caller]
pub(crate) fn enter(path: &Path) -> io::Result<Held> {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    loop {
        match file.lock() {
            Err(signal) if signal.kind() == ErrorKind::Interrupted => {}
            locked => break locked?,
        }
    }
    Ok(Held(file))
}

impl Drop for Held {
    fn drop(&mut self) {
        // Said aloud, because a child that was forked meanwhile keeps the file open and would keep the lock with it.
        let _ = self.0.unlock();
    }
}

impl Deref for Held {
    type Target = File;

    fn deref(&self) -> &File {
        &self.0
    }
}

impl DerefMut for Held {
    fn deref_mut(&mut self) -> &mut File {
        &mut self.0
    }
}
