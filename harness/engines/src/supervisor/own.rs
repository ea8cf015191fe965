//! A trial in a worker of our own, which runs the engine and judges; here is seen to that its answer can be trusted.

use super::session::Ended;
use super::{End, Event, Session, Supervise, remarks};
use crate::emit::Progress;
use racehunt_core::finding::Finding;
use racehunt_core::ledger::LedgerTotals;
use racehunt_core::outcome::{Named, TrialOutcome};
use racehunt_core::plan::{EngineConfig, Trial};
use racehunt_core::protocol::{FromWorker, Run, Setup, ToWorker, VERSION};
use racehunt_core::verdict::{Coverage, Verdict};
use std::io::ErrorKind;
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long to try to remove what a worker leaves behind.
const REMOVING: Duration = Duration::from_secs(2);

/// What the worker has told so far.
#[derive(Default)]
struct Heard {
    progress: Progress,
    findings: Vec<Finding>,
}

/// Where a worker and all that it starts put their temporary files. It is the harness's, so that nothing is left behind
/// by those that are killed.
struct Home(TempDir);

impl Home {
    fn new() -> Result<Self, End> {
        let dir = tempfile::Builder::new().prefix("racehunt-").tempdir();
        dir.map(Self).map_err(|e| End::Trial(format!("its directory cannot be made: {e}")))
    }

    /// Removes it. Who was killed a moment ago may still be in the last call it made.
    fn remove(self) {
        let dir = self.0.keep();
        let patience = Instant::now() + REMOVING;
        while let Err(e) = std::fs::remove_dir_all(&dir) {
            if e.kind() == ErrorKind::NotFound || Instant::now() >= patience {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

pub(super) fn run(trial: &Trial, how: &Supervise, on: &mut dyn FnMut(Event)) -> TrialOutcome {
    let started = Instant::now();
    let mut heard = Heard::default();
    let home = match Home::new() {
        Ok(home) => home,
        Err(end) => return partial(trial, heard, &Ended { end: Some(end), stderr: String::new() }, started.elapsed()),
    };
    let mut command = Command::new(&how.program);
    command.args(&how.args).env("TMPDIR", home.0.path()).env(crate::worker::HOME, home.0.path());
    if let Some(most) = how.disk {
        command.env(crate::stress::MOST_DISK, most.to_string());
    }
    command.env(crate::worker::HARNESS, std::process::id().to_string());
    let limits = how.deadlines(how.silence, budget(&trial.engine).map(|b| b + how.overrun));
    let (answer, stopped, ended) = match Session::open(command, limits, on) {
        Err(ended) => (None, false, ended),
        Ok(mut session) => {
            let answer = converse(trial, &mut session, &mut heard, on);
            let stopped = session.was_stopped();
            let (outcome, result) = match answer {
                Ok(outcome) => (Some(outcome), Ok(())),
                Err(end) => (None, Err(end)),
            };
            (outcome, stopped, session.close(result))
        }
    };
    home.remove();
    match answer {
        Some(outcome) => complete(outcome, heard, stopped),
        None => partial(trial, heard, &ended, started.elapsed()),
    }
}

fn converse(
    trial: &Trial,
    session: &mut Session,
    heard: &mut Heard,
    on: &mut dyn FnMut(Event),
) -> Result<TrialOutcome, End> {
    let setup = Setup { protocol: VERSION, trial: trial.clone(), actors: None, stall_ms: None, member: None };
    session.send(&ToWorker::Setup(Box::new(setup)))?;
    loop {
        match session.next()? {
            FromWorker::Ready { .. } => session.send(&ToWorker::Run(Run::default()))?,
            FromWorker::Progress(p) => {
                heard.progress = p;
                on(Event::Progress(heard.progress));
            }
            FromWorker::Finding { finding } => {
                heard.keep(&finding, trial);
                on(Event::Finding(finding));
            }
            FromWorker::Outcome { outcome } if outcome.trial.id == trial.id => return Ok(*outcome),
            FromWorker::Outcome { outcome } => {
                return Err(session.out_of_turn(format!("the outcome is of the trial {}", outcome.trial.id)));
            }
            FromWorker::Failed { message } => return Err(End::Failed(message)),
            _ => return Err(session.out_of_turn("a worker of ours does not send this message at this point")),
        }
    }
}

impl Heard {
    /// Signed here too: a worker that dies never comes to sign what it found.
    fn keep(&mut self, finding: &Finding, trial: &Trial) {
        let mut finding = finding.clone();
        finding.sign(trial);
        match self.findings.iter_mut().find(|f| f.fingerprint == finding.fingerprint) {
            Some(known) => *known = finding,
            None => self.findings.push(finding),
        }
    }
}

/// The time a trial may take by its own account.
fn budget(engine: &EngineConfig) -> Option<Duration> {
    match engine {
        EngineConfig::Stress(c) => c.duration.map(Into::into),
        EngineConfig::Shuttle(c) => Some(c.time.into()),
        EngineConfig::Loom(c) => {
            let bounds = u32::try_from(c.preemptions.len()).unwrap_or(u32::MAX);
            Some(c.time.get().saturating_mul(bounds))
        }
        EngineConfig::Adapter(c) => c.duration.map(Into::into),
    }
}

/// The worker's own answer, checked against what it said before.
fn complete(mut outcome: TrialOutcome, heard: Heard, stopped: bool) -> TrialOutcome {
    for finding in heard.findings {
        if !outcome.findings.iter().any(|f| f.fingerprint == finding.fingerprint) {
            outcome.reasons.push(format!("{}: {}", finding.kind, finding.message));
            outcome.findings.push(finding);
        }
    }
    if !outcome.findings.is_empty() {
        outcome.verdict = Verdict::Fail;
    }
    if stopped {
        // Even a search that says it was complete: it may have been asked to stop between two of its bounds.
        let word = "interrupted".to_owned();
        outcome.doubts.insert(0, word.clone());
        if outcome.verdict == Verdict::Fail {
            outcome.notes.push(word);
        } else {
            outcome.verdict = Verdict::Unknown;
            outcome.reasons.insert(0, word);
        }
    }
    outcome
}

/// What is known of a trial whose worker did not come to its end.
fn partial(trial: &Trial, heard: Heard, ended: &Ended, elapsed: Duration) -> TrialOutcome {
    let Heard { progress, findings } = heard;
    let why = ended.end.as_ref().map_or_else(|| "the worker gave no outcome".to_owned(), ToString::to_string);
    let mut notes = remarks(&ended.stderr);
    let doubts = vec![why.clone()];
    let (verdict, reasons) = if findings.is_empty() {
        (Verdict::Unknown, vec![why])
    } else {
        notes.insert(0, why);
        (Verdict::Fail, findings.iter().map(|f| format!("{}: {}", f.kind, f.message)).collect())
    };
    TrialOutcome {
        trial: trial.clone(),
        verdict,
        reasons,
        coverage: coverage(&trial.engine, progress),
        discovery: None,
        executions: progress.executions,
        steps: None,
        ops: 0,
        elapsed_ns: u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX),
        ledger: LedgerTotals::default(),
        ids: Named::default(),
        errors: Vec::new(),
        latencies: Vec::new(),
        gauges: Vec::new(),
        crashes: 0,
        findings,
        checked: Vec::new(),
        doubts,
        notes,
        timeline: None,
        mutated: None,
    }
}

fn coverage(engine: &EngineConfig, progress: Progress) -> Coverage {
    let Progress { executions, distinct, .. } = progress;
    match engine {
        _ if executions == 0 => Coverage::Nothing,
        EngineConfig::Stress(_) | EngineConfig::Adapter(_) => Coverage::Stressed { executions },
        // How often each interleaving was seen died with the worker, so the estimate is the one that promises nothing.
        EngineConfig::Shuttle(_) | EngineConfig::Loom(_) => Coverage::Sampled { executions, distinct, unseen: 1.0 },
    }
}
