//! An outbox: any thread puts items in, and a courier takes out all there are.
//!
//! Nothing here knows that it is hunted. `racehunt_sync` has the names of `std::sync`, `std::thread`, `std::time` and
//! `std::fs`, and without the feature `hunt` it is these.

use racehunt_sync::Mutex;

/// Items that wait to be taken.
#[derive(Debug)]
pub struct Outbox<T> {
    waiting: Mutex<Vec<T>>,
}

impl<T: Clone> Outbox<T> {
    /// An empty one.
    pub fn new() -> Self {
        Self { waiting: Mutex::new(Vec::new()) }
    }

    /// Puts an item in.
    pub fn put(&self, item: T) {
        self.waiting.lock().unwrap().push(item);
    }

    /// Takes all there are, in two steps. This is the planted race: what is put in between the copy and the clearing is
    /// dropped, though its `put` returned.
    pub fn take_in_two_steps(&self) -> Vec<T> {
        let taken = self.waiting.lock().unwrap().clone();
        self.waiting.lock().unwrap().clear();
        taken
    }

    /// Takes all there are, in one step.
    pub fn take(&self) -> Vec<T> {
        std::mem::take(&mut *self.waiting.lock().unwrap())
    }
}

impl<T: Clone> Default for Outbox<T> {
    fn default() -> Self {
        Self::new()
    }
}
