//! Checkers: observations → violations. One file a checker, one line each in [`all`].

mod conservation;
mod latency;
mod progress;
mod reported;

pub use latency::{LatencyLimit, latency_violations};

use crate::finding::FindingKind;
use crate::ledger::{Marks, Settlement};
use crate::observation::{Observation, Violation};
use crate::outcome::CheckedCount;

/// What a checker says of one execution. There is no fourth answer, and none turns into another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Looked, and found nothing.
    Holds,
    /// Looked, and found these.
    Broken(Vec<Violation>),
    /// Could not look: the reason.
    NotJudged(&'static str),
}

/// What a checker looks at: the observation, and its ledger settled once for all checkers.
#[derive(Debug)]
pub struct Evidence<'a> {
    /// What the execution emitted.
    pub observation: &'a Observation,
    /// Its ledger, settled; `None` unless the instance came to rest.
    pub settlement: Option<Settlement>,
}

/// One rule.
pub trait Checker: Sync {
    /// What a violation of the rule is called.
    fn kind(&self) -> FindingKind;
    /// Judges one execution.
    fn judge(&self, evidence: &Evidence<'_>) -> Judgement;
}

/// Every checker of an execution, in the order of reports.
#[must_use]
pub fn all() -> &'static [&'static dyn Checker] {
    &[
        &conservation::Lost,
        &conservation::Duplicated,
        &conservation::Phantom,
        &conservation::OverDelivered,
        &reported::NoError,
        &reported::NoPanic,
        &progress::NoDeadlock,
        &progress::NoLivelock,
        &reported::Own,
    ]
}

/// Judges executions one after the other and counts what was judged.
#[derive(Debug)]
pub struct Panel {
    judged: Vec<u64>,
    marks: Marks,
}

impl Default for Panel {
    fn default() -> Self {
        Self { judged: vec![0; all().len()], marks: Marks::default() }
    }
}

impl Panel {
    /// Every checker's view of one execution: what is broken, and the settled ledger.
    pub fn judge(&mut self, observation: &Observation) -> (Vec<Violation>, Option<Settlement>) {
        let settlement = observation.at_rest.then(|| observation.ledger.settle_with(&mut self.marks));
        let evidence = Evidence { observation, settlement };
        let mut broken = Vec::new();
        for (checker, judged) in all().iter().zip(&mut self.judged) {
            match checker.judge(&evidence) {
                Judgement::Holds => *judged += 1,
                Judgement::Broken(v) => {
                    *judged += 1;
                    broken.extend(v);
                }
                Judgement::NotJudged(_) => {}
            }
        }
        (broken, evidence.settlement)
    }

    /// Executions each checker judged so far.
    #[must_use]
    pub fn counts(&self) -> Vec<CheckedCount> {
        all()
            .iter()
            .zip(&self.judged)
            .filter(|(c, _)| c.kind() != FindingKind::DataRace)
            .map(|(c, n)| CheckedCount { checker: c.kind(), judged: *n })
            .collect()
    }
}
