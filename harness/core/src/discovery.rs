//! What a search has not seen: how fast it still met new interleavings when it ended, and what that says of the rest.
//!
//! Nothing here is a proof. All of it speaks of interleavings as the strategy samples them, of the programs that the
//! actors ran; and an interleaving that was never drawn may be the one that fails.

use crate::scenario::Strategy;
use serde::{Deserialize, Serialize};

/// The confidence of [`Unseen::Estimate::at_most`].
pub const CONFIDENCE: f64 = 0.95;

/// How a search met new interleavings. Two executions count as the same if they differ in the order of independent steps
/// only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Discovery {
    /// Executions that were told apart.
    pub executions: u64,
    /// Different ones among them.
    pub distinct: u64,
    /// True if the search went on after `executions`, with more different ones than are kept: `distinct` is the least
    /// that there were.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_least: bool,
    /// Different ones after 1, 2, 4, 8, … executions and at the end.
    pub curve: Vec<Reached>,
    /// The chance that the next execution is one not seen yet.
    pub unseen: Unseen,
    /// What PCT promises; `null` for every other strategy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pct: Option<PctChance>,
}

/// One point of the curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reached {
    /// Executions so far.
    pub executions: u64,
    /// Different ones among them.
    pub distinct: u64,
}

/// The chance that the next execution is one not seen yet, of those that the strategy samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Unseen {
    /// Estimated after Good and Turing.
    Estimate {
        /// Share of the executions whose interleaving was seen once, 0 to 1.
        estimate: f64,
        /// Upper bound with `confidence`, 0 to 1; `null` where the executions hang on each other, so that there is none.
        at_most: Option<f64>,
        /// 0.95.
        confidence: f64,
        /// What the bound (or, without one, the estimate) takes for granted; `null` if nothing.
        provided: Option<String>,
    },
    /// There is no estimate.
    Unknown {
        /// Why.
        why: String,
    },
}

/// How the executions of a search hang on each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sampling {
    /// Each is drawn as if it were the first.
    Independent,
    /// Each is drawn alike once the strategy has learned how long the actors are.
    Learns,
    /// Each hangs on what those before it showed.
    Adapts,
    /// One after the other in an order.
    InOrder,
}

impl Sampling {
    /// That of a strategy.
    #[must_use]
    pub const fn of(strategy: Strategy) -> Self {
        match strategy {
            Strategy::Random | Strategy::Pos => Self::Independent,
            Strategy::Pct(_) | Strategy::Urw | Strategy::Surw => Self::Learns,
            Strategy::Auto => Self::Adapts,
            Strategy::Dfs | Strategy::Exhaustive => Self::InOrder,
        }
    }

    /// The chance that the next execution is new, where `once` of `executions` were seen once.
    #[must_use]
    pub fn unseen(self, once: u64, executions: u64) -> Unseen {
        let estimate = good_turing(once, executions);
        let bound = (estimate + slack(executions, CONFIDENCE)).min(1.0);
        let (at_most, provided) = match self {
            Self::Independent => (Some(bound), None),
            Self::Learns => (Some(bound), Some("the first executions, by which the strategy learns, change little")),
            Self::Adapts => (None, Some("the strategy goes on as it did, and it follows what is new")),
            Self::InOrder => {
                let why = "a search in order is no sample: an estimate would mean nothing";
                return Unseen::Unknown { why: why.to_owned() };
            }
        };
        let provided = provided.map(str::to_owned);
        Unseen::Estimate { estimate, at_most, confidence: CONFIDENCE, provided }
    }
}

/// The share of samples that were seen once: 1 before the first.
///
/// Source: Good, "The population frequencies of species and the estimation of population parameters", Biometrika 1953.
#[must_use]
pub fn good_turing(once: u64, samples: u64) -> f64 {
    if samples == 0 { 1.0 } else { once as f64 / samples as f64 }
}

/// What the chance of something new may be above its Good–Turing estimate, with this confidence, after `n` independent
/// samples: (1 + √2) · √(ln(2/δ) / n).
///
/// Source: `McAllester` and Ortiz, "Concentration inequalities for the missing mass and for histogram rule error", JMLR
/// 2003: the missing mass is above its mean by ε with a chance of at most exp(−nε²). Good's estimate has at least that mean
/// and, as one sample moves it by 2/n at most, is below its own by ε with a chance of at most exp(−nε²/2) (`McDiarmid`).
/// Half of δ for each. It is of the kind of `McAllester` and Schapire, "On the convergence rate of Good-Turing estimators",
/// COLT 2000, (2√2 + √3) · √(ln(3/δ) / n), and half as large.
#[must_use]
pub fn slack(n: u64, confidence: f64) -> f64 {
    if n == 0 {
        return 1.0;
    }
    (1.0 + std::f64::consts::SQRT_2) * ((2.0 / (1.0 - confidence)).ln() / n as f64).sqrt()
}

/// What PCT's guarantee comes to over all executions.
///
/// Source: Burckhardt et al., ASPLOS 2010: with n actors and k steps, one execution of PCT(d) shows a race of depth d with
/// a chance of at least 1 / (n · k^(d−1)). One of a smaller depth is one of depth d too, with orderings to spare.
///
/// Of ours, k counts only points at which more than one actor could run: a change of priority between two of them is one
/// at the next. As k is learned from the longest execution so far, only executions after that one count here. An actor
/// that yields drops too, which the theorem knows nothing of.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PctChance {
    /// Depth of the strategy: the theorem is about races of this depth and below.
    pub depth: usize,
    /// Actors, the one that starts the others among them.
    pub actors: usize,
    /// Points with a choice in the longest execution seen: it says nothing of races that need a longer one.
    pub points: usize,
    /// Executions after that one.
    pub executions: u64,
    /// The chance with which each such race, if there is one, would have been found, at least: 0 to 1. Rounded down.
    pub found_with: f64,
}

impl PctChance {
    /// Of `executions` executions with `actors` actors and at most `points` points.
    #[must_use]
    pub fn new(depth: usize, actors: usize, points: usize, executions: u64) -> Self {
        let exponent = i32::try_from(depth.saturating_sub(1)).unwrap_or(i32::MAX);
        if executions == 0 {
            return Self { depth, actors, points, executions, found_with: 0.0 };
        }
        let one = 1.0 / (actors.max(1) as f64 * (points.max(1) as f64).powi(exponent));
        // 1 − (1 − p)^m without the loss of digits that small p would bring.
        let found = -(executions as f64 * (-one).ln_1p()).exp_m1();
        // Rounded down, and never to a certainty: the theorem gives none.
        let found_with = ((found * 1e4).floor() / 1e4).min(0.9999);
        Self { depth, actors, points, executions, found_with }
    }
}

/// Collects the curve of a search.
#[derive(Clone, Debug, Default)]
pub struct Curve(Vec<Reached>);

impl Curve {
    /// `executions` executions have shown `distinct` different ones. Kept at each power of two.
    pub fn note(&mut self, executions: u64, distinct: u64) {
        if executions.is_power_of_two() {
            self.0.push(Reached { executions, distinct });
        }
    }

    /// The curve up to the end.
    #[must_use]
    pub fn until(&self, executions: u64, distinct: u64) -> Vec<Reached> {
        let mut all = self.0.clone();
        if executions > 0 && all.last().is_none_or(|last| last.executions < executions) {
            all.push(Reached { executions, distinct });
        }
        all
    }
}

#[cfg(test)]
mod tests;
