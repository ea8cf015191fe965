//! The conversation with one worker: messages out, messages in, and every deadline in between.

use super::child::{Child, LONGEST_LINE, Piece};
use super::end::End;
use super::{Event, Supervise};
use racehunt_core::protocol::{FromWorker, ToWorker, VERSION, decode, encode};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often deadlines are looked at.
const TICK: Duration = Duration::from_millis(20);

/// How long the rest of stdout may take once the process has ended. It is in the pipe already; a process that
/// inherited the pipe could keep it open for ever.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// The limits of a session.
pub(crate) struct Deadlines {
    /// Silence after which the worker is given up.
    pub(crate) silence: Duration,
    /// Time the whole session may take; `None` where nothing bounds the trial.
    pub(crate) whole: Option<Duration>,
    /// Time between the request to stop and SIGKILL.
    pub(crate) grace: Duration,
    /// The request to stop.
    pub(crate) stop: Arc<AtomicBool>,
}

/// A worker and the state of its deadlines.
pub(crate) struct Session {
    child: Child,
    limits: Deadlines,
    line: u64,
    started: Instant,
    heard: Instant,
    looked: Instant,
    stopping: Option<Instant>,
    ended: Option<Instant>,
}

impl Session {
    /// Starts the worker and waits for its hello.
    pub(crate) fn open(command: Command, limits: Deadlines, on: &mut dyn FnMut(Event)) -> Result<Self, Ended> {
        let child = Child::spawn(command).map_err(|end| Ended { end: Some(end), stderr: String::new() })?;
        on(Event::Started { pid: child.pid() });
        let now = Instant::now();
        let (started, heard, looked) = (now, now, now);
        let mut session = Self { child, limits, line: 0, started, heard, looked, stopping: None, ended: None };
        match session.next() {
            Ok(FromWorker::Hello { protocol: VERSION, .. }) => Ok(session),
            Ok(FromWorker::Hello { protocol, .. }) => Err(session.close(Err(End::Version(protocol)))),
            Ok(_) => {
                let end = session.out_of_turn("the first message must be `hello`");
                Err(session.close(Err(end)))
            }
            Err(end) => Err(session.close(Err(end))),
        }
    }

    /// Tells the worker something.
    pub(crate) fn send(&self, message: &ToWorker) -> Result<(), End> {
        self.child.send(encode(message)?);
        Ok(())
    }

    /// The next message. While there is none, looks at every deadline.
    pub(crate) fn next(&mut self) -> Result<FromWorker, End> {
        loop {
            if self.looked.elapsed() >= TICK {
                self.look()?;
            }
            match self.child.receive(TICK) {
                Some(Piece::Line(line)) => {
                    self.line += 1;
                    self.heard = Instant::now();
                    return Ok(decode(self.line, &line)?);
                }
                Some(Piece::TooLong) => return Err(End::TooLong { line: self.line + 1, limit: LONGEST_LINE }),
                Some(Piece::Closed) => return Err(self.closed()),
                None => self.look()?,
            }
        }
    }

    /// An error about the message that came last.
    pub(crate) fn out_of_turn(&self, says: impl Into<String>) -> End {
        End::OutOfTurn { line: self.line, says: says.into() }
    }

    /// Time since the worker was started.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// True if the worker was told to stop: what it says from then on is a part of the trial only.
    pub(crate) fn was_stopped(&self) -> bool {
        self.stopping.is_some()
    }

    /// Ends the worker: gently after a result, at once after an error.
    pub(crate) fn close(self, result: Result<(), End>) -> Ended {
        let grace = match result {
            // One that has died only needs reaping, and takes no time; one that misbehaved gets none.
            Err(_) => Duration::ZERO,
            Ok(()) => {
                let _ = self.send(&ToWorker::Teardown);
                self.limits.grace
            }
        };
        let (how, stderr) = self.child.end(grace);
        let end = result.err().map(|end| match end {
            End::Died(_) => End::Died(how),
            other => other,
        });
        Ended { end, stderr }
    }

    fn look(&mut self) -> Result<(), End> {
        let now = Instant::now();
        self.looked = now;
        if self.limits.stop.load(Ordering::Relaxed) && self.stopping.is_none() {
            self.stopping = Some(now);
            self.send(&ToWorker::Stop)?;
        }
        if self.stopping.is_some_and(|since| now - since >= self.limits.grace) {
            return Err(End::Interrupted(self.limits.grace));
        }
        if self.ended.is_none() && self.child.has_ended() {
            self.ended = Some(now);
        }
        if self.ended.is_some_and(|since| now - since >= LAST_WORDS) {
            return Err(End::Died(String::new()));
        }
        if now - self.heard >= self.limits.silence {
            return Err(End::Silent(self.limits.silence));
        }
        match self.limits.whole {
            Some(whole) if self.started.elapsed() >= whole => Err(End::Overdue(whole)),
            _ => Ok(()),
        }
    }

    /// Stdout is closed: the process is ending, or has taken leave of the protocol.
    fn closed(&self) -> End {
        let patience = Instant::now() + LAST_WORDS;
        while !self.child.has_ended() {
            if Instant::now() >= patience {
                return End::Closed;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        End::Died(String::new())
    }
}

impl Supervise {
    /// The limits of a session.
    pub(crate) fn deadlines(&self, silence: Duration, whole: Option<Duration>) -> Deadlines {
        Deadlines { silence, whole, grace: self.grace, stop: Arc::clone(&self.stop) }
    }
}

/// How a session ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Why it ended early, if it did.
    pub(crate) end: Option<End>,
    /// The last part of stderr.
    pub(crate) stderr: String,
}
