//! Names of places on the page: each is there once, and the same in every rendering of the report.

use crate::distinct::Distinct;
use crate::model::Report;
use std::collections::HashSet;

/// The anchors of scenarios and findings, each in the report's order.
pub(super) struct Anchors {
    pub(super) scenarios: Vec<String>,
    pub(super) findings: Vec<String>,
}

impl Anchors {
    pub(super) fn of(report: &Report, all: &[Distinct<'_>]) -> Self {
        let mut taken = HashSet::new();
        let mut unique = |wanted: String| {
            let mut name = wanted.clone();
            // Two scenarios may share a fingerprint: the first has it as it stands.
            for nth in 2_u32.. {
                if taken.insert(name.clone()) {
                    break;
                }
                name = format!("{wanted}-{nth}");
            }
            name
        };
        let scenarios = report.scenarios.iter().map(|one| unique(format!("scenario-{}", slug(&one.scenario.name))));
        let scenarios = scenarios.collect();
        let findings = all.iter().map(|one| unique(format!("finding-{}", slug(&one.best.finding.fingerprint))));
        Self { scenarios, findings: findings.collect() }
    }

    /// The anchor of the scenario that stands in the report.
    pub(super) fn scenario(&self, report: &Report, one: &Distinct<'_>) -> String {
        let at = report.scenarios.iter().position(|scenario| std::ptr::eq(scenario, one.scenario));
        at.and_then(|at| self.scenarios.get(at)).cloned().unwrap_or_default()
    }
}

/// What needs no escape in an address; anything else is a dash.
fn slug(text: &str) -> String {
    let keep = |c: char| if c.is_ascii_alphanumeric() || "._/-".contains(c) { c } else { '-' };
    text.chars().map(keep).collect()
}
