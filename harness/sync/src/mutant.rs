//! Mutants: the code under test, weakened at one operation of the facade by a switch at run time.
//!
//! A harness that finds nothing in code that is right has shown little. So each operation is weakened in turn, and a
//! harness that is worth something finds the race that this makes. A mutant is a place in the source and an [`Operator`].
//!
//! # What is sound
//!
//! Safe code must stay safe: a mutant may break what the code under test means and nothing else.
//!
//! * A lock that guards a value is never left out: two actors would have `&mut` to it. It goes on to keep others out, but
//!   says nothing of it to loom ([`Operator::Bare`]). And its section is cut in two,
//!   where the guard is about to lend its value anew (`deref_mut`): the guard is borrowed exclusively there, so nothing that
//!   it has lent is alive, and this is `drop(guard)` and a new `lock()` before the statement. A lock that guards nothing by
//!   its type (`Mutex<()>`, the lock of a file) is left out as a whole.
//! * A step that only hands over what it owns (a store, a notification, a call on a file) can be left out or come late.
//! * A section that a reader has is never cut: a shared guard may have lent its value, and nobody says when that ends.
//!
//! # What is left out, and why
//!
//! An unlock that comes late only makes a section longer, which is legal. Timed waits that end early or late need no
//! mutant: a model explores both anyway. On real threads only those switches exist that cost nothing while they are off.
//!
//! Armed for the whole program by [`arm`] or [`survey`], one at a time.

mod later;

use std::collections::BTreeSet;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::hook::Site;
use crate::{hook, model};

pub use later::settle;
pub(crate) use later::{begins, forget, later, later_than_a_name, own_steps, renamed};

/// How an operation is weakened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operator {
    /// What is one step becomes two: a critical section is left and entered anew, a read-modify-write is a load and a
    /// store, a rename onto a file removes that first.
    Split,
    /// A lock that guards nothing by its type is not taken.
    Drop,
    /// A lock that guards a value keeps others out and orders nothing: what it guards is as bare as without it, and loom,
    /// which is told of each use, has to see that two of them race.
    Bare,
    /// Every ordering is `Relaxed`; a fence is none.
    Relax,
    /// The step is left out; it answers as if it had been made.
    Skip,
    /// A notification of all reaches one.
    One,
    /// The step comes after the actor's next one that changes something (or at the end of its call, if there is none); a
    /// sync of a file after its next change of a name, for that order is what a sync is for.
    Swap,
    /// What must be new may be there already.
    Loose,
    /// A wait ends without a reason, once in each execution. This is legal: code that breaks by it relies on more than
    /// it was promised.
    Early,
}

impl Operator {
    /// All of them.
    pub const ALL: [Self; 9] =
        [Self::Split, Self::Drop, Self::Bare, Self::Relax, Self::Skip, Self::One, Self::Swap, Self::Loose, Self::Early];

    /// Lower-case word for reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Split => "split",
            Self::Drop => "drop",
            Self::Bare => "bare",
            Self::Relax => "relax",
            Self::Skip => "skip",
            Self::One => "one",
            Self::Swap => "swap",
            Self::Loose => "loose",
            Self::Early => "early",
        }
    }
}

/// An operation that can be weakened, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    /// Where it stands.
    pub site: Site,
    /// What it is: `atomic swap`, `rename`. At one place there may be several: making a file, and writing to it.
    pub what: &'static str,
    /// How.
    pub operator: Operator,
}

/// What came of an armed mutant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// How often its operation was reached.
    pub reached: u64,
    /// How often that may have made a difference. With none of these the mutant did what the original does.
    pub differed: u64,
}

#[derive(Debug)]
enum Mode {
    Survey,
    Mutant { site: String, what: String, operator: Operator },
}

#[derive(Debug)]
struct State {
    mode: Mode,
    points: BTreeSet<Point>,
    seen: Seen,
    /// The execution in which [`Operator::Early`] was used last.
    epoch: u64,
}

/// 0 while nothing is armed, else another number each time.
static ARMED: AtomicU64 = AtomicU64::new(0);
static ARMINGS: AtomicU64 = AtomicU64::new(0);
static STATE: Mutex<Option<State>> = Mutex::new(None);
static TURN: Mutex<()> = Mutex::new(());

/// A mutant or a survey, until it is dropped.
#[must_use = "it is disarmed when this is dropped"]
#[derive(Debug)]
pub struct Armed(#[expect(dead_code, reason = "held for its drop")] MutexGuard<'static, ()>);

/// From now on the operation `what` (see [`Point`]) at `site` (`file:line:column`) is weakened. Waits for whoever has
/// armed something.
pub fn arm(site: &str, what: &str, operator: Operator) -> Armed {
    on(Mode::Mutant { site: site.to_owned(), what: what.to_owned(), operator })
}

/// From now on every operation that can be weakened is noted when it is reached.
pub fn survey() -> Armed {
    on(Mode::Survey)
}

fn on(mode: Mode) -> Armed {
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    *state() = Some(State { mode, points: BTreeSet::new(), seen: Seen::default(), epoch: u64::MAX });
    ARMED.store(ARMINGS.fetch_add(1, Relaxed) + 1, Relaxed);
    Armed(turn)
}

impl Armed {
    /// What came of the mutant so far.
    #[must_use]
    pub fn seen(&self) -> Seen {
        state().as_ref().map(|s| s.seen).unwrap_or_default()
    }

    /// What the survey has found, by place.
    #[must_use]
    pub fn points(&self) -> Vec<Point> {
        state().as_ref().map(|s| s.points.iter().copied().collect()).unwrap_or_default()
    }
}

impl Drop for Armed {
    fn drop(&mut self) {
        ARMED.store(0, Relaxed);
        *state() = None;
    }
}

fn state() -> MutexGuard<'static, Option<State>> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// True while something is armed.
#[inline]
pub(crate) fn is_on() -> bool {
    ARMED.load(Relaxed) != 0
}

/// Whether the operation at `site` is to be weakened, and how; `offers` are the ways that it has.
#[inline]
pub(crate) fn at(site: Site, what: &'static str, offers: &[Operator]) -> Option<Operator> {
    if is_on() { look(site, what, offers) } else { None }
}

#[cold]
#[inline(never)]
fn look(site: Site, what: &'static str, offers: &[Operator]) -> Option<Operator> {
    // A destructor that runs while its actor unwinds must find everything as it is.
    if std::thread::panicking() || model::failed() || is_own(site) {
        return None;
    }
    let mut state = state();
    let state = state.as_mut()?;
    match &state.mode {
        Mode::Survey => {
            state.points.extend(offers.iter().map(|operator| Point { site, what, operator: *operator }));
            None
        }
        Mode::Mutant { site: at, what: named, operator }
            if offers.contains(operator) && what == named && is_at(site, at) =>
        {
            state.seen.reached += 1;
            if *operator == Operator::Early {
                let epoch = model::epoch();
                if std::mem::replace(&mut state.epoch, epoch) == epoch {
                    return None;
                }
            }
            Some(*operator)
        }
        Mode::Mutant { .. } => None,
    }
}

/// True for a place inside of this crate: what std calls has no better one, and is nobody's to weaken.
fn is_own(site: Site) -> bool {
    let own = Location::caller().file().trim_end_matches("mutant.rs");
    site.file().starts_with(own) || site.file().starts_with("/rustc/")
}

fn is_at(site: Site, at: &str) -> bool {
    let mut parts = at.rsplitn(3, ':');
    let mut number = || parts.next().and_then(|n| n.parse().ok());
    let (column, line) = (number(), number());
    (Some(site.line()), Some(site.column()), Some(site.file())) == (line, column, parts.next())
}

/// The mutant may have made a difference.
pub(crate) fn differed() {
    if let Some(state) = &mut *state() {
        state.seen.differed += 1;
    }
}

/// The same, if `so`.
pub(crate) fn differed_if(so: bool) {
    if so {
        differed();
    }
}

/// Two steps in the place of one: the mutant made a difference only if another actor came between.
pub(crate) struct Gap {
    steps: u64,
    own: u64,
}

impl Gap {
    /// Before the first of them.
    pub(crate) fn open() -> Self {
        Self { steps: hook::steps(), own: own_steps() }
    }

    /// True if steps of others were made since.
    pub(crate) fn others(&self) -> bool {
        hook::steps() - self.steps > own_steps() - self.own
    }

    /// After the last of them.
    pub(crate) fn close(&self) {
        differed_if(self.others());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_known_by_file_line_and_column() {
        let here = Location::caller();
        let at = format!("{}:{}:{}", here.file(), here.line(), here.column());
        assert!(is_at(here, &at));
        assert!(!is_at(here, &format!("{at}1")));
        assert!(!is_at(here, "x.rs:1:1") && !is_at(here, "") && !is_at(here, "1:1"));
        assert!(is_own(here));
    }

    #[test]
    fn each_operator_has_a_word_of_its_own() {
        let words: BTreeSet<&str> = Operator::ALL.iter().map(|o| o.word()).collect();
        assert_eq!(words.len(), Operator::ALL.len());
    }
}
