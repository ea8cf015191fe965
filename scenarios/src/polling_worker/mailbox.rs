//! What other threads hand to the event loop, and the loop's sleep.

use super::store::Source;
use racehunt_sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::collections::VecDeque;
use std::time::Duration;

/// What the loop is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Take this for the content of a file.
    Load(Source, String),
    /// The watcher has nothing left from before it was drained.
    Drained,
}

/// A task on its way.
struct Letter {
    task: Task,
    answer: Option<Arc<Answer>>,
    /// It came while the loop slept, and nobody woke the loop for it.
    unheard: bool,
}

/// The result of a task, which somebody waits for.
pub(super) struct Answer {
    given: Mutex<bool>,
    changed: Condvar,
}

impl Answer {
    pub(super) fn new() -> Self {
        Self { given: Mutex::new(false), changed: Condvar::new() }
    }

    fn give(&self) {
        *self.given.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_one();
    }

    /// Waits until the loop has done the task.
    pub(super) fn wait(&self) {
        let given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.changed.wait_while(given, |given| !*given));
    }
}

#[derive(Default)]
struct State {
    letters: VecDeque<Letter>,
    asleep: bool,
}

/// The queue of the event loop.
pub(super) struct Mailbox {
    state: Mutex<State>,
    came: Condvar,
}

/// A task that the loop has taken, to be answered when it is done.
pub(super) struct Taken {
    pub(super) task: Task,
    answer: Option<Arc<Answer>>,
    /// It lay there while the loop slept until its timer went off: nobody had woken the loop (WD3).
    pub(super) overslept: bool,
}

impl Taken {
    /// The task is done.
    pub(super) fn answer(&self) {
        if let Some(answer) = &self.answer {
            answer.give();
        }
    }
}

impl Mailbox {
    pub(super) fn new() -> Self {
        Self { state: Mutex::new(State::default()), came: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands a task over; the loop is woken for it if `wake` says so.
    pub(super) fn post(&self, task: Task, answer: Option<Arc<Answer>>, wake: bool) {
        let mut state = self.state();
        let unheard = state.asleep && !wake;
        state.letters.push_back(Letter { task, answer, unheard });
        if wake {
            self.came.notify_one();
        }
    }

    /// The next task, after a sleep of at most `most` if there is none.
    pub(super) fn next(&self, most: Duration) -> Option<Taken> {
        let mut state = self.state();
        let mut timed_out = false;
        if state.letters.is_empty() && !most.is_zero() {
            state.asleep = true;
            let (woken, timeout) = self.came.wait_timeout(state, most).unwrap_or_else(PoisonError::into_inner);
            (state, timed_out) = (woken, timeout.timed_out());
            state.asleep = false;
        }
        let Letter { task, answer, unheard } = state.letters.pop_front()?;
        Some(Taken { task, answer, overslept: timed_out && unheard })
    }
}
