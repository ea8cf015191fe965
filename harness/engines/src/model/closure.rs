//! What the closure of a model can say beside panicking: actors that run together, and invariants.

use super::layout::REST;
use super::{STACK, Slot};
use crate::panics;
use racehunt_core::finding::FindingKind;
use racehunt_core::observation::{Panic, Violation};
use racehunt_sync::{hook, thread};
use std::cell::RefCell;
use std::panic::Location;

/// Where the actors are started, as their steps show it.
pub(super) const FILE: &str = file!();

thread_local! {
    /// Broken in the execution that runs on this OS thread, as all its actors do.
    static BROKEN: RefCell<Vec<Violation>> = const { RefCell::new(Vec::new()) };
}

/// Starts actors, each a name and what it does, and waits for their ends. True if none of them panicked; what follows in
/// the interleaving is then the look at what is left, and no part of the program.
#[must_use]
pub fn together(actors: Vec<(String, Box<dyn FnOnce() + Send>)>) -> bool {
    let start = |(name, act): (String, Box<dyn FnOnce() + Send>)| {
        let builder = thread::Builder::new().name(name).stack_size(STACK);
        builder.spawn(act).expect("a modelled thread always starts")
    };
    let actors: Vec<_> = actors.into_iter().map(start).collect();
    let mut well = true;
    for actor in actors {
        well &= actor.join().is_ok();
    }
    hook::note(Location::caller(), || REST.to_owned());
    well
}

/// Records that the invariant `name`, which is stated at `site`, is broken, and goes on.
pub fn broken(name: &str, site: &'static Location<'static>) {
    let actor = hook::names().get(hook::actor() as usize).cloned().unwrap_or_default();
    hook::note(site, || format!("invariant broken: {name}"));
    BROKEN.with_borrow_mut(|broken| {
        if broken.iter().all(|b| b.detail != name) {
            let message = format!("{name} (stated at {}) was broken when {actor} looked", panics::site(site));
            broken.push(Violation { kind: FindingKind::Invariant, detail: name.to_owned(), message, ids: Vec::new() });
        }
    });
}

/// An execution begins.
pub(super) fn begin() {
    BROKEN.with_borrow_mut(Vec::clear);
}

/// Puts what the closure said into the observation.
pub(super) fn end(slot: &mut Slot) {
    slot.observation.violations.extend(BROKEN.take());
}

/// The panics of the execution, without those that only hand on another one.
pub(super) fn panicked() -> Vec<Panic> {
    let names = hook::names();
    let mut caught = panics::take();
    if let Some((first, others)) = caught.split_first_mut() {
        let first = first.clone();
        let mut own: Vec<_> = others.iter().filter(|c| !hands_on(&c.message)).cloned().collect();
        own.insert(0, first);
        caught = own;
    }
    let panic = |caught: panics::Caught| Panic {
        actor: names.get(caught.actor as usize).cloned().unwrap_or_default(),
        message: caught.message,
        site: caught.site,
    };
    caught.into_iter().map(panic).collect()
}

/// True for the words of a panic that is about another actor's: a join that is unwrapped, a lock that is poisoned.
fn hands_on(message: &str) -> bool {
    let unwrapped = "called `Result::unwrap()` on an `Err` value: ";
    let about = message.strip_prefix(unwrapped).unwrap_or_default();
    about.starts_with("Any { .. }") || about.starts_with("PoisonError { .. }") || message == "a scoped thread panicked"
}

#[cfg(test)]
mod tests {
    use super::hands_on;
    use std::panic::AssertUnwindSafe;

    #[test]
    fn only_panics_about_other_panics_are_left_out() {
        let (ended, lock) = (std::thread::spawn(|| panic!("the first")), std::sync::Arc::new(std::sync::Mutex::new(1)));
        let joined = std::panic::catch_unwind(AssertUnwindSafe(|| ended.join().unwrap()));
        let holder = std::sync::Arc::clone(&lock);
        let held = std::thread::spawn(move || (holder.lock().map(|_held| panic!("the second"))).is_ok());
        assert!(held.join().is_err());
        let poison = std::panic::catch_unwind(AssertUnwindSafe(|| *lock.lock().unwrap()));
        for payload in [joined.map(|()| 0).unwrap_err(), poison.unwrap_err()] {
            let text = crate::panics::text(&*payload);
            assert!(hands_on(&text), "{text}");
        }
        assert!(!hands_on("called `Result::unwrap()` on an `Err` value: Os { code: 2 }"));
        assert!(!hands_on("a value was lost"));
    }
}
