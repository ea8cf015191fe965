//! Whether something grows over the hours of a soak: slopes with confidence.
//!
//! Two questions, since every leg of a soak starts the component anew. *Over the soak*: does what the harness uses, what
//! the component uses at most in a leg, its latency or its throughput change from leg to leg? By Theil and Sen's slope with
//! Sen's interval (1968); only legs of the same trial, with all of their faults or with some, are compared with each other
//! (Hirsch, Slack and Smith's seasonal slope, 1982), since another size uses other amounts. *Within a leg*: does what the
//! component uses grow in the second half of its legs? Each leg's slope is one observation; their median has an interval
//! from the binomial distribution, which asks nothing of the legs but that they do not depend on each other.

use crate::outcome::TrialOutcome;
use crate::timeline::{Sample, Timeline};
use serde::{Deserialize, Serialize};

/// Points that are kept at most.
pub const MOST_POINTS: usize = 600;
const HOUR_NS: f64 = 3.6e12;
/// Samples of a leg's second half below which its slope means nothing.
const FEWEST_SAMPLES: usize = 8;

/// One leg, as far as drift goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// Number of the leg, from 1.
    pub leg: u64,
    /// Time soaked when it ended.
    pub at_ns: u64,
    /// Place of its trial in the plan.
    pub trial: u32,
    /// True if some of its faults were at work, drawn by its seed, and not all.
    pub drawn: bool,
    /// Ids it accepted: over all legs the sum of the ledger's.
    pub accepted: u64,
    /// Calls that ended in it.
    pub ops: u64,
    /// Resident memory of the harness after it.
    pub harness_rss_bytes: u64,
    /// Open files of the harness.
    pub harness_open_files: u64,
    /// Threads of the harness.
    pub harness_threads: u64,
    /// The most memory that the trial's processes had at once; `null` if nobody looked.
    pub rss_bytes: Option<u64>,
    /// The most open files they had at once.
    pub open_files: Option<u64>,
    /// The most threads.
    pub threads: Option<u64>,
    /// 99th percentile of the latency of the op where it is worst.
    pub p99_ns: Option<u64>,
    /// Calls that ended a second.
    pub ops_per_s: u64,
    /// By how much the memory grew an hour in the second half of the leg, in bytes; `null` where histories are part of it.
    pub rss_slope: Option<f64>,
    /// Open files.
    pub open_files_slope: Option<f64>,
    /// Threads.
    pub threads_slope: Option<f64>,
}

impl Point {
    /// The point of a leg of `outcome` with all faults; the harness's own figures are left at 0.
    #[must_use]
    pub fn of(leg: u64, at_ns: u64, trial: u32, outcome: &TrialOutcome) -> Self {
        let none = Timeline::default();
        let timeline = outcome.timeline.as_ref().unwrap_or(&none);
        let samples = &timeline.samples;
        let most = |of: fn(&Sample) -> u64| samples.iter().map(of).max();
        let slope = |of: fn(&Sample) -> u64| slope_of(samples, of);
        let ops_per_s = (outcome.ops as f64 * 1e9 / outcome.elapsed_ns.max(1) as f64) as u64;
        Self {
            leg,
            at_ns,
            trial,
            drawn: false,
            accepted: outcome.ledger.accepted,
            ops: outcome.ops,
            harness_rss_bytes: 0,
            harness_open_files: 0,
            harness_threads: 0,
            rss_bytes: most(|s| s.rss_bytes),
            open_files: most(|s| s.open_files),
            threads: most(|s| s.threads),
            p99_ns: outcome.latencies.iter().map(|latency| latency.p99_ns).max(),
            ops_per_s,
            rss_slope: slope(|s| s.rss_bytes).filter(|_| !timeline.histories),
            open_files_slope: slope(|s| s.open_files),
            threads_slope: slope(|s| s.threads),
        }
    }
}

/// Adds a point to a list of bounded length: of too many, the one goes whose neighbours of the same trial are nearest to
/// each other, so that those that stay are spread over the whole time.
pub fn keep(points: &mut Vec<Point>, point: Point) {
    points.push(point);
    if points.len() <= MOST_POINTS {
        return;
    }
    let gap = |at: &usize| {
        let same = |other: &&Point| other.trial == points[*at].trial;
        let before = points[..*at].iter().rfind(same);
        let after = points[at + 1..].iter().find(same);
        before.zip(after).map_or(u64::MAX, |(before, after)| after.at_ns.saturating_sub(before.at_ns))
    };
    if let Some(at) = (0..points.len()).min_by_key(gap) {
        points.remove(at);
    }
}

/// What became of one quantity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Drift {
    /// What: `harness memory`, `throughput`.
    pub of: String,
    /// In what: `bytes`, `files`, `threads`, `ns`, `ops/s`.
    pub unit: String,
    /// Legs it rests on.
    pub legs: u64,
    /// The value it typically has: the median over the legs; of a slope within legs, of the value itself.
    pub typical: f64,
    /// By how much it grows an hour; `null` with fewer legs than say anything.
    pub per_hour: Option<f64>,
    /// Lower end of the 95 % interval of that.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// By how much it changed in all that time, by the slope.
    pub change: Option<f64>,
    /// A change below this is of no interest.
    pub least: f64,
    /// The verdict.
    pub verdict: Trend,
    /// True if it is a change for the worse: `--fail-on-drift` fails on it.
    pub bad: bool,
}

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Trend {
    /// No change in the interval is large enough to matter.
    Flat,
    /// It grows.
    Grows,
    /// It falls.
    Falls,
    /// Too few legs: there is no interval, or it has both 0 and changes that matter in it.
    Unknown,
}

/// What one quantity is, and which change of it matters.
struct Series {
    of: &'static str,
    unit: &'static str,
    /// A change below matters to nobody.
    least: f64,
    /// Nor does one below this share of the typical value.
    share: f64,
    better: Better,
    value: fn(&Point) -> Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Better {
    Less,
    More,
}

const MIB: f64 = 1_048_576.0;

/// Over the soak; those of the harness compare all legs of its second half: in the first its tables, which have bounds, fill.
const OVER: [Series; 8] = [
    series("harness memory", "bytes", 2.0 * MIB, 0.05, |p| Some(p.harness_rss_bytes)),
    series("harness open files", "files", 4.0, 0.1, |p| Some(p.harness_open_files)),
    series("harness threads", "threads", 2.0, 0.1, |p| Some(p.harness_threads)),
    series("memory", "bytes", 8.0 * MIB, 0.1, |p| p.rss_bytes),
    series("open files", "files", 8.0, 0.1, |p| p.open_files),
    series("threads", "threads", 4.0, 0.1, |p| p.threads),
    series("latency p99", "ns", 20_000.0, 0.2, |p| p.p99_ns),
    Series { better: Better::More, ..series("throughput", "ops/s", 10.0, 0.1, |p| Some(p.ops_per_s)) },
];

/// Within a leg: what it is, and its slope.
type Within = (Series, fn(&Point) -> Option<f64>);
const WITHIN: [Within; 3] = [
    (series("memory within a leg", "bytes", 8.0 * MIB, 0.1, |p| p.rss_bytes), |p| p.rss_slope),
    (series("open files within a leg", "files", 8.0, 0.1, |p| p.open_files), |p| p.open_files_slope),
    (series("threads within a leg", "threads", 4.0, 0.1, |p| p.threads), |p| p.threads_slope),
];

const fn series(
    of: &'static str,
    unit: &'static str,
    least: f64,
    share: f64,
    value: fn(&Point) -> Option<u64>,
) -> Series {
    Series { of, unit, least, share, better: Better::Less, value }
}

/// Every quantity's drift. `leg_ns` is the length of a leg.
#[must_use]
pub fn drifts(points: &[Point], leg_ns: u64) -> Vec<Drift> {
    // What nobody measured is not told.
    let measured = |series: &&Series| points.iter().any(|point| (series.value)(point).is_some());
    let over = OVER.iter().filter(measured).map(|series| {
        let common = series.of.starts_with("harness");
        let group = |p: &Point| if common { 0 } else { p.trial * 2 + u32::from(p.drawn) };
        let half = if common { points.last().map_or(0, |last| last.at_ns / 2) } else { 0 };
        let late = points.iter().filter(|p| p.at_ns >= half);
        let of = |p: &Point| (series.value)(p).map(|y| (group(p), p.at_ns as f64, y as f64));
        let known: Vec<(u32, f64, f64)> = late.filter_map(of).collect();
        let hours = span(&known) / HOUR_NS;
        series.judge(points, known.len(), theil_sen(&known), hours)
    });
    let within = WITHIN.iter().filter(|(series, _)| measured(&series)).map(|(series, slope)| {
        let slopes: Vec<f64> = points.iter().filter_map(slope).collect();
        let hours = leg_ns as f64 / 2.0 / HOUR_NS;
        series.judge(points, slopes.len(), median_with_interval(slopes), hours)
    });
    over.chain(within).collect()
}

impl Series {
    /// `hours` is the time over which the slope is taken to have gone on.
    fn judge(&self, points: &[Point], legs: usize, slope: Option<Slope>, hours: f64) -> Drift {
        let typical = median(points.iter().filter_map(self.value).map(|y| y as f64).collect()).unwrap_or_default();
        let least = self.least.max(self.share * typical);
        let change = slope.map(|slope| slope.at * hours);
        let verdict = match slope {
            Some(slope) if slope.low > 0.0 && slope.at * hours >= least => Trend::Grows,
            Some(slope) if slope.high < 0.0 && slope.at * hours <= -least => Trend::Falls,
            Some(slope) if slope.low * hours > -least && slope.high * hours < least => Trend::Flat,
            _ => Trend::Unknown,
        };
        let bad = verdict == if self.better == Better::Less { Trend::Grows } else { Trend::Falls };
        Drift {
            of: self.of.to_owned(),
            unit: self.unit.to_owned(),
            legs: legs as u64,
            typical,
            per_hour: slope.map(|slope| slope.at),
            low: slope.map(|slope| slope.low),
            high: slope.map(|slope| slope.high),
            change,
            least,
            verdict,
            bad,
        }
    }
}

/// A slope with its 95 % interval; an hour is its unit of time.
#[derive(Clone, Copy, Debug)]
struct Slope {
    at: f64,
    low: f64,
    high: f64,
}

fn span(points: &[(u32, f64, f64)]) -> f64 {
    let times = || points.iter().map(|point| point.1);
    (times().fold(f64::MIN, f64::max) - times().fold(f64::MAX, f64::min)).max(0.0)
}

fn median(mut of: Vec<f64>) -> Option<f64> {
    of.sort_unstable_by(f64::total_cmp);
    let (low, high) = (of.get(of.len().checked_sub(1)? / 2)?, of.get(of.len() / 2)?);
    Some(low.midpoint(*high))
}

/// The slopes of all pairs of points (group, nanoseconds, value) of one group, an hour.
fn pairs(points: &[(u32, f64, f64)]) -> Vec<f64> {
    let later = |(i, a): (usize, &(u32, f64, f64))| {
        let a = *a;
        let same = points[i + 1..].iter().filter(move |b| b.0 == a.0 && b.1 > a.1);
        same.map(move |b| (b.2 - a.2) / (b.1 - a.1) * HOUR_NS).collect::<Vec<_>>()
    };
    points.iter().enumerate().flat_map(later).collect()
}

/// `None` with fewer points than have an interval.
fn theil_sen(points: &[(u32, f64, f64)]) -> Option<Slope> {
    let mut slopes = pairs(points);
    slopes.sort_unstable_by(f64::total_cmp);
    let mut groups: Vec<u32> = points.iter().map(|point| point.0).collect();
    groups.sort_unstable();
    // The variance of Kendall's S, over the groups.
    let variance = |group: &[u32]| {
        let n = group.len() as f64;
        n * (n - 1.0) * (2.0 * n + 5.0) / 18.0
    };
    let variance: f64 = groups.chunk_by(|a, b| a == b).map(variance).sum();
    let (n, reach) = (slopes.len() as f64, 1.96 * variance.sqrt());
    let (below, above) = (((n - reach) / 2.0).floor(), ((n + reach) / 2.0).ceil());
    if below < 1.0 || above >= n {
        return None;
    }
    Some(Slope { at: median(slopes.clone())?, low: slopes[below as usize - 1], high: slopes[above as usize] })
}

/// `None` with fewer than six observations: of fewer no interval covers 95 %.
fn median_with_interval(mut of: Vec<f64>) -> Option<Slope> {
    of.sort_unstable_by(f64::total_cmp);
    let n = of.len();
    // The largest k with P(X < k) <= 2.5 % for X of n tosses of a coin.
    let (mut k, mut chance, mut sum) = (0, 0.5_f64.powi(i32::try_from(n).ok()?), 0.0);
    while k < n / 2 && sum + chance <= 0.025 {
        sum += chance;
        chance *= (n - k) as f64 / (k + 1) as f64;
        k += 1;
    }
    (k > 0).then(|| of[k - 1]).map(|low| Slope { at: median(of.clone()).unwrap_or(low), low, high: of[n - k] })
}

/// How fast a quantity grew in the second half of a leg, an hour: in the first it fills what it needs.
fn slope_of(samples: &[Sample], of: fn(&Sample) -> u64) -> Option<f64> {
    let end = samples.last()?.at_ns;
    let late = samples.iter().filter(|sample| sample.at_ns * 2 >= end);
    let points: Vec<(u32, f64, f64)> = late.map(|sample| (0, sample.at_ns as f64, of(sample) as f64)).collect();
    if points.len() < FEWEST_SAMPLES { None } else { median(pairs(&points)) }
}

#[cfg(test)]
mod tests;
