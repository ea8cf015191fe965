//! Three-valued verdicts and what was explored.

use serde::{Deserialize, Serialize};

/// The judgement on a trial, a scenario or a run. `unknown` never turns into a pass by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Judged, and nothing to report.
    Pass,
    /// Not judged, or not enough.
    Unknown,
    /// Judged, and something is wrong.
    Fail,
}

impl Verdict {
    /// The word used in reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Unknown => "unknown",
            Self::Fail => "fail",
        }
    }
}

/// What was explored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Coverage {
    /// Nothing ran.
    Nothing,
    /// Every schedule of the program, without a bound.
    Exhaustive,
    /// Every schedule within the bounds that were completed.
    Bounded {
        /// Completed preemption bounds, ascending.
        preemptions: Vec<usize>,
    },
    /// A sample of the schedules.
    Sampled {
        /// Executions run.
        executions: u64,
        /// Executions no two of which are the same up to the order of independent steps (at least, where the trial's
        /// `discovery` says so).
        distinct: u64,
        /// Good–Turing estimate of the chance that the next execution is one not seen yet, 0 to 1. What it is worth stands
        /// in the trial's `discovery`.
        unseen: f64,
    },
    /// Rounds or ops on real threads: the schedules are not known.
    Stressed {
        /// Rounds (or executions) run.
        executions: u64,
    },
}
