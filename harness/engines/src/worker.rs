//! Our own worker: reads one trial from stdin, runs its engine, and tells on stdout what happens.

use crate::emit::RunTrial;
use crate::mutants;
use crate::panics;
use crate::registry::{Subjects, find};
use crate::stress;
use nix::sys::signal::{SigSet, Signal};
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::Trial;
use racehunt_core::protocol::{FromWorker, Setup, ToWorker, VERSION, decode};
use racehunt_core::subject::{Launch, Subject};
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

/// Set in the environment of every process that a worker starts for its trial. Such a process never starts others: a
/// program that does not serve as a worker would start itself over and over.
pub(crate) const MEMBER: &str = "RACEHUNT_MEMBER";

/// Environment variable in which a worker finds the directory that was made for it.
pub(crate) const HOME: &str = "RACEHUNT_HOME";

/// Environment variable in which it finds the id of the harness's process.
pub(crate) const HARNESS: &str = "RACEHUNT_HARNESS";

/// How a worker's service ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Served {
    /// The outcome was told.
    Outcome,
    /// The trial could not be run, which was told.
    Failed,
    /// The rounds of one of several processes are over.
    Member,
    /// The harness went away.
    Orphaned,
}

impl Served {
    /// As an exit code.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Outcome | Self::Member => 0,
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
    // A stopped process gets one when its harness ends, and would die of it before it could tidy up. Threads inherit it.
    let _ = SigSet::from(Signal::SIGHUP).thread_block();
    let orphaned = |patience| {
        thread::sleep(patience);
        leave_home();
        std::process::exit(i32::from(Served::Orphaned.code()))
    };
    let served = serve_with(subjects, engines, BufReader::new(io::stdin()), out, orphaned);
    leave_home();
    Ok(served)
}

/// Removes the directory that the harness made for this worker, if the harness is gone and cannot do it itself.
fn leave_home() {
    let read = |name| std::env::var_os(name).filter(|_| std::env::var_os(MEMBER).is_none());
    let (Some(home), Some(harness)) = (read(HOME), read(HARNESS)) else { return };
    if harness.to_str() != Some(nix::unistd::getppid().to_string().as_str()) {
        let _ = std::fs::remove_dir_all(home);
    }
}

/// How `subject` may start processes of its own here; `None` in what is no worker process.
#[must_use]
pub fn launch(subject: &str) -> Option<Launch> {
    std::env::var_os(HARNESS)?;
    let program = std::env::current_exe().ok()?;
    Some(Launch { program, args: vec!["child".to_owned(), subject.to_owned()] })
}

/// Serves one trial on any pair of streams.
pub fn serve<R, W>(subjects: Subjects<'_>, engines: &dyn Fn(&Trial) -> RunTrial, stdin: R, stdout: W) -> Served
where
    R: BufRead + Send + 'static,
    W: Write + Send + 'static,
{
    serve_with(subjects, engines, stdin, stdout, |_| {})
}

fn serve_with<R, W>(
    subjects: Subjects<'_>,
    engines: &dyn Fn(&Trial) -> RunTrial,
    stdin: R,
    stdout: W,
    orphaned: impl FnOnce(Duration) + Send + 'static,
) -> Served
where
    R: BufRead + Send + 'static,
    W: Write + Send + 'static,
{
    let stop = Arc::new(AtomicBool::new(false));
    let wire = Arc::new(Wire::new(stdout, Arc::clone(&stop)));
    let (to, orders) = channel();
    {
        let stop = Arc::clone(&stop);
        thread::spawn(move || listen(stdin, &to, &stop, orphaned));
    }
    let pid = std::process::id();
    let (name, language) = ("racehunt".to_owned(), "rust".to_owned());
    wire.send(&FromWorker::Hello { protocol: VERSION, name, pid, language });
    match obey(subjects, engines, &orders, &wire, &stop) {
        Ok(Obeyed::Outcome(outcome)) => {
            wire.send(&FromWorker::Outcome { outcome });
            Served::Outcome
        }
        Ok(Obeyed::Member) => Served::Member,
        Ok(Obeyed::Left) => Served::Orphaned,
        Err(message) => {
            wire.send(&FromWorker::Failed { message });
            Served::Failed
        }
    }
}

/// Reads orders until the harness has none any more. `stop` is set here and not by the reader of `orders`, which
/// is busy with the trial.
fn listen(
    stdin: impl BufRead,
    to: &Sender<Result<ToWorker, String>>,
    stop: &AtomicBool,
    orphaned: impl FnOnce(Duration),
) {
    let mut patience = ORPHANED;
    for (number, line) in (1..).zip(stdin.split(b'\n')) {
        let Ok(line) = line else { break };
        let order = decode::<ToWorker>(number, &line);
        if matches!(order, Ok(ToWorker::Stop | ToWorker::Teardown)) {
            stop.store(true, Ordering::Relaxed);
        }
        if matches!(&order, Ok(ToWorker::Setup(setup)) if setup.member.is_some()) {
            patience = Duration::ZERO;
        }
        // Nobody listens any more once the trial has ended.
        let _ = to.send(order.map_err(|e| e.to_string()));
    }
    stop.store(true, Ordering::Relaxed);
    orphaned(patience);
}

/// What the orders came to.
enum Obeyed {
    /// A trial was run.
    Outcome(Box<TrialOutcome>),
    /// The rounds of a member were played.
    Member,
    /// The harness left before it gave the order to run.
    Left,
}

/// Sets up and runs.
fn obey(
    subjects: Subjects<'_>,
    engines: &dyn Fn(&Trial) -> RunTrial,
    orders: &Receiver<Result<ToWorker, String>>,
    wire: &Arc<Wire>,
    stop: &Arc<AtomicBool>,
) -> Result<Obeyed, String> {
    let mut trial = None;
    while let Ok(order) = orders.recv() {
        match order? {
            ToWorker::Setup(mut setup) => {
                let member = setup.member.take();
                let set_up = set_up(*setup, wire)?;
                if let Some(member) = member {
                    let subject = subject_of(&set_up, subjects)?;
                    let wire = Arc::clone(wire);
                    let say: stress::Say = Arc::new(move |message| wire.send(message));
                    let serve = || stress::serve(&set_up, subject, &member, orders, &say, stop);
                    return caught(serve).map(|()| Obeyed::Member);
                }
                trial = Some(set_up);
            }
            ToWorker::Run(_) => {
                let trial = trial.as_ref().ok_or("`run` came before `setup`")?;
                return run(trial, subjects, engines, wire).map(Box::new).map(Obeyed::Outcome);
            }
            // Before the run this can be acted on only by not running, and the harness decides about that.
            ToWorker::Stop | ToWorker::Gate { .. } => {}
            ToWorker::Round(_) | ToWorker::Go { .. } | ToWorker::Look => {
                return Err("a round is for members only".to_owned());
            }
            ToWorker::Teardown => return Ok(Obeyed::Left),
        }
    }
    Ok(Obeyed::Left)
}

fn subject_of<'s>(trial: &Trial, subjects: Subjects<'s>) -> Result<&'s dyn Subject, String> {
    find(subjects, &trial.subject).ok_or_else(|| {
        let known: Vec<&str> = subjects.iter().map(|s| s.name()).collect();
        format!("unknown subject {:?}: one of {}", trial.subject, known.join(", "))
    })
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
    let subject = subject_of(trial, subjects)?;
    let engine = engines(trial);
    let pulse = wire::Pulse::start(Arc::clone(wire));
    let result =
        caught(|| mutants::run(engine, trial, subject, &mut wire::Told(wire)).map_err(|error| error.to_string()));
    // Before the outcome, after which nothing may follow.
    pulse.end();
    result
}

/// What `run` comes to; a panic that nobody caught is the engine's own.
fn caught<T>(run: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let result = catch_unwind(AssertUnwindSafe(run));
    result.unwrap_or_else(|payload| Err(format!("the engine panicked: {}", panics::text(&*payload))))
}
