//! Why a session with a worker ended, in words that go into a verdict.

use racehunt_core::protocol::{ProtocolError, VERSION, shown};
use std::time::Duration;

/// Lines of stderr that go into the notes.
const LAST_LINES: usize = 10;

/// Why a session ended before its trial did.
#[derive(Debug, thiserror::Error)]
pub(crate) enum End {
    /// The process could not be made.
    #[error("cannot start the worker `{command}`: {source}")]
    Start {
        /// Program and arguments.
        command: String,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The worker speaks another version.
    #[error("the worker speaks protocol {0}, this harness {VERSION}")]
    Version(u32),
    /// A line is no message.
    #[error("{0}")]
    Garbage(#[from] ProtocolError),
    /// A line never ended.
    #[error("line {line} of the worker is longer than {limit} bytes")]
    TooLong {
        /// Its number, from 1.
        line: u64,
        /// What a line may have.
        limit: u64,
    },
    /// A message came that has no place there.
    #[error("line {line} of the worker: {says}")]
    OutOfTurn {
        /// Its number, from 1.
        line: u64,
        /// What is wrong with it.
        says: String,
    },
    /// Nothing was heard.
    #[error("the worker was silent for {}", secs(*.0))]
    Silent(Duration),
    /// It went on for too long.
    #[error("the worker did not end within {}: it may be stuck in one execution", secs(*.0))]
    Overdue(Duration),
    /// It ended by itself.
    #[error("the worker {0} before the trial was over")]
    Died(String),
    /// It closed its stdout and lives on.
    #[error("the worker closed its stdout before the trial was over")]
    Closed,
    /// It said that it cannot.
    #[error("the worker cannot run this trial: {0}")]
    Failed(String),
    /// The trial asks for what no worker can be told.
    #[error("the trial cannot be run: {0}")]
    Trial(String),
    /// The stop flag was set, and the worker did not end by itself.
    #[error("interrupted (the worker did not stop within {} and was killed)", secs(*.0))]
    Interrupted(Duration),
}

fn secs(d: Duration) -> String {
    format!("{} s", d.as_secs_f64())
}

/// The last lines of stderr as remarks, safe to show on a terminal.
pub(crate) fn remarks(stderr: &str) -> Vec<String> {
    let lines: Vec<&str> = stderr.lines().filter(|l| !l.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(LAST_LINES)..]
        .iter()
        .map(|l| format!("worker's stderr: {}", shown(l.as_bytes())))
        .collect()
}
