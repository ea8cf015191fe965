//! One worker process: its group, its pipes, its end.

use super::end::End;
use super::tail::Tail;
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Bytes a line may have. A finding with its interleaving can be long; a worker that writes without a line break
/// must not fill the memory.
pub(super) const LONGEST_LINE: u64 = 64 * 1024 * 1024;

/// Lines that wait to be handled; then the worker waits in its write.
const BACKLOG: usize = 256;

/// How long to wait for a pipe to close once the whole process group was killed. Only a process that left the group
/// can hold it open any longer.
const CLOSING: Duration = Duration::from_millis(500);

/// What comes from a worker's stdout.
pub(super) enum Piece {
    /// One line.
    Line(Vec<u8>),
    /// A line without an end in sight.
    TooLong,
    /// The stream is closed.
    Closed,
}

/// A worker process. Dropped, it is killed with its group and reaped.
pub(super) struct Child {
    process: std::process::Child,
    group: Pid,
    orders: Option<Sender<String>>,
    pieces: Receiver<Piece>,
    errors: Option<JoinHandle<()>>,
    tail: Tail,
    reaped: Option<ExitStatus>,
}

impl Child {
    /// Starts `command` in a process group of its own, so that it and what it starts can be killed together, and so
    /// that a Ctrl-C in a terminal reaches the harness alone.
    pub(super) fn spawn(mut command: Command) -> Result<Self, End> {
        clean(&mut command);
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().map_err(|source| End::Start { command: text(&command), source })?;
        let group = Pid::from_raw(process.id().cast_signed());
        let (to, orders) = channel();
        let (from, pieces) = sync_channel(BACKLOG);
        let tail = Tail::default();
        if let Some(stdin) = process.stdin.take() {
            thread::spawn(move || write(stdin, &orders));
        }
        if let Some(stdout) = process.stdout.take() {
            thread::spawn(move || read(stdout, &from));
        }
        let errors = process.stderr.take().map(|stderr| {
            let tail = tail.clone();
            thread::spawn(move || tail.drain(stderr))
        });
        Ok(Self { process, group, orders: Some(to), pieces, errors, tail, reaped: None })
    }

    pub(super) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Queues a line for stdin; a worker that does not read must not block the harness. That nobody reads any more
    /// shows on stdout soon enough.
    pub(super) fn send(&self, line: String) {
        if let Some(orders) = &self.orders {
            let _ = orders.send(line);
        }
    }

    /// The next piece of stdout, if one comes in time.
    pub(super) fn receive(&self, wait: Duration) -> Option<Piece> {
        match self.pieces.recv_timeout(wait) {
            Ok(piece) => Some(piece),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Piece::Closed),
        }
    }

    /// True if the process has ended. It stays a zombie, and so keeps its id and its group's, until [`Child::end`]:
    /// an id that was given to somebody else meanwhile must not be killed.
    pub(super) fn has_ended(&self) -> bool {
        let look = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        self.reaped.is_some() || !matches!(waitid(Id::Pid(self.group), look), Ok(WaitStatus::StillAlive))
    }

    /// Closes stdin, gives the process `grace` to end by itself, kills what is left of its group and reaps it.
    /// Returns how it ended and what it wrote to stderr.
    pub(super) fn end(mut self, grace: Duration) -> (String, String) {
        self.orders = None;
        let patience = Instant::now() + grace;
        while !self.has_ended() && Instant::now() < patience {
            // Emptied all along: a worker that is blocked in a write would never see the end of its stdin.
            if let Some(Piece::Closed | Piece::TooLong) = self.receive(Duration::from_millis(5)) {
                thread::sleep(Duration::from_millis(5));
            }
        }
        let status = self.kill();
        let patience = Instant::now() + CLOSING;
        while self.errors.as_ref().is_some_and(|e| !e.is_finished()) && Instant::now() < patience {
            thread::sleep(Duration::from_millis(1));
        }
        (status.map_or_else(|| "ended".to_owned(), says), self.tail.text())
    }

    fn kill(&mut self) -> Option<ExitStatus> {
        if self.reaped.is_none() {
            // Before the reaping, while the group's id cannot belong to anybody else.
            let _ = killpg(self.group, Signal::SIGKILL);
            self.reaped = self.process.wait().ok();
        }
        self.reaped
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Takes away what would make a worker behave differently than the trial says, or chat.
fn clean(command: &mut Command) {
    for name in ["SHUTTLE_RANDOM_SEED", "RUST_BACKTRACE", "RUST_LIB_BACKTRACE"] {
        command.env_remove(name);
    }
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|n| n.starts_with("LOOM_")) {
            command.env_remove(name);
        }
    }
}

fn text(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|w| w.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// How a process ended, as a predicate.
fn says(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(n), _) => match Signal::try_from(n) {
            Ok(signal) => format!("was killed by signal {n} ({signal})"),
            Err(_) => format!("was killed by signal {n}"),
        },
        (None, Some(code)) => format!("ended with exit code {code}"),
        (None, None) => "ended".to_owned(),
    }
}

fn write(mut stdin: ChildStdin, orders: &Receiver<String>) {
    while let Ok(line) = orders.recv() {
        if stdin.write_all(line.as_bytes()).is_err() {
            return;
        }
    }
}

fn read(stdout: impl Read, to: &SyncSender<Piece>) {
    let mut stdout = BufReader::with_capacity(64 * 1024, stdout);
    loop {
        let mut line = Vec::new();
        let piece = match stdout.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line) {
            Ok(n) if n as u64 == LONGEST_LINE && !line.ends_with(b"\n") => Piece::TooLong,
            Ok(1..) => Piece::Line(line),
            Ok(0) | Err(_) => Piece::Closed,
        };
        let last = !matches!(piece, Piece::Line(_));
        if to.send(piece).is_err() || last {
            return;
        }
    }
}
