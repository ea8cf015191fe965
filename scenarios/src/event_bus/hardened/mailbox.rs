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

/// How often an emitter that stands by gives the processor away before it goes its way.
const PATIENCE: usize = 16;

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
    /// Emitters that stand by: each looks whether there is a deliverer when it counts itself off, and is one if not.
    relief: usize,
    /// Unsubscribes that wait for the deliverer to leave.
    waiting: usize,
}

impl<P> Mailbox<P> {
    pub(super) fn new(number: u64, handler: Handler<P>) -> Self {
        let inside = Mutex::new(Inside { events: VecDeque::new(), relief: 0, waiting: 0 });
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
    /// in this very thread) cannot leave without looking inside; if it has a crowd to deliver, this thread stands by.
    pub(super) fn deliver(&self, round: &mut Round<'_>) {
        let mut inside = self.inside();
        if inside.events.len() > round.crowd && self.is_delivered_by_another(round.me) {
            inside.relief += 1;
            drop(inside);
            self.stand_by(round.me);
            inside = self.inside();
            inside.relief -= 1;
        }
        if self.word.load(Ordering::Acquire) != MORE {
            return;
        }
        self.word.store(round.me | MORE, Ordering::Relaxed);
        let mut delivered = 0;
        while let Some(event) = self.next(&mut inside, round, &mut delivered) {
            drop(inside);
            round.call(&self.handler, &event);
            drop(event);
            if self.leave(round.me) {
                return;
            }
            inside = self.inside();
        }
    }

    /// Gives the deliverer some time to hand over, and no more: it may be held by its handler.
    fn stand_by(&self, me: usize) {
        for _ in 0..PATIENCE {
            racehunt_sync::thread::yield_now();
            if !self.is_delivered_by_another(me) {
                return;
            }
        }
    }

    fn is_delivered_by_another(&self, me: usize) -> bool {
        let deliverer = self.word.load(Ordering::Relaxed) & !MORE;
        deliverer != 0 && deliverer != me
    }

    /// As [`Mailbox::deliver`], of who has entered a free mailbox and handed its event over.
    pub(super) fn deliver_rest(&self, round: &mut Round<'_>) {
        let mut delivered = 0;
        while !self.leave(round.me) {
            let mut inside = self.inside();
            let Some(event) = self.next(&mut inside, round, &mut delivered) else { return };
            drop(inside);
            round.call(&self.handler, &event);
        }
    }

    /// Leaves, unless there is something to look at.
    fn leave(&self, me: usize) -> bool {
        self.word.compare_exchange(me, 0, Ordering::Release, Ordering::Relaxed).is_ok()
    }

    /// The deliverer's next event. Without one it has left: there is none, or it has done its share and another stands by.
    fn next(&self, inside: &mut Inside<P>, round: &Round<'_>, delivered: &mut usize) -> Option<Arc<Event<P>>> {
        let relieved = *delivered > round.crowd && inside.relief > 0;
        let event = if relieved { None } else { inside.events.pop_front() };
        if event.is_none() {
            let word = if inside.events.is_empty() { 0 } else { MORE };
            self.word.store(word, Ordering::Release);
            if inside.waiting > 0 {
                self.left.notify_all();
            }
        } else if inside.events.is_empty() && inside.waiting == 0 {
            // No order is needed: who leaves by it is the one that writes it.
            self.word.store(round.me, Ordering::Relaxed);
        }
        *delivered += 1;
        event
    }

    /// Of a mailbox into which nothing is put any more: returns when nothing is inside and nobody delivers. From inside
    /// of its own handler it delivers the rest and returns.
    pub(super) fn finish(&self, round: &mut Round<'_>) {
        let mut inside = self.inside();
        loop {
            let word = self.word.load(Ordering::Acquire);
            let deliverer = word & !MORE;
            if deliverer == round.me {
                while let Some(event) = inside.events.pop_front() {
                    drop(inside);
                    round.call(&self.handler, &event);
                    inside = self.inside();
                }
                return;
            }
            if deliverer == 0 && inside.events.is_empty() {
                return;
            }
            if deliverer == 0 {
                drop(inside);
                self.deliver(round);
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

/// One call of the bus that delivers.
pub(super) struct Round<'a> {
    me: usize,
    crowd: usize,
    failed: &'a AtomicU64,
    panic: Option<Box<dyn Any + Send>>,
}

impl<'a> Round<'a> {
    /// Of the thread with the number `me`. A deliverer that has delivered more than `crowd` events may be relieved.
    pub(super) fn new(me: usize, crowd: usize, failed: &'a AtomicU64) -> Self {
        Self { me, crowd, failed, panic: None }
    }

    /// E4: one call; the first panic is kept.
    pub(super) fn call<P>(&mut self, handler: &Handler<P>, event: &Event<P>) {
        let called = catch_unwind(AssertUnwindSafe(|| handler(event)));
        if !matches!(called, Ok(Ok(()))) {
            self.failed.fetch_add(1, Ordering::Relaxed);
        }
        if let Err(payload) = called {
            self.panic.get_or_insert(payload);
        }
    }

    /// Lets a panic that was kept go on.
    pub(super) fn end(self) {
        if let Some(payload) = self.panic {
            resume_unwind(payload);
        }
    }
}
