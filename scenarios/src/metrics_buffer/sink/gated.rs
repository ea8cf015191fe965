//! A sink that holds one hand-over until another flush has gone by.
//!
//! The injected sink is a natural gate: it forces a schedule through a real component without touching its source. Held
//! in its `n`-th hand-over, a flush has copied or opened its maps and not yet cleared them, which is where the
//! other actors are wanted.

use super::{Sink, SinkError};
use racehunt_sync::{shared::Shared, thread, time::Instant};
use std::sync::Arc;
use std::time::Duration;

/// Yields until a held hand-over goes on by itself: the other actors may have ended, or wait for this one.
///
/// Under real threads a yield with nobody waiting takes under a microsecond, and the others need some microseconds in
/// all.
const PATIENCE: u32 = 2_000;
/// On a machine with more to do than it has CPUs each yield is a whole turn of somebody else.
const LONGEST: Duration = Duration::from_millis(20);
/// The same under a model, where each yield is a choice to explore.
const MODEL_PATIENCE: u32 = 4;

/// Counts hand-overs and ended flushes, of all actors.
pub struct Gate {
    counts: Shared<Counts>,
    hold: u64,
    model: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    hand_overs: u64,
    flushes: u64,
}

impl Gate {
    /// Holds hand-over number `hold`, counted from 1.
    #[must_use]
    pub fn new(hold: u64, model: bool) -> Self {
        Self { counts: Shared::new("gate", Counts::default()), hold, model }
    }

    /// To be called when a flush has returned.
    pub fn flush_ended(&self) {
        self.counts.write("flush-ended", |counts| counts.flushes += 1);
    }

    fn pass(&self) {
        let at = self.counts.write("count", |counts| {
            counts.hand_overs += 1;
            *counts
        });
        if at.hand_overs != self.hold {
            return;
        }
        let (patience, until) =
            if self.model { (MODEL_PATIENCE, None) } else { (PATIENCE, Some(Instant::now() + LONGEST)) };
        for _ in 0..patience {
            thread::yield_now();
            if until.is_some_and(|until| Instant::now() >= until) {
                return;
            }
            if self.counts.read("held", |counts| counts.flushes) != at.flushes {
                return;
            }
        }
    }
}

/// Passes a gate, then hands on.
pub struct Gated<S> {
    inner: S,
    gate: Arc<Gate>,
}

impl<S> Gated<S> {
    /// Puts `gate` before `inner`.
    pub fn new(inner: S, gate: Arc<Gate>) -> Self {
        Self { inner, gate }
    }
}

impl<V, S: Sink<V>> Sink<V> for Gated<S> {
    fn increment(&self, metric: &str, value: &V) -> Result<(), SinkError> {
        self.gate.pass();
        self.inner.increment(metric, value)
    }

    fn timing(&self, metric: &str, value: &V) -> Result<(), SinkError> {
        self.gate.pass();
        self.inner.timing(metric, value)
    }
}
