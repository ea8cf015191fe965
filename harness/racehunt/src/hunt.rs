//! Hunts in plain tests: a closure, or a few actors over a state, searched where it stands.

mod actors;
mod outcome;
mod search;

pub use actors::Actors;
pub use outcome::Outcome;

use racehunt_core::finding::FindingKind;
use racehunt_core::scenario::{Strategy, Timespan};
use racehunt_engines::model;
use racehunt_sync::engine;
use std::panic::Location;
use std::time::Duration;

/// Environment variable with the token of a finding. The hunt whose name the token carries replays that execution
/// instead of searching; every other hunt searches as usual. A text that is no token fails every hunt.
pub const REPLAY: &str = "RACEHUNT_REPLAY";

/// Begins a hunt: a search for schedules under which a piece of code fails, in the test that calls it.
///
/// `name` stands in tokens and fingerprints: no two hunts of a test binary should share one. Options follow, and then
/// either [`Hunt::check`] with a closure that starts its own threads, as loom's and shuttle's users know it, or
/// [`Hunt::over`] with actors over a shared state.
///
/// ```
/// use racehunt::sync::{Arc, Mutex};
/// use racehunt::thread;
///
/// let outcome = racehunt::hunt("both_adds_count").executions(500).check(|| {
///     let sum = Arc::new(Mutex::new(0));
///     let other = {
///         let sum = Arc::clone(&sum);
///         thread::spawn(move || *sum.lock().unwrap() += 1)
///     };
///     *sum.lock().unwrap() += 1;
///     other.join().unwrap();
///     assert_eq!(*sum.lock().unwrap(), 2);
/// });
/// assert!(outcome.findings().is_empty());
/// ```
///
/// # What may stand in the closure
///
/// It is run thousands of times and has to do the same each time under the same schedule: all state is made inside, all
/// threads, locks, atomics, channels, clocks and files are those of [`crate::sync`], and randomness comes from nowhere
/// else. Code under test depends on `racehunt-sync` (which is `std` unless the feature `hunt` is on; a dev-dependency on
/// this crate turns it on for tests). A lock of `std` held across a step of the facade hangs the test.
///
/// It runs in the process of the test. An actor has a stack of 1 MiB under shuttle and of 32 KiB under loom, and an
/// overflow ends the test process. Several hunts may run at once on the threads of `cargo test`. Panics inside are
/// recorded and not printed; what the closure prints is left alone.
pub fn hunt(name: impl Into<String>) -> Hunt {
    Hunt {
        name: name.into(),
        strategy: None,
        executions: None,
        time: Timespan::new(Duration::from_secs(60)).expect("a minute is a time"),
        steps: 10_000,
        seed: 1,
        loom: None,
        expected: Vec::new(),
        token: None,
    }
}

/// Says that something must hold here. Inside of a hunt a broken one is recorded as a finding of its own, and the
/// execution goes on: unlike an `assert!` it does not change what the others do. Anywhere else it panics.
///
/// # Panics
/// If it does not hold and no hunt runs on this thread.
#[track_caller]
pub fn invariant(name: &str, holds: bool) {
    if holds {
        return;
    }
    assert!(engine::current().is_model(), "invariant broken: {name}");
    model::broken(name, Location::caller());
}

/// A search to come: made by [`hunt`], described by its methods, run by [`Hunt::check`], [`Hunt::run`] or [`Hunt::over`].
///
/// ```
/// use racehunt::sync::{Arc, Mutex};
/// use racehunt::{FindingKind, Verdict, thread};
///
/// /// Two threads that take two locks in two orders.
/// fn crossed() {
///     let locks = Arc::new((Mutex::new(()), Mutex::new(())));
///     let other = {
///         let locks = Arc::clone(&locks);
///         thread::spawn(move || {
///             let _second = locks.1.lock().unwrap();
///             let _first = locks.0.lock().unwrap();
///         })
///     };
///     let first = locks.0.lock().unwrap();
///     let second = locks.1.lock().unwrap();
///     drop((first, second));
///     other.join().unwrap();
/// }
///
/// // The caller judges …
/// let outcome = racehunt::hunt("crossed").strategy("exhaustive").run(crossed);
/// assert_eq!(outcome.verdict, Verdict::Fail);
/// let finding = outcome.findings()[0];
/// assert_eq!(finding.kind, FindingKind::Deadlock);
///
/// // … a token shows the same execution again …
/// let token = finding.repro.token().expect("an exact replay");
/// assert!(racehunt::hunt("crossed").replay(token).run(crossed).replayed.is_some());
///
/// // … and a canary fails if it is not found.
/// racehunt::hunt("crossed").expect("deadlock").check(crossed);
/// ```
#[derive(Clone, Debug)]
#[must_use = "a hunt searches nothing until `check` or `run`"]
pub struct Hunt {
    name: String,
    strategy: Option<Strategy>,
    executions: Option<u64>,
    time: Timespan,
    steps: usize,
    seed: u64,
    /// Bounds on preemptions.
    loom: Option<Vec<Option<usize>>>,
    expected: Vec<FindingKind>,
    token: Option<String>,
}

impl Hunt {
    /// Searches under shuttle (sequentially consistent) with a strategy as scenarios name it: `"random"`, `"pct:3"`,
    /// `"exhaustive"`, …. Default: `"auto"`, or none if [`Hunt::loom`] is asked for and this is not.
    ///
    /// # Panics
    /// If no strategy is called so.
    #[track_caller]
    pub fn strategy(mut self, name: &str) -> Self {
        let read = name.parse();
        self.strategy = Some(read.unwrap_or_else(|e| panic!("hunt({:?}).strategy({name:?}): {e}", self.name)));
        self
    }

    /// Executions at most, of shuttle and of each bound of loom. Default: 10,000 under shuttle, no cap under loom.
    pub fn executions(mut self, most: u64) -> Self {
        self.executions = Some(most);
        self
    }

    /// Time at most, of shuttle and of each bound of loom. Default: 60 s. A search of shuttle that it ends early is
    /// `unknown`, and fails the test: budget by [`Hunt::executions`], which are the same on every machine.
    ///
    /// # Panics
    /// If it is zero, or longer than a year.
    #[track_caller]
    pub fn time(mut self, most: Duration) -> Self {
        self.time = Timespan::new(most).unwrap_or_else(|| panic!("hunt({:?}).time({most:?})", self.name));
        self
    }

    /// Steps of one execution before it counts as a livelock. Default: 10,000. (Under loom the bound is fixed.)
    pub fn steps(mut self, most: usize) -> Self {
        self.steps = most;
        self
    }

    /// Seed of all that is drawn. Default: 1. The same seed gives the same findings.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Searches under loom (C11 memory model, at most five threads with the first one): every execution within each of
    /// these bounds on preemptions, one bound after the other. `2` and `3` find most; `None` is no bound, and may not end
    /// in any time. Instead of shuttle, or beside it if [`Hunt::strategy`] is called too.
    pub fn loom<B: Into<Option<usize>>>(mut self, preemptions: impl IntoIterator<Item = B>) -> Self {
        self.loom = Some(preemptions.into_iter().map(Into::into).collect());
        self
    }

    /// Turns the test into a canary: it passes only if a finding of this kind is found, and nothing else. Called again,
    /// each of the kinds must be found. Kinds are those of scenarios: `"deadlock"`, `"panic"`, `"invariant"`,
    /// `"livelock"`, ….
    ///
    /// # Panics
    /// If no kind of finding is called so.
    #[track_caller]
    pub fn expect(mut self, kind: &str) -> Self {
        let known = FindingKind::ALL.into_iter().find(|known| known.word() == kind);
        self.expected.push(known.unwrap_or_else(|| {
            let words: Vec<&str> = FindingKind::ALL.iter().map(|known| known.word()).collect();
            panic!("hunt({:?}).expect({kind:?}): one of {}", self.name, words.join(", "))
        }));
        self
    }

    /// Replays the token of a finding instead of searching, as [`REPLAY`] does. The test then fails in any case: with the
    /// finding, or with what the code does instead.
    pub fn replay(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Actors over a state that `open` makes anew for each execution.
    pub fn over<S: Send + Sync + 'static>(self, open: impl Fn() -> S + Send + Sync + 'static) -> Actors<S> {
        Actors::new(self, open)
    }

    /// Searches the schedules of `body` and returns what was explored.
    ///
    /// # Panics
    /// With the findings, their interleavings and the command that replays each, if anything was found that is not
    /// expected, if something expected was not found, or if the search does not count: no two threads ever met, or the
    /// time was up too early.
    #[track_caller]
    pub fn check(self, body: impl Fn() + Send + Sync + 'static) -> Outcome {
        self.run(body).passed()
    }

    /// As [`Hunt::check`], without the panic: the caller judges.
    pub fn run(self, body: impl Fn() + Send + Sync + 'static) -> Outcome {
        search::run(&self, body)
    }
}

/// What searches if nobody says with what.
const BEST: Strategy = Strategy::Auto;
