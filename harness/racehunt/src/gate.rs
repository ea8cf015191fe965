//! `racehunt gate`: reports against an accepted state, and two builds against each other.

mod confirm;
mod side;

use crate::output::{complain, print, read, style, write};
use crate::{Failure, args};
use racehunt_core::verdict::Verdict;
use racehunt_gate::figures::figures;
use racehunt_gate::{Baseline, BaselineError, GateResult, Policy, compare, pairs};
use racehunt_reports::style::Style;
use racehunt_reports::{Report, exit};
use std::fmt::Display;
use std::io::{ErrorKind, IsTerminal};

/// Compares, or with `--update` accepts.
pub(crate) fn gate(args: &args::Gate) -> Result<u8, Failure> {
    let reports = args.reports.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
    let policy = policy(args)?;
    if let Some(reason) = &args.update {
        return update(args, &reports, reason);
    }
    let baseline = match baseline(args)? {
        Ok(baseline) => baseline,
        Err(missing) => return Err(wrong(&args.baseline.display(), &missing)),
    };
    let mut result = compare(&reports, &baseline, &policy);
    let mut lines = String::new();
    let rerun = match &args.against {
        Some(old) => confirm::rerun(args, old, &reports, &result.suspicions, &policy)?,
        None => None,
    };
    if let Some(rerun) = rerun {
        if rerun.interrupted {
            return Ok(exit::INTERRUPTED);
        }
        let compared = pairs::judge(&rerun.series, &policy);
        lines.push_str(&rerun.heading);
        lines.push_str(&pairs::table(&compared));
        result.settle(&compared, &policy);
        result.unknown.extend(rerun.unknown);
    } else {
        lines.push_str(&not_rerun(args, &reports, &baseline, &policy, &result));
    }
    lines.extend(result.reasons().iter().map(|why| format!("- {why}\n")));
    lines.push_str(&format!("gate: {}\n", result.verdict().word()));
    print(&lines)?;
    Ok(match result.verdict() {
        Verdict::Pass => exit::AS_EXPECTED,
        Verdict::Fail => exit::FAILED,
        Verdict::Unknown => exit::UNKNOWN,
    })
}

/// Why nothing was run in pairs, if there is something that could have been: no figure is passed over without a word.
fn not_rerun(
    args: &args::Gate,
    reports: &[Report],
    baseline: &Baseline,
    policy: &Policy,
    result: &GateResult,
) -> String {
    if !result.suspicions.is_empty() {
        let reports: Vec<String> = args.reports.iter().map(|r| r.display().to_string()).collect();
        let policy = args.policy.as_ref().map_or_else(String::new, |p| format!(" --policy {}", p.display()));
        let (reports, baseline) = (reports.join(" "), args.baseline.display());
        return format!(
            "speed: two stored numbers prove nothing; run both builds in pairs:\n  \
             racehunt gate {reports} --baseline {baseline}{policy} --against OLD_EXE\n"
        );
    }
    let scenarios = reports.iter().flat_map(|report| &report.scenarios);
    let mut figures = scenarios.flat_map(|one| one.trials.iter().flat_map(|t| figures(&one.scenario.name, t)));
    if !figures.any(|(key, _)| key.metric.limit(&policy.worse(&key.scenario)).is_some()) {
        return String::new();
    }
    if baseline.measured.is_empty() {
        "speed: not judged: the baseline has no figures (--update REASON --figures), and --confirm-all was not asked \
         for\n"
            .to_owned()
    } else {
        "speed: nothing looks slower than the baseline's figures\n".to_owned()
    }
}

fn policy(args: &args::Gate) -> Result<Policy, Failure> {
    let Some(path) = &args.policy else { return Ok(Policy::default()) };
    let file = path.display();
    let text = std::fs::read_to_string(path).map_err(|e| wrong(&file, &e))?;
    let colour = style(std::io::stderr().is_terminal()) == Style::Ansi;
    Policy::parse(&file.to_string(), &text).map_err(|e| Failure::Usage(e.render(colour)))
}

/// The baseline, or why its file cannot be read, which an update does not mind if it is only not there yet.
fn baseline(args: &args::Gate) -> Result<Result<Baseline, std::io::Error>, Failure> {
    match std::fs::read_to_string(&args.baseline) {
        Ok(text) => Baseline::from_json(&text).map(Ok).map_err(|e| wrong(&args.baseline.display(), &e)),
        Err(e) => Ok(Err(e)),
    }
}

fn update(args: &args::Gate, reports: &[Report], reason: &str) -> Result<u8, Failure> {
    let before = match baseline(args)? {
        Ok(baseline) => Some(baseline),
        Err(e) if e.kind() == ErrorKind::NotFound => None,
        Err(e) => return Err(wrong(&args.baseline.display(), &e)),
    };
    match Baseline::accept(reports, reason, before.as_ref(), args.figures).and_then(|b| b.to_json()) {
        Ok(text) => {
            write(&args.baseline, text.as_bytes())?;
            complain(&format!("wrote {}", args.baseline.display()));
            Ok(exit::AS_EXPECTED)
        }
        // The report is a good report; it only says that nobody knows, as its run's own exit code did.
        Err(e @ BaselineError::Unknown(_)) => {
            complain(&format!("error: {e}"));
            Ok(exit::UNKNOWN)
        }
        Err(e) => Err(Failure::Usage(format!("error: {e}"))),
    }
}

fn wrong(file: &impl Display, e: &impl Display) -> Failure {
    Failure::Usage(format!("error: {file}: {e}"))
}
