//! Writes down what a strategy picked.

use super::{End, Point, Strategy};
use std::cell::RefCell;
use std::rc::Rc;

/// The picks of the execution that runs, or ran last. (Once it has ended the driver puts `picks` and `switches` in terms
/// of all that could run, whatever the strategy was offered.)
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recording {
    /// The actor picked at each point.
    pub picks: Vec<u32>,
    /// The same as numbers: 0 stays with the current actor, n is the n-th of the others.
    pub decisions: Vec<u32>,
    /// Picks that left an actor which could go on.
    pub switches: u32,
}

/// Decorator that keeps the recording of the current execution.
#[derive(Debug)]
pub struct Record<S> {
    inner: S,
    log: Rc<RefCell<Recording>>,
}

impl<S> Record<S> {
    /// Records into `log`, which is emptied as each execution begins.
    pub fn new(inner: S, log: Rc<RefCell<Recording>>) -> Self {
        Self { inner, log }
    }
}

impl<S: Strategy> Strategy for Record<S> {
    fn begin(&mut self) -> bool {
        let mut log = self.log.borrow_mut();
        log.picks.clear();
        log.decisions.clear();
        log.switches = 0;
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
        let picked = self.inner.pick(point)?;
        let mut log = self.log.borrow_mut();
        log.picks.push(picked);
        log.decisions.push(super::replay::encode(point, picked));
        log.switches += u32::from(point.can_stay() && point.current != Some(picked));
        Some(picked)
    }
}
