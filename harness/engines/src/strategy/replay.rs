//! Schedules given beforehand: exact, for replays, and tolerant, for shrinking.

use super::{Point, Strategy};
use std::cell::RefCell;
use std::rc::Rc;

/// The place of `picked` among the options: 0 for the current actor (or the first, if that one cannot go on), else
/// 1 + its index among the others.
pub(super) fn encode(point: Point<'_>, picked: u32) -> u32 {
    let stay = stay(point);
    if picked == stay {
        return 0;
    }
    let others = point.options.iter().filter(|o| **o != stay);
    1 + others.take_while(|o| **o != picked).count() as u32
}

fn stay(point: Point<'_>) -> u32 {
    point.current.filter(|c| point.options.contains(c)).unwrap_or(point.options[0])
}

/// Any list of numbers is a legal schedule: numbers too large are cut down, and past the end all are 0.
#[derive(Debug, Default)]
pub struct Decisions {
    list: Vec<u32>,
    at: usize,
    begun: bool,
}

impl Decisions {
    /// One execution by `list`.
    #[must_use]
    pub fn new(list: Vec<u32>) -> Self {
        Self { list, at: 0, begun: false }
    }
}

impl Strategy for Decisions {
    fn begin(&mut self) -> bool {
        !std::mem::replace(&mut self.begun, true)
    }

    fn pick(&mut self, point: Point<'_>) -> Option<u32> {
        let decision = self.list.get(self.at).copied().unwrap_or(0) as usize;
        self.at += 1;
        let stay = stay(point);
        let others = || point.options.iter().copied().filter(|o| *o != stay);
        Some(match decision.min(point.options.len() - 1) {
            0 => stay,
            n => others().nth(n - 1).unwrap_or(stay),
        })
    }
}

/// Where an exact replay left the recorded schedule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Diverged {
    /// The recorded actor could not run.
    #[error("at choice {at} the schedule runs actor {want}, but only {options:?} can run")]
    CannotRun {
        /// Number of the choice, from 1.
        at: usize,
        /// The recorded actor.
        want: u32,
        /// Those that can run.
        options: Vec<u32>,
    },
    /// The program asks for more choices than were recorded.
    #[error("the schedule ends after {0} choices, but the program goes on")]
    TooShort(usize),
    /// The program ended early.
    #[error("the program ended after {used} of {of} recorded choices")]
    TooLong {
        /// Choices made.
        used: usize,
        /// Choices recorded.
        of: usize,
    },
}

/// Exactly the recorded picks; the first difference is kept, and the rest runs on as it may.
#[derive(Debug)]
pub struct Exact {
    picks: Vec<u32>,
    state: Rc<RefCell<ExactState>>,
    begun: bool,
}

#[derive(Debug, Default)]
struct ExactState {
    at: usize,
    diverged: Option<Diverged>,
}

/// Asks an [`Exact`] how it went, after the execution.
#[derive(Clone, Debug)]
pub struct ExactResult {
    state: Rc<RefCell<ExactState>>,
    of: usize,
}

impl ExactResult {
    /// `None` if every recorded pick was made and no other.
    #[must_use]
    pub fn diverged(&self) -> Option<Diverged> {
        let state = self.state.borrow();
        let short = (state.at < self.of).then_some(Diverged::TooLong { used: state.at, of: self.of });
        state.diverged.clone().or(short)
    }
}

impl Exact {
    /// One execution by `picks`.
    #[must_use]
    pub fn new(picks: Vec<u32>) -> (Self, ExactResult) {
        let state = Rc::new(RefCell::new(ExactState::default()));
        let result = ExactResult { state: Rc::clone(&state), of: picks.len() };
        (Self { picks, state, begun: false }, result)
    }
}

impl Strategy for Exact {
    fn begin(&mut self) -> bool {
        !std::mem::replace(&mut self.begun, true)
    }

    fn pick(&mut self, point: Point<'_>) -> Option<u32> {
        let mut state = self.state.borrow_mut();
        let want = self.picks.get(state.at).copied();
        state.at += 1;
        Some(match want {
            Some(want) if point.options.contains(&want) => want,
            Some(want) => {
                let (at, options) = (state.at, point.options.to_vec());
                state.diverged.get_or_insert(Diverged::CannotRun { at, want, options });
                stay(point)
            }
            None => {
                state.diverged.get_or_insert(Diverged::TooShort(self.picks.len()));
                stay(point)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::testing::play;
    use crate::strategy::{Random, Record};

    #[test]
    fn what_was_recorded_plays_again() {
        let log = Rc::default();
        let mut recorder = Record::new(Random::new(9), Rc::clone(&log));
        for _ in 0..50 {
            let order = play(&mut recorder, &[3, 2, 4], 1).remove(0);
            let recording = log.borrow().clone();
            assert_eq!(play(&mut Decisions::new(recording.decisions), &[3, 2, 4], 9), std::slice::from_ref(&order));
            let (mut exact, result) = Exact::new(recording.picks);
            assert_eq!(play(&mut exact, &[3, 2, 4], 9), [order]);
            assert_eq!(result.diverged(), None);
        }
    }

    #[test]
    fn no_decisions_mean_no_switch() {
        assert_eq!(play(&mut Decisions::new(vec![]), &[2, 2], 9), [[0, 0, 1, 1]]);
        assert_eq!(play(&mut Decisions::new(vec![99]), &[2, 2], 9), [[1, 1, 0, 0]], "99 is cut down to the last actor");
    }

    #[test]
    fn a_schedule_of_another_program_is_told_from_this_one() {
        let diverges = |picks: &[u32]| {
            let (mut exact, result) = Exact::new(picks.to_vec());
            play(&mut exact, &[2, 2], 9);
            result.diverged()
        };
        assert_eq!(diverges(&[0, 1, 0]), None);
        assert_eq!(diverges(&[0, 5]), Some(Diverged::CannotRun { at: 2, want: 5, options: vec![0, 1] }));
        assert_eq!(diverges(&[0]), Some(Diverged::TooShort(1)));
        assert_eq!(diverges(&[0, 0, 1, 1]), Some(Diverged::TooLong { used: 2, of: 4 }));
    }
}
