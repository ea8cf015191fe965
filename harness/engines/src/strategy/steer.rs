//! Schedules given one by one, each by what the last one showed.

use super::replay::Decisions;
use super::{Point, Strategy};
use racehunt_core::shrink::Choice;
use std::cell::RefCell;
use std::rc::Rc;

/// Plays a list of decisions an execution, and tells what there was to choose from at each.
///
/// Clones are the same: one drives, the other is asked.
#[derive(Clone, Debug, Default)]
pub struct Steer(Rc<RefCell<State>>);

#[derive(Debug, Default)]
struct State {
    next: Option<Decisions>,
    playing: Decisions,
    choices: Vec<Choice>,
}

impl Steer {
    /// The next execution plays `list`. Without a next one the search has come to its end.
    pub fn play(&self, list: Vec<u32>) {
        self.0.borrow_mut().next = Some(Decisions::new(list));
    }

    /// The choices of the execution that was played last.
    #[must_use]
    pub fn choices(&self) -> Vec<Choice> {
        self.0.borrow().choices.clone()
    }
}

impl Strategy for Steer {
    fn begin(&mut self) -> bool {
        let mut state = self.0.borrow_mut();
        state.choices.clear();
        let Some(next) = state.next.take() else { return false };
        state.playing = next;
        true
    }

    fn pick(&mut self, point: Point<'_>) -> Option<u32> {
        let mut state = self.0.borrow_mut();
        state.choices.push(Choice { others: point.options.len() as u32 - 1, forced: !point.can_stay() });
        state.playing.pick(point)
    }
}
