//! The table of one-time cells of the execution on this OS thread.

use std::any::Any;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::hook::{Kind, Site};
use crate::model::Object;

/// Number of the next cell that is used; never used twice, unlike an address.
static NEXT: AtomicU64 = AtomicU64::new(1);

thread_local! {
    static CELLS: RefCell<HashMap<u64, Rc<dyn Cellular>>> = RefCell::default();
}

/// A new execution begins: statics start afresh.
pub(in crate::hunt) fn reset() {
    let cells = CELLS.take();
    // In the order of their making, so that destructors run in the same order each time.
    let mut cells: Vec<_> = cells.into_iter().collect();
    cells.sort_unstable_by_key(|c| c.0);
    drop(cells);
}

/// Of entries of all types.
trait Cellular: Any {
    fn is_set(&self) -> bool;
    fn into_any(self: Rc<Self>) -> Rc<dyn Any>;
}

/// The number of a one-time cell.
pub(super) struct Key(AtomicU64);

impl Key {
    pub(super) const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    fn number(&self) -> u64 {
        let number = self.0.load(Relaxed);
        if number != 0 {
            return number;
        }
        // The counter is of the process; a number lost to another OS thread does no harm.
        let fresh = NEXT.fetch_add(1, Relaxed);
        self.0.compare_exchange(0, fresh, Relaxed, Relaxed).map_or_else(|old| old, |_| fresh)
    }

    /// What this execution has under the key; made if there is nothing.
    pub(super) fn entry<T: 'static>(&self, type_name: &'static str, site: Site) -> Rc<Entry<T>> {
        let number = self.number();
        if let Some(entry) = self.find(number) {
            return entry;
        }
        let entry = Rc::new(Entry {
            object: Object::new(type_name, site),
            state: Cell::new(State::Empty),
            value: OnceCell::new(),
        });
        CELLS.with_borrow_mut(|cells| cells.insert(number, entry.clone()));
        entry
    }

    fn find<T: 'static>(&self, number: u64) -> Option<Rc<Entry<T>>> {
        let cell = CELLS.with_borrow(|cells| cells.get(&number).cloned())?;
        cell.into_any().downcast::<Entry<T>>().ok()
    }

    pub(super) fn is_set(&self) -> bool {
        let number = self.0.load(Relaxed);
        number != 0 && CELLS.with_borrow(|cells| cells.get(&number).is_some_and(|c| c.is_set()))
    }

    /// Takes what this execution has under the key out of the table.
    pub(super) fn remove<T: 'static>(&mut self) -> Option<Rc<Entry<T>>> {
        let number = *self.0.get_mut();
        if number == 0 {
            return None;
        }
        // At the end of the OS thread the table may be gone before a cell that another thread-local owns.
        let cell = CELLS.try_with(|cells| cells.borrow_mut().remove(&number)).ok().flatten()?;
        cell.into_any().downcast::<Entry<T>>().ok()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Empty,
    Running,
    Poisoned,
    Done,
}

/// A one-time cell in an execution.
pub(super) struct Entry<T> {
    object: Object,
    state: Cell<State>,
    pub(super) value: OnceCell<T>,
}

impl<T: 'static> Cellular for Entry<T> {
    fn is_set(&self) -> bool {
        self.state.get() == State::Done
    }

    fn into_any(self: Rc<Self>) -> Rc<dyn Any> {
        self
    }
}

/// What an actor that comes to initialise has to do.
pub(super) enum Run {
    /// Nothing.
    Done,
    /// Nothing, for an earlier attempt panicked.
    Poisoned,
    /// Initialise.
    Mine {
        /// True if an earlier attempt panicked.
        poisoned: bool,
    },
}

impl<T> Entry<T> {
    /// The operation with which an initialisation begins, or is found to be done. Waits while another actor is at it.
    pub(super) fn begin(&self, force: bool, site: Site) -> Run {
        self.object.until(Kind::Init, site, || match self.state.get() {
            State::Done => Some(Run::Done),
            State::Poisoned if !force => Some(Run::Poisoned),
            State::Running => None,
            state @ (State::Empty | State::Poisoned) => {
                self.state.set(State::Running);
                Some(Run::Mine { poisoned: state == State::Poisoned })
            }
        })
    }

    /// The attempt that [`Run::Mine`] asks for. Unless it succeeds, the cell is poisoned when it is dropped.
    pub(super) fn attempt(&self, site: Site) -> Attempt<'_, T> {
        Attempt { entry: self, site }
    }

    /// Declares it done without an operation: a flag that belongs to another cell.
    pub(super) fn mark(&self) {
        self.state.set(State::Done);
    }

    /// Waits until the cell is initialised.
    pub(super) fn wait(&self, site: Site) {
        self.object.until(Kind::Wait, site, || (self.state.get() == State::Done).then_some(()));
    }

    /// The operation of looking whether there is a value.
    pub(super) fn look(&self, site: Site) -> bool {
        self.object.once(Kind::Load, site, || self.state.get() == State::Done)
    }
}

/// An initialisation under way.
pub(super) struct Attempt<'a, T> {
    entry: &'a Entry<T>,
    site: Site,
}

impl<T> Attempt<'_, T> {
    /// Ends it with a value.
    pub(super) fn succeed(self, value: T) {
        // A nested initialisation cannot have set it: it would have waited for this one.
        let _ = self.entry.value.set(value);
        self.end(State::Done);
        std::mem::forget(self);
    }

    /// Ends it without, leaving the cell as it was.
    pub(super) fn give_up(self) {
        self.end(State::Empty);
        std::mem::forget(self);
    }

    fn end(&self, state: State) {
        let entry = self.entry;
        // A step of its own: others may see what the initialisation did, and not yet that it is over. It also tells
        // loom that what it did comes before what is done with its outcome.
        entry.object.once(Kind::Init, self.site, || entry.state.set(state));
        entry.object.waiters.wake_all();
    }
}

impl<T> Drop for Attempt<'_, T> {
    fn drop(&mut self) {
        self.end(State::Poisoned);
    }
}
