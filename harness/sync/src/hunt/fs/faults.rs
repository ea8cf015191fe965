//! Faults put in the way of file calls, natively and under the models.
//!
//! A call counts as what its [`Call`] says; those that it does not name are never met. Natively the rules are the
//! process's and count over all of its threads. Under a model they are the OS thread's, stay until set again, and count
//! from the start of each execution. With no rules set a native call pays one relaxed load of a static.

use std::cell::RefCell;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::engine;
use crate::hook::{self, How, Kind};

/// The calls that a fault can meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Call {
    /// `open` of a file that has to be there, with or without `truncate`.
    Open,
    /// `open` with `create` or `create_new`, `create_dir`.
    Create,
    /// `read`; `read_to_end` and `read_to_string` as one.
    Read,
    /// `write`, of which `write_all` makes as many as it needs (under a model one a chunk); `set_len`.
    Write,
    /// `sync_all`, `sync_data`.
    Sync,
    /// `rename`.
    Rename,
    /// `remove_file`, `remove_dir`.
    Unlink,
    /// `read_dir`.
    List,
    /// `metadata` of a path, of a file and of an entry; `exists`.
    Stat,
    /// `lock`, `lock_shared`, `try_lock`, `try_lock_shared`.
    Lock,
}

/// When a rule applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum When {
    /// At the call of that number, from 1.
    Nth(u64),
    /// At each call with this chance out of 65,536.
    Chance(u32),
}

/// What happens then.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    /// The call has no effect and fails with this error number.
    Error(i32),
    /// This runs before the call, natively only (raise a signal, say). It must not call the facade's `fs`.
    Do(fn()),
}

/// One fault.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Which calls it may meet.
    pub call: Call,
    /// Which of these it meets.
    pub when: When,
    /// What it does to them. The first rule that applies acts.
    pub act: Act,
}

/// Rules, how many calls each has seen, and the state of the generator that draws (`SplitMix64`).
struct Table {
    rules: Vec<(Rule, u64)>,
    seed: u64,
    draws: u64,
}

static ARMED: AtomicBool = AtomicBool::new(false);
static NATIVE: Mutex<Table> = Mutex::new(Table::NONE);

thread_local! {
    static MODEL: RefCell<Table> = const { RefCell::new(Table::NONE) };
}

/// Puts `rules` in the place of those before, and counts from here on: the process's natively, this OS thread's under a
/// model. `seed` decides what the chances come to.
pub fn set(rules: Vec<Rule>, seed: u64) {
    let armed = !rules.is_empty();
    let table = Table { rules: rules.into_iter().map(|rule| (rule, 0)).collect(), seed, draws: 0 };
    if engine::current().is_model() {
        MODEL.set(table);
    } else {
        *NATIVE.lock().unwrap_or_else(PoisonError::into_inner) = table;
        ARMED.store(armed, Ordering::Relaxed);
    }
}

/// A new execution begins on this OS thread.
pub(super) fn reset() {
    MODEL.with_borrow_mut(|table| {
        table.draws = 0;
        for (_, calls) in &mut table.rules {
            *calls = 0;
        }
    });
}

/// A native call begins.
#[inline]
pub(super) fn native(call: Call) -> io::Result<()> {
    if ARMED.load(Ordering::Relaxed) { decide(call) } else { Ok(()) }
}

#[cold]
fn decide(call: Call) -> io::Result<()> {
    let act = NATIVE.lock().unwrap_or_else(PoisonError::into_inner).act(call);
    match act {
        Some(Act::Error(errno)) => Err(io::Error::from_raw_os_error(errno)),
        Some(Act::Do(f)) => {
            f();
            Ok(())
        }
        None => Ok(()),
    }
}

/// True if a rule of the model may meet such a call.
pub(super) fn concern(call: Option<Call>) -> bool {
    MODEL.with_borrow(|table| call.is_some_and(|call| table.rules.iter().any(|r| r.0.call == call)))
}

/// The error that a call of a model ends with, if it is to.
pub(super) fn model(call: Option<Call>) -> Option<i32> {
    if concern(call) {
        hook::touch(hook::FAULTS, How::Step(Kind::Write));
    }
    match MODEL.with_borrow_mut(|table| table.act(call?))? {
        Act::Error(errno) => Some(errno),
        Act::Do(_) => None,
    }
}

impl Table {
    const NONE: Self = Self { rules: Vec::new(), seed: 0, draws: 0 };

    fn act(&mut self, call: Call) -> Option<Act> {
        let mut act = None;
        for (rule, calls) in &mut self.rules {
            if rule.call != call {
                continue;
            }
            *calls += 1;
            let applies = match rule.when {
                When::Nth(n) => *calls == n,
                When::Chance(chance) => {
                    self.draws += 1;
                    let state = self.seed.wrapping_add(self.draws.wrapping_mul(0x9e37_79b9_7f4a_7c15));
                    (splitmix(state) >> 48) < u64::from(chance)
                }
            };
            if applies && act.is_none() {
                act = Some(rule.act);
            }
        }
        act
    }
}

/// `SplitMix64`'s output function (Steele, Lea and Flood, 2014).
pub(super) fn splitmix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
