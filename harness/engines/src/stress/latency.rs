//! Latency of each op, measured for the price of two reads of the cycle counter.
//!
//! On the timed path an actor only reads the counter and pushes one word into a buffer. Turning ticks into
//! nanoseconds and finding the histogram's bucket (more work than the reads themselves) is done for many ops at
//! once, between ops, where it lengthens no measured interval of a closed loop.

use hdrhistogram::Histogram;
use quanta::Clock;
use racehunt_core::outcome::OpLatency;
pub(super) use racehunt_core::outcome::latency::{decode, empty, encode};
use racehunt_core::subject::OpKind;

/// Ops measured before they are folded: 8 KiB, so that buffer and hot buckets stay in the first-level cache.
const FOLD_AT: usize = 1024;
/// Bits of a buffered word that hold the ticks; the rest holds the op.
const TICK_BITS: u32 = 52;

/// The latencies one actor measures.
pub struct Recorder {
    clock: Clock,
    buffer: Vec<u64>,
    histograms: Vec<Histogram<u64>>,
}

impl Recorder {
    /// A recorder for `ops` kinds of op.
    #[must_use]
    pub fn new(ops: usize) -> Self {
        Self {
            clock: Clock::new(),
            buffer: Vec::with_capacity(FOLD_AT),
            histograms: (0..ops).map(|_| empty()).collect(),
        }
    }

    /// The cycle counter (or the monotonic clock where there is no usable one). Only differences mean anything.
    #[inline]
    #[must_use]
    pub fn now(&self) -> u64 {
        self.clock.raw()
    }

    /// Nanoseconds from one reading to a later one; 0 if it is not later.
    #[inline]
    #[must_use]
    pub fn nanos(&self, from: u64, to: u64) -> u64 {
        self.clock.delta_as_nanos(from, to)
    }

    /// Notes that a call of `op` took from one reading of [`Recorder::now`] to another.
    #[inline]
    pub fn note(&mut self, op: usize, from: u64, to: u64) {
        let ticks = to.saturating_sub(from).min((1 << TICK_BITS) - 1);
        self.buffer.push(((op as u64) << TICK_BITS) | ticks);
        if self.buffer.len() == FOLD_AT {
            self.fold();
        }
    }

    /// Notes a latency that is known in nanoseconds already (an open loop counts from the intended start).
    #[inline]
    pub fn note_nanos(&mut self, op: usize, nanos: u64) {
        self.histograms[op].saturating_record(nanos);
    }

    #[cold]
    #[inline(never)]
    fn fold(&mut self) {
        for word in self.buffer.drain(..) {
            let ticks = word & ((1 << TICK_BITS) - 1);
            let nanos = self.clock.delta_as_nanos(0, ticks);
            self.histograms[(word >> TICK_BITS) as usize].saturating_record(nanos);
        }
    }

    /// Everything measured, one histogram an op, in the order of the ops' numbers.
    #[must_use]
    pub fn into_histograms(mut self) -> Vec<Histogram<u64>> {
        self.fold();
        self.histograms
    }
}

/// Adds up what all actors measured and summarises it, one entry for each op that was called.
#[must_use]
pub fn export(ops: &[OpKind], actors: Vec<Vec<Histogram<u64>>>) -> Vec<OpLatency> {
    let sums = sum(ops.len(), actors);
    ops.iter().zip(&sums).filter(|(_, h)| !h.is_empty()).map(|(op, h)| OpLatency::of(op.name, h)).collect()
}

/// Adds up what all actors measured, one histogram an op.
pub(super) fn sum(ops: usize, actors: Vec<Vec<Histogram<u64>>>) -> Vec<Histogram<u64>> {
    let mut sums: Vec<Histogram<u64>> = (0..ops).map(|_| empty()).collect();
    for histograms in actors {
        for (sum, part) in sums.iter_mut().zip(&histograms) {
            sum.add(part).expect("all histograms have the same bounds");
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPS: [OpKind; 3] =
        [OpKind { name: "add", about: "" }, OpKind { name: "flush", about: "" }, OpKind { name: "never", about: "" }];

    #[test]
    fn every_op_called_is_exported_and_no_other() {
        let (mut a, mut b) = (Recorder::new(3), Recorder::new(3));
        for i in 1..=1500 {
            a.note_nanos(0, i);
            b.note(1, 10, 10 + i);
        }
        a.note_nanos(1, 7_000_000);
        let out = export(&OPS, vec![a.into_histograms(), b.into_histograms()]);
        assert_eq!(out.iter().map(|l| (l.op.as_str(), l.count)).collect::<Vec<_>>(), [("add", 1500), ("flush", 1501)]);
        assert_eq!((out[0].min_ns, out[0].max_ns), (1, 1500));
        assert!((749..=751).contains(&out[0].p50_ns), "{}", out[0].p50_ns);
        assert!((6_990_000..=7_010_000).contains(&out[1].max_ns));
    }

    #[test]
    fn the_exported_histogram_reads_back() {
        let mut a = Recorder::new(3);
        for i in 1..=100 {
            a.note_nanos(0, i * 1000);
        }
        let out = export(&OPS, vec![a.into_histograms()]);
        let back = decode(&out[0].histogram).unwrap();
        assert_eq!((back.len(), back.value_at_quantile(0.5)), (100, out[0].p50_ns));
    }

    #[test]
    fn a_clock_that_went_back_counts_as_no_time() {
        let mut a = Recorder::new(3);
        a.note(0, 100, 50);
        assert_eq!(export(&OPS, vec![a.into_histograms()])[0].max_ns, 0);
    }
}
