//! The worker's way to the harness, shared by the engine's thread and the one that gives signs of life.

use crate::emit::{Emit, Progress};
use racehunt_core::finding::Finding;
use racehunt_core::protocol::{FromWorker, encode};
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Time between two signs of life.
const PULSE: Duration = Duration::from_millis(100);

/// Lines out, and the flag that says stop.
pub(super) struct Wire {
    out: Mutex<Box<dyn Write + Send>>,
    latest: Mutex<Progress>,
    stop: Arc<AtomicBool>,
}

impl Wire {
    pub(super) fn new(out: impl Write + Send + 'static, stop: Arc<AtomicBool>) -> Self {
        Self { out: Mutex::new(Box::new(out)), latest: Mutex::new(Progress::default()), stop }
    }

    /// Writes one line. If that fails, the harness is gone, and there is nobody to tell: the trial should end.
    pub(super) fn send(&self, message: &FromWorker) {
        let line = match encode(message) {
            Ok(line) => line,
            Err(e) => match encode(&FromWorker::Failed { message: e.to_string() }) {
                Ok(line) => line,
                Err(_) => return,
            },
        };
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        if out.write_all(line.as_bytes()).and_then(|()| out.flush()).is_err() {
            self.stop.store(true, Ordering::Relaxed);
        }
    }

    fn progress(&self) -> Progress {
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the engine is given.
pub(super) struct Told<'a>(pub(super) &'a Wire);

impl Emit for Told<'_> {
    /// Only kept: the pulse writes it, so that an engine may call this as often as it likes.
    fn progress(&mut self, progress: Progress) {
        *self.0.latest.lock().unwrap_or_else(PoisonError::into_inner) = progress;
    }

    fn finding(&mut self, finding: &Finding) {
        self.0.send(&FromWorker::Finding { finding: Box::new(finding.clone()) });
    }

    fn stopped(&self) -> bool {
        self.0.stop.load(Ordering::Relaxed)
    }
}

/// The thread that gives signs of life, whatever the engine's thread is doing.
pub(super) struct Pulse {
    end: Sender<()>,
    thread: JoinHandle<()>,
}

impl Pulse {
    pub(super) fn start(wire: Arc<Wire>) -> Self {
        let (end, ended) = channel::<()>();
        let thread = thread::spawn(move || {
            while ended.recv_timeout(PULSE) == Err(RecvTimeoutError::Timeout) {
                wire.send(&FromWorker::Progress(wire.progress()));
            }
            // The last word on progress is true whenever the engine ended.
            wire.send(&FromWorker::Progress(wire.progress()));
        });
        Self { end, thread }
    }

    pub(super) fn end(self) {
        drop(self.end);
        let _ = self.thread.join();
    }
}
