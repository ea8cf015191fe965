//! Steps of a model that come late: after their actor's next step, or at the end of its call.

use std::cell::RefCell;

use super::{Gap, is_on};
use crate::hook::{self, ActorId, Kind};
use crate::model;

/// A step that was put off.
struct Late {
    actor: ActorId,
    /// It waits for the change of a name, and not for any other change.
    name: bool,
    /// What it waits for has happened.
    due: bool,
    gap: Gap,
    step: Box<dyn FnOnce()>,
}

#[derive(Default)]
struct Table {
    late: Vec<Late>,
    /// Steps begun, by actor.
    begun: Vec<u64>,
}

thread_local! {
    static TABLE: RefCell<Table> = RefCell::default();
}

/// Puts a step of the current actor off. `step` must be whole in itself: it owns what it needs.
pub(crate) fn later(step: impl FnOnce() + 'static) {
    put_off(false, step);
}

/// As [`later`], until the current actor has changed a file's name.
pub(crate) fn later_than_a_name(step: impl FnOnce() + 'static) {
    put_off(true, step);
}

fn put_off(name: bool, step: impl FnOnce() + 'static) {
    let late = Late { actor: hook::actor(), name, due: false, gap: Gap::open(), step: Box::new(step) };
    TABLE.with_borrow_mut(|t| t.late.push(late));
}

/// The current actor has changed a file's name.
pub(crate) fn renamed() {
    if is_on() {
        ripen(true);
    }
}

fn ripen(name: bool) {
    let me = hook::actor();
    TABLE.with_borrow_mut(|t| {
        for late in t.late.iter_mut().filter(|late| late.actor == me && late.name == name) {
            late.due = true;
        }
    });
}

/// The current actor is about to begin a step: what was put off over the last one is made first.
#[inline]
pub(crate) fn begins(kind: Kind) {
    if is_on() {
        count(kind);
    }
}

#[cold]
#[inline(never)]
fn count(kind: Kind) {
    let me = hook::actor();
    make(me, false);
    if kind.is_write() {
        ripen(false);
    }
    TABLE.with_borrow_mut(|t| {
        let i = me as usize;
        if t.begun.len() <= i {
            t.begun.resize(i + 1, 0);
        }
        t.begun[i] += 1;
    });
}

/// Makes what the current actor has put off: all of it, or what is old enough.
fn make(me: ActorId, all: bool) {
    loop {
        let due = TABLE.with_borrow_mut(|t| {
            let i = t.late.iter().position(|late| late.actor == me && (all || late.due))?;
            Some(t.late.remove(i))
        });
        let Some(Late { gap, step, .. }) = due else { return };
        gap.close();
        step();
    }
}

/// The current actor's call ends: what it has put off is made now.
pub fn settle() {
    if is_on() && !std::thread::panicking() && !model::failed() {
        make(hook::actor(), true);
    }
}

/// Steps that the current actor has begun, counted while something is armed.
pub(crate) fn own_steps() -> u64 {
    TABLE.with_borrow(|t| t.begun.get(hook::actor() as usize).copied().unwrap_or(0))
}

/// A new execution: nothing is put off any more.
pub(crate) fn forget() {
    // What is dropped must find the table unborrowed.
    let old = TABLE.take();
    drop(old);
}
