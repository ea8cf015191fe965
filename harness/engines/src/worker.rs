//! Our own worker: reads one trial from stdin, runs its engine, and tells on stdout what happens.

use crate::emit::{EngineError, RunTrial};
use crate::registry::{Subjects, find};
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::Trial;
use racehunt_core::protocol::{FromWorker, Setup, ToWorker, VERSION, decode};
use std::io::{self, BufRead, BufReader, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

mod stdout;
mod wire;

use wire::Wire;

/// How long a worker whose harness is gone may take to end by itself. An engine looks at its stop flag between
/// executions, and one of them may hang.
const ORPHANED: Duration = Duration::from_secs(2);

/// How a worker's service ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Served {
    /// The outcome was told.
    Outcome,
    /// The trial could not be run, which was told.
    Failed,
    /// The harness went away.
    Orphaned,
}

impl Served {
    /// As an exit code.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Outcome => 0,
            Self::Failed => 1,
            Self::Orphaned => 71,
        }
    }
}

/// Serves one trial on this process's stdin and stdout. What engines and subjects print goes to stderr. Ends the
/// process if the harness goes away and the engine does not stop.
///
/// # Errors
/// If stdout cannot be set aside.
pub fn serve_process(subjects: Subjects<'_>, engines: &dyn Fn(&Trial) -> RunTrial) -> io::Result<Served> {
    let out = stdout::set_aside()?;
    let orphaned = || {
        thread::sleep(ORPHANED);
        std::process::exit(i32::from(Served::Orphaned.code()))
    };
    Ok(serve_with(subjects, engines, BufReader::new(io::stdin()), out, orphaned))
}

/// Serves one trial on any pair of streams.
pub fn serve<R, W>(subjects: Subjects<'_>, engines: &dyn Fn(&Trial) -> RunTrial, stdin: R, stdout: W) -> Served
where
    R: BufRead + Send + 'static,
    W: Write + Send + 'static,
{
    serve_with(subjects, engines, stdin, stdout, || {})
}

fn serve_with<R, W>(
    subjects: Subjects<'_>,
    engines: &dyn Fn(&Trial) -> RunTrial,
    stdin: R,
    stdout: W,
    orphaned: impl FnOnce() + Send + 'static,
) -> Served
where
    R: BufRead + Send + 'static,
    W: Write + Send + 'static,
{
    let stop = Arc::new(AtomicBool::new(false));
    let wire = Arc::new(Wire::new(stdout, Arc::clone(&stop)));
    let (to, orders) = channel();
    thread::spawn(move || listen(stdin, &to, &stop, orphaned));
    let pid = std::process::id();
    let (name, language) = ("racehunt".to_owned(), "rust".to_owned());
    wire.send(&FromWorker::Hello { protocol: VERSION, name, pid, language });
    match obey(subjects, engines, &orders, &wire) {
        Ok(Some(outcome)) => {
            wire.send(&FromWorker::Outcome { outcome: Box::new(outcome) });
            Served::Outcome
        }
        Ok(None) => Served::Orphaned,
        Err(message) => {
            wire.send(&FromWorker::Failed { message });
            Served::Failed
        }
    }
}

/// Reads orders until the harness has none any more. `stop` is set here and not by the reader of `orders`, which
/// is busy with the trial.
fn listen(stdin: impl BufRead, to: &Sender<Result<ToWorker, String>>, stop: &AtomicBool, orphaned: impl FnOnce()) {
    for (number, line) in (1..).zip(stdin.split(b'\n')) {
        let Ok(line) = line else { break };
        let order = decode::<ToWorker>(number, &line);
        if matches!(order, Ok(ToWorker::Stop | ToWorker::Teardown)) {
            stop.store(true, Ordering::Relaxed);
        }
        // Nobody listens any more once the trial has ended.
        let _ = to.send(order.map_err(|e| e.to_string()));
    }
    stop.store(true, Ordering::Relaxed);
    orphaned();
}

/// Sets up and runs. `None` if the harness left before it gave the order to run.
fn obey(
    subjects: Subjects<'_>,
    engines: &dyn Fn(&Trial) -> RunTrial,
    orders: &Receiver<Result<ToWorker, String>>,
    wire: &Arc<Wire>,
) -> Result<Option<TrialOutcome>, String> {
    let mut trial = None;
    while let Ok(order) = orders.recv() {
        match order? {
            ToWorker::Setup(setup) => trial = Some(set_up(*setup, wire)?),
            ToWorker::Run(_) => {
                let trial = trial.as_ref().ok_or("`run` came before `setup`")?;
                return run(trial, subjects, engines, wire).map(Some);
            }
            // Before the run this can be acted on only by not running, and the harness decides about that.
            ToWorker::Stop | ToWorker::Gate { .. } => {}
            ToWorker::Teardown => return Ok(None),
        }
    }
    Ok(None)
}

fn set_up(setup: Setup, wire: &Wire) -> Result<Trial, String> {
    if setup.protocol != VERSION {
        return Err(format!("this worker speaks protocol {VERSION}, not {}", setup.protocol));
    }
    let actors = u32::try_from(setup.trial.engine.threads()).unwrap_or(u32::MAX);
    wire.send(&FromWorker::Ready { actors });
    Ok(setup.trial)
}

fn run(
    trial: &Trial,
    subjects: Subjects<'_>,
    engines: &dyn Fn(&Trial) -> RunTrial,
    wire: &Arc<Wire>,
) -> Result<TrialOutcome, String> {
    let subject = find(subjects, &trial.subject).ok_or_else(|| {
        let known: Vec<&str> = subjects.iter().map(|s| s.name()).collect();
        format!("unknown subject {:?}: one of {}", trial.subject, known.join(", "))
    })?;
    let engine = engines(trial);
    let pulse = wire::Pulse::start(Arc::clone(wire));
    let result = catch_unwind(AssertUnwindSafe(|| engine(trial, subject, &mut wire::Told(wire))));
    // Before the outcome, after which nothing may follow.
    pulse.end();
    match result {
        Ok(Ok(outcome)) => Ok(outcome),
        Ok(Err(error)) => Err(says(&error)),
        Err(payload) => Err(format!("the engine panicked: {}", panic_text(&*payload))),
    }
}

fn says(error: &EngineError) -> String {
    error.to_string()
}

fn panic_text(payload: &(dyn std::any::Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}
