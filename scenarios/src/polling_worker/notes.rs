//! What the harness notes of an execution beside its ledger. Its locks are std's: no step is taken under them.

use super::store::Source;
use racehunt_core::finding::FindingKind;
use racehunt_core::id::Id;
use racehunt_core::observation::Violation;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Notes of one worker.
#[derive(Debug)]
pub(super) struct Notes {
    /// Loading the same version twice is wrong: not where one write is told of in several events.
    judges_loads: bool,
    last: Mutex<[Option<String>; Source::ALL.len()]>,
    violations: Mutex<Vec<Violation>>,
    /// Events that the watcher's handler was called for.
    pub(super) events: AtomicU64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Notes {
    pub(super) fn new(judges_loads: bool) -> Self {
        Self { judges_loads, last: Mutex::default(), violations: Mutex::default(), events: AtomicU64::new(0) }
    }

    /// A version was loaded. All that is ever written differs from what was there before, so that the same text twice in a
    /// row is the same version.
    pub(super) fn loaded(&self, source: Source, text: &str) {
        let last = lock(&self.last)[source as usize].replace(text.to_owned());
        if self.judges_loads && last.as_deref() == Some(text) {
            let message = format!("one version of {} was loaded twice", source.name());
            self.complain(FindingKind::Duplicated, "load", message, Vec::new());
        }
    }

    /// The loop slept until its timer with a task there that nobody had told it of.
    pub(super) fn overslept(&self) {
        let message = "a task lay in the queue while the loop slept until its timer: nobody had woken it".to_owned();
        self.complain(FindingKind::Latency, "wake-up", message, Vec::new());
    }

    /// The handler was called once more; how often by now.
    pub(super) fn event(&self) -> u64 {
        self.events.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(super) fn complain(&self, kind: FindingKind, detail: &str, message: String, ids: Vec<Id>) {
        lock(&self.violations).push(Violation { kind, detail: detail.to_owned(), message, ids });
    }

    pub(super) fn take_violations(&self) -> Vec<Violation> {
        std::mem::take(&mut *lock(&self.violations))
    }
}
