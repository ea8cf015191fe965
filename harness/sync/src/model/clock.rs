//! The virtual clock of an execution: it starts at 0 and moves only when a sleep or a timeout ends.
//!
//! Timers fire in the order of their deadlines, and when one fires is the schedule's choice: code between two
//! operations may take any time. Time never goes back.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use super::{Token, WaitList, give_way, prompt};
use crate::hook::{self, ActorId, How, Kind};

/// Deadline in nanoseconds, then the actor that waits for it (one actor waits for one timer at a time).
type Timer = (u64, ActorId);

#[derive(Default)]
struct Clock {
    now: u64,
    timers: BTreeSet<Timer>,
    shared: Option<Rc<Shared>>,
    /// Per actor: value of `hook::turns` when its last timer began, to notice that nobody else does anything.
    turns: Vec<u64>,
}

/// Made on first use in an execution: most have no timer.
struct Shared {
    token: Token,
    waiters: WaitList,
}

thread_local! {
    static CLOCK: RefCell<Clock> = RefCell::default();
}

/// A new execution begins.
pub(crate) fn reset() {
    drop(CLOCK.take());
    prompt::reset();
}

/// Moves the clock to the earliest deadline of those who rest, and says whose it was.
pub(super) fn fire(rests: impl Fn(ActorId) -> bool) -> Vec<ActorId> {
    CLOCK.with_borrow_mut(|c| {
        let resting = || c.timers.iter().filter(|t| rests(t.1));
        let Some(first) = resting().next().map(|t| t.0) else { return Vec::new() };
        let due = resting().take_while(|t| t.0 == first).map(|t| t.1).collect();
        c.now = c.now.max(first);
        due
    })
}

/// Virtual nanoseconds since the start of the execution.
pub(crate) fn now() -> u64 {
    CLOCK.with_borrow(|c| c.now)
}

fn shared() -> Rc<Shared> {
    if let Some(shared) = CLOCK.with_borrow(|c| c.shared.clone()) {
        return shared;
    }
    let shared = Rc::new(Shared { token: Token::new(), waiters: WaitList::default() });
    CLOCK.with_borrow_mut(|c| c.shared.insert(shared).clone())
}

/// What a timer does depends on all that the others do: on the order of their timers, and on whether they do anything.
fn touch_all() {
    hook::touch(hook::ALL, How::Step(Kind::Write));
}

/// Starts a timer of the current actor.
pub(crate) fn start(after: Duration) -> Started {
    touch_all();
    let me = hook::actor();
    let turns = hook::turns();
    let after = u64::try_from(after.as_nanos()).unwrap_or(u64::MAX);
    CLOCK.with_borrow_mut(|c| {
        let timer = (c.now.saturating_add(after), me);
        c.timers.insert(timer);
        if c.turns.len() <= me as usize {
            c.turns.resize(me as usize + 1, u64::MAX);
        }
        let idle = c.turns[me as usize] == turns;
        c.turns[me as usize] = turns;
        Started { timer, idle }
    })
}

/// A timer that runs; it is stopped when this is dropped.
pub(crate) struct Started {
    timer: Timer,
    /// True if nobody else has done anything since this actor's timer before this one.
    idle: bool,
}

impl Started {
    /// The scheduling point of a timer.
    pub(crate) fn point(&self) {
        shared().token.touch();
        if self.idle && !prompt::is_on() {
            // The actor polls. Without this a model would follow it for ever.
            give_way();
        }
    }

    /// True if no other timer has to fire before; moves the clock then. Under prompt time: true if it has fired.
    pub(crate) fn fires(&self) -> bool {
        touch_all();
        if prompt::is_on() {
            return prompt::is_due();
        }
        CLOCK.with_borrow_mut(|c| {
            let first = c.timers.first().is_none_or(|t| t.0 >= self.timer.0);
            if first {
                c.now = c.now.max(self.timer.0);
            }
            first
        })
    }

    /// Waits until timers have changed, or something that was told of [`waiters`] has happened.
    pub(crate) fn block(&self) {
        let shared = shared();
        if prompt::is_on() && !prompt::rests() {
            return;
        }
        shared.waiters.block();
        if let Token::Loom(_) = shared.token {
            shared.token.touch();
        }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        touch_all();
        CLOCK.with_borrow_mut(|c| c.timers.remove(&self.timer));
        if prompt::is_on() {
            // It may have been woken by something else in the same moment.
            prompt::is_due();
        } else {
            shared().waiters.wake_all();
        }
    }
}

/// Wakes `actor` if it waits for its timer.
pub(crate) fn interrupt(actor: ActorId) {
    if let Some(shared) = CLOCK.with_borrow(|c| c.shared.clone()) {
        shared.waiters.wake(actor);
    }
}

/// Sleeps; the caller has announced it.
pub(crate) fn sleep(duration: Duration) {
    let timer = start(duration);
    timer.point();
    while !timer.fires() {
        timer.block();
    }
}
