//! How a worker knows that nobody will write any more, so that an execution ends.

use super::Files;
use super::plan::Role;
use racehunt_sync::atomic::{AtomicU64, Ordering};
use std::io::Write;
use std::path::PathBuf;

/// Calls that rewrite files: how many there will be, and how many have ended.
pub(super) struct Writers {
    expected: u64,
    ended: Ended,
}

enum Ended {
    /// A step of a model: the worker's end depends on it.
    Here(AtomicU64),
    /// One byte for each, where the actors are in processes of their own.
    File(PathBuf),
}

impl Writers {
    pub(super) fn new(files: &Files, role: Role, expected: u64) -> Self {
        let ended = match role {
            Role::All => Ended::Here(AtomicU64::new(0)),
            Role::One | Role::Beside => Ended::File(files.dir().join("ended")),
        };
        Self { expected, ended }
    }

    /// One more has ended, well or not.
    pub(super) fn end(&self) {
        match &self.ended {
            Ended::Here(count) => {
                count.fetch_add(1, Ordering::AcqRel);
            }
            Ended::File(path) => {
                let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
                file.and_then(|mut file| file.write_all(b".")).expect("the trial's directory can be written to");
            }
        }
    }

    /// True if all have ended.
    pub(super) fn ended(&self) -> bool {
        let ended = match &self.ended {
            // Reads the latest value: a plain load may see an old one for as long as it likes.
            Ended::Here(count) => count.fetch_add(0, Ordering::AcqRel),
            Ended::File(path) => std::fs::metadata(path).map_or(0, |file| file.len()),
        };
        ended >= self.expected
    }
}
