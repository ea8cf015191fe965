//! Checkers: observations → violations. One file a checker, one line each in [`all`].

mod bus;
mod conservation;
mod counts;
mod health;
mod items;
mod latency;
mod missed;
mod order;
mod progress;
mod reported;
#[cfg(test)]
mod script;
mod seen;
mod spans;
mod stale;

pub use latency::{LatencyLimit, latency_violations};
pub use progress::{deadlock, tell};

use crate::finding::FindingKind;
use crate::ledger::{Marks, Settlement};
use crate::observation::{Observation, Violation};
use crate::outcome::CheckedCount;
use bus::Bus;
use std::cell::OnceCell;

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
    bus: OnceCell<Bus>,
}

impl<'a> Evidence<'a> {
    fn new(observation: &'a Observation, settlement: Option<Settlement>) -> Self {
        Self { observation, settlement, bus: OnceCell::new() }
    }

    /// The history in the words of a bus, sorted out once for all checkers.
    fn bus(&self) -> &Bus {
        self.bus.get_or_init(|| Bus::of(&self.observation.history))
    }
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
        &seen::Sends,
        &bus::Duplicated,
        &conservation::Phantom,
        &bus::Phantom,
        &conservation::OverDelivered,
        &reported::NoError,
        &reported::NoPanic,
        &progress::NoDeadlock,
        &progress::NoLivelock,
        &seen::OverBound,
        &seen::Unreadable,
        &missed::Missed,
        &bus::Missed,
        &counts::Miscount,
        &order::Misordered,
        &bus::Misordered,
        &counts::SideEffect,
        &bus::LateCall,
        &stale::Stale,
        &health::Undetected,
        &health::FalseAlarm,
        &reported::Own,
    ]
}

/// True for kinds that only some subjects give anything to judge by: a history, or what is seen from outside. Where
/// such a checker judged nothing it has no count, and its silence means nothing.
#[must_use]
pub const fn is_conditional(kind: FindingKind) -> bool {
    use FindingKind::{FalseAlarm, LateCall, Miscount, Misordered, Missed, OverBound, SideEffect};
    use FindingKind::{Stale, Undetected, Unreadable};
    matches!(kind, OverBound | Unreadable | Missed | Miscount | Misordered | SideEffect)
        || matches!(kind, LateCall | Stale | Undetected | FalseAlarm)
}

/// Holds if there is no violation.
fn judged(violations: impl IntoIterator<Item = Violation>) -> Judgement {
    let broken: Vec<Violation> = violations.into_iter().collect();
    if broken.is_empty() { Judgement::Holds } else { Judgement::Broken(broken) }
}

/// Judges executions one after the other and counts what was judged.
#[derive(Debug, Default)]
pub struct Panel {
    /// Executions judged, by the number of the kind.
    judged: [u64; FindingKind::ALL.len()],
    marks: Marks,
}

impl Panel {
    /// Every checker's view of one execution: what is broken, and the settled ledger.
    pub fn judge(&mut self, observation: &Observation) -> (Vec<Violation>, Option<Settlement>) {
        let settlement = observation.settle(&mut self.marks);
        let evidence = Evidence::new(observation, settlement);
        let mut broken = Vec::new();
        // Two checkers may share a kind: an execution that both judge counts once.
        let mut judged = [false; FindingKind::ALL.len()];
        for checker in all() {
            match checker.judge(&evidence) {
                Judgement::Holds => judged[checker.kind() as usize] = true,
                Judgement::Broken(v) => {
                    judged[checker.kind() as usize] = true;
                    broken.extend(v);
                }
                Judgement::NotJudged(_) => {}
            }
        }
        for (count, judged) in self.judged.iter_mut().zip(judged) {
            *count += u64::from(judged);
        }
        (broken, evidence.settlement)
    }

    /// Adds the executions that another panel judged.
    pub(crate) fn absorb(&mut self, other: &Self) {
        for (count, judged) in self.judged.iter_mut().zip(other.judged) {
            *count += judged;
        }
    }

    /// Executions each checker judged so far, without those of [`is_conditional`] kinds that had nothing to judge.
    #[must_use]
    pub fn counts(&self) -> Vec<CheckedCount> {
        let mut counts: Vec<CheckedCount> = Vec::new();
        for kind in all().iter().map(|checker| checker.kind()) {
            let judged = self.judged[kind as usize];
            let shown = kind != FindingKind::DataRace && (judged > 0 || !is_conditional(kind));
            if shown && counts.iter().all(|count| count.checker != kind) {
                counts.push(CheckedCount { checker: kind, judged });
            }
        }
        counts
    }
}

#[cfg(test)]
mod tests;
