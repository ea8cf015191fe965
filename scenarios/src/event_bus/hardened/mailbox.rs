//! A mailbox: what one subscription is still to be given, and who delivers from it.
//!
//! One word says both: the number of the thread that delivers, or 0, and [`MORE`] if there is something to look at under
//! the mailbox's lock, an event or someone who waits. Where the word is 0 there is no event inside. Who may change it:
//!
//! * from 0: [`Mailbox::enter_free`] and [`Mailbox::put`], both under the bus's lock;
//! * from [`MORE`] alone: who has the mailbox's lock;
//! * from a thread's number, without [`MORE`]: that thread, which leaves by one exchange, or who has the mailbox's lock and
//!   sets [`MORE`]; with it: who has the mailbox's lock.

use super::super::{Event, Handler};
use racehunt_sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use racehunt_sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

/// Numbers of threads are even.
const MORE: usize = 1;

/// Of one subscription.
pub(super) struct Mailbox<P> {
    pub(super) number: u64,
    pub(super) handler: Handler<P>,
    word: AtomicUsize,
    inside: Mutex<Inside<P>>,
    /// A deliverer left while someone waited.
    left: Condvar,
}

struct Inside<P> {
    events: VecDeque<Arc<Event<P>>>,
    /// Unsubscribes that wait for the deliverer to leave.
    waiting: usize,
}

impl<P> Mailbox<P> {
    pub(super) fn new(number: u64, handler: Handler<P>) -> Self {
        let inside = Mutex::new(Inside { events: VecDeque::new(), waiting: 0 });
        Self { number, handler, word: AtomicUsize::new(0), inside, left: Condvar::new() }
    }

    #[track_caller]
    fn inside(&self) -> MutexGuard<'_, Inside<P>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters if there is no deliverer and no event inside: the caller may hand one over without putting it in. Under the
    /// bus's lock, as [`Mailbox::put`].
    pub(super) fn enter_free(&self, me: usize) -> bool {
        self.word.compare_exchange(0, me, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Puts an event in. Whoever does so calls [`Mailbox::deliver`] later, or a deliverer that is there finds it.
    pub(super) fn put(&self, event: Arc<Event<P>>) {
        let mut inside = self.inside();
        inside.events.push_back(event);
        if self.word.load(Ordering::Relaxed) == 0 {
            self.word.store(MORE, Ordering::Relaxed);
        } else {
            self.word.fetch_or(MORE, Ordering::Relaxed);
        }
    }

    /// Enters if there is no deliverer, delivers what is inside, and leaves. A deliverer that is there (perhaps further out
    /// in this very thread) cannot leave without looking inside.
    pub(super) fn deliver(&self, me: usize, calls: &Calls, panic: &mut Option<Panic>) {
        let mut inside = self.inside();
        if self.word.load(Ordering::Acquire) != MORE {
            return;
        }
        self.word.store(me | MORE, Ordering::Relaxed);
        while let Some(event) = self.next(&mut inside, me) {
            drop(inside);
            calls.call(&self.handler, &event, panic);
            drop(event);
            if self.leave(me) {
                return;
            }
            inside = self.inside();
        }
    }

    /// As [`Mailbox::deliver`], of who has entered a free mailbox and handed its event over.
    pub(super) fn deliver_rest(&self, me: usize, calls: &Calls, panic: &mut Option<Panic>) {
        while !self.leave(me) {
            let mut inside = self.inside();
            let Some(event) = self.next(&mut inside, me) else { return };
            drop(inside);
            calls.call(&self.handler, &event, panic);
        }
    }

    /// Leaves, unless there is something to look at.
    fn leave(&self, me: usize) -> bool {
        self.word.compare_exchange(me, 0, Ordering::Release, Ordering::Relaxed).is_ok()
    }

    /// The deliverer's next event; without one it has left.
    fn next(&self, inside: &mut Inside<P>, me: usize) -> Option<Arc<Event<P>>> {
        let Some(event) = inside.events.pop_front() else {
            self.word.store(0, Ordering::Release);
            if inside.waiting > 0 {
                self.left.notify_all();
            }
            return None;
        };
        if inside.events.is_empty() && inside.waiting == 0 {
            // No order is needed: who leaves by it is the one that writes it.
            self.word.store(me, Ordering::Relaxed);
        }
        Some(event)
    }

    /// Of a mailbox into which nothing is put any more: returns when nothing is inside and nobody delivers. From inside
    /// of its own handler it delivers the rest and returns.
    pub(super) fn finish(&self, me: usize, calls: &Calls, panic: &mut Option<Panic>) {
        let mut inside = self.inside();
        loop {
            let word = self.word.load(Ordering::Acquire);
            let deliverer = word & !MORE;
            if deliverer == me {
                while let Some(event) = inside.events.pop_front() {
                    drop(inside);
                    calls.call(&self.handler, &event, panic);
                    inside = self.inside();
                }
                return;
            }
            if deliverer == 0 && inside.events.is_empty() {
                return;
            }
            if deliverer == 0 {
                drop(inside);
                self.deliver(me, calls, panic);
                inside = self.inside();
            } else if self.word.compare_exchange(word, word | MORE, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
                // From here on it cannot leave without the lock, which this thread has until it waits.
                inside.waiting += 1;
                inside = self.left.wait(inside).unwrap_or_else(PoisonError::into_inner);
                inside.waiting -= 1;
            }
        }
    }
}

/// What a handler panicked with.
pub(super) type Panic = Box<dyn Any + Send>;

/// Calls handlers and counts those that failed.
#[derive(Default)]
pub(super) struct Calls {
    failed: AtomicU64,
}

impl Calls {
    /// E4: one call; the first panic is kept.
    pub(super) fn call<P>(&self, handler: &Handler<P>, event: &Event<P>, panic: &mut Option<Panic>) {
        let called = catch_unwind(AssertUnwindSafe(|| handler(event)));
        if !matches!(called, Ok(Ok(()))) {
            self.failed.fetch_add(1, Ordering::Relaxed);
        }
        if let Err(payload) = called {
            panic.get_or_insert(payload);
        }
    }

    pub(super) fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// Lets a panic that was kept go on.
    pub(super) fn go_on(panic: Option<Panic>) {
        if let Some(payload) = panic {
            resume_unwind(payload);
        }
    }
}
