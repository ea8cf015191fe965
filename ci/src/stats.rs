//! The statistics of paired measurements: an exact test, and an estimate with its interval, from the same ranks.
//!
//! Wilcoxon's signed ranks (1945) and the estimate of Hodges and Lehmann (1963) that belongs to them. Both ask only that
//! the differences of pairs lie symmetrically about their middle, which pairs in alternating order see to, and one wild
//! pair of a busy machine weighs no more than its rank.

/// A middle value and what it may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The estimate of Hodges and Lehmann: the median of the means of all pairs of values, each with itself too.
    pub value: f64,
    /// Lower end of its interval; minus infinity if there are too few values for the confidence.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Estimate {
    /// The same through a function that does not turn order round.
    #[must_use]
    pub fn map(self, of: impl Fn(f64) -> f64) -> Self {
        Self { value: of(self.value), low: of(self.low), high: of(self.high) }
    }
}

/// How probable a sum of positive ranks as large as this one is, were the differences symmetrical about zero: the
/// one-sided p of the signed-rank test, exact, with mean ranks where differences tie. Zeros are left out, as Wilcoxon
/// has it; 1 if nothing is left.
#[must_use]
pub fn signed_rank(differences: &[f64]) -> f64 {
    let mut kept: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
    kept.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
    let ranks = doubled_ranks(&kept);
    let seen: usize = kept.iter().zip(&ranks).filter(|(d, _)| **d > 0.0).map(|(_, rank)| rank).sum();
    let chances = sums(&ranks);
    chances[seen..].iter().sum::<f64>().min(1.0)
}

/// Twice the rank of each of some values in ascending order of size: a mean rank may be half a number.
fn doubled_ranks(sorted: &[f64]) -> Vec<usize> {
    let mut ranks = Vec::with_capacity(sorted.len());
    while ranks.len() < sorted.len() {
        let first = ranks.len();
        let ties = sorted[first..].iter().take_while(|d| d.abs() == sorted[first].abs()).count();
        // Ranks first + 1 to first + ties, whose mean is half of their ends' sum.
        ranks.resize(first + ties, 2 * first + 1 + ties);
    }
    ranks
}

/// The chance of each sum of ranks when every one of them is in or out by the toss of a coin.
fn sums(ranks: &[usize]) -> Vec<f64> {
    let mut chances = vec![1.0];
    for rank in ranks {
        let mut next = vec![0.0; chances.len() + rank];
        for (sum, chance) in chances.iter().enumerate() {
            next[sum] += chance / 2.0;
            next[sum + rank] += chance / 2.0;
        }
        chances = next;
    }
    chances
}

/// The middle of some values and its interval, of at least this confidence (0 to 1), by the signed ranks.
///
/// `None` without a value, or with one that is no number.
#[must_use]
pub fn estimate(values: &[f64], confidence: f64) -> Option<Estimate> {
    if values.is_empty() || !values.iter().all(|v| v.is_finite()) {
        return None;
    }
    let mut means = Vec::with_capacity(values.len() * (values.len() + 1) / 2);
    for (i, a) in values.iter().enumerate() {
        means.extend(values[i..].iter().map(|b| (a + b) / 2.0));
    }
    means.sort_by(f64::total_cmp);
    let (middle, last) = (means.len() / 2, means.len() - 1);
    let value = if means.len().is_multiple_of(2) { (means[middle - 1] + means[middle]) / 2.0 } else { means[middle] };
    Some(match cut_off(values.len(), (1.0 - confidence) / 2.0) {
        0 => Estimate { value, low: f64::NEG_INFINITY, high: f64::INFINITY },
        off => Estimate { value, low: means[off - 1], high: means[last + 1 - off] },
    })
}

/// How many of the smallest rank sums of `n` values have a chance of at most `tail` together.
fn cut_off(n: usize, tail: f64) -> usize {
    let ranks: Vec<usize> = (1..=n).collect();
    let mut left = tail;
    sums(&ranks)
        .into_iter()
        .take_while(|chance| {
            left -= chance;
            left >= 0.0
        })
        .count()
}

/// Holm's correction (1979): p values such that rejecting those at most α is wrong about any of them with a chance of
/// at most α, whatever hangs together among them.
#[must_use]
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let mut corrected = vec![1.0; p.len()];
    let mut least: f64 = 0.0;
    for (done, at) in order.into_iter().enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "a handful of comparisons")]
        let left = (p.len() - done) as f64;
        least = least.max((p[at] * left).min(1.0));
        corrected[at] = least;
    }
    corrected
}

/// The smallest p that so many pairs can come to.
#[must_use]
pub fn least_p(pairs: usize) -> f64 {
    0.5_f64.powi(i32::try_from(pairs).unwrap_or(i32::MAX))
}

#[cfg(test)]
mod tests;
