//! What picks the next step. One strategy a file; extras are decorators.
//!
//! A strategy sees actors, never tasks of an engine: it can be tested without one, and is driven by
//! [`crate::shuttle`] alone.

mod dfs;
mod pct;
mod race;
mod random;
mod record;
mod reduce;
mod replay;
mod urw;

pub use dfs::Dfs;
pub use pct::Pct;
pub use race::Race;
pub use random::Random;
pub use record::{Record, Recording};
pub use reduce::Reduce;
pub use replay::{Decisions, Diverged, Exact};
pub use urw::Urw;

use racehunt_core::scenario::Strategy as Name;

/// A point at which more than one actor can run.
#[derive(Clone, Copy, Debug)]
pub struct Point<'a> {
    /// The actors that can run, ascending.
    pub options: &'a [u32],
    /// The actor that ran last, whether it can go on or not.
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
        Name::Dfs => Box::new(Dfs::default()),
    }
}

#[cfg(test)]
pub(crate) mod testing {
    //! A program without an engine: each actor has some steps, all independent.

    use super::{End, Point, Strategy};

    /// Plays actors of `lengths` steps under `strategy` until it has nothing left, at most `most` times; returns the
    /// order of steps of each execution.
    pub(crate) fn play(strategy: &mut dyn Strategy, lengths: &[usize], most: usize) -> Vec<Vec<u32>> {
        let mut all = Vec::new();
        while all.len() < most && strategy.begin() {
            let (mut left, mut order, mut current) = (lengths.to_vec(), Vec::new(), None);
            loop {
                let options: Vec<u32> = (0..left.len() as u32).filter(|a| left[*a as usize] > 0).collect();
                let next = match options.as_slice() {
                    [] => break,
                    [only] => *only,
                    _ => match strategy.pick(Point { options: &options, current, yielding: false }) {
                        Some(picked) => picked,
                        None => break,
                    },
                };
                strategy.steps(next);
                assert!(options.contains(&next), "picked {next} of {options:?}");
                left[next as usize] -= 1;
                current = Some(next);
                order.push(next);
            }
            strategy.ended(End::default());
            all.push(order);
        }
        all
    }
}
