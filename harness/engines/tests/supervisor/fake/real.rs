//! Our own worker's service with a toy subject and toy engines.

use super::files::Files;
use racehunt_core::finding::FindingKind;
use racehunt_core::observation::{Observation, Violation};
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::{Params, Trial};
use racehunt_core::subject::{Env, OpKind, Opener, ParamSpec, Subject, SubjectError, Variant};
use racehunt_core::tally::{Explored, Tally};
use racehunt_core::verdict::Coverage;
use racehunt_engines::emit::{Emit, EngineError, Progress, RunTrial};
use racehunt_engines::stress;
use racehunt_engines::worker::serve_process;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

/// Serves one trial with the engine of that name.
pub(crate) fn serve(engine: &str) -> ExitCode {
    let run: RunTrial = match engine {
        "chatty" => chatty,
        "patient" => patient,
        "deaf" => deaf,
        "stress" => stress::run,
        "tight" => |trial, subject, emit| {
            stress::run_within(stress::DiskBounds { most: 8 << 20, free: 0 }, trial, subject, emit)
        },
        "panics" => |_, _, _| panic!("out of cheese"),
        _ => |_, _, _| Err(EngineError::Trial("no such engine".to_owned())),
    };
    match serve_process(&[&Toy, &Files], &|_| run) {
        Ok(served) => ExitCode::from(served.code()),
        Err(_) => ExitCode::FAILURE,
    }
}

struct Toy;

impl Subject for Toy {
    fn name(&self) -> &'static str {
        "toy"
    }
    fn about(&self) -> &'static str {
        "Nothing to play with."
    }
    fn variants(&self) -> &'static [Variant] {
        &[]
    }
    fn ops(&self) -> &'static [OpKind] {
        &[]
    }
    fn params(&self) -> Vec<ParamSpec> {
        Vec::new()
    }
    fn open(&self, _: &str, _: &Params, _: &Env) -> Result<Opener, SubjectError> {
        Err(SubjectError::Resource("a toy is never opened".to_owned()))
    }
}

fn finish(tally: Tally) -> TrialOutcome {
    tally.finish(Explored {
        coverage: Coverage::Stressed { executions: 1 },
        steps: None,
        ops: 1,
        elapsed_ns: 1,
        latencies: Vec::new(),
        doubts: Vec::new(),
        notes: Vec::new(),
    })
}

/// Prints where a message is expected.
fn chatty(trial: &Trial, _: &dyn Subject, _: &mut dyn Emit) -> Result<TrialOutcome, EngineError> {
    let _ = std::io::stdout().write_all(b"{\"type\":\"dance\"}\nan engine prints, and flushes nothing");
    let mut tally = Tally::new(trial.clone());
    tally.observe(&Observation { at_rest: true, ..Observation::default() });
    Ok(finish(tally))
}

/// Reports a finding and goes on until it is told to stop.
fn patient(trial: &Trial, _: &dyn Subject, emit: &mut dyn Emit) -> Result<TrialOutcome, EngineError> {
    let mut tally = Tally::new(trial.clone());
    tally.observe(&Observation { at_rest: true, ..Observation::default() });
    emit.progress(Progress { executions: 1, ..Progress::default() });
    if trial.variant == "faulty" {
        let (detail, message) = ("round".to_owned(), "nothing moves".to_owned());
        tally.find(&Violation { kind: FindingKind::Stall, detail, message, ids: Vec::new() });
        tally.findings().iter().for_each(|f| emit.finding(f));
    }
    while !emit.stopped() {
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(finish(tally))
}

/// Never looks at its stop flag.
fn deaf(_: &Trial, _: &dyn Subject, _: &mut dyn Emit) -> Result<TrialOutcome, EngineError> {
    loop {
        std::thread::sleep(Duration::from_secs(600));
    }
}
