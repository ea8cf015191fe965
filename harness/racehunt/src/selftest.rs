//! `racehunt selftest`: weakens a component that is right, operation by operation, and sees what is noticed.

mod run;
mod suite;

use crate::environment::environment;
use crate::load::load;
use crate::on_request::choose;
use crate::{Failure, args, interrupt, output};
use racehunt_core::verdict::Verdict;
use racehunt_engines::registry::Subjects;
use racehunt_reports::exit;
use racehunt_reports::model::Tool;
use racehunt_reports::selftest::{SCHEMA, Selftest, text};
use std::sync::atomic::Ordering;
use std::time::{Instant, SystemTime};
use suite::Suite;

/// Tests the harness and returns the exit code.
pub(crate) fn selftest(args: &args::Selftest, subjects: Subjects<'_>) -> Result<u8, Failure> {
    let began = Instant::now();
    let stop = interrupt::flag()?;
    let (loaded, _) = choose(&args.scenarios, load(&args.scenarios, subjects)?)?;
    let suites = Suite::all(args, subjects, &loaded)?;
    let file = args.out.join("selftest.json");
    output::writable(&file)?;
    let tested = run::all(args, &suites, &stop)?;
    let document = Selftest {
        schema: SCHEMA,
        tool: Tool { name: "racehunt".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        started: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        command: std::env::args_os().map(|a| a.to_string_lossy().into_owned()).collect(),
        seed: args.seed,
        environment: environment(),
        interrupted: stop.load(Ordering::Relaxed),
        min_kills: args.min_kills,
        verdict: Verdict::Unknown,
        reasons: Vec::new(),
        exit_code: exit::UNKNOWN,
        elapsed_ns: u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX),
        subjects: tested,
    }
    .judged();
    let json = serde_json::to_string_pretty(&document).map_err(|e| Failure::harness("the document")(e.into()))? + "\n";
    let written = output::write(&file, json.as_bytes());
    if args.json {
        output::complain(text(&document).trim_end());
        output::print(&json)?;
    } else {
        output::print(&text(&document))?;
    }
    written.map(|()| document.exit_code)
}
