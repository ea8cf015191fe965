//! The member processes: how they are started, heard, signalled and reaped.

use super::super::journal;
use crate::emit::EngineError;
use crate::supervisor::Tail;
use crate::worker::MEMBER;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;
use racehunt_core::plan::Trial;
use racehunt_core::protocol::{FromWorker, Member, Setup, ToWorker, VERSION, decode, encode};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a process whose stdout is closed may take to end.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Where a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Its process was started and has not answered yet.
    Starting,
    /// It waits for a round.
    Idle,
    /// It opens its instance.
    Opening,
    /// Its actors wait for the start.
    Armed,
    /// Its actors play.
    Playing,
    /// Its actors are at their end.
    Done,
    /// There is no process.
    Gone,
}

/// What was heard, and from whom.
pub(super) struct Heard {
    pub(super) process: usize,
    /// Which start of the process it was: what an earlier one said is of no interest.
    start: u64,
    pub(super) piece: Piece,
}

/// A piece of a member's stdout.
pub(super) enum Piece {
    Message(Box<FromWorker>),
    Garbage(String),
    Closed,
}

/// One place in the troop.
struct Post {
    state: State,
    start: u64,
    child: Option<Running>,
}

struct Running {
    child: Child,
    stdin: ChildStdin,
    tail: Tail,
    stderr: JoinHandle<()>,
    /// When it was first seen to have ended.
    ended: Option<Instant>,
}

/// All members. Dropped, it kills and reaps those that are left.
pub(super) struct Troop {
    setup: Setup,
    posts: Vec<Post>,
    starts: u64,
    to: Sender<Heard>,
    from: Receiver<Heard>,
}

impl Troop {
    /// A troop of so many members; none is started.
    pub(super) fn new(trial: &Trial, processes: usize) -> Self {
        let setup = Setup { protocol: VERSION, trial: trial.clone(), actors: None, stall_ms: None, member: None };
        let (to, from) = channel();
        let posts = (0..processes).map(|_| Post { state: State::Gone, start: 0, child: None }).collect();
        Self { setup, posts, starts: 0, to, from }
    }

    pub(super) fn state(&self, process: usize) -> State {
        self.posts[process].state
    }

    pub(super) fn set(&mut self, process: usize, state: State) {
        self.posts[process].state = state;
    }

    /// Members in one of these states.
    pub(super) fn those(&self, states: &[State]) -> Vec<usize> {
        (0..self.posts.len()).filter(|p| states.contains(&self.posts[*p].state)).collect()
    }

    /// Starts the process of a member that has none. By the thread that lives to the end of the trial: the kernel ends
    /// a member with the thread that started it.
    ///
    /// # Errors
    /// If the machine refuses.
    pub(super) fn start(&mut self, process: usize) -> Result<(), EngineError> {
        let io = |source| EngineError::Io { what: "starting a process of the trial".to_owned(), source };
        let mut command = Command::new(std::env::current_exe().map_err(io)?);
        command.args(std::env::args_os().skip(1)).env(MEMBER, process.to_string());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(io)?;
        let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            let _ = child.kill().and_then(|()| child.wait());
            return Err(EngineError::Trial("a process of the trial was started without its pipes".to_owned()));
        };
        self.starts += 1;
        let (start, to) = (self.starts, self.to.clone());
        std::thread::spawn(move || listen(stdout, process, start, &to));
        let tail = Tail::default();
        let stderr = {
            let tail = tail.clone();
            std::thread::spawn(move || tail.drain(stderr))
        };
        self.posts[process] =
            Post { state: State::Starting, start, child: Some(Running { child, stdin, tail, stderr, ended: None }) };
        let member = Some(Member { process });
        self.send(process, &ToWorker::Setup(Box::new(Setup { member, ..self.setup.clone() })));
        Ok(())
    }

    /// Tells a member something. That nobody reads any more shows on its stdout soon enough.
    pub(super) fn send(&mut self, process: usize, message: &ToWorker) {
        if let (Some(running), Ok(line)) = (&mut self.posts[process].child, encode(message)) {
            let _ = running.stdin.write_all(line.as_bytes());
        }
    }

    /// What comes next, if it comes in time.
    pub(super) fn receive(&self, wait: Duration) -> Option<Heard> {
        let until = Instant::now() + wait;
        loop {
            let heard = self.from.recv_timeout(until.saturating_duration_since(Instant::now())).ok()?;
            if self.posts[heard.process].start == heard.start && self.posts[heard.process].child.is_some() {
                return Some(heard);
            }
        }
    }

    /// The ids of the processes that there are.
    pub(super) fn pids(&self) -> Vec<u32> {
        self.posts.iter().filter_map(|post| post.child.as_ref()).map(|running| running.child.id()).collect()
    }

    /// Stops a member, or lets it go on.
    pub(super) fn signal(&self, process: usize, signal: Signal) {
        if let Some(running) = &self.posts[process].child {
            // Not reaped yet, so the id is still this process's own.
            let _ = kill(Pid::from_raw(running.child.id().cast_signed()), signal);
        }
    }

    /// Kills a member and reaps it.
    pub(super) fn kill(&mut self, process: usize) {
        self.posts[process].state = State::Gone;
        if let Some(mut running) = self.posts[process].child.take() {
            let _ = running.child.kill();
            let _ = running.child.wait();
        }
    }

    /// Reaps a member that closed its stdout. Returns how it ended and what it wrote to stderr last.
    pub(super) fn reap(&mut self, process: usize) -> (Option<ExitStatus>, String) {
        self.posts[process].state = State::Gone;
        let Some(mut running) = self.posts[process].child.take() else { return (None, String::new()) };
        let patience = Instant::now() + LAST_WORDS;
        let status = loop {
            match running.child.try_wait() {
                Ok(None) if Instant::now() < patience => std::thread::sleep(Duration::from_millis(1)),
                Ok(Some(status)) => break Some(status),
                _ => {
                    let _ = running.child.kill();
                    let _ = running.child.wait();
                    break None;
                }
            }
        };
        while !running.stderr.is_finished() && Instant::now() < patience {
            std::thread::sleep(Duration::from_millis(1));
        }
        (status, running.tail.text())
    }

    /// Members whose processes ended a while ago. They are not reaped: until then their ids are their own.
    pub(super) fn ended(&mut self, now: Instant) -> Vec<usize> {
        let look = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        let mut ended = Vec::new();
        for (process, post) in self.posts.iter_mut().enumerate() {
            let Some(running) = &mut post.child else { continue };
            let id = Id::Pid(Pid::from_raw(running.child.id().cast_signed()));
            if matches!(waitid(id, look), Ok(WaitStatus::StillAlive)) {
                continue;
            }
            // Its last messages are heard first.
            if now.saturating_duration_since(*running.ended.get_or_insert(now)) >= LAST_WORDS {
                ended.push(process);
            }
        }
        ended
    }

    /// Asks all members to end and gives them a while. Returns how those ended that did so, and not well.
    pub(super) fn dismiss(&mut self, patience: Duration) -> Vec<String> {
        for process in 0..self.posts.len() {
            self.send(process, &ToWorker::Teardown);
        }
        let until = Instant::now() + patience;
        let mut badly = Vec::new();
        for (process, post) in self.posts.iter_mut().enumerate() {
            while let Some(running) = &mut post.child {
                match running.child.try_wait() {
                    Ok(None) if Instant::now() < until => std::thread::sleep(Duration::from_millis(1)),
                    Ok(Some(status)) if !status.success() => {
                        badly.push(format!("process {process}, after its last round: {}", died(Some(status))));
                        break;
                    }
                    _ => break,
                }
            }
        }
        badly
    }
}

impl Drop for Troop {
    fn drop(&mut self) {
        for process in 0..self.posts.len() {
            self.kill(process);
        }
    }
}

/// How a process ended, in words that are the same in every run.
pub(super) fn died(status: Option<ExitStatus>) -> String {
    let Some(status) = status else { return "process closed its stdout".to_owned() };
    match (status.signal(), status.code()) {
        (Some(n), _) => match Signal::try_from(n) {
            Ok(signal) => format!("process died: signal {n} ({signal})"),
            Err(_) => format!("process died: signal {n}"),
        },
        (None, code) => format!("process died: exit code {}", code.unwrap_or_default()),
    }
}

/// True if it was killed, and not by anything it did itself.
pub(super) fn was_killed(status: Option<ExitStatus>) -> bool {
    status.and_then(|s| s.signal()) == Some(Signal::SIGKILL as i32)
}

/// A start in the near future, for all members: long enough for the order to reach them.
pub(super) fn soon(members: usize) -> u64 {
    journal::now() + 200_000 + 50_000 * members as u64
}

fn listen(stdout: impl Read, process: usize, start: u64, to: &Sender<Heard>) {
    for (number, line) in (1..).zip(BufReader::new(stdout).split(b'\n')) {
        let Ok(line) = line else { break };
        let piece = match decode::<FromWorker>(number, &line) {
            Ok(message) => Piece::Message(Box::new(message)),
            Err(e) => Piece::Garbage(e.to_string()),
        };
        if to.send(Heard { process, start, piece }).is_err() {
            return;
        }
    }
    let _ = to.send(Heard { process, start, piece: Piece::Closed });
}
