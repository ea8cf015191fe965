//! Sums up the executions of a trial: totals, deduplicated findings and, at the end, the verdict.

use crate::check::{Panel, latency_violations};
use crate::discovery::Discovery;
use crate::finding::{Finding, Repro, fingerprint};
use crate::ledger::LedgerTotals;
use crate::observation::{Gauge, Observation, OpFailure, Violation};
use crate::outcome::{ErrorCount, Named, OpLatency, TrialOutcome};
use crate::plan::Trial;
use crate::timeline::Timeline;
use crate::verdict::{Coverage, Verdict};

/// Findings kept a trial; further ones are counted in a note.
pub(crate) const MOST_FINDINGS: usize = 64;

/// Running sums of a trial.
#[derive(Debug)]
pub struct Tally {
    trial: Trial,
    panel: Panel,
    executions: u64,
    ledger: LedgerTotals,
    errors: Vec<ErrorCount>,
    gauges: Vec<Gauge>,
    crashes: u64,
    findings: Vec<Finding>,
    overflow: u64,
    discovery: Option<Discovery>,
    timeline: Option<Timeline>,
    /// Where ids are to be named.
    ids: Option<Named>,
    /// Executions of which not all ids that are wrong are known.
    unrecovered: u64,
}

/// What the engine knows at the end of a trial besides the observations.
#[derive(Clone, Debug)]
pub struct Explored {
    /// What was explored.
    pub coverage: Coverage,
    /// Steps over all executions, where the engine counts them.
    pub steps: Option<u64>,
    /// Calls made.
    pub ops: u64,
    /// Time it took.
    pub elapsed_ns: u64,
    /// Measured latencies.
    pub latencies: Vec<OpLatency>,
    /// Reasons why a clean result would not count: no concurrency, an actor that never started, an engine's own
    /// error, a budget that ended too early. Empty if it counts.
    pub doubts: Vec<String>,
    /// Remarks for people.
    pub notes: Vec<String>,
}

impl Tally {
    /// A tally for `trial`.
    #[must_use]
    pub fn new(trial: Trial) -> Self {
        Self {
            trial,
            panel: Panel::default(),
            executions: 0,
            ledger: LedgerTotals::default(),
            errors: Vec::new(),
            gauges: Vec::new(),
            crashes: 0,
            findings: Vec::new(),
            overflow: 0,
            discovery: None,
            timeline: None,
            ids: None,
            unrecovered: 0,
        }
    }

    /// Judges one execution. Returns the place in [`Tally::findings_mut`] of each finding it showed, and whether it is new.
    pub fn observe(&mut self, observation: &Observation) -> Vec<(usize, bool)> {
        self.executions += 1;
        let (violations, settlement) = self.panel.judge(observation);
        match settlement {
            Some(s) => {
                self.ledger.add(&s.totals);
                self.unrecovered += u64::from(s.unrecovered.is_some());
                if let Some(ids) = &mut self.ids {
                    ids.add(&s);
                }
            }
            None => self.ledger.add(&observation.totals()),
        }
        for f in &observation.failures {
            self.count_error(f);
        }
        for gauge in &observation.seen.gauges {
            self.measure(gauge);
        }
        self.crashes += u64::from(observation.crashes);
        let mut shown: Vec<(usize, bool)> = Vec::new();
        for v in &violations {
            let known = self.place(v);
            // Two violations of one kind in one execution are one execution that showed it.
            if known.is_none_or(|i| shown.iter().all(|s| s.0 != i)) {
                shown.extend(self.count(v, known, self.executions));
            }
        }
        shown
    }

    /// Adds the executions of `later`, as if they had been judged after those of this tally. Returns for each of its
    /// findings the place among these, `None` for one that is not kept, and whether it is new.
    pub fn absorb(&mut self, later: Self) -> Vec<Option<(usize, bool)>> {
        self.panel.absorb(&later.panel);
        self.ledger.add(&later.ledger);
        for e in later.errors {
            match self.errors.iter_mut().find(|known| known.op == e.op && known.kind == e.kind) {
                Some(known) => known.count += e.count,
                None => self.errors.push(e),
            }
        }
        for gauge in &later.gauges {
            self.measure(gauge);
        }
        self.crashes += later.crashes;
        self.overflow += later.overflow;
        self.unrecovered += later.unrecovered;
        let before = self.executions;
        self.executions += later.executions;
        let mut places = Vec::new();
        for mut finding in later.findings {
            let known = self.findings.iter().position(|f| f.kind == finding.kind && f.detail == finding.detail);
            places.push(match known {
                Some(i) => {
                    self.findings[i].count += finding.count;
                    Some((i, false))
                }
                None if self.findings.len() == MOST_FINDINGS => {
                    self.overflow += finding.count;
                    None
                }
                None => {
                    finding.first_execution += before;
                    self.findings.push(finding);
                    Some((self.findings.len() - 1, true))
                }
            });
        }
        places
    }

    fn measure(&mut self, gauge: &Gauge) {
        match self.gauges.iter_mut().find(|g| g.name == gauge.name) {
            Some(g) if g.peak < gauge.peak => g.clone_from(gauge),
            Some(_) => {}
            None => self.gauges.push(gauge.clone()),
        }
    }

    fn count_error(&mut self, f: &OpFailure) {
        if let Some(e) = self.errors.iter_mut().find(|e| e.op == f.op && e.kind == f.kind) {
            e.count += 1;
        } else {
            let OpFailure { op, kind, message, .. } = f.clone();
            self.errors.push(ErrorCount { op, kind, message, count: 1 });
        }
    }

    /// Adds a violation that is not of an execution that came to an end (a latency limit).
    pub fn find(&mut self, v: &Violation) -> Option<(usize, bool)> {
        self.count(v, self.place(v), self.executions + 1)
    }

    /// Adds an execution that hung, by what was seen of it from outside: no checker can judge it.
    pub fn hung(&mut self, v: &Violation) -> Option<(usize, bool)> {
        self.executions += 1;
        self.count(v, self.place(v), self.executions)
    }

    fn place(&self, v: &Violation) -> Option<usize> {
        self.findings.iter().position(|f| f.kind == v.kind && f.detail == v.detail)
    }

    fn count(&mut self, v: &Violation, known: Option<usize>, execution: u64) -> Option<(usize, bool)> {
        if let Some(i) = known {
            self.findings[i].count += 1;
            return Some((i, false));
        }
        if self.findings.len() == MOST_FINDINGS {
            self.overflow += 1;
            return None;
        }
        self.findings.push(Finding {
            fingerprint: fingerprint(&self.trial.subject, &self.trial.variant, v.kind, &v.detail),
            kind: v.kind,
            detail: v.detail.clone(),
            message: v.message.clone(),
            race: None,
            count: 1,
            first_execution: execution,
            ids: v.ids.clone(),
            repro: Repro::Statistical { seed: self.trial.seed, seen: 0, executions: 0 },
            interleaving: None,
            exact: None,
        });
        Some((self.findings.len() - 1, true))
    }

    /// The findings so far, for the engine to attach a repro to.
    pub fn findings_mut(&mut self) -> &mut [Finding] {
        &mut self.findings
    }

    /// The findings so far.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Adds how the search met new interleavings.
    pub fn discovered(&mut self, discovery: Discovery) {
        self.discovery = Some(discovery);
    }

    /// Has the outcome name the ids of which something is wrong. For a trial that is one execution.
    pub fn name_ids(&mut self) {
        self.ids = Some(Named::default());
    }

    /// Adds how the trial went over time.
    pub fn timed(&mut self, timeline: Timeline) {
        self.timeline = Some(timeline);
    }

    /// Executions so far, those that hung included.
    #[must_use]
    pub fn executions(&self) -> u64 {
        self.executions
    }

    /// The trial.
    #[must_use]
    pub fn trial(&self) -> &Trial {
        &self.trial
    }

    /// Ends the trial: `fail` with a finding, `unknown` with a doubt or without an execution, else `pass`.
    #[must_use]
    pub fn finish(mut self, mut explored: Explored) -> TrialOutcome {
        let limits = self.trial.limits.latencies();
        let borrowed: Vec<_> = limits.iter().map(|(p, op, ns)| (p.as_str(), op.as_str(), *ns)).collect();
        let (slow, unjudged) = latency_violations(&borrowed, &explored.latencies);
        for v in &slow {
            self.find(v);
        }
        if explored.steps.is_none() {
            explored.doubts.extend(unjudged);
        }
        if self.overflow > 0 {
            explored.notes.push(format!("{} further findings were not kept", self.overflow));
        }
        if self.unrecovered > 0 {
            explored.doubts.push("more ids are wrong than can be told apart: their number is a lower bound".to_owned());
        }
        for f in &mut self.findings {
            if let Repro::Statistical { seen, executions, .. } = &mut f.repro {
                (*seen, *executions) = (f.count, self.executions);
            }
            f.sign(&self.trial);
        }
        if self.executions == 0 {
            explored.doubts.insert(0, "no execution came to an end".to_owned());
        }
        let (verdict, reasons) = if !self.findings.is_empty() {
            let say = |f: &Finding| format!("{}: {} ({} of {})", f.kind, f.message, f.count, self.executions);
            (Verdict::Fail, self.findings.iter().map(say).collect())
        } else if !explored.doubts.is_empty() {
            (Verdict::Unknown, explored.doubts.clone())
        } else {
            (Verdict::Pass, Vec::new())
        };
        TrialOutcome {
            verdict,
            reasons,
            coverage: explored.coverage,
            discovery: self.discovery,
            executions: self.executions,
            steps: explored.steps,
            ops: explored.ops,
            elapsed_ns: explored.elapsed_ns,
            ledger: self.ledger,
            ids: self.ids.unwrap_or_default(),
            errors: self.errors,
            latencies: explored.latencies,
            gauges: self.gauges,
            timeline: self.timeline,
            crashes: self.crashes,
            findings: self.findings,
            checked: self.panel.counts(),
            doubts: explored.doubts,
            notes: explored.notes,
            trial: self.trial,
            mutated: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::FindingKind;
    use crate::id::Id;
    use crate::ledger::Ledger;
    use crate::observation::{Panic, Seen};
    use crate::plan::Plan;
    use crate::scenario::Scenario;

    fn tally() -> Tally {
        let text = "schema = 1\nname = \"t\"\nabout = \"t\"\n[subject]\nname = \"s\"\nvariant = \"v\"\n[workload]\n\
                    mix = { add = 1 }\n[shuttle]\n";
        Tally::new(Plan::expand(&Scenario::parse("t.toml", text).unwrap(), 1).trials.remove(0))
    }

    fn explored(doubts: &[&str]) -> Explored {
        Explored {
            coverage: Coverage::Nothing,
            steps: None,
            ops: 0,
            elapsed_ns: 0,
            latencies: Vec::new(),
            doubts: doubts.iter().map(|d| (*d).to_owned()).collect(),
            notes: Vec::new(),
        }
    }

    fn at_rest(accepted: u64, delivered: u64) -> Observation {
        let ledger = Ledger {
            accepted: (0..accepted).map(Id).collect(),
            delivered: (0..delivered).map(Id).collect(),
            ..Ledger::default()
        };
        Observation { ledger, at_rest: true, ..Observation::default() }
    }

    #[test]
    fn a_clean_trial_passes_and_a_doubted_or_empty_one_does_not() {
        let mut clean = tally();
        assert!(clean.observe(&at_rest(3, 3)).is_empty());
        let outcome = clean.finish(explored(&[]));
        assert_eq!((outcome.verdict, outcome.executions, outcome.ledger.delivered), (Verdict::Pass, 1, 3));
        let mut doubted = tally();
        doubted.observe(&at_rest(3, 3));
        let outcome = doubted.finish(explored(&["why"]));
        assert_eq!((outcome.verdict, outcome.reasons), (Verdict::Unknown, vec!["why".to_owned()]));
        let outcome = tally().finish(explored(&[]));
        assert_eq!((outcome.verdict, &*outcome.reasons[0]), (Verdict::Unknown, "no execution came to an end"));
    }

    #[test]
    fn gauges_are_kept_at_their_worst_and_crashes_add_up() {
        let mut t = tally();
        for (peak, crashes) in [(3, 1), (5, 0), (4, 2)] {
            let gauges = vec![Gauge { name: "files".into(), peak, bound: Some(4) }];
            t.observe(&Observation { seen: Seen { gauges, ..Seen::default() }, crashes, ..at_rest(1, 1) });
        }
        let outcome = t.finish(explored(&[]));
        let worst = Gauge { name: "files".into(), peak: 5, bound: Some(4) };
        assert_eq!((outcome.gauges, outcome.crashes), (vec![worst], 3));
        assert_eq!((outcome.findings[0].kind, outcome.findings[0].count), (FindingKind::OverBound, 1));
    }

    #[test]
    fn two_tallies_are_one_after_the_other() {
        let runs = [at_rest(1, 1), at_rest(2, 1), at_rest(1, 2), at_rest(3, 1), at_rest(1, 1)];
        for cut in 0..=runs.len() {
            let (mut whole, mut first, mut second) = (tally(), tally(), tally());
            runs.iter().for_each(|o| drop(whole.observe(o)));
            runs[..cut].iter().for_each(|o| drop(first.observe(o)));
            runs[cut..].iter().for_each(|o| drop(second.observe(o)));
            let places = first.absorb(second);
            assert!(places.iter().all(|p| p.is_some_and(|(i, _)| i < first.findings().len())));
            assert_eq!(first.finish(explored(&[])), whole.finish(explored(&[])), "{cut}");
        }
    }

    #[test]
    fn one_finding_a_failure_counted_once_an_execution() {
        let mut t = tally();
        t.observe(&at_rest(1, 1));
        assert_eq!(t.observe(&at_rest(2, 1)), [(0, true)]);
        assert_eq!(t.observe(&at_rest(3, 1)), [(0, false)]);
        let panic = |actor: &str| Panic { actor: actor.into(), message: "boom 7".into(), site: "a.rs:3".into() };
        let both = Observation { panics: vec![panic("A"), panic("B")], ..at_rest(1, 1) };
        assert_eq!(t.observe(&both), [(1, true)]);
        let outcome = t.finish(explored(&["a doubt that a finding outweighs"]));
        assert_eq!(outcome.verdict, Verdict::Fail);
        assert_eq!(outcome.doubts.len(), 1);
        let seen: Vec<_> = outcome.findings.iter().map(|f| (f.kind, f.count, f.first_execution)).collect();
        assert_eq!(seen, [(FindingKind::Lost, 2, 2), (FindingKind::Panic, 1, 4)]);
        assert_eq!(outcome.ledger.lost, 3);
    }
}
