//! Runs the component as it stands, then its mutants.

use super::suite::{Budget, LONG, QUICK, Suite, within};
use crate::environment::cores;
use crate::{Failure, args};
use indicatif::{ProgressBar, ProgressStyle};
use racehunt_core::mutant::{Argued, Mutant, Mutation};
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::Trial;
use racehunt_core::scenario::EngineKind;
use racehunt_core::verdict::Verdict;
use racehunt_engines::supervisor::{Event, Supervise, run_trial};
use racehunt_reports::selftest::{Fate, Ran, Tested, Trialled, judge};
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Time that a worker may take beyond its trial's own before it counts as hung.
const OVERRUN: Duration = Duration::from_secs(10);

/// What all trials have in common.
struct Hunt<'a> {
    how: Supervise,
    stop: &'a Arc<AtomicBool>,
    bar: ProgressBar,
}

/// One trial of the component as it stands, and which mutants it reaches.
struct Base {
    trial: Trial,
    ran: Ran,
    reaches: BTreeSet<Mutant>,
}

/// Tests every suite.
pub(super) fn all(args: &args::Selftest, suites: &[Suite<'_>], stop: &Arc<AtomicBool>) -> Result<Vec<Tested>, Failure> {
    let how = Supervise::this_program(["worker".into()], Arc::clone(stop)).map_err(Failure::harness("racehunt"))?;
    let bar = if std::io::stderr().is_terminal() { ProgressBar::new(0) } else { ProgressBar::hidden() };
    let style = ProgressStyle::with_template("[{bar:12}] {pos} of {len} {msg}, {elapsed}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
    let hunt = Hunt { how: Supervise { overrun: OVERRUN, ..how }, stop, bar };
    let threads = args.jobs.map_or_else(cores, usize::from);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|e| Failure::harness("--jobs")(std::io::Error::other(e)))?;
    let tested = pool.install(|| suites.iter().map(|suite| hunt.test(suite)).collect());
    hunt.bar.finish_and_clear();
    Ok(tested)
}

impl Hunt<'_> {
    fn test(&self, suite: &Suite<'_>) -> Tested {
        self.begin(suite.trials.len(), format!("trials of {} {}", suite.subject.name(), suite.variant));
        let base: Vec<Base> = suite.trials.par_iter().with_max_len(1).map(|trial| self.base(trial)).collect();
        let mut doubts: Vec<String> = base.iter().filter_map(|b| unclean(&b.ran)).collect();
        let argued = suite.subject.argued(&suite.variant);
        let component = suite.subject.component(&suite.variant);
        let reached: BTreeSet<&Mutant> = base.iter().flat_map(|b| &b.reaches).collect();
        let mutants: Vec<&Mutant> = reached.into_iter().filter(|m| is_own(m, component)).collect();
        self.begin(mutants.len(), format!("mutants of {} {}", suite.subject.name(), suite.variant));
        let try_one = |mutant: &Mutant| self.mutant(mutant, argued.iter().find(|a| is_about(a, mutant)), &base);
        let mutants: Vec<Trialled> = mutants.into_par_iter().with_max_len(1).map(try_one).collect();
        if !self.is_stopped() {
            doubts.extend(argued.iter().filter_map(|a| unfounded(a, &mutants)));
        }
        let baseline = base.into_iter().map(|b| b.ran).collect();
        let (subject, variant) = (suite.subject.name().to_owned(), suite.variant.clone());
        Tested { subject, variant, baseline, doubts, mutants }
    }

    fn begin(&self, of: usize, what: String) {
        self.bar.set_position(0);
        self.bar.set_length(of as u64);
        self.bar.set_message(what);
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Runs the component as it stands. Enough that what it does not show a mutant would have to add.
    fn base(&self, trial: &Trial) -> Base {
        let outcome = self.run(trial, LONG, Mutation::Survey);
        self.bar.inc(1);
        let reaches = outcome.mutated.iter().flat_map(|m| &m.points).cloned().collect();
        Base { trial: trial.clone(), ran: ran(&outcome), reaches }
    }

    /// Each engine tries until it has killed the mutant or is through.
    fn mutant(&self, mutant: &Mutant, argued: Option<&Argued>, base: &[Base]) -> Trialled {
        let mut runs: Vec<Ran> = Vec::new();
        let mut killed_by = Vec::new();
        let mut complete = true;
        for engine in [EngineKind::Shuttle, EngineKind::Loom] {
            if engine == EngineKind::Shuttle && mutant.operator.needs_weak_memory() {
                continue;
            }
            let mut trials: Vec<&Base> =
                base.iter().filter(|b| b.ran.engine == engine && b.reaches.contains(mutant)).collect();
            // The cheapest first.
            trials.sort_by_key(|b| b.ran.elapsed_ns / b.ran.executions.max(1));
            for budget in [QUICK, LONG] {
                if budget == LONG && (argued.is_some() || !killed_by.is_empty()) {
                    break;
                }
                let tried = self.engine(mutant, &trials, budget, &mut runs);
                match tried {
                    Some(true) => {
                        killed_by.push(engine);
                        break;
                    }
                    Some(false) => {}
                    None => {
                        complete = false;
                        break;
                    }
                }
            }
        }
        self.bar.inc(1);
        let baseline: Vec<Ran> = base.iter().map(|b| b.ran.clone()).collect();
        let (mut fate, mut why) = judge(mutant, &runs, &baseline, complete);
        if runs.is_empty() && !complete {
            fate = Fate::Untried;
        }
        if let (Fate::Survived, Some(argued)) = (fate, argued) {
            (fate, why) = (Fate::Argued, argued.why.to_owned());
        }
        Trialled { mutant: mutant.clone(), line: line(&mutant.site), fate, why, killed_by, runs }
    }

    /// True if one of the trials killed the mutant; `None` if it was stopped before.
    fn engine(&self, mutant: &Mutant, trials: &[&Base], budget: Budget, runs: &mut Vec<Ran>) -> Option<bool> {
        for base in trials {
            if self.is_stopped() {
                return None;
            }
            let outcome = self.run(&base.trial, budget, Mutation::Mutant(mutant.clone()));
            // The longer run of a trial stands for the shorter one.
            let ran = ran(&outcome);
            runs.retain(|r| (r.engine, &r.scenario, &r.trial) != (ran.engine, &ran.scenario, &ran.trial));
            let killed = ran.finding.is_some();
            if self.is_stopped() && !killed {
                return None;
            }
            runs.push(ran);
            if killed {
                return Some(true);
            }
        }
        Some(false)
    }

    fn run(&self, trial: &Trial, budget: Budget, mutation: Mutation) -> TrialOutcome {
        let trial = Trial { mutation: Some(mutation), ..within(trial, budget) };
        run_trial(&trial, &self.how, &mut |_: Event| {})
    }
}

/// True if the argument is about that mutant.
fn is_about(argued: &Argued, mutant: &Mutant) -> bool {
    let file = mutant.site.rsplitn(3, ':').last().unwrap_or_default();
    (argued.operator, argued.what) == (mutant.operator, &*mutant.what)
        && Path::new(file).ends_with(argued.file)
        && line(&mutant.site).is_some_and(|line| line.contains(argued.line))
}

/// Why the argument is to be looked at again: the mutant was noticed.
fn unfounded(argued: &Argued, mutants: &[Trialled]) -> Option<String> {
    let Argued { file, line, what, operator, .. } = argued;
    let name = format!("{} {what} at {line:?} in {file}", operator.word());
    let killed = mutants.iter().find(|m| m.fate == Fate::Killed && is_about(argued, &m.mutant))?;
    Some(format!("argued to change nothing, and killed: {name}: {}", killed.why))
}

/// Why the component as it stands cannot serve.
fn unclean(ran: &Ran) -> Option<String> {
    ran.finding.as_ref().map(|finding| format!("not clean as it stands: {}: {}: {finding}", ran.scenario, ran.trial))
}

fn ran(outcome: &TrialOutcome) -> Ran {
    let mutated = outcome.mutated.clone().unwrap_or_default();
    let first = outcome.findings.first().map(|f| format!("{}: {}", f.kind, f.message));
    // A worker that says nothing of its mutant has not come to its end.
    let lost = outcome.mutated.is_none() && outcome.verdict == Verdict::Unknown;
    let lost = lost.then(|| outcome.reasons.first().cloned()).flatten().filter(|why| why != "interrupted");
    Ran {
        engine: outcome.trial.engine.kind(),
        scenario: outcome.trial.scenario.clone(),
        trial: outcome.trial.id.clone(),
        executions: outcome.executions,
        coverage: outcome.coverage.clone(),
        finding: first.or(lost),
        doubts: outcome.doubts.clone(),
        reached: mutated.reached,
        differed: mutated.differed,
        elapsed_ns: outcome.elapsed_ns,
    }
}

/// True if the operation is the component's: in one of its files, or anywhere but in a library.
fn is_own(mutant: &Mutant, component: Option<&'static [&'static str]>) -> bool {
    let file = mutant.site.rsplitn(3, ':').last().unwrap_or_default();
    match component {
        Some(files) => files.iter().any(|end| Path::new(file).ends_with(end)),
        // Where cargo builds a library from, the paths are absolute.
        None => Path::new(file).is_relative() && !racehunt_engines::mutants::is_of_harness(file),
    }
}

/// The line of the source, if it is where the compiler found it.
fn line(site: &str) -> Option<String> {
    let mut parts = site.rsplitn(3, ':');
    let (_, number, file) = (parts.next()?, parts.next()?.parse::<usize>().ok()?, parts.next()?);
    let text = std::fs::read_to_string(file).ok()?;
    Some(text.lines().nth(number.checked_sub(1)?)?.trim().to_owned())
}
