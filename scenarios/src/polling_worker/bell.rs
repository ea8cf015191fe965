//! A watcher of files as inotify is one, for models and for threads that the facade shall know: what watches is bound to
//! the file that had the name when the watch began, and not to the name.

use super::store::Source;
use racehunt_sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::collections::VecDeque;

/// What a watcher is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// The file that is watched was written to.
    Modified(Source),
    /// It was opened, read or closed.
    Read(Source),
    /// It lost its name to another file, and with it goes the watch.
    Removed(Source),
    /// Whoever drains the watcher said so: all that happened before was told before.
    Drained,
}

#[derive(Default)]
struct State {
    events: VecDeque<Event>,
    /// By source; none before the watch begins.
    watched: [bool; Source::ALL.len()],
    closed: bool,
}

/// The queue between those who do something to a file and the watcher's thread.
pub(super) struct Bell {
    state: Mutex<State>,
    rung: Condvar,
    /// Readers are told of as well.
    reads: bool,
}

impl Bell {
    /// Nobody watches yet.
    pub(super) fn new(reads: bool) -> Self {
        Self { state: Mutex::new(State::default()), rung: Condvar::new(), reads }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Watches the files that have the names now.
    pub(super) fn watch(&self) {
        self.state().watched = [true; Source::ALL.len()];
    }

    pub(super) fn modified(&self, source: Source) {
        self.tell(source, Event::Modified(source), false);
    }

    pub(super) fn read(&self, source: Source) {
        if self.reads {
            self.tell(source, Event::Read(source), false);
        }
    }

    pub(super) fn replaced(&self, source: Source) {
        self.tell(source, Event::Removed(source), true);
    }

    fn tell(&self, source: Source, event: Event, last: bool) {
        let mut state = self.state();
        if !state.watched[source as usize] {
            return;
        }
        state.watched[source as usize] = !last;
        // As the kernel does: an event that says what the one before it says is left out.
        if state.events.back() != Some(&event) {
            state.events.push_back(event);
            self.rung.notify_one();
        }
    }

    /// Asks for [`Event::Drained`], after all that was told before.
    pub(super) fn drain(&self) {
        self.state().events.push_back(Event::Drained);
        self.rung.notify_one();
    }

    /// No more events: the watcher's thread ends when it has had those that there are.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.rung.notify_one();
    }

    /// Waits for the next event; `None` after the last.
    pub(super) fn next(&self) -> Option<Event> {
        let waits = |state: &mut State| state.events.is_empty() && !state.closed;
        let state = self.rung.wait_while(self.state(), waits);
        state.unwrap_or_else(PoisonError::into_inner).events.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rung(bell: &Bell) -> Vec<Event> {
        bell.close();
        std::iter::from_fn(|| bell.next()).collect()
    }

    #[test]
    fn a_watch_ends_with_the_file_that_had_the_name() {
        let (ideas, retry) = (Source::Ideas, Source::Retry);
        let bell = Bell::new(false);
        bell.modified(ideas);
        bell.watch();
        bell.modified(ideas);
        bell.modified(ideas);
        bell.read(ideas);
        bell.replaced(ideas);
        bell.modified(ideas);
        bell.drain();
        bell.modified(retry);
        let want = [Event::Modified(ideas), Event::Removed(ideas), Event::Drained, Event::Modified(retry)];
        assert_eq!(rung(&bell), want);
    }

    #[test]
    fn readers_are_told_of_where_that_is_asked_for() {
        let bell = Bell::new(true);
        bell.watch();
        bell.modified(Source::Retry);
        bell.read(Source::Retry);
        bell.modified(Source::Retry);
        assert_eq!(rung(&bell).len(), 3);
    }
}
