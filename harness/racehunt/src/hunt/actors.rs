//! Actors over a shared state, and what must hold once they have ended.

use super::{Hunt, Outcome, search};
use racehunt_engines::model;
use std::panic::Location;
use std::sync::Arc;

/// What one actor does.
type Act<S> = Arc<dyn Fn(&S) + Send + Sync>;

/// Something that must hold at rest: its name, where it is stated, and whether it does.
type AtRest<S> = (String, &'static Location<'static>, Box<dyn Fn(&S) -> bool + Send + Sync>);

/// Named actors over a state: made by [`Hunt::over`], run by [`Actors::check`].
///
/// The state is made before the actors start, and the invariants are looked at after all of them have ended; neither is
/// interrupted by anyone. An actor that panics or waits for ever is a finding of its own, and the invariants of that
/// execution are not looked at.
///
/// ```
/// use racehunt::sync::atomic::{AtomicU64, Ordering::SeqCst};
///
/// let outcome = racehunt::hunt("counter")
///     .executions(200)
///     .over(|| AtomicU64::new(0))
///     .actor("A", |n| n.store(n.load(SeqCst) + 1, SeqCst))
///     .actor("B", |n| n.store(n.load(SeqCst) + 1, SeqCst))
///     .invariant("every add counts", |n| n.load(SeqCst) == 2)
///     .run();
/// assert_eq!(outcome.findings()[0].kind, racehunt::FindingKind::Invariant);
/// println!("{outcome}");
/// ```
#[must_use = "actors do nothing until `check` or `run`"]
pub struct Actors<S> {
    hunt: Hunt,
    open: Box<dyn Fn() -> S + Send + Sync>,
    actors: Vec<(String, Act<S>)>,
    at_rest: Vec<AtRest<S>>,
}

impl<S: Send + Sync + 'static> Actors<S> {
    pub(super) fn new(hunt: Hunt, open: impl Fn() -> S + Send + Sync + 'static) -> Self {
        Self { hunt, open: Box::new(open), actors: Vec::new(), at_rest: Vec::new() }
    }

    /// Adds an actor. All start together.
    pub fn actor(mut self, name: &str, act: impl Fn(&S) + Send + Sync + 'static) -> Self {
        self.actors.push((name.to_owned(), Arc::new(act)));
        self
    }

    /// Adds what must hold after all actors have ended. What must hold in between an actor says by [`crate::invariant`].
    #[track_caller]
    pub fn invariant(mut self, name: &str, holds: impl Fn(&S) -> bool + Send + Sync + 'static) -> Self {
        self.at_rest.push((name.to_owned(), Location::caller(), Box::new(holds)));
        self
    }

    /// Searches and returns what was explored; see [`Hunt::check`].
    ///
    /// # Panics
    /// As [`Hunt::check`].
    #[track_caller]
    pub fn check(self) -> Outcome {
        self.run().passed()
    }

    /// As [`Actors::check`], without the panic: the caller judges.
    pub fn run(self) -> Outcome {
        let Self { hunt, open, actors, at_rest } = self;
        search::run(&hunt, move || {
            let state = Arc::new(open());
            let start = |(name, act): &(String, Act<S>)| {
                let (act, state) = (Arc::clone(act), Arc::clone(&state));
                (name.clone(), Box::new(move || act(&state)) as Box<dyn FnOnce() + Send>)
            };
            if model::together(actors.iter().map(start).collect()) {
                for (name, site, holds) in &at_rest {
                    if !holds(&state) {
                        model::broken(name, site);
                    }
                }
            }
        })
    }
}
