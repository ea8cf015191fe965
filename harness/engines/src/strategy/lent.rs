//! A strategy that its owner keeps.

use super::{End, Point, Strategy};
use std::cell::RefCell;
use std::rc::Rc;

/// A strategy that is looked at after its driver is gone.
#[derive(Debug)]
pub struct Lent<S>(pub Rc<RefCell<S>>);

impl<S: Strategy> Strategy for Lent<S> {
    fn begin(&mut self) -> bool {
        self.0.borrow_mut().begin()
    }

    fn pick(&mut self, point: Point<'_>) -> Option<u32> {
        self.0.borrow_mut().pick(point)
    }

    fn steps(&mut self, actor: u32) {
        self.0.borrow_mut().steps(actor);
    }

    fn watches(&self) -> bool {
        self.0.borrow().watches()
    }

    fn knows(&self) -> bool {
        self.0.borrow().knows()
    }

    fn ended(&mut self, end: End) {
        self.0.borrow_mut().ended(end);
    }

    fn restart(&mut self) {
        self.0.borrow_mut().restart();
    }

    fn complaint(&self) -> Option<String> {
        self.0.borrow().complaint()
    }
}
