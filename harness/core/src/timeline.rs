//! How a trial on real threads or processes went over time: what it did, what it used, which faults hit it.
//!
//! Of bounded size at any length of the trial: when there are too many samples every second one goes.

use serde::{Deserialize, Serialize};

/// Samples that are kept at most.
pub const MOST_SAMPLES: usize = 240;
/// Marks that are kept at most; further ones are counted.
pub const MOST_MARKS: usize = 240;

/// Samples and faults, each in the order of time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Timeline {
    /// What was seen at a time, over all processes that actors are in.
    pub samples: Vec<Sample>,
    /// True if their memory also holds what the actors told of their calls, which grows until the trial's end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub histories: bool,
    /// The faults.
    pub marks: Vec<Mark>,
    /// Faults that are not among the marks, because there were too many.
    pub unmarked: u64,
}

/// One look at the trial.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// Since the trial began.
    pub at_ns: u64,
    /// Calls that had ended by then.
    pub ops: u64,
    /// Resident memory of these processes.
    pub rss_bytes: u64,
    /// Size of the files below the trial's directory; 0 if it has none.
    pub disk_bytes: u64,
    /// Their open files.
    pub open_files: u64,
    /// Their threads.
    pub threads: u64,
}

/// A fault that was injected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// Since the trial began.
    pub at_ns: u64,
    /// `kill` or `pause`. Faults of single calls are not here: they come by the call, not by the time.
    pub what: String,
}

impl Timeline {
    /// Adds a sample. Times must not go back.
    pub fn sample(&mut self, sample: Sample) {
        if self.samples.len() == MOST_SAMPLES {
            let mut at = 0;
            self.samples.retain(|_| {
                at += 1;
                at % 2 == 1
            });
        }
        self.samples.push(sample);
    }

    /// Adds a fault. Times must not go back.
    pub fn mark(&mut self, at_ns: u64, what: &str) {
        if self.marks.len() == MOST_MARKS {
            self.unmarked += 1;
        } else {
            self.marks.push(Mark { at_ns, what: what.to_owned() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_trial_keeps_its_beginning_and_its_end_and_not_its_size() {
        let mut timeline = Timeline::default();
        for at_ns in 0..100_000 {
            timeline.sample(Sample { at_ns, ..Sample::default() });
            timeline.mark(at_ns, "kill");
        }
        let times: Vec<u64> = timeline.samples.iter().map(|s| s.at_ns).collect();
        assert!(times.len() <= MOST_SAMPLES && times.len() > MOST_SAMPLES / 3, "{}", times.len());
        assert!(times.is_sorted());
        assert_eq!((times[0], times.last()), (0, Some(&99_999)));
        assert_eq!((timeline.marks.len(), timeline.unmarked), (MOST_MARKS, 100_000 - MOST_MARKS as u64));
    }
}
