//! `JUnit`: a suite a scenario, a case for each thing that the scenario says of a variant under an engine.
//!
//! What is wrong is a failure, what was not judged an error: a build must not take either for a pass. An engine that
//! cannot see a race skips it, with the reason.

use super::exact;
use super::text::{command, repro};
use crate::distinct::{Distinct, Standing, distinct};
use crate::model::{CleanCell, ExpectationCell, Report, ScenarioReport};
use crate::words::{clean, count};
use quick_junit::{NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestSuite};
use racehunt_core::scenario::EngineKind;
use racehunt_core::verdict::Verdict;
use std::time::Duration;

/// The report as `JUnit` XML. Ends with a newline.
#[must_use]
pub fn junit(report: &Report) -> String {
    let all = distinct(report);
    let mut out = Junit::new("racehunt");
    out.add_test_suites(report.scenarios.iter().map(|one| suite(one, &all)));
    if report.scenarios.is_empty() || (report.interrupted && report.verdict == Verdict::Pass) {
        let mut suite = TestSuite::new("racehunt");
        suite.add_test_case(case("the run", "racehunt", (report.verdict, &lines(&report.reasons)), &[]));
        out.add_test_suite(suite);
    }
    // Writing to a string fails in no other way than by what is no XML, and no text here is taken as it comes.
    let mut text =
        out.to_string().unwrap_or_else(|error| format!("<!-- {} -->", clean(&error.to_string()).replace("--", "- -")));
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn suite(one: &ScenarioReport, all: &[Distinct<'_>]) -> TestSuite {
    let name = clean(&one.scenario.name);
    let mut suite = TestSuite::new(name.clone());
    suite.add_property(("file", clean(&one.file).as_str()));
    let here: Vec<&Distinct<'_>> = all.iter().filter(|found| std::ptr::eq(found.scenario, one)).collect();
    let mut worst = Verdict::Pass;
    for cell in &one.expectations {
        suite.add_test_case(expectation(one, cell, &here, &name));
        worst = worst.max(cell.verdict);
    }
    for cell in &one.clean {
        suite.add_test_case(must_be_clean(one, cell, &here, &name));
        worst = worst.max(cell.verdict);
    }
    // What no cell accounts for: a trial that is missing, a finding where nothing is said, an interruption.
    if one.verdict > worst {
        suite.add_test_case(case(
            "the scenario as a whole",
            &name,
            (one.verdict, &lines(&one.reasons)),
            &unexpected(&here),
        ));
    }
    suite
}

fn expectation(one: &ScenarioReport, cell: &ExpectationCell, here: &[&Distinct<'_>], class: &str) -> TestCase {
    let (race, variant, engine) = (clean(&cell.race), clean(&cell.variant), cell.engine);
    let (seen, of) = (count(cell.in_executions), count(cell.of_executions));
    let sees = if cell.cannot_see.is_some() { "is out of sight of" } else { "is found by" };
    let name = format!("{race} {} in {variant} {sees} {engine}", cell.finding);
    let why = cell.cannot_see.as_deref().map(clean);
    let found = |one: &&Distinct<'_>| cell.fingerprints.contains(&one.best.finding.fingerprint);
    let found: Vec<&Distinct<'_>> = here.iter().copied().filter(found).collect();
    let said = match (cell.verdict, &why) {
        (Verdict::Pass, None) => format!("found in {seen} of {of} executions"),
        (Verdict::Pass, Some(why)) => format!("cannot see it: {why}"),
        (Verdict::Fail, None) => format!("not found in {of} executions: the harness went blind, or the race is gone"),
        (Verdict::Fail, Some(why)) => format!("found in {seen} of {of} executions, and said to be out of sight: {why}"),
        (Verdict::Unknown, _) => format!("not judged: {}", doubts(one, &cell.trials)),
    };
    let mut case = if cell.verdict == Verdict::Pass && why.is_some() {
        let mut status = TestCaseStatus::skipped();
        status.set_message(said);
        named(&name, class, status)
    } else {
        self::case(&name, class, (cell.verdict, &said), &found)
    };
    case.set_time(time(one, &cell.trials));
    case
}

fn must_be_clean(one: &ScenarioReport, cell: &CleanCell, here: &[&Distinct<'_>], class: &str) -> TestCase {
    let (variant, engine) = (clean(&cell.variant), cell.engine);
    let found: Vec<&Distinct<'_>> = unexpected(here)
        .into_iter()
        .filter(|found| found.variant() == cell.variant && seen_by(found, engine))
        .collect();
    let said = match cell.verdict {
        Verdict::Pass => format!("clean after {} executions", count(cell.executions)),
        Verdict::Unknown => format!("not judged: {}", doubts(one, &cell.trials)),
        Verdict::Fail => match found.first() {
            Some(first) => format!("{}: {}", first.best.finding.kind, clean(&first.best.finding.message)),
            None => lines(&one.reasons),
        },
    };
    let mut case = self::case(&format!("{variant} is clean under {engine}"), class, (cell.verdict, &said), &found);
    case.set_time(time(one, &cell.trials));
    case
}

fn seen_by(found: &Distinct<'_>, engine: EngineKind) -> bool {
    found.seen.iter().any(|sighting| sighting.trial.trial.engine.kind() == engine)
}

fn unexpected<'d, 'r>(here: &[&'d Distinct<'r>]) -> Vec<&'d Distinct<'r>> {
    here.iter().copied().filter(|found| found.standing == Standing::Unexpected).collect()
}

/// Why trials were not judged.
fn doubts(one: &ScenarioReport, trials: &[String]) -> String {
    let here = one.trials.iter().filter(|trial| trials.contains(&trial.trial.id) && trial.verdict == Verdict::Unknown);
    let mut why: Vec<String> = here.flat_map(|trial| &trial.reasons).map(|reason| clean(reason)).collect();
    why.extend(one.missing.iter().filter(|id| trials.contains(id)).map(|id| format!("{} did not run", clean(id))));
    why.dedup();
    if why.is_empty() { lines(&one.reasons) } else { why.join("; ") }
}

fn case(name: &str, class: &str, (verdict, said): (Verdict, &str), found: &[&Distinct<'_>]) -> TestCase {
    let findings: String = found.iter().map(|one| tell(one)).collect();
    let kind = match verdict {
        Verdict::Pass => None,
        Verdict::Fail => Some((NonSuccessKind::Failure, "finding")),
        Verdict::Unknown => Some((NonSuccessKind::Error, "unknown")),
    };
    let Some((kind, word)) = kind else {
        let mut case = named(name, class, TestCaseStatus::success());
        case.set_system_out(format!("{said}\n{findings}"));
        return case;
    };
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(said).set_type(word).set_description(format!("{said}\n{findings}"));
    named(name, class, status)
}

fn named(name: &str, class: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname(class);
    case
}

/// A finding with how to see it again.
fn tell(one: &Distinct<'_>) -> String {
    let best = one.best.finding;
    let mut said =
        format!("finding {}: {}, fingerprint {}\n", one.number, clean(&best.message), clean(&best.fingerprint));
    let again = one.replays().then(|| repro(best)).into_iter().chain(exact::line(one));
    for line in again.chain(command(one, Some("report.json"))) {
        said.push_str("  ");
        said.push_str(&line);
        said.push('\n');
    }
    said
}

fn lines(reasons: &[String]) -> String {
    reasons.iter().map(|reason| clean(reason)).collect::<Vec<_>>().join("; ")
}

fn time(one: &ScenarioReport, trials: &[String]) -> Duration {
    let here = one.trials.iter().filter(|trial| trials.contains(&trial.trial.id));
    Duration::from_nanos(here.map(|trial| trial.elapsed_ns).sum())
}
