//! Tells schedules apart that differ in more than the order of steps that commute.

use super::access::Heeds;
use super::steps::Steps;
use crate::strategy::{End, Point, Strategy};
use racehunt_sync::hook;
use std::cell::RefCell;
use std::rc::Rc;

/// Decorator that says of which class of schedules each execution was: what [`super::Exhaustive`] shows one of. For
/// tests of that claim, with a strategy that shows all.
#[derive(Debug)]
pub struct Classes<S> {
    inner: S,
    steps: Steps,
    seen: Rc<RefCell<Vec<u64>>>,
}

impl<S> Classes<S> {
    /// Appends a number for each execution that is not cut off; equal ones are of one class. What is a class
    /// depends on what is heeded.
    pub fn new(inner: S, heeds: Heeds, seen: Rc<RefCell<Vec<u64>>>) -> Self {
        Self { inner, steps: Steps::new(heeds), seen }
    }
}

impl<S: Strategy> Strategy for Classes<S> {
    fn begin(&mut self) -> bool {
        self.steps = Steps::new(self.steps.heeds);
        hook::track(true);
        self.inner.begin()
    }

    fn pick(&mut self, point: Point<'_>) -> Option<u32> {
        self.inner.pick(point)
    }

    fn steps(&mut self, actor: u32) {
        self.steps.settle(&mut [], &mut Vec::new());
        self.steps.begin(actor, None);
    }

    fn watches(&self) -> bool {
        true
    }

    fn ended(&mut self, end: End) {
        self.steps.settle(&mut [], &mut Vec::new());
        hook::track(false);
        if !end.cut {
            self.seen.borrow_mut().push(self.steps.trace.fingerprint());
        }
        self.inner.ended(end);
    }

    fn restart(&mut self) {
        self.seen.borrow_mut().clear();
        self.inner.restart();
    }

    fn complaint(&self) -> Option<String> {
        self.inner.complaint()
    }
}
