//! What a trial measured, and whether it looks worse than what was accepted.

use crate::baseline::Baseline;
use crate::policy::{Policy, Worse};
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::EngineConfig;
use racehunt_core::scenario::Pace;
use racehunt_reports::Report;
use racehunt_reports::words::{count, span};
use serde::{Deserialize, Serialize};

/// Calls below which a percentile is a matter of luck: its tail has ten of them at most.
const FEWEST: [(Metric, u64); 2] = [(Metric::P50, 20), (Metric::P99, 1_000)];

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// The median latency of an op.
    P50,
    /// The 99th percentile of it.
    P99,
    /// Ops a second of a closed loop.
    Throughput,
}

impl Metric {
    /// The word used for people, which is the policy's key.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::P50 => "p50",
            Self::P99 => "p99",
            Self::Throughput => "throughput",
        }
    }

    /// How much worse it may be.
    #[must_use]
    pub fn limit(self, worse: &Worse) -> Option<f64> {
        match self {
            Self::P50 => worse.p50,
            Self::P99 => worse.p99,
            Self::Throughput => worse.throughput,
        }
    }

    /// How much worse `new` is than `old`: 0.2 is a fifth longer, or a fifth more time for the same ops.
    #[must_use]
    pub fn worse_by(self, old: f64, new: f64) -> f64 {
        match self {
            Self::P50 | Self::P99 => new / old - 1.0,
            Self::Throughput => old / new - 1.0,
        }
    }

    /// A value for people.
    #[must_use]
    pub fn show(self, value: f64) -> String {
        if !value.is_finite() {
            return "?".to_owned();
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive, and shown in three digits"
        )]
        let whole = value.round() as u64;
        match self {
            Self::P50 | Self::P99 => span(whole),
            Self::Throughput => format!("{}/s", count(whole)),
        }
    }
}

/// Which figure: of which trial of which scenario, and of which op (of all, for throughput).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Name of the scenario.
    pub scenario: String,
    /// Id of the trial.
    pub trial: String,
    /// Name of the op.
    pub op: Option<String>,
    /// What is measured.
    pub metric: Metric,
}

impl Key {
    /// For people, without the scenario: `p50 of flush, metrics-buffer/hardened/stress`.
    #[must_use]
    pub fn title(&self) -> String {
        let of = self.op.as_ref().map_or_else(String::new, |op| format!(" of {op}"));
        format!("{}{of}, {}", self.metric.word(), self.trial)
    }
}

/// What a trial under load measured; nothing in rounds, under a model or in another language, whose code is not part of
/// the build.
#[must_use]
pub fn figures(scenario: &str, outcome: &TrialOutcome) -> Vec<(Key, f64)> {
    let EngineConfig::Stress(config) = &outcome.trial.engine else { return Vec::new() };
    let key = |op: Option<&str>, metric| Key {
        scenario: scenario.to_owned(),
        trial: outcome.trial.id.clone(),
        op: op.map(str::to_owned),
        metric,
    };
    let mut all = Vec::new();
    for one in &outcome.latencies {
        for (metric, fewest) in FEWEST {
            let value = if metric == Metric::P50 { one.p50_ns } else { one.p99_ns };
            if one.count >= fewest {
                all.push((key(Some(&one.op), metric), value.max(1) as f64));
            }
        }
    }
    // By the time that was given: the whole trial's has the accounting in it.
    let time = config.duration.filter(|_| config.pace == Pace::Closed && outcome.ops > 0);
    all.extend(time.map(|time| (key(None, Metric::Throughput), outcome.ops as f64 / time.get().as_secs_f64())));
    all
}

/// A figure as a baseline has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptedFigures {
    /// Name of the scenario.
    pub scenario: String,
    /// Id of the trial.
    pub trial: String,
    /// Name of the op; `null` for all.
    pub op: Option<String>,
    /// Median latency, two digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50_ns: Option<u64>,
    /// 99th percentile of it, two digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99_ns: Option<u64>,
    /// Throughput, two digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ops_per_s: Option<u64>,
}

impl AcceptedFigures {
    fn at(&mut self, metric: Metric) -> &mut Option<u64> {
        match metric {
            Metric::P50 => &mut self.p50_ns,
            Metric::P99 => &mut self.p99_ns,
            Metric::Throughput => &mut self.ops_per_s,
        }
    }
}

/// The figures of some reports as a baseline has them, sorted; of a trial that is there more than once, the last.
pub(crate) fn accept(reports: &[Report]) -> Vec<AcceptedFigures> {
    let mut accepted: Vec<AcceptedFigures> = Vec::new();
    for (key, value) in all(reports) {
        let Key { scenario, trial, op, metric } = key;
        let here = |one: &&mut AcceptedFigures| (&one.scenario, &one.trial, &one.op) == (&scenario, &trial, &op);
        if let Some(one) = accepted.iter_mut().find(here) {
            *one.at(metric) = Some(two_digits(value));
            continue;
        }
        let mut one = AcceptedFigures { scenario, trial, op, p50_ns: None, p99_ns: None, ops_per_s: None };
        *one.at(metric) = Some(two_digits(value));
        accepted.push(one);
    }
    accepted.sort();
    accepted
}

/// Two digits, so that a diff does not show every run's noise. A suspicion needs no more.
fn two_digits(value: f64) -> u64 {
    let mut unit = 1.0;
    while value / unit >= 100.0 {
        unit *= 10.0;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive number of ns or ops")]
    let whole = ((value / unit).round() * unit) as u64;
    whole
}

fn all(reports: &[Report]) -> impl Iterator<Item = (Key, f64)> {
    let scenarios = reports.iter().flat_map(|report| &report.scenarios);
    scenarios.flat_map(|one| one.trials.iter().flat_map(|trial| figures(&one.scenario.name, trial)))
}

/// A figure that is worse than the baseline's. It proves nothing: the two were not measured side by side.
#[derive(Clone, Debug, PartialEq)]
pub struct Suspicion {
    /// Which.
    pub key: Key,
    /// In the baseline.
    pub was: f64,
    /// In the report.
    pub is: f64,
}

impl Suspicion {
    /// For people.
    #[must_use]
    pub fn title(&self) -> String {
        let Self { key, was, is } = self;
        let worse = key.metric.worse_by(*was, *is) * 100.0;
        let (was, is) = (key.metric.show(*was), key.metric.show(*is));
        format!("{}, {}: {is}, {was} in the baseline ({worse:+.0} %)", key.title(), key.scenario)
    }
}

/// The figures that the policy limits and that are worse than the baseline's by more than it calls a suspicion.
pub(crate) fn suspicions(reports: &[Report], baseline: &Baseline, policy: &Policy) -> Vec<Suspicion> {
    let mut found: Vec<Suspicion> = Vec::new();
    for (key, is) in all(reports) {
        let here =
            |one: &&AcceptedFigures| (&one.scenario, &one.trial, &one.op) == (&key.scenario, &key.trial, &key.op);
        let accepted = baseline.measured.iter().find(here).and_then(|one| *one.clone().at(key.metric));
        let limited = key.metric.limit(&policy.worse(&key.scenario)).is_some();
        if let Some(was) = accepted.filter(|_| limited).map(|was| was.max(1) as f64)
            && key.metric.worse_by(was, is) > policy.speed.suspicion
            && !found.iter().any(|one| one.key == key)
        {
            found.push(Suspicion { key, was, is });
        }
    }
    found
}

/// The figures that the policy limits and the baseline has, and no report: too few calls, or no such trial any more.
pub(crate) fn gone(reports: &[Report], baseline: &Baseline, policy: &Policy) -> Vec<String> {
    let here: std::collections::BTreeSet<Key> = all(reports).map(|(key, _)| key).collect();
    let mut gone = Vec::new();
    for one in &baseline.measured {
        for metric in [Metric::P50, Metric::P99, Metric::Throughput] {
            let AcceptedFigures { scenario, trial, op, .. } = one.clone();
            let key = Key { scenario, trial, op, metric };
            let limited = metric.limit(&policy.worse(&key.scenario)).is_some();
            if limited && one.clone().at(metric).is_some() && !here.contains(&key) {
                gone.push(format!("not measured: {}, {}, which the baseline has", key.title(), key.scenario));
            }
        }
    }
    gone
}
