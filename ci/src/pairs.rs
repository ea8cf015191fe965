//! Two builds side by side: what runs in pairs come to.

use crate::figures::{Key, Metric};
use crate::policy::{Policy, Undecided};
use crate::stats::{Estimate, estimate, holm, least_p, signed_rank};
use racehunt_core::plan::SplitMix64;
use racehunt_reports::words::counted;

/// Confidence of every interval that is shown.
const CONFIDENCE: f64 = 0.95;

/// One of the two builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The accepted one.
    Old,
    /// The one that is judged.
    New,
}

/// Who runs when: pairs in blocks of two, old-new-new-old or the other way round by lot, so that neither a machine that
/// gets slower nor one that does something at every other turn favours a build. At least `pairs` pairs, an even number.
#[must_use]
pub fn order(pairs: usize, seed: u64) -> Vec<[Side; 2]> {
    let mut dice = SplitMix64::new(seed);
    let block = |old_first| {
        let pair = if old_first { [Side::Old, Side::New] } else { [Side::New, Side::Old] };
        [pair, [pair[1], pair[0]]]
    };
    (0..pairs.div_ceil(2)).flat_map(|_| block(dice.below(2) == 0)).collect()
}

/// A figure of both builds, pair by pair.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Which figure.
    pub key: Key,
    /// Of the accepted build and of the one that is judged.
    pub pairs: Vec<(f64, f64)>,
}

/// What came of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Worse beyond the limit, and not by chance.
    Worse,
    /// Not worse beyond the limit: the whole interval lies below it.
    Fine,
    /// The interval holds the limit, or there are too few pairs to tell.
    Undecided,
}

/// A comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// Which figure.
    pub key: Key,
    /// Of the accepted build: the middle of its runs and the 95 % interval.
    pub old: Estimate,
    /// Of the build that is judged.
    pub new: Estimate,
    /// How much worse, as a share, with the 95 % interval: from the pairs, not from the two above.
    pub worse: Estimate,
    /// One-sided p of the paired test, corrected for all comparisons of the gate.
    pub p: f64,
    /// Pairs of which both runs have the figure.
    pub pairs: usize,
    /// How much worse it may be.
    pub limit: f64,
    /// What came of it.
    pub outcome: Outcome,
}

/// Compares every series that the policy limits. One that has no pair is undecided.
#[must_use]
pub fn judge(series: &[Series], policy: &Policy) -> Vec<Compared> {
    let limits: Vec<(&Series, f64)> =
        series.iter().filter_map(|one| Some((one, one.key.metric.limit(&policy.worse(&one.key.scenario))?))).collect();
    let logs = |one: &Series| -> Vec<f64> {
        one.pairs.iter().map(|(old, new)| one.key.metric.worse_by(*old, *new).ln_1p()).collect()
    };
    let p = holm(&limits.iter().map(|(one, _)| signed_rank(&logs(one))).collect::<Vec<_>>());
    let compared = |((one, limit), p): ((&Series, f64), f64)| {
        let worse = of_logs(logs(one)).map(|share| share - 1.0);
        let outcome = if p <= policy.speed.alpha && worse.value > limit {
            Outcome::Worse
        } else if worse.high <= limit {
            Outcome::Fine
        } else {
            Outcome::Undecided
        };
        let side = |of: fn(&(f64, f64)) -> f64| of_logs(one.pairs.iter().map(|pair| of(pair).ln()).collect());
        Compared {
            key: one.key.clone(),
            old: side(|p| p.0),
            new: side(|p| p.1),
            worse,
            p,
            pairs: one.pairs.len(),
            limit,
            outcome,
        }
    };
    limits.into_iter().zip(p).map(compared).collect()
}

/// The middle of logarithms, as what they are logarithms of.
#[expect(clippy::needless_pass_by_value, reason = "made for this")]
fn of_logs(logs: Vec<f64>) -> Estimate {
    let nothing = Estimate { value: f64::NAN, low: f64::NEG_INFINITY, high: f64::INFINITY };
    estimate(&logs, CONFIDENCE).unwrap_or(nothing).map(f64::exp)
}

/// What the comparisons mean for the gate: what fails, and what is unknown.
#[must_use]
pub fn verdicts(compared: &[Compared], policy: &Policy) -> (Vec<String>, Vec<String>) {
    let of = |outcome| compared.iter().filter(move |one| one.outcome == outcome);
    let failed = of(Outcome::Worse).map(|one| {
        let worse = percent(one.worse);
        format!(
            "slower: {}, {}: {worse}, p = {}, limit {:.0} %",
            one.key.title(),
            one.key.scenario,
            p(one.p),
            one.limit * 100.0
        )
    });
    #[expect(clippy::cast_precision_loss, reason = "a handful of comparisons")]
    let strictest = policy.speed.alpha / compared.len().max(1) as f64;
    let mut unknown = Vec::new();
    for one in of(Outcome::Undecided) {
        let (title, scenario, pairs) = (one.key.title(), &one.key.scenario, one.pairs);
        // Whatever the policy makes of doubts: here no build could have failed, however slow.
        if least_p(pairs) > strictest {
            unknown.push(format!(
                "too few pairs: {title}, {scenario}: {pairs} came to a figure, and cannot come to p ≤ {strictest:.1e}, \
                 which α = {} over {} asks for; more pairs or longer runs would do",
                policy.speed.alpha,
                counted(compared.len() as u64, "comparison"),
            ));
        } else if policy.speed.undecided == Undecided::Unknown {
            let (worse, limit) = (percent(one.worse), one.limit * 100.0);
            unknown.push(format!(
                "neither confirmed nor ruled out: {title}, {scenario}: {worse}, limit {limit:.0} %; more pairs would tell"
            ));
        }
    }
    (failed.collect(), unknown)
}

/// The comparisons as a table for people, one block each.
#[must_use]
pub fn table(compared: &[Compared]) -> String {
    let mut text = String::new();
    for one in compared {
        let Compared { key, old, new, worse, p: chance, pairs, limit, outcome } = one;
        let word = match outcome {
            Outcome::Worse => "WORSE",
            Outcome::Fine => "fine",
            Outcome::Undecided => "undecided",
        };
        text.push_str(&format!("  {}, {}\n", key.title(), key.scenario));
        text.push_str(&format!("    old {}   new {}\n", side(key.metric, *old), side(key.metric, *new)));
        let (effect, limit) = (percent(*worse), limit * 100.0);
        text.push_str(&format!("    {effect}   p = {}, {pairs} pairs   limit {limit:.0} %: {word}\n", p(*chance)));
    }
    text
}

fn side(metric: Metric, one: Estimate) -> String {
    format!("{} [{}, {}]", metric.show(one.value), metric.show(one.low), metric.show(one.high))
}

fn percent(worse: Estimate) -> String {
    let show = |share: f64| if share.is_finite() { format!("{:+.1} %", share * 100.0) } else { "?".to_owned() };
    let Estimate { value, low, high } = worse;
    // A throughput that is worse by 20 % needs 20 % more time, so one word fits all three.
    format!("{} time [{}, {}]", show(value), show(low), show(high))
}

fn p(chance: f64) -> String {
    if chance < 0.001 { format!("{chance:.0e}") } else { format!("{chance:.3}") }
}

#[cfg(test)]
mod tests;
