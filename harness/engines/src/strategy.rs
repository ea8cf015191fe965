//! What picks the next step. One strategy a file; extras are decorators.
//!
//! A strategy sees actors, never tasks of an engine: it can be tested without one, and is driven by
//! [`crate::shuttle`] alone.

mod auto;
mod bounded;
mod dfs;
mod exhaustive;
mod follow;
mod lent;
mod pct;
mod pos;
mod race;
mod random;
mod record;
mod reduce;
mod replay;
mod steer;
mod surw;
mod tree;
mod urw;

pub use auto::Auto;
pub use bounded::Bounded;
pub use dfs::Dfs;
pub use exhaustive::{Classes, Exhaustive, Heeds, Part, Rest, Tree};
pub use follow::Follow;
pub use lent::Lent;
pub use pct::Pct;
pub use pos::Pos;
pub use race::Race;
pub use random::Random;
pub use record::{Record, Recording};
pub use reduce::Reduce;
pub use replay::{Decisions, Diverged, Exact};
pub use steer::Steer;
pub use surw::Surw;
pub use urw::Urw;

use racehunt_core::scenario::Strategy as Name;

/// A point at which more than one actor can run.
#[derive(Clone, Copy, Debug)]
pub struct Point<'a> {
    /// The actors that can run, ascending.
    pub options: &'a [u32],
    /// The actor that ran last, whether it can go on or not; under [`Reduce`] the last whose step counted, since what
    /// runs eagerly is no context switch.
    pub current: Option<u32>,
    /// True if the current actor gave way by itself (a yield, a spin hint).
    pub yielding: bool,
}

impl Point<'_> {
    /// True if the current actor could go on.
    #[must_use]
    pub fn can_stay(&self) -> bool {
        self.current.is_some_and(|c| self.options.contains(&c))
    }
}

/// Picks the next step.
pub trait Strategy {
    /// Begins an execution. False when there is nothing left to explore.
    fn begin(&mut self) -> bool;
    /// Picks one of the options; `None` ends the execution here, since all it could go on to show is known.
    fn pick(&mut self, point: Point<'_>) -> Option<u32>;
    /// `actor` takes the step that it has pending ([`racehunt_sync::hook::pending`]): picked, or because there was no
    /// choice. Told only to a strategy that [watches](Strategy::watches).
    fn steps(&mut self, _actor: u32) {}
    /// True if the strategy wants to hear of every step. Asked once.
    fn watches(&self) -> bool {
        false
    }
    /// True if the step just [told of](Strategy::steps) leads only to what is known: ends the execution, as a pick of
    /// `None` does, where there was nothing to pick.
    fn knows(&self) -> bool {
        false
    }
    /// The execution has ended. The hook's tables still show it.
    fn ended(&mut self, _end: End) {}
    /// What is offered is not what was offered so far: forgets what was explored.
    fn restart(&mut self) {}
    /// Why the search cannot be trusted, if it noticed; looked at as each execution begins.
    fn complaint(&self) -> Option<String> {
        None
    }
}

/// How an execution ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct End {
    /// It showed coverage that no execution before it had shown.
    pub fresh: bool,
    /// It was ended before its actors were: the strategy said so, or it ran into the bound on steps.
    pub cut: bool,
}

impl Strategy for Box<dyn Strategy> {
    fn begin(&mut self) -> bool {
        (**self).begin()
    }

    fn pick(&mut self, point: Point<'_>) -> Option<u32> {
        (**self).pick(point)
    }

    fn steps(&mut self, actor: u32) {
        (**self).steps(actor);
    }

    fn watches(&self) -> bool {
        (**self).watches()
    }

    fn knows(&self) -> bool {
        (**self).knows()
    }

    fn ended(&mut self, end: End) {
        (**self).ended(end);
    }

    fn restart(&mut self) {
        (**self).restart();
    }

    fn complaint(&self) -> Option<String> {
        (**self).complaint()
    }
}

/// The strategy a scenario names.
#[must_use]
pub fn named(name: &Name, seed: u64) -> Box<dyn Strategy> {
    match name {
        Name::Random => Box::new(Random::new(seed)),
        Name::Pct(depth) => Box::new(Pct::new(*depth, seed)),
        Name::Urw => Box::new(Urw::new(seed)),
        Name::Pos => Box::new(Pos::new(seed)),
        Name::Surw => Box::new(Surw::new(seed)),
        Name::Auto => Box::new(Auto::new(seed)),
        Name::Dfs => Box::new(Dfs::default()),
        Name::Exhaustive => Box::new(Exhaustive::default()),
    }
}

#[cfg(test)]
pub(crate) mod testing {
    //! A program without an engine: each actor has some steps, which wait for nothing.

    use super::{End, Point, Strategy};
    use racehunt_sync::hook::{self, Kind, ObjectId};
    use std::panic::Location;

    /// Plays actors of `lengths` steps, all independent, under `strategy` until it has nothing left, at most `most`
    /// times; returns the order of steps of each execution.
    pub(crate) fn play(strategy: &mut dyn Strategy, lengths: &[usize], most: usize) -> Vec<Vec<u32>> {
        let own = |(actor, length): (usize, &usize)| vec![(Kind::Store, actor as ObjectId + 1); *length];
        let actors: Vec<_> = lengths.iter().enumerate().map(own).collect();
        play_ops(strategy, &actors, most)
    }

    /// As [`play`], with actors that do these operations. One that some `(Kind::Spawn, actor)` names begins there, all
    /// others are started by the first before anything else.
    pub(crate) fn play_ops(
        strategy: &mut dyn Strategy,
        actors: &[Vec<(Kind, ObjectId)>],
        most: usize,
    ) -> Vec<Vec<u32>> {
        let here = Location::caller();
        let mut all = Vec::new();
        while all.len() < most && strategy.begin() {
            hook::reset(false);
            let later = actors.iter().flatten().filter(|op| op.0 == Kind::Spawn).count();
            (1..actors.len() - later).for_each(|_| _ = hook::new_actor("", here));
            let (mut done, mut order, mut current) = (vec![0; actors.len()], Vec::new(), None);
            let announce = |actor: u32, done: usize| {
                if let Some((kind, object)) = actors[actor as usize].get(done) {
                    hook::set_actor(actor);
                    hook::announce(*kind, if *kind == Kind::Spawn { 0 } else { *object }, here, "");
                }
            };
            (0..hook::actors() as u32).for_each(|actor| announce(actor, 0));
            loop {
                let goes_on = |a: &u32| done[*a as usize] < actors[*a as usize].len();
                let options: Vec<u32> = (0..hook::actors() as u32).filter(goes_on).collect();
                let next = match options.as_slice() {
                    [] => break,
                    [only] => *only,
                    _ => match strategy.pick(Point { options: &options, current, yielding: false }) {
                        Some(picked) => picked,
                        None => break,
                    },
                };
                assert!(options.contains(&next), "picked {next} of {options:?}");
                strategy.steps(next);
                let (kind, object) = actors[next as usize][done[next as usize]];
                hook::done(next, kind, if kind == Kind::Spawn { 0 } else { object }, here, "", None);
                if kind == Kind::Spawn {
                    assert_eq!(hook::new_actor("", here), object, "actors begin in order");
                    announce(object, 0);
                }
                done[next as usize] += 1;
                announce(next, done[next as usize]);
                current = Some(next);
                order.push(next);
            }
            strategy.ended(End::default());
            all.push(order);
        }
        all
    }
}
