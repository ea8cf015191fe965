//! `Barrier`.

use std::fmt;
use std::panic::Location;
use std::sync::Mutex;

use crate::engine;
use crate::hook::{self, Kind, Site};
use crate::model::{Object, table};
use crate::perturb;
use crate::waits::{self, On};

/// [`std::sync::Barrier`] under the engine that is current when it is made.
pub struct Barrier(Inner);

enum Inner {
    /// With where it was made.
    Native(std::sync::Barrier, Site),
    Model {
        object: Box<Object>,
        size: usize,
        state: Mutex<State>,
    },
}

#[derive(Default)]
struct State {
    arrived: usize,
    /// How often the barrier has opened.
    rounds: u64,
}

/// Whether this thread is the one that opened the barrier, as [`std::sync::BarrierWaitResult`].
pub struct BarrierWaitResult(bool);

impl BarrierWaitResult {
    /// True for exactly one thread of each round.
    #[must_use]
    pub fn is_leader(&self) -> bool {
        self.0
    }
}

impl fmt::Debug for BarrierWaitResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BarrierWaitResult").field("is_leader", &self.0).finish()
    }
}

impl Barrier {
    /// A barrier of the current engine that opens for every `n` threads. (No `const fn`.)
    #[track_caller]
    #[must_use]
    pub fn new(n: usize) -> Self {
        Self(if engine::current().is_model() {
            let object = Box::new(Object::new("Barrier", Location::caller()));
            Inner::Model { object, size: n, state: Mutex::default() }
        } else {
            Inner::Native(std::sync::Barrier::new(n), Location::caller())
        })
    }

    /// Waits until as many threads have come as the barrier is for. The last one is the leader.
    #[track_caller]
    pub fn wait(&self) -> BarrierWaitResult {
        match &self.0 {
            Inner::Native(barrier, made) => {
                perturb::point();
                let on = On::Object(hook::Object { type_name: "Barrier", site: made });
                let wait = || barrier.wait().is_leader();
                BarrierWaitResult(waits::during(Kind::Wait, on, Location::caller(), false, wait))
            }
            Inner::Model { object, size, state } => {
                let mut round = None;
                let leader = object.until(Kind::Wait, Location::caller(), || {
                    let mut state = table(state);
                    match round {
                        Some(round) => (state.rounds > round).then_some(false),
                        None => {
                            state.arrived += 1;
                            if state.arrived >= *size {
                                state.arrived = 0;
                                state.rounds += 1;
                                object.waiters.wake_all();
                                return Some(true);
                            }
                            round = Some(state.rounds);
                            None
                        }
                    }
                });
                BarrierWaitResult(leader)
            }
        }
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Barrier").finish_non_exhaustive()
    }
}
