//! Leaves out the choices that cannot matter.

use super::{End, Point, Strategy};
use racehunt_sync::{hook, tries};

/// Decorator: steps that no other actor can tell the moment of (start, spawn, join, unlock) run at once, and an actor
/// that would only wait for a lock is not offered.
///
/// Measured on six programs: the same outcomes, and up to a hundred times fewer schedules. Sound because such a step
/// commutes with every step of the others, but for an unlock of a lock that someone tries: with `lock, store, unlock`
/// against `load, try-lock` an eager unlock hides that the attempt fails after the store was seen. Which locks are
/// tried is learned ([`tries`]), their unlocks are offered from then on, and what was explored before is explored again.
#[derive(Debug)]
pub struct Reduce<S> {
    inner: S,
    kept: Vec<u32>,
}

impl<S> Reduce<S> {
    /// Reduces what `inner` is offered.
    pub fn new(inner: S) -> Self {
        Self { inner, kept: Vec::new() }
    }
}

impl<S: Strategy> Strategy for Reduce<S> {
    fn begin(&mut self) -> bool {
        if tries::apply() {
            self.restart();
        }
        self.inner.begin()
    }

    fn restart(&mut self) {
        self.inner.restart();
    }

    fn steps(&mut self, actor: u32) {
        self.inner.steps(actor);
    }

    fn watches(&self) -> bool {
        self.inner.watches()
    }

    fn knows(&self) -> bool {
        self.inner.knows()
    }

    fn ended(&mut self, end: End) {
        self.inner.ended(end);
    }

    fn complaint(&self) -> Option<String> {
        self.inner.complaint()
    }

    fn pick(&mut self, point: Point<'_>) -> Option<u32> {
        if let Some(eager) = hook::offer(point.options, &mut self.kept) {
            return Some(eager);
        }
        match self.kept.as_slice() {
            // All wait: let the engine see the deadlock.
            [] => Some(point.options[0]),
            [only] => Some(*only),
            several => self.inner.pick(Point { options: several, ..point }),
        }
    }
}
