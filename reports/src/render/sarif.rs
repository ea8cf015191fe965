//! SARIF 2.1.0: findings on lines of the source, for code scanning and editors.
//!
//! Where a finding is, is where the second step of its racing pair is: that is the step which came too late. The others
//! stand beside it, and the whole interleaving is a code flow with a thread for each actor. What the scenario expects is a
//! note that is accepted, with the scenario's reason; what nobody expects is an error.
//!
//! The standard: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>.

mod document;
mod place;
mod rules;

use super::exact;
use super::interleaving::rows;
use super::text::{command, repro};
use crate::distinct::{Distinct, Standing, distinct};
use crate::model::Report;
use crate::words::{clean, counted};
use document::{
    Bases, CodeFlow, Driver, Fingerprints, Invocation, Location, Log, Notification, Properties, Rule, Run, SarifResult,
    Suppression, Text, ThreadFlow, ThreadFlowLocation, Tool,
};
use place::Where;
use racehunt_core::finding::FindingKind;
use racehunt_core::interleaving::Interleaving;
use racehunt_core::verdict::Verdict;

/// Steps of one finding that are written at most: readers refuse larger files.
const MOST_STEPS: usize = 500;

/// The report as SARIF. Ends with a newline.
#[must_use]
pub fn sarif(report: &Report) -> String {
    // Of these types nothing fails to be written. On one line, since readers refuse what is large.
    let mut text = serde_json::to_string(&log(report)).unwrap_or_default();
    text.push('\n');
    text
}

fn log(report: &Report) -> Log {
    let all = distinct(report);
    let mut kinds: Vec<FindingKind> = all.iter().map(|one| one.best.finding.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let rule = |kind: &FindingKind| Rule {
        id: kind.word(),
        short_description: Text::new(rules::about(*kind)),
        default_configuration: document::Level { level: "error" },
    };
    let driver = Driver {
        name: "racehunt",
        semantic_version: clean(&report.tool.version),
        rules: kinds.iter().map(rule).collect(),
    };
    let results = all.iter().map(|one| result(one, &kinds)).collect();
    let run = Run {
        tool: Tool { driver },
        invocations: vec![invocation(report)],
        original_uri_base_ids: Bases::default(),
        column_kind: "utf16CodeUnits",
        results,
    };
    Log { schema: document::SCHEMA, version: "2.1.0", runs: vec![run] }
}

/// The run itself. What could not be judged is a notification: it is no finding, and must not look like none.
fn invocation(report: &Report) -> Invocation {
    let unsure = report.scenarios.iter().filter(|one| one.verdict == Verdict::Unknown);
    let told = unsure.map(|one| {
        let why: Vec<String> = one.reasons.iter().map(|reason| clean(reason)).collect();
        format!("{}: not judged: {}", clean(&one.scenario.name), why.join("; "))
    });
    let mut told: Vec<String> = told.collect();
    if report.scenarios.is_empty() || report.interrupted {
        told.extend(report.reasons.iter().map(|reason| clean(reason)));
    }
    Invocation {
        execution_successful: report.verdict != Verdict::Unknown && !report.interrupted,
        arguments: report.command.iter().skip(1).map(|word| clean(word)).collect(),
        start_time_utc: clean(&report.started),
        exit_code: report.exit_code,
        tool_execution_notifications: told
            .into_iter()
            .map(|text| Notification { level: "warning", message: Text::new(text) })
            .collect(),
    }
}

fn result(one: &Distinct<'_>, kinds: &[FindingKind]) -> SarifResult {
    let best = one.best.finding;
    let steps = one.steps();
    let places = place::of(one);
    let (level, suppressions) = standing(one);
    let related = places.related.iter().enumerate().map(|(i, place)| location(place, Some(i + 1)));
    let trials: Vec<String> = one.seen.iter().map(|sighting| clean(&sighting.trial.trial.id)).collect();
    SarifResult {
        rule_id: best.kind.word(),
        rule_index: kinds.iter().position(|kind| *kind == best.kind).unwrap_or_default(),
        level,
        message: Text::new(message(one)),
        locations: vec![location(&places.main, None)],
        related_locations: related.collect(),
        code_flows: steps.map(code_flow).into_iter().collect(),
        partial_fingerprints: Fingerprints { racehunt: clean(&best.fingerprint) },
        suppressions,
        properties: Properties {
            scenario: clean(&one.scenario.scenario.name),
            variant: clean(one.variant()),
            race: best.race.as_ref().map(|race| clean(race)),
            standing: one.standing.word(),
            trials,
            replay: one.exact().and_then(|exact| exact.repro.token()).map(clean),
        },
    }
}

fn message(one: &Distinct<'_>) -> String {
    let best = one.best.finding;
    let race = best.race.as_ref().map_or_else(String::new, |race| format!(" ({})", clean(race)));
    let mut said = vec![format!("{}{race} in {}: {}", best.kind, clean(one.variant()), clean(&best.message))];
    said.extend(one.steps().map(rows::sentences).unwrap_or_default());
    said.extend(one.replays().then(|| repro(best)));
    said.extend(exact::line(one));
    said.extend(command(one, Some("report.json")));
    said.join("\n")
}

/// The level, and who has accepted it.
fn standing(one: &Distinct<'_>) -> (&'static str, Vec<Suppression>) {
    let accepted = |justification: String| vec![Suppression { kind: "external", status: "accepted", justification }];
    let name = clean(&one.scenario.scenario.name);
    match one.standing {
        Standing::Unexpected => ("error", Vec::new()),
        Standing::Tolerated => ("warning", accepted(format!("a limit of the scenario {name} allows it"))),
        Standing::Expected => ("note", accepted(format!("the scenario {name} says that it must be found"))),
    }
}

fn location(place: &Where, id: Option<usize>) -> Location {
    let text = Some(place.said.clone()).filter(|said| !said.is_empty());
    Location { id, physical_location: place.physical(), message: text.map(Text::new) }
}

/// A thread for each actor, and the order in which their steps came.
fn code_flow(shown: &Interleaving) -> CodeFlow {
    let steps = shown.steps.len();
    let left_out = steps.saturating_sub(MOST_STEPS);
    let mut text = rows::counts(shown);
    if left_out > 0 {
        text.push_str(&format!("; the last {} are not here", counted(left_out as u64, "step")));
    }
    let essential = |at: usize| shown.racing.iter().any(|race| at == race.first || at == race.second);
    let thread = |actor: u32| {
        let own = shown.steps.iter().take(MOST_STEPS).enumerate().filter(|(_, step)| step.actor == actor);
        let locations = own.map(|(at, step)| ThreadFlowLocation {
            location: location(&place::step(shown, at), None),
            execution_order: at + 1,
            importance: if essential(at) {
                "essential"
            } else if step.is_note() {
                "unimportant"
            } else {
                "important"
            },
        });
        ThreadFlow { id: rows::actor(shown, actor), locations: locations.collect() }
    };
    let threads = rows::actors(shown).into_iter().map(thread).filter(|thread| !thread.locations.is_empty());
    CodeFlow { message: Text::new(text), thread_flows: threads.collect() }
}

#[cfg(test)]
mod tests;
