//! Generations that are actors of this process: each waits until it is started.
//!
//! Under a model the kill is a real one: the actor is in a process of its own and takes no further step. On real threads,
//! which cannot be killed, the worker ends the next time its loop asks.

use super::monitor::Crew;
use racehunt_sync::atomic::{AtomicU32, Ordering};
use racehunt_sync::{Condvar, Mutex, PoisonError};
use std::io;

/// Every generation that has an actor.
#[derive(Debug)]
pub(super) struct Standbys {
    /// Generations below are to end.
    ended: AtomicU32,
    state: Mutex<State>,
    changed: Condvar,
    /// As in the state, for whoever only asks: std's, and no step.
    latest: std::sync::atomic::AtomicU32,
    model: bool,
}

#[derive(Debug)]
struct State {
    /// The latest generation that was started.
    latest: u32,
    closed: bool,
}

impl Standbys {
    /// Generation 0 is started, the others up to `generations` wait. Under a model each may be killed.
    pub(super) fn new(generations: u32, model: bool) -> Self {
        if model {
            modelled::make_mortal(generations);
        }
        let state = Mutex::new(State { latest: 0, closed: false });
        let latest = std::sync::atomic::AtomicU32::new(0);
        Self { ended: AtomicU32::new(0), state, changed: Condvar::new(), latest, model }
    }

    /// Waits until `generation` is started, and makes the current actor its process. False if that never happens.
    pub(super) fn enter(&self, generation: u32) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while state.latest < generation && !state.closed {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let started = state.latest >= generation;
        // Nobody may be killed with it: it would stay locked.
        drop(state);
        if started && self.model {
            modelled::enter(generation);
        }
        started
    }

    /// True if the worker of `generation` is to end.
    pub(super) fn is_asked(&self, generation: u32) -> bool {
        self.ended.load(Ordering::Acquire) > generation
    }

    /// The latest generation that was started, if it is one that can be killed.
    pub(super) fn mortal(&self) -> Option<u32> {
        self.model.then(|| self.latest.load(Ordering::Acquire))
    }

    /// No further generation will be started.
    pub(super) fn close(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.changed.notify_all();
    }
}

impl Crew for Standbys {
    fn ask(&self, generation: u32) {
        self.ended.fetch_max(generation + 1, Ordering::AcqRel);
    }

    fn kill(&self, generation: u32) {
        if self.model { modelled::kill(generation) } else { self.ask(generation) }
    }

    fn start(&self, generation: u32) -> io::Result<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.latest = state.latest.max(generation);
        self.latest.store(state.latest, Ordering::Release);
        drop(state);
        self.changed.notify_all();
        Ok(())
    }
}

#[cfg(feature = "hunt")]
mod modelled {
    use racehunt_sync::process::{self, Unsynced};

    /// Far from the numbers that actors' own processes have.
    const FIRST: u32 = 1_000;

    pub(super) fn make_mortal(generations: u32) {
        for generation in 0..generations {
            process::make_mortal(FIRST + generation);
        }
    }

    pub(super) fn enter(generation: u32) {
        process::enter(FIRST + generation);
    }

    pub(super) fn kill(generation: u32) {
        process::kill(FIRST + generation, Unsynced::Kept);
    }
}

#[cfg(not(feature = "hunt"))]
mod modelled {
    pub(super) fn make_mortal(_: u32) {}
    pub(super) fn enter(_: u32) {}
    pub(super) fn kill(_: u32) {}
}
