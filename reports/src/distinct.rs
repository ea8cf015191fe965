//! The distinct findings of a report, numbered: the same failure seen by five trials is one finding.

use crate::model::{Report, ScenarioReport};
use racehunt_core::exact::Exact;
use racehunt_core::finding::{Finding, Repro};
use racehunt_core::interleaving::Interleaving;
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::scenario::EngineKind;

/// Why a finding does or does not count against its scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Nothing allows it.
    Unexpected,
    /// A limit above zero allows it.
    Tolerated,
    /// The scenario says that it must be found.
    Expected,
}

impl Standing {
    /// The word used in reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Unexpected => "unexpected",
            Self::Tolerated => "tolerated",
            Self::Expected => "expected",
        }
    }
}

/// One trial that saw a finding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sighting<'a> {
    /// The trial.
    pub trial: &'a TrialOutcome,
    /// The finding as this trial has it.
    pub finding: &'a Finding,
}

/// A finding with all trials of its scenario that saw it.
#[derive(Clone, Debug, PartialEq)]
pub struct Distinct<'a> {
    /// From 1, over the whole report: what `--finding` takes.
    pub number: usize,
    /// The scenario.
    pub scenario: &'a ScenarioReport,
    /// Whether it counts against the scenario. An engine that must not see it makes it unexpected as a whole.
    pub standing: Standing,
    /// The trial whose interleaving is easiest to read (fewest switches, then fewest steps).
    pub best: Sighting<'a>,
    /// Every trial that saw it, in the order of the run.
    pub seen: Vec<Sighting<'a>>,
}

impl Distinct<'_> {
    /// The variant that has it.
    #[must_use]
    pub fn variant(&self) -> &str {
        &self.best.trial.trial.variant
    }

    /// True if one of the trials has an exact repro for it, which then is the best's.
    #[must_use]
    pub fn replays(&self) -> bool {
        !matches!(self.best.finding.repro, Repro::Statistical { .. })
    }

    /// The finding that replays: the best trial's, or that of a search which followed real threads.
    #[must_use]
    pub fn exact(&self) -> Option<&Finding> {
        if self.replays() { Some(self.best.finding) } else { Some(self.best.finding.exact.as_ref()?.companion()?.1) }
    }

    /// The steps that are easiest to read.
    #[must_use]
    pub fn steps(&self) -> Option<&Interleaving> {
        self.exact()?.interleaving.as_ref()
    }

    /// Engine, executions that showed it and executions run, for each engine that saw it.
    #[must_use]
    pub fn by_engine(&self) -> Vec<(EngineKind, u64, u64)> {
        let mut rows: Vec<(EngineKind, u64, u64)> = Vec::new();
        for sighting in &self.seen {
            let engine = sighting.trial.trial.engine.kind();
            if !rows.iter().any(|row| row.0 == engine) {
                rows.push((engine, 0, 0));
            }
            if let Some(row) = rows.iter_mut().find(|row| row.0 == engine) {
                row.1 += sighting.finding.count;
                row.2 += sighting.trial.executions;
            }
        }
        rows
    }
}

/// The distinct findings of a report, in the order in which the run came by them.
///
/// A fingerprint that two scenarios share is listed under each: they may expect different things of it.
#[must_use]
pub fn distinct(report: &Report) -> Vec<Distinct<'_>> {
    let mut all: Vec<Distinct<'_>> = Vec::new();
    for scenario in &report.scenarios {
        let first = all.len();
        for trial in &scenario.trials {
            for finding in &trial.findings {
                let sighting = Sighting { trial, finding };
                let known = all[first..].iter_mut().find(|one| one.best.finding.fingerprint == finding.fingerprint);
                match known {
                    Some(known) => known.add(sighting),
                    None => all.push(Distinct {
                        number: all.len() + 1,
                        scenario,
                        standing: standing(scenario, finding),
                        best: sighting,
                        seen: vec![sighting],
                    }),
                }
            }
        }
    }
    all
}

impl<'a> Distinct<'a> {
    fn add(&mut self, sighting: Sighting<'a>) {
        if effort(sighting.finding) < effort(self.best.finding) {
            self.best = sighting;
        }
        self.seen.push(sighting);
    }
}

/// What it takes to read the finding's interleaving. One that has none but replays comes next, then one of real threads
/// with what a search found after it, and last one without either.
fn effort(finding: &Finding) -> (u8, u32, usize) {
    let companion = finding.exact.as_ref().and_then(Exact::companion);
    match (&finding.interleaving, &finding.repro, companion) {
        (Some(shown), ..) => (0, shown.switches, shown.steps.len()),
        (None, Repro::Schedule { .. } | Repro::Execution { .. }, _) => (1, 0, 0),
        (None, Repro::Statistical { .. }, Some(_)) => (2, 0, 0),
        (None, Repro::Statistical { .. }, None) => (3, 0, 0),
    }
}

fn standing(scenario: &ScenarioReport, finding: &Finding) -> Standing {
    let among = |cells: &[crate::model::FindingCell]| cells.iter().any(|c| c.fingerprint == finding.fingerprint);
    if among(&scenario.unexpected) {
        Standing::Unexpected
    } else if among(&scenario.tolerated) {
        Standing::Tolerated
    } else {
        Standing::Expected
    }
}
