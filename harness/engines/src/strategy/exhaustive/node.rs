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
    /// Of a choice that another search looks after: of each of these one actor has to be tried.
    pub(super) asked: Option<Vec<Vec<u32>>>,
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
        Some(Self { before, options: options.to_vec(), states, chosen, sleepers: sleepers.to_vec(), asked: None })
    }

    /// The actor that is being tried.
    pub(super) fn actor(&self) -> u32 {
        self.options[self.chosen]
    }

    /// The actor is the one to be taken.
    pub(super) fn choose(&mut self, actor: u32) {
        self.chosen = self.options.iter().position(|o| *o == actor).expect("it could go on");
    }

    /// True if the actor could go on.
    pub(super) fn offers(&self, actor: u32) -> bool {
        self.options.contains(&actor)
    }

    /// True if something is left to try.
    pub(super) fn wants(&self) -> bool {
        self.states.contains(&State::Wanted)
    }

    /// One of `heads` has to be tried, or have been.
    pub(super) fn want_one(&mut self, heads: &[u32]) {
        let places = || heads.iter().filter_map(|actor| self.options.iter().position(|o| o == actor));
        if places().any(|i| self.states[i] != State::Idle) {
            return;
        }
        let Some(first) = places().next() else {
            // It cannot be: what can go on after a step can go on without it.
            return self.want_all();
        };
        match &mut self.asked {
            None => self.states[first] = State::Wanted,
            Some(asked) if asked.iter().any(|known| known == heads) => {}
            Some(asked) => asked.push(heads.to_vec()),
        }
    }

    /// All have to be tried.
    pub(super) fn want_all(&mut self) {
        for actor in self.options.clone() {
            self.want_one(&[actor]);
        }
    }

    /// The actor that is being tried did `does` and is done with.
    pub(super) fn tried(&mut self, does: Accesses) {
        self.sleepers.push(Sleeper { actor: self.actor(), does: Arc::new(does) });
    }

    /// The next actor that has to be tried is; false if there is none.
    pub(super) fn next(&mut self) -> bool {
        let next = self.states.iter().position(|s| *s == State::Wanted);
        if let Some(next) = next {
            self.chosen = next;
            self.states[next] = State::Tried;
        }
        next.is_some()
    }
}
