//! `racehunt gate`: a report against an accepted state.

use crate::output::{self, complain, print, read, write};
use crate::{Failure, args};
use racehunt_core::verdict::Verdict;
use racehunt_gate::{Baseline, compare};
use racehunt_reports::exit;

/// Compares, or with `--update` accepts.
pub(crate) fn gate(args: &args::Gate) -> Result<u8, Failure> {
    let report = read(&args.report)?;
    let file = args.baseline.display();
    if let Some(reason) = &args.update {
        let baseline = Baseline::from_report(&report, reason).map_err(|e| Failure::Usage(format!("error: {e}")))?;
        write(&args.baseline, baseline.to_json().as_bytes())?;
        complain(&format!("wrote {file}"));
        return Ok(exit::AS_EXPECTED);
    }
    let text = std::fs::read_to_string(&args.baseline).map_err(|e| Failure::Usage(format!("error: {file}: {e}")))?;
    let baseline = Baseline::from_json(&text).map_err(|e| Failure::Usage(format!("error: {file}: {e}")))?;
    let result = compare(&report, &baseline);
    let mut text = String::new();
    for line in &result.failures {
        text.push_str(&format!("- {line}\n"));
    }
    text.push_str(&format!("gate: {}\n", result.verdict.word()));
    print(&text)?;
    Ok(match result.verdict {
        Verdict::Pass => exit::AS_EXPECTED,
        Verdict::Fail => exit::FAILED,
        Verdict::Unknown => exit::UNKNOWN,
    })
}
