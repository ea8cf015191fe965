//! `[[fault]]` and `stress.faults`: what goes wrong.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::chance::Chance;
use super::text::{ElementError, TextElement, one_of};
use super::timespan::Timespan;

mod read;

pub(super) use read::Around;

/// What goes wrong in an execution, whatever the engine. Not for a subject that is a command: its parameters say what
/// goes wrong there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// A process is killed once, as by SIGKILL. Under a model the moment is a step of the schedule, so every one is
    /// explored, and it replays and shrinks with the rest; it takes the room of one actor. On real processes it is a
    /// random moment of each round, and the pace must be `rounds`. What it misses: a second kill of the same process.
    Kill {
        /// The process, as the actors name it. No two kills have the same.
        #[schemars(length(min = 1))]
        process: String,
        /// What becomes of what it wrote and did not sync. Default: `kept`. Only models can do anything else: on real
        /// processes data survives a kill, so what a power cut loses is missed there.
        #[serde(default)]
        unsynced: Unsynced,
    },
    /// A call of the facade's file system answers with an error, once at the n-th or each time by chance. Calls that do
    /// not go through the facade are missed.
    Io {
        /// Which call.
        call: FileCall,
        /// With what error.
        error: IoError,
        /// The n-th such call of an execution (of each process, on real ones), from 1; this or `chance`. An execution
        /// with fewer such calls goes undisturbed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 1))]
        nth: Option<u64>,
        /// The chance at each call, above 0; this or `nth`.
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
        /// The mean time between two, over all processes; this or `call`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        every: Option<Timespan>,
        /// The process kills itself as it comes to such a call of the facade's file system; this or `every`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        call: Option<FileCall>,
        /// The chance at each such call, above 0; always and only with `call`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        chance: Option<Chance>,
    },
    /// SIGSTOP and SIGCONT after rr's chaos mode: each process is of low priority with this chance, drawn anew at
    /// random intervals; now and then, for 1 ms to 2 s and at most a fifth of the time, only the others may run.
    Pause {
        /// The chance of low priority, above 0.
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

const UNSYNCED: [(&str, Unsynced); 3] = [("kept", Unsynced::Kept), ("lost", Unsynced::Lost), ("torn", Unsynced::Torn)];

const CALLS: [(&str, FileCall); 10] = [
    ("open", FileCall::Open),
    ("create", FileCall::Create),
    ("read", FileCall::Read),
    ("write", FileCall::Write),
    ("sync", FileCall::Sync),
    ("rename", FileCall::Rename),
    ("unlink", FileCall::Unlink),
    ("list", FileCall::List),
    ("stat", FileCall::Stat),
    ("lock", FileCall::Lock),
];

const ERRORS: [(&str, IoError); 3] = [("ENOSPC", IoError::NoSpace), ("EACCES", IoError::Denied), ("EIO", IoError::Io)];

/// The text form of an element that is one of a table of words.
macro_rules! word {
    ($type:ty, $what:literal, $named:literal, $table:ident) => {
        impl TextElement for $type {
            const WHAT: &'static str = $what;
        }

        impl FromStr for $type {
            type Err = ElementError;

            fn from_str(text: &str) -> Result<Self, ElementError> {
                one_of(text, $named, &$table)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let word = $table.iter().find(|(_, value)| value == self).map_or("", |(word, _)| word);
                f.write_str(word)
            }
        }
    };
}

word!(Unsynced, "a fate of unsynced data: \"kept\", \"lost\" or \"torn\"", "fate of unsynced data", UNSYNCED);
word!(FileCall, "a file system call such as \"unlink\"", "file system call", CALLS);
word!(IoError, "an error such as \"ENOSPC\"", "error", ERRORS);

#[cfg(test)]
mod tests {
    use super::*;

    fn same<T>(table: &[(&str, T)])
    where
        T: FromStr<Err = ElementError> + fmt::Display + fmt::Debug + PartialEq + Serialize,
    {
        for (word, value) in table {
            assert_eq!(&value.to_string(), word);
            assert_eq!(word.parse::<T>().as_ref(), Ok(value));
            assert_eq!(serde_json::to_string(value).unwrap(), format!("\"{word}\""));
        }
        assert!("x".parse::<T>().is_err());
    }

    #[test]
    fn every_word_reads_back_in_all_forms() {
        same(&UNSYNCED);
        same(&CALLS);
        same(&ERRORS);
        assert_eq!("unlik".parse::<FileCall>().unwrap_err().help.as_deref(), Some("did you mean `unlink`?"));
        assert_eq!("enospc".parse::<IoError>().unwrap_err().help.as_deref(), Some("did you mean `ENOSPC`?"));
    }
}
