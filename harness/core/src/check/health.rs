//! A failure detector is complete, in time, and accurate: the two properties of Chandra and Toueg, *Unreliable Failure
//! Detectors for Reliable Distributed Systems* (1996), with numbers.
//!
//! With beat U, stale S, check C and slack: a worker that fails at `a` wrote last between `a − U` and `a`. That is older
//! than S from `a − U + S` on at the earliest and from `a + S` on at the latest, and the next look comes within C.
//!
//! ```text
//!   last beat    fails                                first alarm           last look
//!  ─────┼──────────┼───────────────────────────────────────┼──────────┼─────────┼────────▶
//!     a − U        a                                    a + S − U   a + S   a + S + C
//!                  │◀── an alarm here is a false one ────▶│◀─ it is declared here ─▶│◀─ undetected
//! ```
//!
//! Both edges belong to the middle, and the slack widens it on both sides. Of an item that will never be completed, `a`
//! is the last progress before, and the middle is `[a + T, a + T + C]` with T the backlog's time.
//!
//! An outage obliges nobody if it ended by its last moment, or if the observation ended before that moment. One that
//! ended may be declared for U longer: so long the worker may take for its next beat. A worker that was declared failed
//! is taken to be replaced: only its first alarm is judged, and what befell it later need not be noticed.
//!
//! A valid lease puts a detector off: an alarm within it is false unless the whole process is out, and what must be
//! noticed need be noticed only once no lease was valid for a whole C.

use super::items::{counted, violation};
use super::{Checker, Evidence, Judgement};
use crate::finding::FindingKind;
use crate::observation::{Detection, Health, Lease, Look, Outage, Part};
use std::time::Duration;

/// Every outage that lasts is noticed in time.
pub(super) struct Undetected;

impl Checker for Undetected {
    fn kind(&self) -> FindingKind {
        FindingKind::Undetected
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let Some(health) = &evidence.observation.seen.health else {
            return Judgement::NotJudged("no detector was watched");
        };
        let alarms = alarms(health);
        let due: Vec<(&Outage, u64)> =
            health.outages.iter().filter_map(|outage| Some((outage, deadline(health, outage)?))).collect();
        if due.is_empty() {
            return Judgement::NotJudged("no outage lasted until it had to be noticed");
        }
        let alarm = |outage: &Outage| {
            let at = alarms.binary_search_by_key(&outage.worker, |look| look.worker).ok()?;
            Some(alarms[at].at_ns)
        };
        let missed = |(outage, by): &&(&Outage, u64)| alarm(outage).is_none_or(|at| at > *by);
        let missed: Vec<&(&Outage, u64)> = due.iter().filter(missed).collect();
        let parts = [Part::Process, Part::Loop, Part::Item];
        super::judged(parts.into_iter().filter_map(|part| {
            let mut of_part = missed.iter().filter(|(outage, _)| outage.of == part);
            let (outage, by) = of_part.next()?;
            let of = counted(due.iter().filter(|(outage, _)| outage.of == part).count() as u64, "such outage");
            let since = |at: u64| Duration::from_nanos(at.saturating_sub(outage.from_ns));
            let when = alarm(outage).map_or_else(
                || format!("never was in {:?}", since(health.until_ns)),
                |at| format!("was after {:?}", since(at)),
            );
            let message = format!(
                "worker {}: {} out, had to be declared failed within {:?} and {when} ({} of {of} so)",
                outage.worker,
                word(part),
                since(*by),
                1 + of_part.count(),
            );
            Some(violation(self.kind(), word(part), message, &[]))
        }))
    }
}

/// Nothing is declared failed that is well, or has a right to be left alone.
pub(super) struct FalseAlarm;

impl Checker for FalseAlarm {
    fn kind(&self) -> FindingKind {
        FindingKind::FalseAlarm
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let Some(health) = evidence.observation.seen.health.as_ref().filter(|health| !health.looks.is_empty()) else {
            return Judgement::NotJudged("no detector looked");
        };
        let alarms = alarms(health);
        let faults: Vec<(&Look, &str, String)> = alarms
            .iter()
            .filter_map(|alarm| {
                let (detail, why) = fault(health, alarm)?;
                Some((*alarm, detail, why))
            })
            .collect();
        super::judged(["lease", "healthy"].into_iter().filter_map(|detail| {
            let mut of_detail = faults.iter().filter(|fault| fault.1 == detail);
            let (alarm, _, why) = of_detail.next()?;
            let (n, of) = (1 + of_detail.count(), counted(alarms.len() as u64, "alarm"));
            let message = format!("worker {} was declared failed {why} ({n} of {of} so)", alarm.worker);
            Some(violation(self.kind(), detail, message, &[]))
        }))
    }
}

/// The first alarm of each worker, by worker.
fn alarms(health: &Health) -> Vec<&Look> {
    let mut alarms: Vec<&Look> = health.looks.iter().filter(|look| look.failed).collect();
    alarms.sort_unstable_by_key(|look| (look.worker, look.at_ns));
    alarms.dedup_by_key(|look| look.worker);
    alarms
}

/// The last moment at which an outage may be declared; `None` if nobody has to.
fn deadline(health: &Health, outage: &Outage) -> Option<u64> {
    let contract = &health.contract;
    let after = match outage.of {
        Part::Process | Part::Loop => contract.stale_ns,
        Part::Item => contract.backlog_ns?,
    };
    let look = contract.check_ns.saturating_add(contract.slack_ns);
    let mut leases: Vec<&Lease> = health.leases.iter().filter(|lease| lease.worker == outage.worker).collect();
    leases.sort_unstable_by_key(|lease| lease.from_ns);
    let mut since = outage.from_ns.saturating_add(after);
    for lease in leases {
        // The only look between two leases may be one that the later one covers.
        if lease.from_ns <= since.saturating_add(look) {
            since = since.max(lease.until_ns);
        }
    }
    let by = since.saturating_add(look);
    (outage.to_ns.is_none_or(|to| to > by) && by <= health.until_ns).then_some(by)
}

/// True if an outage is a good reason to declare its worker failed at `at`.
fn covers(contract: &Detection, outage: &Outage, at: u64) -> bool {
    let early = match outage.of {
        Part::Process | Part::Loop => contract.stale_ns.saturating_sub(contract.beat_ns),
        // Where nobody promises to notice it, whoever does is right at any time.
        Part::Item => contract.backlog_ns.unwrap_or(0),
    };
    let from = outage.from_ns.saturating_add(early.saturating_sub(contract.slack_ns));
    let beat = contract.beat_ns.saturating_add(contract.slack_ns);
    from <= at && outage.to_ns.is_none_or(|to| at <= to.saturating_add(beat))
}

/// What is wrong with an alarm: its detail, and the rest of a sentence.
fn fault(health: &Health, alarm: &Look) -> Option<(&'static str, String)> {
    let (worker, at) = (alarm.worker, alarm.at_ns);
    let mut covering = health
        .outages
        .iter()
        .filter(|outage| outage.worker == worker && covers(&health.contract, outage, at))
        .peekable();
    let well = covering.peek().is_none();
    if covering.any(|outage| outage.of == Part::Process) {
        return None;
    }
    // One that was written within the slack before may not have been read.
    let valid = |lease: &&Lease| {
        let read = lease.from_ns.saturating_add(health.contract.slack_ns) <= at;
        lease.worker == worker && read && at <= lease.until_ns
    };
    if let Some(lease) = health.leases.iter().find(valid) {
        let (past, left) = (Duration::from_nanos(at - lease.from_ns), Duration::from_nanos(lease.until_ns - at));
        return Some(("lease", format!("{past:?} into its lease, of which {left:?} were left")));
    }
    let begun =
        |outage: &&Outage| outage.worker == worker && outage.from_ns <= at && outage.to_ns.is_none_or(|to| at <= to);
    let why = match health.outages.iter().find(begun) {
        _ if !well => return None,
        Some(outage) => {
            format!("only {:?} after its {} went out", Duration::from_nanos(at - outage.from_ns), word(outage.of))
        }
        None => "and was well".to_owned(),
    };
    Some(("healthy", why))
}

/// The word of reports for a part.
fn word(part: Part) -> &'static str {
    match part {
        Part::Process => "process",
        Part::Loop => "loop",
        Part::Item => "item",
    }
}

#[cfg(test)]
mod tests;
