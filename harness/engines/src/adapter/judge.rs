//! The judgement of a foreign worker's rounds: each is settled by id once it is at rest.

use crate::emit::Progress;
use racehunt_core::finding::{Finding, FindingKind};
use racehunt_core::history::{What, account};
use racehunt_core::id::Id;
use racehunt_core::ledger::Ledger;
use racehunt_core::observation::{Observation, OpFailure, Seen, Violation};
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::Trial;
use racehunt_core::protocol::History;
use racehunt_core::tally::{Explored, Tally};
use racehunt_core::verdict::Coverage;
use std::time::Duration;

/// What a round came to once it was at rest.
pub(super) struct Rest {
    /// The ids still inside.
    pub(super) retained: Vec<Id>,
    /// What was seen from outside.
    pub(super) seen: Seen,
    /// Processes killed.
    pub(super) crashes: u32,
}

/// The sums of a trial and the round that is open.
pub(super) struct Judge {
    tally: Tally,
    open: Observation,
    first_serial: u64,
    offered: bool,
    ops: u64,
    doubts: Vec<String>,
    notes: Vec<String>,
}

impl Judge {
    pub(super) fn new(trial: Trial) -> Self {
        Self {
            tally: Tally::new(trial),
            open: Observation::default(),
            first_serial: 0,
            offered: false,
            ops: 0,
            doubts: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Rounds that came to rest.
    pub(super) fn rounds(&self) -> u64 {
        self.tally.executions()
    }

    /// A serial number above those of all ids seen.
    pub(super) fn first_serial(&self) -> u64 {
        self.first_serial
    }

    /// Takes in a piece of the open round.
    pub(super) fn history(&mut self, mut history: History) -> Result<(), String> {
        self.is_open(history.round)?;
        let events = std::mem::take(&mut history.events);
        let (ledger, failures) = history.into_parts();
        let offered = [&ledger.accepted, &ledger.uncertain, &ledger.rejected].into_iter().flatten().copied();
        let put = events.iter().filter_map(|event| match event.what {
            What::Put { id, .. } | What::Offer(id) => Some(id),
            _ => None,
        });
        if let Some(serial) = offered.chain(put).map(Id::serial).max() {
            self.first_serial = self.first_serial.max(serial + 1);
            self.offered = true;
        }
        self.open.ledger.merge(&ledger);
        self.open.failures.extend(failures);
        self.open.history.extend(events);
        Ok(())
    }

    /// Settles the open round. Returns the places of new findings.
    pub(super) fn snapshot(&mut self, round: u64, rest: Rest) -> Result<Vec<usize>, String> {
        self.is_open(round)?;
        account(&self.open.history, &mut self.open.ledger);
        self.open.ledger.retained = rest.retained;
        self.open.seen = rest.seen;
        self.open.crashes = rest.crashes;
        self.open.at_rest = true;
        let found = self.tally.observe(&self.open);
        self.open = Observation::default();
        Ok(found.into_iter().filter_map(|(i, new)| new.then_some(i)).collect())
    }

    /// Takes in what the worker itself says is wrong.
    pub(super) fn violation(&mut self, violation: &Violation) -> Vec<usize> {
        self.tally.find(violation).and_then(|(i, new)| new.then_some(i)).into_iter().collect()
    }

    /// Checks that a batch is over where the worker says it is.
    pub(super) fn done(&mut self, next: u64) -> Result<(), String> {
        if next != self.rounds() + 1 {
            return Err(format!("`done` after round {}, but {} rounds have a snapshot", next - 1, self.rounds()));
        }
        if !is_empty(&self.open) {
            return Err(format!("`done`, but round {next} has a history and no snapshot"));
        }
        Ok(())
    }

    fn is_open(&self, round: u64) -> Result<(), String> {
        let open = self.rounds() + 1;
        if round == open { Ok(()) } else { Err(format!("this is about round {round}, but round {open} is open")) }
    }

    /// Compares the calls made with those that were ordered.
    pub(super) fn expect_ops(&mut self, ordered: u64, made: u64) {
        self.ops += made;
        if made < ordered {
            self.doubt(&format!("the actors made only {made} of {ordered} calls of a batch"));
        }
    }

    /// A reason why a clean result would not count.
    pub(super) fn doubt(&mut self, why: &str) {
        if !self.doubts.iter().any(|d| d == why) {
            self.doubts.push(why.to_owned());
        }
    }

    pub(super) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    pub(super) fn finding(&self, at: usize) -> Finding {
        self.tally.findings()[at].clone()
    }

    pub(super) fn progress(&self, spent: f64) -> Progress {
        Progress { executions: self.rounds(), distinct: 0, findings: self.tally.findings().len() as u64, spent }
    }

    /// Ends the trial. `doubt` is why the session ended early, if it did.
    pub(super) fn finish(mut self, elapsed: Duration, doubt: Option<String>, notes: Vec<String>) -> TrialOutcome {
        self.leave_open();
        self.doubts.splice(0..0, doubt);
        self.notes.extend(notes);
        if self.rounds() > 0 && !self.offered {
            // Conservation holds of nothing at all, but says nothing either.
            self.doubts.push("the worker never offered an id, so none could be lost".to_owned());
        }
        let executions = self.rounds();
        self.tally.finish(Explored {
            coverage: if executions == 0 { Coverage::Nothing } else { Coverage::Stressed { executions } },
            steps: None,
            ops: self.ops,
            elapsed_ns: u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX),
            latencies: Vec::new(),
            doubts: self.doubts,
            notes: self.notes,
        })
    }

    /// A round that never came to rest: errors were answers and count, ids without a fate are indeterminate.
    fn leave_open(&mut self) {
        let Observation { ledger, failures, .. } = std::mem::take(&mut self.open);
        for OpFailure { op, kind, message, .. } in failures {
            let message = format!("{op} failed: {message}");
            self.tally.find(&Violation { kind: FindingKind::Error, detail: kind, message, ids: Vec::new() });
        }
        if ledger != Ledger::default() {
            let round = self.rounds() + 1;
            self.notes.push(format!("round {round} did not come to rest: the fate of its ids is unknown"));
        }
    }
}

fn is_empty(open: &Observation) -> bool {
    open.failures.is_empty() && open.history.is_empty() && open.ledger == Ledger::default()
}
