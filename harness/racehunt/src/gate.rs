//! `racehunt gate`: a report against an accepted state.

use crate::output::{complain, print, read, write};
use crate::{Failure, args};
use racehunt_core::verdict::Verdict;
use racehunt_gate::{Baseline, BaselineError, compare};
use racehunt_reports::exit;
use std::fmt::Display;

/// Compares, or with `--update` accepts.
pub(crate) fn gate(args: &args::Gate) -> Result<u8, Failure> {
    let report = read(&args.report)?;
    let file = args.baseline.display();
    if let Some(reason) = &args.update {
        return match Baseline::from_report(&report, reason).and_then(|b| b.to_json()) {
            Ok(text) => {
                write(&args.baseline, text.as_bytes())?;
                complain(&format!("wrote {file}"));
                Ok(exit::AS_EXPECTED)
            }
            // The report is a good report; it only says that nobody knows, as its run's own exit code did.
            Err(e @ BaselineError::Unknown(_)) => {
                complain(&format!("error: {}: {e}", args.report.display()));
                Ok(exit::UNKNOWN)
            }
            Err(e) => Err(wrong(&args.report.display(), &e)),
        };
    }
    let text = std::fs::read_to_string(&args.baseline).map_err(|e| wrong(&file, &e))?;
    let baseline = Baseline::from_json(&text).map_err(|e| wrong(&file, &e))?;
    let result = compare(&report, &baseline);
    let mut lines: String = result.failures.iter().map(|why| format!("- {why}\n")).collect();
    lines.push_str(&format!("gate: {}\n", result.verdict.word()));
    print(&lines)?;
    Ok(match result.verdict {
        Verdict::Pass => exit::AS_EXPECTED,
        Verdict::Fail => exit::FAILED,
        Verdict::Unknown => exit::UNKNOWN,
    })
}

fn wrong(file: &impl Display, e: &impl Display) -> Failure {
    Failure::Usage(format!("error: {file}: {e}"))
}
