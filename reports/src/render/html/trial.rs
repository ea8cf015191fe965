//! One trial on the page: what it explored, what became of the items, how long things took.

use super::{Badge, verdict};
use crate::model::{FindingCell, ScenarioReport};
use crate::render::{coverage, curve, figures, plot, unseen};
use crate::words::{clean, count, cut, span};
use racehunt_core::outcome::{OpLatency, TrialOutcome};
use racehunt_core::verdict::Verdict;

pub(super) struct TrialView {
    pub(super) verdict: Badge,
    pub(super) id: String,
    pub(super) coverage: String,
    pub(super) elapsed: String,
    pub(super) promise: Option<String>,
    /// Lists under a title of their own.
    pub(super) remarks: Vec<(&'static str, Vec<String>)>,
    pub(super) facts: Vec<(&'static str, String)>,
    pub(super) fates: Vec<Fate>,
    pub(super) gauges: Vec<String>,
    pub(super) errors: Vec<ErrorRow>,
    pub(super) latencies: Vec<[String; 10]>,
    pub(super) pictures: Vec<Picture>,
    pub(super) faults: String,
}

pub(super) struct Fate {
    pub(super) name: &'static str,
    pub(super) count: String,
    pub(super) class: &'static str,
}

pub(super) struct ErrorRow {
    pub(super) op: String,
    pub(super) kind: String,
    pub(super) count: String,
    pub(super) message: String,
}

pub(super) struct Picture {
    pub(super) name: &'static str,
    pub(super) svg: String,
}

/// Letters that an error's message has at most.
const LONGEST_MESSAGE: usize = 400;

/// `within` its scenario, which says what of its findings is as it should be.
pub(super) fn view(one: &TrialOutcome, within: &ScenarioReport) -> TrialView {
    let lines = |all: &[String]| all.iter().map(|line| clean(line)).collect::<Vec<_>>();
    let remarks = [("Why", &one.reasons), ("Doubts", &one.doubts), ("Notes", &one.notes)];
    let remarks = remarks.into_iter().filter(|(_, all)| !all.is_empty()).map(|(name, all)| (name, lines(all)));
    TrialView {
        verdict: badge(one, within),
        id: clean(&one.trial.id),
        coverage: coverage(one),
        elapsed: span(one.elapsed_ns),
        promise: unseen::promise(one),
        remarks: remarks.collect(),
        facts: facts(one),
        fates: fates(one),
        gauges: one.gauges.iter().map(|gauge| format!("{}: {}", clean(&gauge.name), figures::gauge(gauge))).collect(),
        errors: one.errors.iter().map(error).collect(),
        latencies: one.latencies.iter().map(latency).collect(),
        pictures: pictures(one),
        faults: one.timeline.as_ref().map_or_else(String::new, plot::faults),
    }
}

/// A trial that found what it was meant to find has nothing wrong with it.
fn badge(one: &TrialOutcome, within: &ScenarioReport) -> Badge {
    let here = |cell: &FindingCell| cell.trial == one.trial.id;
    if one.verdict == Verdict::Fail && !one.findings.is_empty() && !within.unexpected.iter().any(here) {
        return Badge { class: "found", sign: "◆", word: "found" };
    }
    verdict(one.verdict)
}

fn facts(one: &TrialOutcome) -> Vec<(&'static str, String)> {
    let engine = &one.trial.engine;
    let mut facts = vec![
        ("engine", engine.kind().to_string()),
        ("actors", count(engine.threads() as u64)),
        ("executions", count(one.executions)),
        ("calls", count(one.ops)),
    ];
    facts.extend(one.steps.map(|steps| ("steps", count(steps))));
    if one.crashes > 0 {
        facts.push(("processes killed", count(one.crashes)));
    }
    facts.push(("seed", one.trial.seed.to_string()));
    let judged: Vec<String> =
        one.checked.iter().map(|checker| format!("{} {}", checker.checker, count(checker.judged))).collect();
    facts.push(("executions judged by checker", if judged.is_empty() { "none".to_owned() } else { judged.join(", ") }));
    facts
}

/// Every fate, in the order of the other forms, those that must not be in red where they are.
fn fates(one: &TrialOutcome) -> Vec<Fate> {
    let all = figures::fates(one).into_iter().chain([("phantom", one.ledger.phantom)]);
    let fate = |(name, n): (&'static str, u64)| {
        let bad = n > 0 && ["lost", "duplicated", "phantom"].contains(&name);
        Fate { name, count: count(n), class: if bad { "fail" } else { "count" } }
    };
    all.map(fate).collect()
}

fn error(one: &racehunt_core::outcome::ErrorCount) -> ErrorRow {
    ErrorRow {
        op: clean(&one.op),
        kind: clean(&one.kind),
        count: count(one.count),
        message: cut(&clean(&one.message), LONGEST_MESSAGE),
    }
}

fn latency(one: &OpLatency) -> [String; 10] {
    let mean = one.mean_ns.max(0.0).round() as u64;
    let [least, mean, p50, p90, p99, p999, p9999, most] =
        [one.min_ns, mean, one.p50_ns, one.p90_ns, one.p99_ns, one.p999_ns, one.p9999_ns, one.max_ns].map(span);
    [clean(&one.op), count(one.count), least, mean, p50, p90, p99, p999, p9999, most]
}

fn pictures(one: &TrialOutcome) -> Vec<Picture> {
    let latency = plot::latencies(&one.latencies).map(|svg| Picture { name: "Latency by percentile", svg });
    let mut pictures: Vec<Picture> = latency.into_iter().collect();
    for (name, svg) in one.timeline.iter().flat_map(plot::timeline) {
        pictures.push(Picture { name: titled(name), svg });
    }
    let curve = one.discovery.as_ref().and_then(curve::on_page);
    pictures.extend(curve.map(|svg| Picture { name: "Distinct interleavings met", svg }));
    pictures
}

fn titled(name: &str) -> &'static str {
    match name {
        "throughput" => "Calls a second",
        "memory" => "Memory",
        "disk" => "Disk",
        "open files" => "Open files",
        _ => "Threads",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned;

    #[test]
    fn a_trial_tells_what_was_measured_and_nothing_that_was_not() {
        let (scenario, outcomes) = canned::processes_outcomes();
        let report = canned::report(scenario, outcomes);
        let within = &report.scenarios[0];
        let mut one = within.trials[0].clone();
        let said = view(&one, within);
        assert_eq!(said.verdict.word, "found", "as expected");
        assert!(said.fates.iter().any(|fate| fate.name == "rejected" && fate.count == "1,440"));
        assert!(said.facts.contains(&("processes killed", count(12))), "{:?}", said.facts);
        assert!(said.latencies.is_empty() && said.pictures.is_empty() && said.faults.is_empty());
        one.ledger.lost = 2;
        let lost = view(&one, within).fates.into_iter().find(|fate| fate.name == "lost").unwrap();
        assert_eq!((lost.class, lost.count.as_str()), ("fail", "2"));
    }
}
