//! The document that `racehunt selftest` writes: which mutants of a component that is right the harness noticed.
//!
//! A mutant that nobody noticed is a gap of the harness, or it changes nothing that anybody could notice. The second is
//! said only with a reason that was measured; without one it counts as a gap.

mod fate;
mod text;

pub use fate::judge;
pub use text::text;

use crate::exit;
use crate::model::{Environment, Tool};
use racehunt_core::mutant::Mutant;
use racehunt_core::scenario::EngineKind;
use racehunt_core::verdict::{Coverage, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Version of the document.
pub const SCHEMA: u32 = 1;

/// A self-test: what was weakened, and what was noticed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Selftest {
    /// Version of this format: 1.
    pub schema: u32,
    /// What wrote it.
    pub tool: Tool,
    /// When it began, RFC 3339.
    pub started: String,
    /// The command line, argument by argument.
    pub command: Vec<String>,
    /// Seed from which every trial's seed follows.
    pub seed: u64,
    /// Where it ran.
    pub environment: Environment,
    /// True if it was ended before its plan was done.
    pub interrupted: bool,
    /// The share of the mutants that must be killed, in per cent.
    pub min_kills: u8,
    /// Enough were killed, or not, or it cannot be said.
    pub verdict: Verdict,
    /// Why, one sentence each; never empty unless the verdict is `pass`.
    pub reasons: Vec<String>,
    /// With what the process ended.
    pub exit_code: u8,
    /// Time it took.
    pub elapsed_ns: u64,
    /// One for each subject.
    pub subjects: Vec<Tested>,
}

/// One subject.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tested {
    /// Its name.
    pub subject: String,
    /// The variant, which is right as it stands.
    pub variant: String,
    /// Trials of the variant as it stands. Each must be clean, or what a mutant shows says nothing.
    pub baseline: Vec<Ran>,
    /// Why nothing can be said; empty if something can.
    pub doubts: Vec<String>,
    /// Its mutants, by place.
    pub mutants: Vec<Trialled>,
}

/// One mutant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trialled {
    /// Which.
    pub mutant: Mutant,
    /// The line of the source, where the source is at hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// What became of it.
    pub fate: Fate,
    /// Why that is said, in a sentence.
    pub why: String,
    /// The engines that killed it.
    pub killed_by: Vec<EngineKind>,
    /// What was run.
    pub runs: Vec<Ran>,
}

/// What became of a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// Noticed.
    Killed,
    /// Not noticed, and not told apart from one that changes nothing.
    Survived,
    /// It changes nothing that the programs of its scenarios could show.
    Equivalent,
    /// Not noticed, and the component's own people have argued that it changes nothing that matters.
    Argued,
    /// It does what a platform may do by right, and the component stands it.
    Legal,
    /// It does what a platform may do by right, and the component breaks: a fault of the component.
    Relies,
    /// Not tried: the self-test was ended before.
    Untried,
}

impl Fate {
    /// The word used in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Killed => "killed",
            Self::Survived => "survived",
            Self::Equivalent => "equivalent",
            Self::Argued => "argued",
            Self::Legal => "legal",
            Self::Relies => "relies",
            Self::Untried => "untried",
        }
    }
}

/// One trial, of the component as it stands or of a mutant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ran {
    /// The engine.
    pub engine: EngineKind,
    /// The scenario whose program it was.
    pub scenario: String,
    /// The trial.
    pub trial: String,
    /// Executions.
    pub executions: u64,
    /// What was explored.
    pub coverage: Coverage,
    /// The first finding, or how the worker ended, if that was not as it should.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<String>,
    /// Why it would not count as clean.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<String>,
    /// How often the weakened operation was reached.
    pub reached: u64,
    /// How often being weakened may have made a difference.
    pub differed: u64,
    /// Time it took.
    pub elapsed_ns: u64,
}

impl Ran {
    /// True if everything within some bound was explored.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        matches!(self.coverage, Coverage::Exhaustive | Coverage::Bounded { .. })
    }
}

/// How many of each fate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Killed.
    pub killed: u64,
    /// Survived.
    pub survived: u64,
    /// Changing nothing.
    pub equivalent: u64,
    /// Argued to change nothing that matters.
    pub argued: u64,
    /// Of legal behaviour, stood or not.
    pub legal: u64,
    /// Not tried.
    pub untried: u64,
}

impl Count {
    /// Of these mutants.
    #[must_use]
    pub fn of<'a>(mutants: impl IntoIterator<Item = &'a Trialled>) -> Self {
        let mut count = Self::default();
        for one in mutants {
            *match one.fate {
                Fate::Killed => &mut count.killed,
                Fate::Survived => &mut count.survived,
                Fate::Equivalent => &mut count.equivalent,
                Fate::Argued => &mut count.argued,
                Fate::Legal | Fate::Relies => &mut count.legal,
                Fate::Untried => &mut count.untried,
            } += 1;
        }
        count
    }

    /// The share of those killed among those that are not equivalent, by measurement or by argument, in per cent; `None` if
    /// there is none of them.
    #[must_use]
    pub fn share(self) -> Option<f64> {
        let all = self.killed + self.survived;
        #[expect(clippy::cast_precision_loss, reason = "a share for people")]
        (all > 0).then(|| 100.0 * self.killed as f64 / all as f64)
    }
}

impl Selftest {
    /// The judgement on what `subjects` and the rest of this document say.
    #[must_use]
    pub fn judged(mut self) -> Self {
        let count = Count::of(self.subjects.iter().flat_map(|s| &s.mutants));
        let relies = self.subjects.iter().flat_map(|s| &s.mutants).filter(|m| m.fate == Fate::Relies);
        let mut wrong: Vec<String> =
            relies.map(|m| format!("{} breaks by what is legal: {}", m.mutant.site, m.why)).collect();
        let mut doubts: Vec<String> = self
            .subjects
            .iter()
            .flat_map(|s| s.doubts.iter().map(move |doubt| format!("{} {}: {doubt}", s.subject, s.variant)))
            .collect();
        match count.share() {
            None => doubts.push("there was no mutant to kill".to_owned()),
            Some(share) if share < f64::from(self.min_kills) => wrong.push(format!(
                "{} of {} mutants killed, {share:.1} %: less than {} %",
                count.killed,
                count.killed + count.survived,
                self.min_kills
            )),
            Some(_) => {}
        }
        if count.untried > 0 {
            doubts.push(format!("{} mutants were not tried", count.untried));
        }
        // What was not looked at may make the share better or worse.
        (self.verdict, self.reasons) = match (doubts.is_empty() && !self.interrupted, wrong.is_empty()) {
            (true, true) => (Verdict::Pass, Vec::new()),
            (true, false) => (Verdict::Fail, wrong),
            (false, _) => {
                if self.interrupted {
                    doubts.insert(0, "interrupted".to_owned());
                }
                doubts.extend(wrong);
                (Verdict::Unknown, doubts)
            }
        };
        self.exit_code = exit::code(self.verdict, self.interrupted);
        self
    }
}
