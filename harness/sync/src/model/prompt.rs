//! Prompt time: timers fire only when no actor can do anything else, as if the code between two operations took no time.
//!
//! By default a timer may fire at any moment, for what an actor does may take any time; a component that promises to
//! notice something *in* a time then promises nothing. Here each actor is known to be awake, idle (it waits for another
//! one) or resting (it waits for its timer). Whoever stops being awake as the last one moves the clock to the earliest
//! deadline and wakes those who wait for it. An actor that spins is awake: the clock does not move for it.

use std::cell::{Cell, RefCell};

use super::clock;
use crate::hook::{self, ActorId};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Awake,
    /// Waits to be woken by another actor.
    Idle,
    /// Waits for that actor's end.
    Joins(ActorId),
    /// Waits for its timer, or to be woken before.
    Rests,
    /// Its timer has fired.
    Due,
    Ended,
}

thread_local! {
    static PROMPT: Cell<bool> = const { Cell::new(false) };
    static STATES: RefCell<Vec<State>> = const { RefCell::new(Vec::new()) };
}

/// A new execution begins: time is as by default.
pub(super) fn reset() {
    PROMPT.set(false);
    STATES.with_borrow_mut(Vec::clear);
}

pub(crate) fn set(on: bool) {
    // Whether the clock moves is up to all actors.
    hook::set_opaque(hook::is_opaque() || on);
    PROMPT.set(on);
}

pub(crate) fn is_on() -> bool {
    PROMPT.get()
}

fn put(actor: ActorId, state: State) {
    STATES.with_borrow_mut(|s| {
        let i = actor as usize;
        if s.len() <= i {
            s.resize(i + 1, State::Awake);
        }
        s[i] = state;
    });
}

fn get(actor: ActorId) -> State {
    STATES.with_borrow(|s| s.get(actor as usize).copied().unwrap_or_default())
}

/// The current actor is about to wait until another one wakes it; nothing if it rests.
pub(super) fn idles() {
    if is_on() && get(hook::actor()) == State::Awake {
        put(hook::actor(), State::Idle);
        settle();
    }
}

/// The current actor is about to wait for the end of `other`.
pub(crate) fn joins(other: ActorId) {
    if is_on() && get(other) != State::Ended {
        put(hook::actor(), State::Joins(other));
        settle();
    }
}

/// The current actor is about to wait for its timer; false if that has fired by now.
pub(super) fn rests() -> bool {
    put(hook::actor(), State::Rests);
    settle();
    get(hook::actor()) == State::Rests
}

/// The current actor has announced that it takes a lock, which another one may hold.
pub(super) fn may_wait() {
    if is_on() {
        settle();
    }
}

/// `actor` can go on.
pub(crate) fn wakes(actor: ActorId) {
    if is_on() && get(actor) != State::Due {
        put(actor, State::Awake);
    }
}

/// True once the timer of the current actor has fired; it is awake then.
pub(super) fn is_due() -> bool {
    let due = get(hook::actor()) == State::Due;
    if due {
        put(hook::actor(), State::Awake);
    }
    due
}

/// The current actor is at its end.
pub(crate) fn ends() {
    if !is_on() {
        return;
    }
    let me = hook::actor();
    put(me, State::Ended);
    STATES.with_borrow_mut(|s| {
        for state in s.iter_mut().filter(|state| **state == State::Joins(me)) {
            *state = State::Awake;
        }
    });
    settle();
}

/// If no actor is awake, the next timers fire.
fn settle() {
    let is_awake = |actor: ActorId| matches!(get(actor), State::Awake | State::Due) && !hook::would_wait(actor);
    if (0..hook::actors() as ActorId).any(is_awake) {
        return;
    }
    for actor in clock::fire(|actor| get(actor) == State::Rests) {
        put(actor, State::Due);
        clock::interrupt(actor);
    }
}
