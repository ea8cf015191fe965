//! Latencies as they stand in a report: a histogram in the standard encoding, and what people read of it.

use super::OpLatency;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};

/// Largest latency told from larger ones: an hour. What is above counts as an hour.
const MOST_NS: u64 = 3_600_000_000_000;
/// Three significant digits: a bucket is at most 0.1 % wide.
const DIGITS: u8 = 3;

/// A histogram with the bounds that all of them have, so that any two can be added.
///
/// # Panics
/// Never: the bounds are constants that the crate accepts.
#[must_use]
pub fn empty() -> Histogram<u64> {
    Histogram::new_with_bounds(1, MOST_NS, DIGITS).expect("the bounds are constants that the crate accepts")
}

/// The standard V2 encoding of a histogram, in base64.
///
/// # Panics
/// Never: writing into memory does not fail.
#[must_use]
pub fn encode(h: &Histogram<u64>) -> String {
    let mut bytes = Vec::new();
    V2DeflateSerializer::new().serialize(h, &mut bytes).expect("writing into memory does not fail");
    STANDARD.encode(bytes)
}

/// Reads what [`encode`] wrote; `None` if it is something else.
#[must_use]
pub fn decode(text: &str) -> Option<Histogram<u64>> {
    let bytes = STANDARD.decode(text).ok()?;
    let read: Histogram<u64> = Deserializer::new().deserialize(&mut bytes.as_slice()).ok()?;
    let mut h = empty();
    h.add(read).ok()?;
    Some(h)
}

impl OpLatency {
    /// The summary of a histogram.
    #[must_use]
    pub fn of(op: &str, h: &Histogram<u64>) -> Self {
        // A quantile answers with the upper end of its bucket, which may lie above the largest value measured.
        let at = |quantile: f64| h.value_at_quantile(quantile).min(h.max());
        Self {
            op: op.to_owned(),
            count: h.len(),
            min_ns: h.min(),
            mean_ns: h.mean(),
            p50_ns: at(0.5),
            p90_ns: at(0.9),
            p99_ns: at(0.99),
            p999_ns: at(0.999),
            p9999_ns: at(0.9999),
            max_ns: h.max(),
            histogram: encode(h),
        }
    }

    /// Adds what was measured later. `None`, and nothing changes, if one of the histograms cannot be read.
    pub(super) fn absorb(&mut self, later: &Self) -> Option<()> {
        let mut sum = decode(&self.histogram)?;
        sum.add(decode(&later.histogram)?).ok()?;
        *self = Self::of(&self.op, &sum);
        Some(())
    }
}
