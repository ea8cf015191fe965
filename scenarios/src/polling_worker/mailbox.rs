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

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread::{scope, yield_now};

    const LONG: Duration = Duration::from_secs(60);
    const SHORT: Duration = Duration::from_millis(20);

    #[test]
    fn a_loop_that_nobody_wakes_oversleeps_and_one_that_is_woken_does_not() {
        for (wake, most) in [(false, SHORT), (true, LONG)] {
            let mailbox = Mailbox::new();
            let taken = scope(|scope| {
                let sleeper = scope.spawn(|| {
                    // However long the other thread takes: it posts only to a loop that sleeps.
                    loop {
                        if let Some(taken) = mailbox.next(most) {
                            return taken;
                        }
                    }
                });
                while !mailbox.state().asleep {
                    yield_now();
                }
                mailbox.post(Task::Drained, None, wake);
                sleeper.join().expect("it takes the letter")
            });
            // A loop that was on its way from its timer to the lock had no need of being woken.
            assert!(!(wake && taken.overslept));
            assert_eq!(taken.task, Task::Drained);
        }
        let mailbox = Mailbox::new();
        mailbox.post(Task::Drained, None, false);
        assert!(!mailbox.next(LONG).expect("there before").overslept);
        assert!(mailbox.next(Duration::ZERO).is_none());
    }

    #[test]
    fn an_answer_lets_go_of_who_waits() {
        let (mailbox, answer) = (Mailbox::new(), Arc::new(Answer::new()));
        scope(|scope| {
            let mine = Arc::clone(&answer);
            mailbox.post(Task::Drained, Some(Arc::clone(&answer)), true);
            let waiter = scope.spawn(move || mine.wait());
            mailbox.next(LONG).expect("there").answer();
            waiter.join().expect("let go");
        });
    }
}
