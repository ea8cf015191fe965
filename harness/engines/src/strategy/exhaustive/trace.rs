//! The steps of one execution, which of them had to come before which, and which could have come the other way round.

mod races;

use super::access::{Accesses, Class, Order};
use super::node::Node;
use racehunt_sync::hook::ObjectId;
use races::{Race, Turn};

/// For each actor, how many of its steps come before: a vector clock. What is missing at its end is 0.
#[derive(Clone, Debug, Default)]
pub(super) struct Clock(Vec<u32>);

impl Clock {
    /// True if the `index`-th step of `actor` comes before.
    fn has(&self, actor: u32, index: u32) -> bool {
        self.0.get(actor as usize).is_some_and(|n| *n >= index)
    }

    fn join(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (n, m) in self.0.iter_mut().zip(&other.0) {
            *n = (*n).max(*m);
        }
    }

    fn set(&mut self, actor: u32, index: u32) {
        let i = actor as usize;
        if self.0.len() <= i {
            self.0.resize(i + 1, 0);
        }
        self.0[i] = index;
    }
}

/// A step.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) actor: u32,
    /// Its number among those of the actor, from 1.
    pub(super) index: u32,
    /// The choice it was taken at, if it was one.
    pub(super) node: Option<usize>,
    /// True if it was taken at once, since no other actor can see its moment.
    pub(super) eager: bool,
    /// True if it is one after the actor has waited for the ends of others, which may have been in another order.
    pub(super) joined: bool,
    /// The actor whose end it waited for.
    pub(super) joins: Option<u32>,
    pub(super) accesses: Accesses,
    /// What comes before it, itself included.
    pub(super) clock: Clock,
    /// Of an eager one, what has to be done for it to be done at once: the part of it without the races.
    pub(super) needs: Clock,
}

/// A step that another one waited for.
#[derive(Clone, Copy, Debug)]
struct Given {
    step: u32,
    /// Where the lock that it gave up was taken, if it was one.
    since: Option<u32>,
}

/// The steps so far.
#[derive(Debug, Default)]
pub(super) struct Trace {
    events: Vec<Event>,
    /// Steps of each actor, ascending.
    of: Vec<Vec<u32>>,
    /// The step in which each actor was started.
    born: Vec<Option<u32>>,
    /// Accesses by object: step and class, in order. Those that are like objects count from the other end.
    objects: [Vec<Vec<(u32, Class)>>; 2],
    /// Steps that commute with no other.
    all: Vec<u32>,
    /// Races of this execution, to be turned round when it has ended.
    races: Vec<Race>,
    candidates: Vec<u32>,
    given: Vec<Given>,
    /// True once a race was with a step that is done at once when several actors have ended.
    joint: bool,
}

impl Trace {
    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    pub(super) fn event(&self, i: usize) -> &Event {
        &self.events[i]
    }

    pub(super) fn events(&self) -> &[Event] {
        &self.events
    }

    /// True if it matters in which order those end that an actor joins.
    pub(super) fn is_joint(&self) -> bool {
        self.joint
    }

    /// Forgets the steps from number `len` on.
    pub(super) fn cut(&mut self, len: usize) {
        let gone = |i: &u32| *i as usize >= len;
        self.races.clear();
        self.events.truncate(len);
        for list in &mut self.of {
            while list.pop_if(|i| gone(i)).is_some() {}
        }
        while self.born.pop_if(|i| i.as_ref().is_some_and(gone)).is_some() {}
        for list in self.objects.iter_mut().flatten() {
            while list.pop_if(|access| gone(&access.0)).is_some() {}
        }
        while self.all.pop_if(|i| gone(i)).is_some() {}
    }

    fn list(&mut self, object: ObjectId) -> &mut Vec<(u32, Class)> {
        let (side, i) = if object > ObjectId::MAX / 2 { (1, ObjectId::MAX - object) } else { (0, object) };
        let lists = &mut self.objects[side];
        if lists.len() <= i as usize {
            lists.resize_with(i as usize + 1, Vec::new);
        }
        &mut lists[i as usize]
    }

    fn last(&self, actor: u32) -> Option<u32> {
        self.of.get(actor as usize).and_then(|steps| steps.last()).copied()
    }

    /// Number of the next step of `actor`, from 1.
    fn next_index(&self, actor: u32) -> u32 {
        self.of.get(actor as usize).map_or(0, Vec::len) as u32 + 1
    }

    /// Adds a step that was done, with the races that it ends. There are `actors` since.
    pub(super) fn add(&mut self, mut event: Event, actors: usize, nodes: &mut [Node]) {
        self.order(&mut event, nodes);
        let at = self.events.len() as u32;
        while self.born.len() < actors {
            self.born.push((!self.born.is_empty()).then_some(at));
        }
        let actor = event.actor as usize;
        if self.of.len() <= actor {
            self.of.resize_with(actor + 1, Vec::new);
        }
        self.of[actor].push(at);
        for access in &event.accesses.list {
            self.list(access.object).push((at, access.class));
        }
        if event.accesses.all {
            self.all.push(at);
        }
        self.events.push(event);
    }

    /// Adds the races of a step that is not done: it waits, and the execution has ended.
    pub(super) fn waits(&mut self, mut event: Event, nodes: &mut [Node]) {
        self.order(&mut event, nodes);
    }

    /// Finds what comes before the step that is about to be the last, and the races that it is in.
    fn order(&mut self, event: &mut Event, nodes: &mut [Node]) {
        event.index = self.next_index(event.actor);
        let before = self.last(event.actor).or_else(|| self.born.get(event.actor as usize).copied().flatten());
        let mut clock = before.map(|i| self.events[i as usize].clock.clone()).unwrap_or_default();
        clock.set(event.actor, event.index);
        if let Some(last) = event.joins.and_then(|actor| self.last(actor)) {
            clock.join(&self.events[last as usize].clock);
        }
        let (mut candidates, mut given) = (std::mem::take(&mut self.candidates), std::mem::take(&mut self.given));
        let mut unclear = Vec::new();
        self.conflicts(event, &mut candidates, &mut given);
        if event.eager {
            event.needs.clone_from(&clock);
            for g in &given {
                event.needs.join(&self.events[g.step as usize].clock);
            }
        }
        let own = self.last(event.actor).is_some_and(|i| self.events[i as usize].joined);
        let joins = event.joins.is_some() || event.accesses.list.iter().any(|a| a.class == Class::Joins);
        event.joined = event.eager && (own || joins);
        // From the last to the first: what comes between two steps is known before the two are looked at.
        for i in &candidates {
            let earlier = &self.events[*i as usize];
            if clock.has(earlier.actor, earlier.index) {
                continue;
            }
            self.joint |= earlier.joined || (event.joined && !event.needs.has(earlier.actor, earlier.index));
            match self.turn(*i as usize, event, &clock, &given, nodes) {
                Turn::Done => clock.join(&self.events[*i as usize].clock),
                Turn::Never => given.push(Given { step: *i, since: None }),
                Turn::Unclear => unclear.push(*i),
            }
        }
        for i in given.drain(..).map(|g| g.step).chain(unclear) {
            clock.join(&self.events[i as usize].clock);
        }
        candidates.clear();
        (self.candidates, self.given) = (candidates, given);
        event.clock = clock;
    }

    /// The earlier steps of other actors whose order with `event` matters, last one first, and those that it waited for.
    fn conflicts(&mut self, event: &Event, candidates: &mut Vec<u32>, given: &mut Vec<Given>) {
        if event.accesses.all {
            candidates.extend(0..self.events.len() as u32);
        } else {
            candidates.extend(&self.all);
        }
        for access in &event.accesses.list {
            let list = std::mem::take(self.list(access.object));
            for (place, (i, class)) in list.iter().enumerate() {
                match class.before(access.class) {
                    Order::Free => {}
                    Order::Matters => candidates.push(*i),
                    Order::Given => {
                        let actor = self.events[*i as usize].actor;
                        let took = |l: &&(u32, Class)| l.1.takes() && self.events[l.0 as usize].actor == actor;
                        let since = list[..=place].iter().rfind(took).map(|l| l.0);
                        given.push(Given { step: *i, since });
                    }
                }
            }
            *self.list(access.object) = list;
        }
        // What it waited for came first whatever else the two have in common.
        let own = |i: u32| self.events[i as usize].actor == event.actor;
        candidates.retain(|i| !own(*i) && !given.iter().any(|g| g.step == *i));
        candidates.sort_unstable_by(|a, b| b.cmp(a));
        candidates.dedup();
    }

    /// A number for all executions that differ from this one in the order of independent steps only.
    pub(super) fn fingerprint(&self) -> u64 {
        // Numbers of actors are dealt in the order of their starts: an actor is named after the step that started it.
        let mut names: Vec<u64> = Vec::new();
        for (actor, born) in self.born.iter().enumerate() {
            let name = born.map_or(1, |i| {
                let step = &self.events[i as usize];
                let twins = self.born[..actor].iter().filter(|b| *b == born).count() as u64;
                mix(names[step.actor as usize] ^ (u64::from(step.index) << 8 | twins))
            });
            names.push(name);
        }
        let named = |actor: usize, n: u32| mix(names[actor].wrapping_add(u64::from(n)));
        // How often the end of a scope was looked at is nothing that an actor can see.
        let looks = |e: &&Event| e.eager && e.accesses.list.iter().any(|a| a.class == Class::Joins);
        let one = |event: &Event| {
            let before = event.clock.0.iter().enumerate().filter(|(_, n)| **n > 0);
            let before = before.fold(0_u64, |sum, (actor, n)| sum.wrapping_add(named(actor, *n)));
            mix(before ^ named(event.actor as usize, event.index).rotate_left(32))
        };
        self.events.iter().filter(|e| !looks(e)).fold(0, |sum, event| sum.wrapping_add(one(event)))
    }
}

/// splitmix64's finaliser.
fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
