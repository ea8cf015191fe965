//! The flight recorder of one actor: a file to which everything it did is appended as it is done.
//!
//! Each record is handed to the kernel in one `write` before the actor goes on, so it is there however the process ends,
//! short of a crash of the whole machine. Nothing is synced: SIGKILL takes no pages from the kernel. A record is its
//! length (four bytes, little-endian) and its postcard form; one that the end of its writer cut short is ignored.
//!
//! A journal that could not be written (a full disk) is marked in its mode, which takes no room, before the actor goes
//! on, and is written no more: whatever becomes of its process, whoever reads it learns that it lacks something.

use racehunt_core::history::{self, Event, What};
use racehunt_core::id::Id;
use racehunt_core::ledger::Ledger;
use racehunt_core::observation::{OpFailure, Violation};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fs::{File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

/// The mode of a journal that lacks something. Whoever may read everything still sees it.
const LACKING: u32 = 0o200;

/// Nanoseconds of the monotonic clock, which is the same for all processes of a machine.
#[must_use]
pub fn now() -> u64 {
    let at = nix::time::clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC);
    at.map_or(0, |at| at.tv_sec().cast_unsigned() * 1_000_000_000 + at.tv_nsec().cast_unsigned())
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Record<'a> {
    /// The actor begins, at a moment of [`now`].
    Started(u64),
    /// An entry of its history.
    Event(Cow<'a, Event>),
    /// A call ended.
    Ended {
        /// What it put into the actor's ledger, if anything.
        ledger: Option<Cow<'a, Ledger>>,
        /// The error it answered with.
        failure: Option<OpFailure>,
    },
    /// A call panicked, which ends the actor.
    Panicked {
        /// The payload as text.
        message: String,
        /// `file:line`.
        site: String,
    },
    /// The actor is at its end, at a moment of [`now`].
    Finished(u64),
    /// Invariants that its instance saw broken; from the last actor of a process.
    Broken(Vec<Violation>),
}

/// A journal that is being written.
#[derive(Debug)]
pub struct Journal {
    file: File,
    buffer: Mutex<Vec<u8>>,
    broken: OnceLock<String>,
}

impl Journal {
    /// Starts a journal in a new file.
    ///
    /// # Errors
    /// If the file cannot be made.
    pub fn create(path: &Path) -> io::Result<Self> {
        let file = File::options().append(true).create_new(true).open(path)?;
        Ok(Self { file, buffer: Mutex::default(), broken: OnceLock::new() })
    }

    /// Appends one record.
    pub fn append(&self, record: &Record<'_>) {
        let mut buffer = self.buffer.lock().unwrap_or_else(PoisonError::into_inner);
        if self.broken().is_some() {
            return;
        }
        buffer.clear();
        buffer.extend_from_slice(&[0; 4]);
        let written = postcard::to_extend(record, std::mem::take(&mut *buffer)).map_err(|e| e.to_string()).and_then(
            |mut bytes| {
                let length = u32::try_from(bytes.len() - 4).map_err(|e| e.to_string())?;
                bytes[..4].copy_from_slice(&length.to_le_bytes());
                let result = (&self.file).write_all(&bytes).map_err(|e| e.to_string());
                *buffer = bytes;
                result
            },
        );
        if let Err(why) = written {
            let _ = self.file.set_permissions(Permissions::from_mode(LACKING));
            let _ = self.broken.set(why);
        }
    }

    /// Why the journal lacks something, if it does: then nothing can be said of the ids of its actor.
    pub fn broken(&self) -> Option<&str> {
        self.broken.get().map(String::as_str)
    }
}

impl history::Journal for Journal {
    fn write(&self, event: &Event) {
        self.append(&Record::Event(Cow::Borrowed(event)));
    }
}

/// The file of an actor's journal: one for each time that its process was started in the round.
pub(super) fn path(dir: &Path, actor: usize, life: u32) -> PathBuf {
    dir.join(format!("{actor}-{life}"))
}

/// Reads a journal up to its end or to the first record that is cut short. One that is not there is empty.
///
/// # Errors
/// If the file cannot be read, lacks something, or has a whole record that is none.
pub fn read(path: &Path) -> io::Result<Vec<Record<'static>>> {
    let mode = match std::fs::metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?.permissions().mode(),
    };
    if mode & 0o777 == LACKING {
        return Err(io::Error::other("not all could be written to it"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.read_to_end(&mut bytes)?;
    let (mut rest, mut records) = (&bytes[..], Vec::new());
    while let Some((length, after)) = rest.split_first_chunk() {
        let length = u32::from_le_bytes(*length) as usize;
        let Some((record, after)) = after.split_at_checked(length) else { break };
        records.push(postcard::from_bytes(record).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))?);
        rest = after;
    }
    Ok(records)
}

/// What one actor did between the start and the end of its process, from its journal.
#[derive(Debug, Default)]
pub(super) struct Life {
    pub(super) events: Vec<Event>,
    pub(super) ledger: Ledger,
    pub(super) failures: Vec<OpFailure>,
    pub(super) violations: Vec<Violation>,
    /// Message and place.
    pub(super) panic: Option<(String, String)>,
    /// Calls that ended, with a panic too. Before its start and after its end it makes none.
    pub(super) ended: u64,
    pub(super) started: Option<u64>,
    /// `None` if its process was killed.
    pub(super) finished: Option<u64>,
    /// One more than the highest serial number of its own ids in the journal; 0 without any.
    pub(super) next_serial: u64,
    /// Whether it marks what it offers.
    pub(super) marks: bool,
}

impl Life {
    /// Reads the life of `actor` in a journal.
    ///
    /// # Errors
    /// As [`read`].
    pub(super) fn read(path: &Path, actor: u32) -> io::Result<Self> {
        let mut life = Self::default();
        for record in read(path)? {
            life.take(record, actor);
        }
        Ok(life)
    }

    fn take(&mut self, record: Record<'static>, actor: u32) {
        match record {
            Record::Started(at) => self.started = Some(at),
            Record::Event(event) => {
                if let What::Offer(id) | What::Put { id, .. } = &event.what {
                    self.know(*id, actor);
                }
                self.marks |= matches!(event.what, What::Offer(_));
                self.events.push(event.into_owned());
            }
            Record::Ended { ledger, failure } => {
                self.ended += 1;
                if let Some(ledger) = ledger {
                    let own = [&ledger.accepted, &ledger.uncertain, &ledger.rejected];
                    own.into_iter().flatten().for_each(|id| self.know(*id, actor));
                    self.ledger.merge(&ledger);
                }
                self.failures.extend(failure);
            }
            Record::Panicked { message, site } => {
                self.ended += u64::from(self.started.is_some() && self.finished.is_none());
                self.panic.get_or_insert((message, site));
            }
            Record::Finished(at) => self.finished = Some(at),
            Record::Broken(mut violations) => self.violations.append(&mut violations),
        }
    }

    fn know(&mut self, id: Id, actor: u32) {
        if id.actor() == actor {
            self.next_serial = self.next_serial.max(id.serial() + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use racehunt_core::history::{Answer, Journal as _};

    fn written() -> (tempfile::TempDir, PathBuf, Vec<Record<'static>>) {
        let dir = tempfile::tempdir().unwrap();
        let file = path(dir.path(), 3, 0);
        let journal = Journal::create(&file).unwrap();
        let put = What::Put { id: Id::new(3, 41), answer: Answer::Yes, evicted: vec![Id::new(1, 7)] };
        let event = Event { actor: 3, from: 5, to: u64::MAX, what: put };
        let ledger = Ledger { rejected: vec![Id::new(3, 6), Id::new(4, 99)], ..Ledger::default() };
        let failure = OpFailure { actor: 3, op: "put".into(), kind: "io".into(), message: "no".into() };
        let ended = Record::Ended { ledger: Some(Cow::Owned(ledger)), failure: Some(failure) };
        journal.append(&Record::Started(1));
        journal.write(&event);
        journal.append(&ended);
        assert_eq!(journal.broken(), None);
        (dir, file, vec![Record::Started(1), Record::Event(Cow::Owned(event)), ended])
    }

    #[test]
    fn every_record_comes_back_and_a_torn_one_does_not() {
        let (_dir, file, want) = written();
        assert_eq!(read(&file).unwrap(), want);
        let whole = std::fs::read(&file).unwrap();
        for cut in 0..whole.len() {
            std::fs::write(&file, &whole[..cut]).unwrap();
            let records = read(&file).unwrap();
            assert!(records.len() < 3 && want.starts_with(&records), "{cut}: {records:?}");
        }
        assert_eq!(read(Path::new("/nowhere/at-all")).unwrap(), []);
    }

    #[test]
    fn a_life_counts_its_calls_and_knows_its_own_ids() {
        let (_dir, file, _) = written();
        let life = Life::read(&file, 3).unwrap();
        assert_eq!((life.ended, life.events.len(), life.failures.len()), (1, 1, 1));
        assert_eq!((life.started, life.finished, life.next_serial), (Some(1), None, 42));
        assert_eq!(life.ledger.rejected.len(), 2);
    }

    #[test]
    fn a_journal_that_cannot_be_written_says_so() {
        let (_dir, file, _) = written();
        let read_only = Journal { file: File::open(&file).unwrap(), buffer: Mutex::default(), broken: OnceLock::new() };
        assert_eq!(read(&file).unwrap().len(), 3);
        read_only.append(&Record::Finished(1));
        assert!(read_only.broken().is_some());
        // The process may be killed before it can say so itself.
        assert!(Life::read(&file, 3).is_err());
    }

    #[test]
    fn a_whole_record_that_is_none_is_no_end() {
        let (_dir, file, _) = written();
        let mut bytes = std::fs::read(&file).unwrap();
        bytes[4] = 0xff;
        std::fs::write(&file, bytes).unwrap();
        assert_eq!(read(&file).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn a_panic_of_the_opening_or_the_drop_is_no_call() {
        let panicked = || Record::Panicked { message: "m".into(), site: "s".into() };
        let ended = |records: Vec<Record<'static>>| {
            let mut life = Life::default();
            records.into_iter().for_each(|record| life.take(record, 0));
            (life.ended, life.panic.is_some())
        };
        assert_eq!(ended(vec![panicked(), Record::Finished(1)]), (0, true));
        assert_eq!(ended(vec![Record::Started(1), Record::Finished(2), panicked()]), (0, true));
        assert_eq!(ended(vec![Record::Started(1), panicked(), Record::Finished(2)]), (1, true));
    }
}
