//! What models make of a finding of real threads, which by themselves give no schedule.

use crate::finding::Finding;
use crate::plan::Trial;
use serde::{Deserialize, Serialize};

/// Whether there is an exact repro for what real threads showed. The fingerprint is the same throughout: the same
/// subject, variant, checker and detail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Exact {
    /// Another trial of the scenario has it: there, under the same fingerprint, is how to replay it.
    Linked {
        /// Id of that trial.
        trial: String,
    },
    /// A search after the trial found it.
    Found {
        /// What was searched. It is no trial of the scenario, and its executions count nowhere else.
        search: Box<Trial>,
        /// The finding as the model shows it, with its repro and its steps.
        finding: Box<Finding>,
        /// Executions that the search took, those of smaller programs included.
        executions: u64,
    },
    /// A search after the trial did not: the repro is statistical. It says nothing about larger programs, nor about
    /// schedules that it did not draw.
    NotFound {
        /// Executions run.
        executions: u64,
        /// Most actors of the programs searched.
        actors: usize,
        /// Most ops of one actor.
        ops: usize,
        /// What was left out, and why it ended early where it did.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        remarks: Vec<String>,
    },
    /// No model was asked: the repro is statistical.
    NotSearched {
        /// Why.
        why: String,
    },
}

impl Exact {
    /// The finding that replays and the trial that it is of, where this holds it.
    #[must_use]
    pub fn companion(&self) -> Option<(&Trial, &Finding)> {
        match self {
            Self::Found { search, finding, .. } => Some((search, finding)),
            Self::Linked { .. } | Self::NotFound { .. } | Self::NotSearched { .. } => None,
        }
    }
}
