//! Mutants: the component weakened at one operation of the facade, to see whether the harness notices.
//!
//! What each operator does, and why it is sound at run time, stands in `racehunt_sync::mutant`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How an operation is weakened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Operator {
    /// One step becomes two.
    Split,
    /// A lock is not taken.
    Drop,
    /// A lock excludes and orders nothing.
    Bare,
    /// Every ordering is `Relaxed`.
    Relax,
    /// The step is left out.
    Skip,
    /// A notification of all reaches one.
    One,
    /// The step comes after the actor's next one.
    Swap,
    /// What must be new may be there already.
    Loose,
    /// A wait ends without a reason, once.
    Early,
}

impl Operator {
    /// All of them, in the order of reports.
    pub const ALL: [Self; 9] =
        [Self::Split, Self::Drop, Self::Bare, Self::Relax, Self::Skip, Self::One, Self::Swap, Self::Loose, Self::Early];

    /// Lower-case word for reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Split => "split",
            Self::Drop => "drop",
            Self::Bare => "bare",
            Self::Relax => "relax",
            Self::Skip => "skip",
            Self::One => "one",
            Self::Swap => "swap",
            Self::Loose => "loose",
            Self::Early => "early",
        }
    }

    /// True for what a platform may do by right: a component that breaks by it is to blame, and one that does not says
    /// nothing about the harness.
    #[must_use]
    pub const fn is_legal(self) -> bool {
        matches!(self, Self::Early)
    }

    /// True for what only a model of weak memory can show.
    #[must_use]
    pub const fn needs_weak_memory(self) -> bool {
        matches!(self, Self::Relax | Self::Bare)
    }
}

/// One weakened operation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mutant {
    /// Where the operation stands: `file:line:column`.
    pub site: String,
    /// What it is: `atomic swap`, `rename`, `section`.
    pub what: String,
    /// How it is weakened.
    pub operator: Operator,
}

/// A mutant of which somebody has shown by an argument that it changes nothing that matters. A self-test tries it all the
/// same, and says so if the argument does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argued {
    /// End of the path of its file.
    pub file: &'static str,
    /// A part of its line in the source, which other lines of the file do not have.
    pub line: &'static str,
    /// What the operation is, as in [`Mutant::what`].
    pub what: &'static str,
    /// How it is weakened.
    pub operator: Operator,
    /// The argument.
    pub why: &'static str,
}

/// What is done to the component of a trial.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mutation {
    /// Nothing; the operations that could be weakened are noted.
    Survey,
    /// One operation is weakened. The trial ends with its first finding.
    Mutant(Mutant),
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mutated {
    /// How often the operation was reached, over all executions.
    pub reached: u64,
    /// How often being weakened may have made a difference there. 0: each execution was one of the original.
    pub differed: u64,
    /// What a survey has found, by place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub points: Vec<Mutant>,
}
