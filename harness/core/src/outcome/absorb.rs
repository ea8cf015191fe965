//! The outcomes of one trial, run again and again, added up in bounded space.

use super::{CheckedCount, ErrorCount, Named, OpLatency, TrialOutcome};
use crate::finding::{Finding, Repro};
use crate::ledger::sketch::CAVEAT;
use crate::observation::Gauge;
use crate::tally::MOST_FINDINGS;
use crate::timeline::Timeline;
use crate::verdict::{Coverage, Verdict};

/// The doubt that kills were asked for and none came.
pub const NOBODY_KILLED: &str = "faults: nobody was killed";
/// The doubt that pauses were asked for and none came.
pub const NOBODY_PAUSED: &str = "faults: nobody was paused";

/// Doubts and kinds of errors that are kept.
const MOST: usize = 32;

impl TrialOutcome {
    /// Adds an outcome of the same trial that was run after this one, with whatever seed: what both came to. Numbers add
    /// up, histograms are merged, gauges stay at their worst, findings are those of both by fingerprint, each doubt stays a
    /// doubt, but that a fault never came where in one of them it did. Of bounded size however often it is called: remarks stay that both have and that on a sketch, ids ([`Named`]) do not.
    ///
    /// Not for models: of two searches of one tree nothing can be added up but what they found.
    pub fn absorb(&mut self, mut later: Self) {
        let before = self.executions;
        self.timeline = match (self.timeline.take(), later.timeline) {
            (Some(mut first), Some(then)) => {
                first.absorb(&then, self.elapsed_ns, self.ops);
                Some(first)
            }
            (first, then) => first.or(then),
        };
        self.executions += later.executions;
        self.steps = self.steps.zip(later.steps).map(|(a, b)| a + b);
        self.ops += later.ops;
        self.elapsed_ns += later.elapsed_ns;
        self.crashes += later.crashes;
        self.ledger.add(&later.ledger);
        self.coverage = match (&self.coverage, later.coverage) {
            (Coverage::Stressed { .. }, _) | (_, Coverage::Stressed { .. }) => {
                Coverage::Stressed { executions: self.executions }
            }
            (_, then) => then,
        };
        later.errors.into_iter().for_each(|error| self.add_error(error));
        later.latencies.iter().for_each(|latency| self.add_latency(latency));
        later.gauges.into_iter().for_each(|gauge| self.add_gauge(gauge));
        later.checked.into_iter().for_each(|count| self.add_checked(&count));
        later.doubts.into_iter().for_each(|doubt| self.add_doubt(doubt));
        let counts = |note: &String, other: &[String]| other.contains(note) || note.starts_with(CAVEAT);
        self.notes.retain(|note| counts(note, &later.notes));
        later.notes.retain(|note| counts(note, &[]) && !self.notes.contains(note));
        self.notes.append(&mut later.notes);
        self.ids = Named::default();
        later.findings.into_iter().for_each(|finding| self.add_finding(finding, before));
        self.judge();
    }

    fn add_error(&mut self, error: ErrorCount) {
        let room = self.errors.len() < MOST;
        match self.errors.iter_mut().find(|known| known.op == error.op && known.kind == error.kind) {
            Some(known) => known.count += error.count,
            None if room => self.errors.push(error),
            None => self.add_doubt("more kinds of errors than are counted".to_owned()),
        }
    }

    fn add_latency(&mut self, latency: &OpLatency) {
        let known = self.latencies.iter_mut().find(|known| known.op == latency.op);
        let Some(known) = known else { return self.latencies.push(latency.clone()) };
        if known.absorb(latency).is_none() {
            self.add_doubt(format!("the latencies of {} cannot be read, and are not whole", latency.op));
        }
    }

    fn add_gauge(&mut self, gauge: Gauge) {
        match self.gauges.iter_mut().find(|known| known.name == gauge.name) {
            Some(known) if known.peak < gauge.peak => *known = gauge,
            Some(_) => {}
            None => self.gauges.push(gauge),
        }
    }

    fn add_checked(&mut self, count: &CheckedCount) {
        match self.checked.iter_mut().find(|known| known.checker == count.checker) {
            Some(known) => known.judged += count.judged,
            None => self.checked.push(count.clone()),
        }
    }

    fn add_doubt(&mut self, doubt: String) {
        if self.doubts.len() < MOST && !self.doubts.contains(&doubt) {
            self.doubts.push(doubt);
        }
    }

    fn add_finding(&mut self, mut finding: Finding, before: u64) {
        let room = self.findings.len() < MOST_FINDINGS;
        match self.findings.iter_mut().find(|known| known.fingerprint == finding.fingerprint) {
            Some(known) => known.count += finding.count,
            None if room => {
                finding.first_execution += before;
                self.findings.push(finding);
            }
            None => self.add_doubt("more findings than are kept".to_owned()),
        }
    }

    /// Verdict and reasons, from what there is now.
    fn judge(&mut self) {
        let paused = self.timeline.as_ref().is_some_and(|t| t.marks.iter().any(|mark| mark.what == "pause"));
        let came = [(NOBODY_KILLED, self.crashes > 0), (NOBODY_PAUSED, paused)];
        self.doubts.retain(|doubt| !came.contains(&(doubt.as_str(), true)));
        let of = self.executions;
        for finding in &mut self.findings {
            if let Repro::Statistical { seen, executions, .. } = &mut finding.repro {
                (*seen, *executions) = (finding.count, of);
            }
        }
        (self.verdict, self.reasons) = if !self.findings.is_empty() {
            let say = |f: &Finding| format!("{}: {} ({} of {of})", f.kind, f.message, f.count);
            (Verdict::Fail, self.findings.iter().map(say).collect())
        } else if self.doubts.is_empty() {
            (Verdict::Pass, Vec::new())
        } else {
            (Verdict::Unknown, self.doubts.clone())
        };
    }
}

impl Timeline {
    fn absorb(&mut self, later: &Self, after_ns: u64, ops: u64) {
        for sample in &later.samples {
            let (at_ns, ops) = (sample.at_ns + after_ns, sample.ops + ops);
            self.sample(crate::timeline::Sample { at_ns, ops, ..*sample });
        }
        later.marks.iter().for_each(|mark| self.mark(mark.at_ns + after_ns, &mark.what));
        self.unmarked += later.unmarked;
        self.histories |= later.histories;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id;
    use crate::ledger::Ledger;
    use crate::observation::Observation;
    use crate::outcome::latency;
    use crate::plan::Plan;
    use crate::scenario::Scenario;
    use crate::tally::{Explored, Tally};
    use crate::timeline::Sample;

    /// A leg in which `lost` of 10 ids got lost and a call took so long.
    fn leg(lost: u64, took_ns: u64, doubts: &[&str]) -> TrialOutcome {
        let text = "schema = 1\nname = \"t\"\nabout = \"t\"\n[subject]\nname = \"s\"\nvariant = \"v\"\n[workload]\n\
                    mix = { add = 1 }\n[stress]\nthreads = 2\nduration = \"1s\"\npace = \"closed\"\n";
        let mut tally = Tally::new(Plan::expand(&Scenario::parse("t.toml", text).unwrap(), 1).trials.remove(0));
        let ids = |n: u64| (0..n).map(Id).collect();
        let ledger = Ledger { accepted: ids(10), delivered: ids(10 - lost), ..Ledger::default() };
        let gauges = vec![Gauge { name: "files".into(), peak: took_ns, bound: None }];
        let seen = crate::observation::Seen { gauges, ..Default::default() };
        tally.name_ids();
        tally.observe(&Observation { ledger, at_rest: true, crashes: 1, seen, ..Observation::default() });
        let mut timeline = Timeline::default();
        timeline.sample(Sample { at_ns: 5, ops: 3, ..Sample::default() });
        timeline.mark(6, "kill");
        tally.timed(timeline);
        let mut h = latency::empty();
        h.record(took_ns).unwrap();
        tally.finish(Explored {
            coverage: Coverage::Stressed { executions: 1 },
            steps: None,
            ops: 100,
            elapsed_ns: 1_000,
            latencies: vec![OpLatency::of("add", &h)],
            doubts: doubts.iter().map(|d| (*d).to_owned()).collect(),
            notes: Vec::new(),
        })
    }

    #[test]
    fn legs_add_up() {
        let mut total = leg(0, 10, &[]);
        total.absorb(leg(0, 30, &[]));
        assert_eq!((total.verdict, total.executions, total.ops, total.elapsed_ns), (Verdict::Pass, 2, 200, 2_000));
        assert_eq!((total.ledger.accepted, total.ledger.delivered, total.crashes), (20, 20, 2));
        assert_eq!((total.latencies[0].count, total.latencies[0].min_ns, total.latencies[0].max_ns), (2, 10, 30));
        assert_eq!((total.gauges[0].peak, &total.coverage), (30, &Coverage::Stressed { executions: 2 }));
        let timeline = total.timeline.as_ref().unwrap();
        let samples: Vec<_> = timeline.samples.iter().map(|s| (s.at_ns, s.ops)).collect();
        assert_eq!(samples, [(5, 3), (1_005, 103)]);
        assert_eq!(timeline.marks[1].at_ns, 1_006);
        assert!(total.checked.iter().any(|count| count.judged == 2));
    }

    #[test]
    fn a_finding_or_a_doubt_of_one_leg_is_one_of_all() {
        let mut total = leg(0, 1, &[]);
        total.absorb(leg(0, 1, &["no"]));
        assert_eq!((total.verdict, &total.reasons[..]), (Verdict::Unknown, &["no".to_owned()][..]));
        total.absorb(leg(2, 1, &[]));
        total.absorb(leg(3, 1, &[]));
        assert_eq!((total.verdict, total.findings.len(), total.ledger.lost), (Verdict::Fail, 1, 5));
        let finding = &total.findings[0];
        assert_eq!((finding.count, finding.first_execution), (2, 3));
        assert!(matches!(finding.repro, Repro::Statistical { seen: 2, executions: 4, .. }));
        assert_eq!(total.doubts, ["no"]);
    }

    #[test]
    fn a_fault_that_came_once_came() {
        let none = |doubts: &[&str]| TrialOutcome { crashes: 0, ..leg(0, 1, doubts) };
        let mut total = none(&[NOBODY_KILLED, NOBODY_PAUSED]);
        total.absorb(none(&[NOBODY_KILLED]));
        assert_eq!((total.doubts.len(), total.verdict), (2, Verdict::Unknown));
        total.absorb(leg(0, 1, &[]));
        assert_eq!((&total.doubts[..], total.verdict), (&[NOBODY_PAUSED.to_owned()][..], Verdict::Unknown));
        let mut timeline = Timeline::default();
        timeline.mark(1, "pause");
        total.absorb(TrialOutcome { timeline: Some(timeline), ..leg(0, 1, &[NOBODY_PAUSED]) });
        assert_eq!((total.doubts.len(), total.verdict), (0, Verdict::Pass));
    }

    #[test]
    fn it_does_not_grow_with_the_number_of_legs() {
        let mut total = leg(1, 1, &[]);
        let ids = total.ids.clone();
        assert_eq!(ids.lost, [Id(9)]);
        for n in 0..2_000 {
            let mut later = leg(1, n + 1, &[]);
            later.doubts = vec![format!("doubt {n}")];
            later.notes = vec![format!("note {n}"), "any".to_owned(), format!("{CAVEAT} of 1 KiB")];
            total.notes.extend((n == 0).then(|| "any".to_owned()));
            later.findings[0].fingerprint = format!("{n}");
            total.absorb(later);
        }
        assert_eq!((total.doubts.len(), total.notes.len(), total.findings.len()), (MOST, 2, MOST_FINDINGS));
        assert!(serde_json::to_string(&total).unwrap().len() < 200_000);
    }
}
