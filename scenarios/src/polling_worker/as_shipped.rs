//! As shipped: a watcher's thread calls a handler for each event, and the handler hands what it read to the loop.
//!
//! The handler and the loop share a lock over the files. How the handler hands over is a setting, since the report does
//! not say: only a handler that waits for the loop's answer can hang it (WD1, WD2).

use super::bell::{Bell, Event};
use super::desk::Desk;
use super::mailbox::{Answer, Mailbox, Task};
use super::notes::Notes;
use super::store::{Source, Store};
use super::watcher::Watcher;
use super::worker::Notice;
use racehunt_core::id::Id;
use racehunt_sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How the handler hands a file's content to the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Handoff {
    /// Waits for the loop's answer, and keeps the lock over the files meanwhile (WD1).
    Locked,
    /// Waits for the loop's answer, without the lock (WD2).
    Waiting,
    /// Puts it into the queue and wakes nobody (WD3).
    Silent,
    /// Puts it into the queue and wakes the loop.
    Awake,
}

/// How the variant watches.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    pub(super) handoff: Handoff,
    /// The handler takes every event for a change, its own reading included (WD5).
    pub(super) any_event: bool,
    /// Events after which the handler minds writes alone, so that a storm ends.
    pub(super) budget: u64,
    /// The loop stops the watcher as soon as there is nothing more to do, and does not hear it out.
    pub(super) stops_at_once: bool,
    /// The loop's longest sleep.
    pub(super) tick: Duration,
}

/// What the watcher's thread and the loop share.
struct Shared {
    manner: Manner,
    mailbox: Mailbox,
    files: Mutex<()>,
    store: Arc<Store>,
    notes: std::sync::Arc<Notes>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, ()> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The handler, in the watcher's thread.
    fn handle(&self, event: Event) {
        match event {
            Event::Drained => self.mailbox.post(Task::Drained, None, true),
            Event::Modified(source) => {
                self.notes.event();
                self.take(source);
            }
            Event::Read(source) | Event::Removed(source) if self.manner.any_event => {
                if self.notes.event() <= self.manner.budget {
                    self.take(source);
                }
            }
            Event::Read(_) | Event::Removed(_) => {}
        }
    }

    fn take(&self, source: Source) {
        let guard = self.lock();
        let Ok(text) = self.store.read(source) else { return };
        let task = Task::Load(source, text);
        match self.manner.handoff {
            Handoff::Locked => {
                self.call(task);
                drop(guard);
            }
            Handoff::Waiting => {
                drop(guard);
                self.call(task);
            }
            Handoff::Silent | Handoff::Awake => {
                drop(guard);
                self.mailbox.post(task, None, self.manner.handoff == Handoff::Awake);
            }
        }
    }

    /// Has the loop do a task and waits until it is done.
    fn call(&self, task: Task) {
        let answer = Arc::new(Answer::new());
        self.mailbox.post(task, Some(Arc::clone(&answer)), true);
        answer.wait();
    }
}

/// The loop's side.
pub(super) struct AsShipped {
    shared: Arc<Shared>,
    /// At which our own thread watches; where there is none the `notify` crate does.
    bell: Option<Arc<Bell>>,
    watcher: Option<Watcher>,
    /// Marks so far, and when the watcher was asked to be drained.
    marks: u64,
    asked_at: Option<u64>,
    drained: bool,
}

impl AsShipped {
    pub(super) fn new(
        manner: Manner,
        store: Arc<Store>,
        bell: Option<Arc<Bell>>,
        notes: std::sync::Arc<Notes>,
    ) -> Self {
        let shared = Shared { manner, mailbox: Mailbox::new(), files: Mutex::new(()), store, notes };
        Self { shared: Arc::new(shared), bell, watcher: None, marks: 0, asked_at: None, drained: false }
    }

    fn ask(&mut self) {
        self.asked_at = Some(self.marks);
        self.drained = false;
        if let Some(watcher) = &self.watcher {
            watcher.drain();
        }
    }
}

impl Notice for AsShipped {
    fn start(&mut self, desk: &mut Desk) {
        let shared = Arc::clone(&self.shared);
        let handler: Arc<dyn Fn(Event) + Send + Sync> = Arc::new(move |event| shared.handle(event));
        let mut watcher = match &self.bell {
            Some(bell) => Watcher::own(Arc::clone(bell)),
            None => Watcher::notify(&self.shared.store, Arc::clone(&handler)).expect("the files can be watched"),
        };
        for source in self.shared.store.sources() {
            if let Ok(text) = self.shared.store.read(*source) {
                desk.load(*source, text);
            }
        }
        watcher.begin(handler);
        self.watcher = Some(watcher);
    }

    fn round(&mut self, desk: &mut Desk) {
        let most = if desk.queued() == 0 { self.shared.manner.tick } else { Duration::ZERO };
        let Some(taken) = self.shared.mailbox.next(most) else { return };
        if taken.overslept {
            desk.notes.overslept();
        }
        match &taken.task {
            Task::Load(source, text) => drop(desk.load(*source, text.clone())),
            Task::Drained => self.drained = true,
        }
        taken.answer();
    }

    fn mark(&mut self, desk: &mut Desk, source: Source, id: Id) {
        let _guard = self.shared.lock();
        self.marks += 1;
        if let Ok(Some(text)) = self.shared.store.mark(source, id) {
            desk.load(source, text);
        }
    }

    /// Drained after the last mark: what the watcher read before it is older than what the loop itself wrote.
    fn settled(&mut self) -> bool {
        if self.shared.manner.stops_at_once {
            return true;
        }
        if self.asked_at.is_none() || (self.drained && self.asked_at != Some(self.marks)) {
            self.ask();
        }
        self.drained
    }

    fn stop(&mut self) {
        if let Some(mut watcher) = self.watcher.take() {
            watcher.stop();
        }
    }
}
