//! `racehunt soak`: the stress trials of a scenario in turn, leg after leg.
//!
//! A leg is one trial, in processes of its own, judged at its end; what it came to is added to the sum of its trial's legs,
//! so that nothing here grows with the length of a soak. It counts from the moment its checkpoint is in place: who is
//! killed before that loses the leg at hand, and nothing counts twice.

mod checkpoint;
mod faults;
mod metrics;
mod view;

use crate::environment::environment;
use crate::load::load;
use crate::{Failure, args, interrupt, output};
use checkpoint::Checkpoint;
use metrics::Metrics;
use racehunt_core::drift::{Point, drifts, keep};
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::{Plan, Seeds, Trial, trial_seed};
use racehunt_core::scenario::{EngineKind, Scenario, Timespan};
use racehunt_core::verdict::Verdict;
use racehunt_engines::probe::Usage;
use racehunt_engines::registry::Subjects;
use racehunt_engines::stress::is_out_of_room;
use racehunt_engines::supervisor::{Supervise, run_trial};
use racehunt_reports::model::LegIds;
use racehunt_reports::render::{TextOptions, drift_says, json, text};
use racehunt_reports::{Executed, Header, Report, Share, assemble, exit};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use view::View;

/// Soaks and returns the exit code.
pub(crate) fn soak(args: &args::Soak, subjects: Subjects<'_>) -> Result<u8, Failure> {
    let stop = interrupt::flag()?;
    let mut loaded = load(std::slice::from_ref(&args.scenario), subjects)?;
    let (Some(one), true) = (loaded.pop(), loaded.is_empty()) else {
        let path = args.scenario.display();
        return Err(Failure::Usage(format!("error: {path}: a soak is of one scenario; name its file")));
    };
    let folder = output::folder(&args.out, std::slice::from_ref(&one.file));
    output::writable(&folder.join("report.json"))?;
    let _alone = alone(&folder)?;
    let state = Checkpoint::take_up(args, &folder, &one.scenario)?;
    let scenario = soaked(one.scenario, args.leg);
    let trials = Plan::expand(&scenario, state.seed).trials;
    if trials.is_empty() {
        let path = one.file.display();
        return Err(Failure::Usage(format!("error: {path}: it has no [stress] section, and a soak runs nothing else")));
    }
    let how = Supervise::this_program(["worker".into()], Arc::clone(&stop)).map_err(Failure::harness("racehunt"))?;
    let how = Supervise { disk: args.disk, ..how };
    let metrics = args.metrics.map(Metrics::serve).transpose()?;
    let file = one.file.display().to_string();
    Soaking { args, folder, file, scenario, trials, state, how, stop, metrics }.run()
}

/// Holds the folder for this process, until the file is dropped: two soaks would overwrite each other's legs.
fn alone(folder: &Path) -> Result<File, Failure> {
    let at = folder.display();
    let open = File::open(folder).map_err(Failure::harness(at.to_string()))?;
    match open.try_lock() {
        Err(TryLockError::WouldBlock) => {
            Err(Failure::Usage(format!("error: {at}: another soak is at work here; give this one another --out")))
        }
        // A file system without locks keeps nobody from soaking.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(open),
    }
}

/// The scenario as a soak runs it: its stress trials alone, each as long as a leg.
fn soaked(mut scenario: Scenario, leg: Timespan) -> Scenario {
    scenario.shuttle = None;
    scenario.loom = None;
    scenario.adapter = None;
    if let Some(stress) = &mut scenario.stress {
        (stress.duration, stress.rounds, stress.stop_after) = (Some(leg), None, None);
    }
    scenario.expect.retain(|one| one.engines.is_empty() || one.engines.contains(&EngineKind::Stress));
    for one in &mut scenario.expect {
        one.engines = vec![EngineKind::Stress];
    }
    scenario
}

struct Soaking<'a> {
    args: &'a args::Soak,
    folder: PathBuf,
    file: String,
    scenario: Scenario,
    trials: Vec<Trial>,
    state: Checkpoint,
    how: Supervise,
    stop: Arc<AtomicBool>,
    metrics: Option<Metrics>,
}

impl Soaking<'_> {
    fn run(mut self) -> Result<u8, Failure> {
        let view = View::new(self.args);
        let mut report = self.report();
        self.publish(&report, None);
        while !self.stop.load(Ordering::Relaxed) {
            if let Some(why) = self.enough() {
                self.state.soak.ended = Some(why.to_owned());
                break;
            }
            let Some(outcome) = self.leg(&view) else { break };
            let out_of_room = outcome.doubts.iter().any(|doubt| is_out_of_room(doubt));
            report = self.report();
            if out_of_room {
                self.state.soak.ended = Some("the disk would not hold more".to_owned());
            } else if !self.args.go_on && !report.scenarios[0].unexpected.is_empty() {
                self.state.soak.ended = Some("something was found; --go-on goes on".to_owned());
            }
            self.state.write(&self.folder)?;
            report.soak = Some(self.state.soak.clone());
            self.write(&report)?;
            self.publish(&report, Some(&outcome));
            view.end(&self.state.soak, &report, &outcome);
            if self.state.soak.ended.is_some() {
                break;
            }
        }
        view.finish();
        self.state.write(&self.folder)?;
        report = self.report();
        self.write(&report)?;
        self.publish(&report, None);
        let file = self.folder.join("report.json").display().to_string();
        output::print(&text(&report, &output::layout(true, Some(file))))?;
        Ok(report.exit_code)
    }

    /// Why the soak is over, if it is.
    fn enough(&self) -> Option<&'static str> {
        let soak = &self.state.soak;
        if self.args.legs.is_some_and(|most| soak.legs >= most) {
            return Some("all legs are done");
        }
        self.args.time.is_some_and(|most| soak.elapsed_ns >= most.nanos()).then_some("the time is up")
    }

    /// Runs the next leg and adds it up. `None` if it was interrupted, and found nothing: then it does not count.
    fn leg(&mut self, view: &View) -> Option<TrialOutcome> {
        let number = self.state.soak.legs + 1;
        let place = ((number - 1) % self.trials.len() as u64) as usize;
        let planned = &self.trials[place];
        let seed = trial_seed(self.state.seed, &format!("{} leg {number}", planned.id));
        let mut trial = Trial { seed, ..planned.clone() };
        let drawn = faults::draw(&mut trial, number, self.trials.len() as u64);
        let since = Instant::now();
        view.begin(&self.state.soak, &trial);
        let mut outcome = run_trial(&trial, &self.how, &mut |event| view.tell(&event));
        if self.stop.load(Ordering::Relaxed) && outcome.findings.is_empty() {
            return None;
        }
        outcome.trial = planned.clone();
        let soak = &mut self.state.soak;
        soak.legs = number;
        soak.elapsed_ns += u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let ledger = &outcome.ledger;
        // In rounds ids begin anew with each: they say nothing.
        let wrong = if outcome.executions > 1 { 0 } else { ledger.lost + ledger.duplicated + ledger.phantom };
        let ids = outcome.ids.clone();
        soak.name(LegIds { leg: number, trial: trial.id, seed, ids }, wrong);
        let own = Usage::own();
        let mut point = Point::of(number, soak.elapsed_ns, place as u32, &outcome);
        (point.harness_rss_bytes, point.harness_open_files) = (own.rss_bytes, own.open_files);
        (point.harness_threads, point.drawn) = (own.threads, drawn);
        keep(&mut soak.points, point);
        soak.drift = drifts(&soak.points, soak.leg_ns);
        match self.state.outcomes.iter_mut().find(|sum| sum.trial.id == outcome.trial.id) {
            Some(sum) => sum.absorb(outcome.clone()),
            None => self.state.outcomes.push(outcome.clone()),
        }
        Some(outcome)
    }

    fn report(&self) -> Report {
        let header = Header {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started: self.state.started.clone(),
            command: std::env::args_os().map(|a| a.to_string_lossy().into_owned()).collect(),
            seeds: Seeds::one(self.state.seed),
            share: Share::All,
            environment: environment(),
            left_out: Vec::new(),
        };
        let in_plan = |trial: &Trial| self.state.outcomes.iter().find(|sum| sum.trial.id == trial.id);
        let outcomes = self.trials.iter().filter_map(in_plan).cloned().collect();
        let executed = Executed { file: self.file.clone(), scenario: self.scenario.clone(), outcomes };
        let interrupted = self.stop.load(Ordering::Relaxed);
        let mut report = assemble(header, vec![executed], interrupted);
        report.soak = Some(self.state.soak.clone());
        let bad = self.state.soak.drift.iter().filter(|drift| drift.bad && self.args.fail_on_drift);
        let bad: Vec<String> = bad.map(|drift| format!("drift: {} {}", drift.of, drift_says(drift))).collect();
        if !bad.is_empty() {
            report.verdict = Verdict::Fail;
            report.reasons.extend(bad);
            report.exit_code = exit::code(report.verdict, interrupted);
        }
        report
    }

    fn write(&self, report: &Report) -> Result<(), Failure> {
        let file = self.folder.join("report.json");
        output::write(&file, json(report).as_bytes())?;
        let page = output::write_beside(&file, report);
        output::write(&self.folder.join("report.txt"), text(report, &TextOptions::default()).as_bytes()).and(page)
    }

    fn publish(&mut self, report: &Report, leg: Option<&TrialOutcome>) {
        if let Some(metrics) = &mut self.metrics {
            metrics.publish(report, leg);
        }
    }
}
