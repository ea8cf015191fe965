//! Panics of the code under test: kept, with their place, and not printed.

use racehunt_sync::hook;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::Once;

/// A panic as the hook saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caught {
    /// The actor that ran (0 on a native thread).
    pub actor: u32,
    /// The payload as text.
    pub message: String,
    /// `file:line`.
    pub site: String,
}

thread_local! {
    static SEEN: RefCell<Vec<Caught>> = const { RefCell::new(Vec::new()) };
    static KEEPING: Cell<bool> = const { Cell::new(false) };
}

/// Panics remembered a thread between two calls of [`take`], the last ones: code under test that catches its own must
/// not make this grow.
const MOST: usize = 64;

/// Keeps this thread's panics instead of printing them, until the guard is dropped: a search may panic a million times,
/// and stderr is for people. Other threads print as before.
#[must_use = "panics are printed again when the guard is dropped"]
pub fn keep() -> Keeping {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let print = std::panic::take_hook();
        // shuttle installs a hook of its own with its first execution; ours has to come after it.
        let once = shuttle::scheduler::RoundRobinScheduler::new(1);
        shuttle::Runner::new(once, crate::shuttle::config(shuttle::MaxSteps::None)).run(|| {});
        std::panic::set_hook(Box::new(move |info| {
            if KEEPING.get() {
                remember(info.payload(), info.location());
            } else {
                print(info);
            }
        }));
    });
    Keeping(KEEPING.replace(true))
}

/// See [`keep`].
#[derive(Debug)]
pub struct Keeping(bool);

impl Drop for Keeping {
    fn drop(&mut self) {
        KEEPING.set(self.0);
    }
}

fn remember(payload: &(dyn Any + Send), at: Option<&Location<'_>>) {
    let caught = Caught { actor: hook::actor(), message: text(payload), site: at.map(site).unwrap_or_default() };
    SEEN.with(|s| {
        if let Ok(mut s) = s.try_borrow_mut() {
            if s.len() == MOST {
                s.remove(0);
            }
            s.push(caught);
        }
    });
}

/// Takes what panicked on this thread since the last call.
#[must_use]
pub fn take() -> Vec<Caught> {
    SEEN.with(|s| std::mem::take(&mut *s.borrow_mut()))
}

/// Runs `f`; its panic becomes a value.
///
/// # Errors
/// If `f` panicked.
#[inline]
pub fn catch<R>(f: impl FnOnce() -> R) -> Result<R, Caught> {
    let quiet = keep();
    let result = catch_unwind(AssertUnwindSafe(f));
    drop(quiet);
    result.map_err(|payload| caught(&*payload))
}

#[cold]
fn caught(payload: &(dyn Any + Send)) -> Caught {
    let message = text(payload);
    // The hook does not see `resume_unwind`, so what it saw last may be another panic, caught by the code under test.
    let seen = take().into_iter().rfind(|c| c.message == message);
    seen.unwrap_or(Caught { actor: 0, message, site: String::new() })
}

/// A panic's payload as text.
#[must_use]
pub fn text(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| payload.downcast_ref::<&str>().map(|s| (*s).to_owned()))
        .unwrap_or_else(|| "a payload that is no text".to_owned())
}

/// `file:line`, with the path from the package's root where it comes from a registry.
#[must_use]
pub fn site(at: &Location<'_>) -> String {
    let file = at.file();
    let short = file.split_once("/registry/src/").and_then(|(_, f)| f.split_once('/')).map_or(file, |(_, f)| f);
    format!("{short}:{}", at.line())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_and_site_are_kept_and_a_later_panic_has_its_own() {
        let first = catch(|| panic!("one")).unwrap_err();
        let line = line!() - 1;
        let second = catch(|| panic!("{}", 2)).unwrap_err();
        assert_eq!((first.message.as_str(), second.message.as_str()), ("one", "2"));
        assert!(first.site.ends_with(&format!("panics.rs:{line}")), "{}", first.site);
        assert_ne!(first.site, second.site);
        assert_eq!(catch(|| 7), Ok(7));
    }

    #[test]
    fn a_panic_that_the_code_caught_itself_is_not_taken_for_another() {
        let again = || std::panic::resume_unwind(Box::new("two".to_owned()));
        let both = catch(|| {
            let _ = std::panic::catch_unwind(|| panic!("one"));
            again();
        });
        assert_eq!(both, Err::<(), _>(Caught { actor: 0, message: "two".into(), site: String::new() }));
    }
}
