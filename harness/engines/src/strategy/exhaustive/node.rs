//! A choice, and what is left to try there.

use super::access::Accesses;
use std::sync::Arc;

/// What is known of an actor at a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing asks for it.
    Idle,
    /// To be tried.
    Wanted,
    /// Tried, or being tried.
    Tried,
    /// All that begins with its step was seen from an earlier choice.
    Asleep,
}

/// An actor whose next step leads to nothing new, until a step is taken with which it does not commute.
#[derive(Clone, Debug)]
pub(super) struct Sleeper {
    pub(super) actor: u32,
    /// What its next step does, and what is done at once after it.
    pub(super) does: Arc<Accesses>,
}

/// A point at which several actors could go on.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Steps before it.
    pub(super) before: usize,
    pub(super) options: Vec<u32>,
    pub(super) states: Vec<State>,
    /// Index of the option that is being tried.
    pub(super) chosen: usize,
    /// Those that sleep: from earlier choices, and from this one those that were tried.
    pub(super) sleepers: Vec<Sleeper>,
}

impl Node {
    /// A choice after `before` steps; `None` if all sleep.
    pub(super) fn new(before: usize, options: &[u32], sleepers: &[Sleeper], first: Option<u32>) -> Option<Self> {
        let sleeps = |actor: &u32| sleepers.iter().any(|s| s.actor == *actor);
        let state = |actor: &u32| if sleeps(actor) { State::Asleep } else { State::Idle };
        let mut states: Vec<State> = options.iter().map(state).collect();
        let awake = |i: &usize| states[*i] == State::Idle;
        let preferred = first.and_then(|actor| options.iter().position(|o| *o == actor)).filter(awake);
        let chosen = preferred.or_else(|| (0..options.len()).find(awake))?;
        states[chosen] = State::Tried;
        Some(Self { before, options: options.to_vec(), states, chosen, sleepers: sleepers.to_vec() })
    }

    /// The actor that is being tried.
    pub(super) fn actor(&self) -> u32 {
        self.options[self.chosen]
    }

    /// True if the actor could go on.
    pub(super) fn offers(&self, actor: u32) -> bool {
        self.options.contains(&actor)
    }

    /// One of `heads` has to be tried, or have been.
    pub(super) fn want_one(&mut self, heads: &[u32]) {
        let places = || heads.iter().filter_map(|actor| self.options.iter().position(|o| o == actor));
        if places().any(|i| self.states[i] != State::Idle) {
            return;
        }
        match places().next() {
            Some(i) => self.states[i] = State::Wanted,
            // It cannot be: what can go on after a step can go on without it.
            None => self.want_all(),
        }
    }

    /// All have to be tried.
    pub(super) fn want_all(&mut self) {
        for state in self.states.iter_mut().filter(|s| **s == State::Idle) {
            *state = State::Wanted;
        }
    }

    /// The actor that was tried did `does`; the next one that has to be, if there is one.
    pub(super) fn next(&mut self, does: Accesses) -> Option<u32> {
        let next = self.states.iter().position(|s| *s == State::Wanted)?;
        self.sleepers.push(Sleeper { actor: self.actor(), does: Arc::new(does) });
        self.chosen = next;
        self.states[next] = State::Tried;
        Some(self.actor())
    }
}
