//! Processes of a model: groups of actors with a memory of their own, which can be killed at any scheduling point.
//!
//! A kill is a step of whoever does it. From then on no actor of the process takes another step: at its next one it
//! unwinds with a private payload, which no panic hook sees, and its destructors find that files and shared objects do
//! nothing any more. What the process held outside of its memory is given up in the same step.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::resume_unwind;

use super::{Token, Wake};
use crate::hook::{self, ActorId, Kind, ObjectId, Site};

/// What becomes of data that the killed process wrote to files and did not sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Unsynced {
    /// It stays: the kernel has it.
    #[default]
    Kept,
    /// It is gone.
    Lost,
    /// Half of it is gone.
    Torn,
}

/// The payload that ends the actors of a killed process.
struct Killed;

#[derive(Default)]
struct Table {
    /// Process of each actor; those past the end are in process 0.
    of: Vec<u32>,
    dead: Vec<u32>,
    /// The scheduling points of processes that may be killed, by process.
    mortal: Vec<(u32, ObjectId, std::rc::Rc<Token>)>,
    /// Actors that wait to be woken.
    blocked: Vec<(ActorId, Wake)>,
}

thread_local! {
    static TABLE: RefCell<Table> = RefCell::default();
    /// True if a process may be killed: looked at in every step, and mostly false.
    static ARMED: Cell<bool> = const { Cell::new(false) };
}

/// Forgets everything of the last execution, and keeps the memory.
pub(crate) fn reset() {
    ARMED.set(false);
    // What is dropped must find the table unborrowed.
    let old = TABLE.with_borrow_mut(|t| {
        t.of.clear();
        t.dead.clear();
        (std::mem::take(&mut t.mortal), std::mem::take(&mut t.blocked))
    });
    drop(old);
}

/// Puts a new actor into the process of the one that starts it.
pub(crate) fn inherit(child: ActorId, parent: ActorId) {
    let process = of(parent);
    if process != 0 {
        put(child, process);
    }
}

/// Puts `actor` into `process`.
pub(crate) fn put(actor: ActorId, process: u32) {
    TABLE.with_borrow_mut(|t| {
        let i = actor as usize;
        if t.of.len() <= i {
            t.of.resize(i + 1, 0);
        }
        t.of[i] = process;
    });
}

/// The process of `actor`.
pub(crate) fn of(actor: ActorId) -> u32 {
    TABLE.with_borrow(|t| t.of.get(actor as usize).copied().unwrap_or(0))
}

/// The process of the current actor.
pub(crate) fn current() -> u32 {
    of(hook::actor())
}

/// True if the current actor's process was killed: what it does has no effect.
pub(crate) fn is_dead() -> bool {
    is_dead_actor(hook::actor())
}

/// True if the process of `actor` was killed.
pub(crate) fn is_dead_actor(actor: ActorId) -> bool {
    ARMED.get()
        && TABLE.with_borrow(|t| !t.dead.is_empty() && t.dead.contains(&t.of.get(actor as usize).copied().unwrap_or(0)))
}

/// Ends the current actor if its process was killed. For the moments between the scheduling point of an operation
/// and its effect; a destructor of a dead process goes on, and has to ask [`is_dead`] before it does anything.
pub(crate) fn check() {
    if is_dead() && !std::thread::panicking() && !super::failed() {
        hook::forget_pending(hook::actor());
        // Dying is seeing the kill: without a step that says so loom would never try the two the other way round.
        expose();
        resume_unwind(Box::new(Killed));
    }
}

/// True for the payload of an actor that was ended by a kill.
pub(crate) fn is_kill(payload: &(dyn Any + Send)) -> bool {
    payload.is::<Killed>()
}

/// Makes `process` one that may be killed. Under loom its steps then depend on the kill.
pub(crate) fn make_mortal(process: u32, site: Site) {
    let id = hook::new_object("process", site);
    let token = std::rc::Rc::new(Token::new());
    hook::set_killable();
    ARMED.set(true);
    TABLE.with_borrow_mut(|t| t.mortal.push((process, id, token)));
}

/// True if the process of `actor` may be killed.
pub(crate) fn is_mortal(actor: ActorId) -> bool {
    TABLE.with_borrow(|t| {
        let process = t.of.get(actor as usize).copied().unwrap_or(0);
        t.mortal.iter().any(|m| m.0 == process)
    })
}

fn mortal(process: u32) -> Option<(ObjectId, std::rc::Rc<Token>)> {
    TABLE.with_borrow(|t| t.mortal.iter().find(|m| m.0 == process).map(|m| (m.1, std::rc::Rc::clone(&m.2))))
}

/// Before the scheduling point of a step that others than the process can see: tells loom that it depends on the kill.
pub(crate) fn expose() {
    if !ARMED.get() {
        return;
    }
    if let Some((_, token)) = mortal(current())
        && let Token::Loom(_) = *token
    {
        token.look();
    }
}

/// One step: kills `process`.
pub(crate) fn kill(process: u32, unsynced: Unsynced, site: Site) {
    let (id, token) = mortal(process).expect("only a process that may be killed is");
    let me = super::begin(Kind::Kill, id, site, "SIGKILL");
    token.touch();
    crate::hunt::fs::before_kill();
    let woken = TABLE.with_borrow_mut(|t| {
        t.dead.push(process);
        let of = std::mem::take(&mut t.of);
        let is_in = |actor: &ActorId| of.get(*actor as usize).copied().unwrap_or(0) == process;
        let (woken, left) = std::mem::take(&mut t.blocked).into_iter().partition(|(actor, _)| is_in(actor));
        t.blocked = left;
        (0..of.len() as ActorId).filter(is_in).for_each(|actor| hook::mark(actor, hook::Mark::Dies));
        t.of = of;
        woken
    });
    crate::hunt::fs::killed(process, unsynced);
    let woken: Vec<(ActorId, Wake)> = woken;
    for (actor, wake) in woken {
        super::prompt::wakes(actor);
        wake.wake();
    }
    hook::done(me, Kind::Kill, id, site, "SIGKILL", None);
}

/// Remembers that the current actor waits, so that a kill can wake it.
pub(crate) fn blocks(wake: impl FnOnce() -> Wake) {
    let me = hook::actor();
    if !ARMED.get() || mortal(of(me)).is_none() {
        return;
    }
    let wake = wake();
    TABLE.with_borrow_mut(|t| {
        t.blocked.retain(|b| b.0 != me);
        t.blocked.push((me, wake));
    });
}

/// The current actor was woken.
pub(crate) fn wakes() {
    if !ARMED.get() {
        return;
    }
    let me = hook::actor();
    TABLE.with_borrow_mut(|t| t.blocked.retain(|b| b.0 != me));
}
