//! `racehunt run`: load, expand, run every trial in a worker process, judge, write.

use crate::chase::chase;
use crate::environment::{cores, environment};
use crate::load::{Loaded, load};
use crate::on_request::choose;
use crate::progress::Board;
use crate::{Failure, args, interrupt, output};
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::{EngineConfig, Part, Seeds, Trial, deal};
use racehunt_core::scenario::Scenario;
use racehunt_engines::registry::Subjects;
use racehunt_engines::supervisor::{Supervise, run_trial};
use racehunt_reports::model::LeftOut;
use racehunt_reports::{Executed, Header, Share, assemble};
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// One trial of the run, with the folder its adapter's command is relative to.
pub(crate) struct Job {
    pub(crate) scenario: usize,
    /// Of the run, not of the trial.
    pub(crate) seed: u64,
    pub(crate) trial: Trial,
    folder: PathBuf,
}

/// Runs the scenarios and returns the exit code.
pub(crate) fn run(args: &args::Run, subjects: Subjects<'_>) -> Result<u8, Failure> {
    let stop = interrupt::flag()?;
    let (loaded, left_out) = choose(&args.paths, load(&args.paths, subjects)?)?;
    let seeds = Seeds::new(args.seed, args.seeds).ok_or_else(|| {
        Failure::Usage(format!("error: --seeds {}: there are not as many from --seed {} on", args.seeds, args.seed))
    })?;
    let part = args.partition.map(|asked| asked.resolve(&|name| std::env::var(name).ok())).transpose()?;
    let header = header(seeds, part, left_out);
    let report_file = output::part_folder(&output::folder(&args.out, &args.paths), part).join("report.json");
    // Better to learn that the report cannot be written before the hunt than after it.
    output::writable(&report_file)?;
    let jobs = jobs(&loaded, seeds, part);
    let board = Board::new(jobs.len(), loaded.len() > 1, args);
    let chased = |scenario: usize| loaded[scenario].scenario.stress.as_ref().is_some_and(|stress| stress.chase);
    let outcomes = execute(&jobs, args, &stop, &board, &chased)?;
    board.finish();
    let interrupted = stop.load(Ordering::Relaxed);
    let report = assemble(header, executed(loaded, &jobs, outcomes), interrupted);
    let how = output::Show { json: args.json, quiet: args.quiet, verbose: args.verbose };
    output::keep(&report, &report_file, &how)
}

fn header(seeds: Seeds, part: Option<Part>, left_out: Vec<LeftOut>) -> Header {
    Header {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        command: std::env::args_os().map(|a| a.to_string_lossy().into_owned()).collect(),
        seeds,
        share: part.map_or(Share::All, Share::Part),
        environment: environment(),
        left_out,
    }
}

/// What is to run: every trial with every seed, or of these what falls to one part.
fn jobs(loaded: &[Loaded], seeds: Seeds, part: Option<Part>) -> Vec<Job> {
    let scenarios: Vec<&Scenario> = loaded.iter().map(|one| &one.scenario).collect();
    let dealt = part.map(|part| (part.index(), deal(&scenarios, seeds, part.of())));
    let mut jobs = Vec::new();
    for (scenario, one) in loaded.iter().enumerate() {
        let folder = one.file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        for (place, trial) in seeds.plan(&one.scenario).trials.into_iter().enumerate() {
            if dealt.as_ref().is_none_or(|(index, dealt)| dealt[scenario][place] == *index) {
                jobs.push(Job { scenario, seed: seeds.of(&trial.id), trial, folder: folder.to_owned() });
            }
        }
    }
    jobs
}

/// Runs every job, and then looks for what real threads found under a model, in the scenarios that are to be `chased`.
/// `None` where the run was stopped before the job began.
///
/// Real threads and processes have the machine to themselves, one trial after the other: a neighbour on the same CPUs
/// would change what they can hit and how long it takes. Models do not care, and go several at once.
fn execute(
    jobs: &[Job],
    args: &args::Run,
    stop: &Arc<AtomicBool>,
    board: &Board,
    chased: &(dyn Fn(usize) -> bool + Sync),
) -> Result<Vec<Option<TrialOutcome>>, Failure> {
    let how = Supervise::this_program(["worker".into()], Arc::clone(stop)).map_err(Failure::harness("racehunt"))?;
    let slots: Vec<Mutex<Option<TrialOutcome>>> = jobs.iter().map(|_| Mutex::default()).collect();
    let one = |i: usize| {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let job = &jobs[i];
        let how = Supervise { adapter_dir: Some(job.folder.clone()), ..how.clone() };
        let line = board.begin(&job.trial);
        let outcome = run_trial(&job.trial, &how, &mut |event| line.tell(event));
        line.end(&outcome);
        *slots[i].lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
    };
    let is_model = |i: &usize| matches!(jobs[*i].trial.engine, EngineConfig::Shuttle(_) | EngineConfig::Loom(_));
    let (models, alone): (Vec<usize>, Vec<usize>) = (0..jobs.len()).partition(is_model);
    alone.into_iter().for_each(one);
    let threads = args.jobs.map_or_else(cores, usize::from);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|e| Failure::harness("--jobs")(std::io::Error::other(e)))?;
    pool.install(|| models.into_par_iter().with_max_len(1).for_each(one));
    let outcomes = slots.into_iter().map(|s| s.into_inner().unwrap_or_else(PoisonError::into_inner));
    let mut outcomes: Vec<Option<TrialOutcome>> = outcomes.collect();
    pool.install(|| chase(jobs, &mut outcomes, chased, &how, board));
    Ok(outcomes)
}

fn executed(loaded: Vec<Loaded>, jobs: &[Job], outcomes: Vec<Option<TrialOutcome>>) -> Vec<Executed> {
    let mut executed: Vec<Executed> = loaded
        .into_iter()
        .map(|l| Executed { file: l.file.display().to_string(), scenario: l.scenario, outcomes: Vec::new() })
        .collect();
    for (job, outcome) in jobs.iter().zip(outcomes) {
        executed[job.scenario].outcomes.extend(outcome);
    }
    executed
}
