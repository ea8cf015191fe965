//! A directory of traces that could not be sent, after the offline buffer of Openlayer's Python SDK.
//!
//! The field report in three lines: threads of several processes store one JSON file per trace in one directory with a
//! cap on the number of files, list them, send them later and delete each on success. With several processes the cap
//! does not hold, a trace is dropped when two of them evict the same file, and a listing comes back empty. The fix that
//! was published evicts in batches and no longer minds a vanished file; what else goes wrong, it left.
//!
//! # The steps
//!
//! A store is G list the directory, T stat each file, U unlink the oldest, W0 create, W1.. write, C close. A replay is
//! G, T, R read each, and for each X send, D delete. Any other thread or process may run between two steps, and the
//! process may be killed there. The lock of an instance ends at its process.
//!
//! # What each variant gets wrong
//!
//! S is [`as_shipped`], F is [`published_fix`]; `P:`, `Q:` are processes (TB9, TB10: threads do as well).
//!
//! | | interleaving (`│`: another runs) | effect |
//! |---|---|---|
//! | S | `P: G T(min = f) │ Q: U(f) │ P: U(f)` | TB1: an error, and P's trace is dropped |
//! | S | `P: G │ Q: U(f) │ P: T(f)` | `TB1b`: the same |
//! | S F | `P: G(cap - 1) │ Q: G(cap - 1) W C │ P: W C` | TB2: more files than the cap; S never shrinks back |
//! | S F | `W: W0..Wk │ R: R` | TB3: a torn or empty read |
//! | S F | `W: W0..Wk │ kill -9` | TB4: a broken file that stays and counts |
//! | S F | none: evicts, and then the body cannot be serialised | TB5: a trace is lost for a broken file |
//! | S F | `R: G │ Q: U(f) │ R: T(f)` | TB6: the listing is empty |
//! | S F | `P: R(f) │ Q: R(f) X D │ P: X D(missing is fine)` | TB7: sent twice, and both count it |
//! | S F | `P: X │ kill -9` | TB8: sent again after the restart, without a key to tell |
//! | S F | `P: G │ Q: G U │ P: U(missing is fine)` | TB9: two clears count the same file |
//! | S F | `t1: no instance │ t2: no instance, open │ t1: open` | TB10: two instances, two locks ([`RacyRegistry`]) |
//! | S F | `t1: lock │ main: fork │ child: lock` | TB11: the child hangs |
//! | S | none: the same millisecond, process and short id | TB12: one trace overwrites another |
//! | S | none: `cap` 0, `max_retries` 0, an unlink that fails in a clear | TB13: wrong settings and counts |
//!
//! [`hardened`] has none of them; a crash between X and D still sends a trace again, under the same idempotency key.
//!
//! # How it is judged
//!
//! By id. The first eight hexadecimal digits of the uuid in a file's name carry it, so that a watcher knows what a
//! file is without reading it. [`Watch`] is told of every removal, before and after.

mod argued;
pub mod as_shipped;
pub mod far_end;
mod forked;
pub mod hardened;
mod in_place;
mod instance;
mod knobs;
mod label;
mod member;
mod notes;
mod plan;
pub mod published_fix;
mod registry;
mod settings;
mod shelf;
mod subject;
mod tree;

pub use as_shipped::AsShipped;
pub use hardened::Hardened;
pub use published_fix::PublishedFix;
pub use registry::{RacyRegistry, Registry};
pub use settings::Settings;
pub use subject::TraceBufferSubject;

use racehunt_core::history::Why;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What one [`TraceBuffer::store`] writes: anything that serde can serialise.
pub trait Body {
    /// Writes it as JSON.
    ///
    /// # Errors
    /// When it cannot be serialised, or `out` refuses; what came before is written all the same.
    fn write_to(&self, out: &mut dyn Write) -> io::Result<()>;
}

impl<T: serde::Serialize + ?Sized> Body for T {
    fn write_to(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer(out, self).map_err(io::Error::from)
    }
}

/// Is told of every removal. A caller who does not care passes `&mut ()`.
pub trait Watch {
    /// The file is about to be removed, or claimed in order to be sent.
    fn removing(&mut self, file: &Path, why: Why);

    /// This call removed it: it was there, and nobody else did.
    fn removed(&mut self, file: &Path, why: Why);

    /// A replay is about to send what is in the file (before the read).
    fn attempting(&mut self, file: &Path) {
        let _ = file;
    }
}

impl Watch for () {
    fn removing(&mut self, _file: &Path, _why: Why) {}

    fn removed(&mut self, _file: &Path, _why: Why) {}
}

/// A trace was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Path of the new file.
    pub file: PathBuf,
}

/// A readable trace.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Where it is.
    pub file: PathBuf,
    /// What is in it.
    pub value: serde_json::Value,
}

/// What a replay says it did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Traces it found.
    pub total: u64,
    /// Traces that the far end took.
    pub sent: u64,
    /// Traces that no attempt got across.
    pub failed: u64,
}

/// How full a buffer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// Files in the directory that count towards the cap.
    pub files: u64,
    /// The most it keeps.
    pub cap: usize,
    /// Their size in bytes.
    pub bytes: u64,
}

/// Keeps traces in a directory that several processes share.
pub trait TraceBuffer: Send + Sync {
    /// Puts a trace in, giving up the oldest if there is no room.
    ///
    /// # Errors
    /// When the trace is not in the buffer. What happened besides depends on the variant.
    fn store(&self, body: &dyn Body, watch: &mut dyn Watch) -> Result<Stored, StoreError>;

    /// Every readable trace, oldest first as far as the variant knows.
    ///
    /// # Errors
    /// When the directory cannot be read.
    fn list(&self) -> Result<Vec<Item>, BufferError>;

    /// How full it is.
    ///
    /// # Errors
    /// When the directory cannot be read.
    fn status(&self) -> Result<Status, BufferError>;

    /// Removes one trace by its file; false if it was not there.
    ///
    /// # Errors
    /// When the file system refuses.
    fn remove(&self, file: &Path, watch: &mut dyn Watch) -> Result<bool, BufferError>;

    /// Gives up everything; returns how many it says it removed.
    ///
    /// # Errors
    /// When the directory cannot be read.
    fn clear(&self, watch: &mut dyn Watch) -> Result<u64, BufferError>;

    /// Sends everything to `client`, with up to `max_retries` attempts for each, and removes what was taken.
    ///
    /// # Errors
    /// When the directory cannot be read.
    fn replay(&self, client: &dyn Client, max_retries: u32, watch: &mut dyn Watch) -> Result<Replayed, BufferError>;
}

/// The far end of a replay.
pub trait Client: Send + Sync {
    /// Sends one trace. `key` is the idempotency key, the same for every attempt at one trace; `None` where the variant
    /// has none.
    ///
    /// # Errors
    /// When the far end did not say that it took the trace.
    fn send(&self, key: Option<&str>, body: &serde_json::Value) -> Result<(), SendError>;
}

/// Why a trace was not stored.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file of the listing was gone when its age was looked up.
    #[error("{0} vanished before its age could be looked up")]
    VanishedStat(PathBuf),
    /// The oldest file was gone when it was to be removed.
    #[error("{0} vanished before it could be evicted")]
    VanishedUnlink(PathBuf),
    /// The trace itself cannot be written as JSON.
    #[error("the trace cannot be serialised: {0}")]
    Serialise(#[source] io::Error),
    /// There is no room, and every trace is being sent at this moment.
    #[error("no room: every trace is being sent")]
    Full,
    /// The cap is zero: nothing is to be stored.
    #[error("the cap is 0: nothing is stored")]
    Disabled,
    /// The file system refused.
    #[error("{step}: {source}")]
    Io {
        /// What was being done.
        step: &'static str,
        /// The file system's answer.
        source: io::Error,
    },
    /// The file system refused when an older trace had been set aside already, and putting it back failed as well. The
    /// next call tries again, and gives it up if there is no room any more.
    #[error("{step}, after an older trace was set aside: {source}")]
    EvictedThenFailed {
        /// What was being done.
        step: &'static str,
        /// The file system's answer.
        source: io::Error,
    },
}

impl StoreError {
    /// Stable name of the error.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::VanishedStat(_) => "vanished-stat",
            Self::VanishedUnlink(_) => "vanished-unlink",
            Self::Serialise(_) => "serialise",
            Self::Full => "full",
            Self::Disabled => "disabled",
            Self::Io { .. } => "io",
            Self::EvictedThenFailed { .. } => "evicted-then-failed",
        }
    }
}

/// Why another call of a [`TraceBuffer`] failed.
#[derive(Debug, thiserror::Error)]
pub enum BufferError {
    /// A file of the listing was gone when it was looked up.
    #[error("{0} vanished before it could be looked up")]
    VanishedStat(PathBuf),
    /// The file system refused.
    #[error("{step}: {source}")]
    Io {
        /// What was being done.
        step: &'static str,
        /// The file system's answer.
        source: io::Error,
    },
}

impl BufferError {
    /// Stable name of the error.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::VanishedStat(_) => "vanished-stat",
            Self::Io { .. } => "io",
        }
    }
}

/// Why the far end did not take a trace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// It could not be reached: it has not seen the trace.
    #[error("the far end is unavailable: {0}")]
    Unavailable(String),
    /// It answered, and the answer was no.
    #[error("the far end refused: {0}")]
    Refused(String),
    /// No answer came: it may or may not have taken the trace.
    #[error("the far end did not answer: {0}")]
    Unanswered(String),
}

impl SendError {
    /// Stable name of the error.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => "unavailable",
            Self::Refused(_) => "refused",
            Self::Unanswered(_) => "unanswered",
        }
    }
}
