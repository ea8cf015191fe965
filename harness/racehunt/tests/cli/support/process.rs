//! Processes as `/proc` shows them, and signals.

use super::{PATIENCE, wait_for};
pub(crate) use nix::sys::signal::Signal;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

/// Sends a signal.
pub(crate) fn signal(pid: u32, signal: Signal) {
    kill(Pid::from_raw(pid.cast_signed()), signal).expect("the process is there");
}

/// Fields of `/proc/PID/stat` after the name: state first. `None` if there is no such process.
fn stat(pid: u32) -> Option<Vec<String>> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in brackets and may contain anything.
    let (_, fields) = text.rsplit_once(") ")?;
    Some(fields.split_whitespace().map(str::to_owned).collect())
}

/// A process told from a later one with the same number by the time of its start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) pid: u32,
    start: String,
}

impl Seen {
    fn of(pid: u32) -> Option<Self> {
        Some(Self { pid, start: stat(pid)?.get(19)?.clone() })
    }

    /// The directory that a worker was given for itself.
    pub(crate) fn home(&self) -> PathBuf {
        let all = std::fs::read(format!("/proc/{}/environ", self.pid)).expect("the process is there");
        let home = all.split(|b| *b == 0).find_map(|set| set.strip_prefix(b"RACEHUNT_HOME="));
        PathBuf::from(String::from_utf8_lossy(home.expect("every worker has one")).into_owned())
    }

    /// True while the process runs: a zombie has ended, whoever has yet to notice.
    pub(crate) fn lives(&self) -> bool {
        stat(self.pid).is_some_and(|f| f[0] != "Z" && f[19] == self.start)
    }
}

/// The workers of a running `racehunt`, which are children of it called `racehunt … worker`.
pub(crate) fn workers(pid: u32) -> Vec<Seen> {
    called(pid, b"worker")
}

/// The processes that the subject in a worker started, called `racehunt child …`.
pub(crate) fn children(pid: u32) -> Vec<Seen> {
    called(pid, b"child")
}

/// The children of a process that have this word on their command line.
fn called(pid: u32, word: &[u8]) -> Vec<Seen> {
    let of = |child: u32| {
        let parent: u32 = stat(child)?.get(1)?.parse().ok()?;
        let words = std::fs::read(format!("/proc/{child}/cmdline")).ok()?;
        let named = words.split(|b| *b == 0).any(|w| w == word);
        (parent == pid && named).then(|| Seen::of(child)).flatten()
    };
    let all = std::fs::read_dir("/proc").expect("/proc");
    let pids = all.filter_map(|e| e.ok()?.file_name().to_str()?.parse().ok());
    pids.filter_map(of).collect()
}

/// The first worker of a running `racehunt`, once it is there.
pub(crate) fn first_worker(pid: u32) -> Seen {
    wait_for("a worker", || workers(pid).into_iter().next())
}

/// Kills a process that should have ended long ago, so that the test fails instead of hanging.
pub(crate) struct Watchdog {
    calm: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watchdog {
    pub(crate) fn over(pid: u32) -> Self {
        let (calm, calmed) = channel::<()>();
        let seen = Seen::of(pid);
        let thread = std::thread::spawn(move || {
            let late = calmed.recv_timeout(PATIENCE) == Err(std::sync::mpsc::RecvTimeoutError::Timeout);
            if late && seen.is_some_and(|s| s.lives()) {
                signal(pid, Signal::SIGKILL);
            }
        });
        Self { calm: Some(calm), thread: Some(thread) }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.calm.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
