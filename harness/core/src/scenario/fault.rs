//! `[[fault]]` and `stress.faults`: what goes wrong.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::chance::Chance;
use super::timespan::Timespan;

/// What goes wrong in an execution, whatever the engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// A process is killed once, as by SIGKILL. Under a model the moment is a step of the schedule, so every one is
    /// explored, and it replays and shrinks with the rest. On real processes it is a random moment of each round.
    Kill {
        /// The process, as the actors name it.
        process: String,
        /// What becomes of what it wrote and did not sync. Only models can do other than `kept`.
        #[serde(default)]
        unsynced: Unsynced,
    },
    /// A call of the facade's file system answers with an error, once at the n-th or each time by chance.
    Io {
        /// Which call.
        call: FileCall,
        /// With what error.
        error: IoError,
        /// The n-th such call of an execution (of each process, on real ones), from 1; this or `chance`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        nth: Option<u64>,
        /// The chance at each call; this or `nth`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        chance: Option<Chance>,
    },
}

/// What goes wrong on real processes, at random moments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum StressFault {
    /// SIGKILL to a process drawn at random; it is started again and goes on.
    Kill {
        /// The mean time between two; this or `call`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        every: Option<Timespan>,
        /// The process kills itself as it comes to such a call of the facade's file system; this or `every`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        call: Option<FileCall>,
        /// The chance at each such call; always and only with `call`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        chance: Option<Chance>,
    },
    /// SIGSTOP and SIGCONT after rr's chaos mode: each process is of low priority with this chance, drawn anew at
    /// random intervals; now and then, for 1 ms to 2 s and at most a fifth of the time, only the others may run.
    Pause {
        /// The chance of low priority.
        chance: Chance,
    },
}

/// What becomes of data that a killed process wrote and did not sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unsynced {
    /// It stays, as after SIGKILL: the kernel has it.
    #[default]
    Kept,
    /// It is gone, as after a power cut: a file has what it had at its last sync.
    Lost,
    /// Half of it is gone.
    Torn,
}

/// Calls of the facade's file system that can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FileCall {
    /// Opening a file that is there.
    Open,
    /// Opening a file that may be made by it.
    Create,
    /// Reading from a file.
    Read,
    /// Writing to a file.
    Write,
    /// Syncing a file.
    Sync,
    /// Renaming.
    Rename,
    /// Removing a file.
    Unlink,
    /// Listing a directory.
    List,
    /// Asking for metadata.
    Stat,
    /// Taking a lock on a file.
    Lock,
}

/// Errors of a file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum IoError {
    /// No space left on device.
    #[serde(rename = "ENOSPC")]
    NoSpace,
    /// Permission denied.
    #[serde(rename = "EACCES")]
    Denied,
    /// Input/output error.
    #[serde(rename = "EIO")]
    Io,
}
