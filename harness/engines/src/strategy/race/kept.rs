//! The executions that showed something new, and which of their races were tried the other way round.

use super::seen::{Race, Seen};
use rand::Rng;
use rand_pcg::Pcg64Mcg;
use std::collections::{HashMap, HashSet};

/// Executions kept at most; then a new one takes the place of one of them.
const MOST: usize = 256;

/// An execution to start from.
#[derive(Debug, Default)]
struct Parent {
    /// For each actor, the places of its steps in the order of all.
    places: Vec<Vec<u32>>,
    races: Vec<Race>,
}

/// The executions kept.
#[derive(Debug, Default)]
pub(super) struct Kept {
    parents: Vec<Parent>,
    signatures: HashSet<u64>,
    /// How often a race was asked to go the other way round.
    tried: HashMap<(u32, u32), u32>,
}

impl Kept {
    /// Keeps the execution if its hand-offs are new together; true if they are.
    pub(super) fn add(&mut self, seen: &Seen, rng: &mut Pcg64Mcg) -> bool {
        let new = self.signatures.insert(seen.signature());
        if new && !seen.races.is_empty() {
            let mut places: Vec<Vec<u32>> = Vec::new();
            for (place, actor) in seen.steps.iter().enumerate() {
                if places.len() <= *actor as usize {
                    places.resize(*actor as usize + 1, Vec::new());
                }
                places[*actor as usize].push(place as u32);
            }
            let parent = Parent { places, races: seen.races.clone() };
            if self.parents.len() < MOST {
                self.parents.push(parent);
            } else {
                self.parents[rng.random_range(0..MOST)] = parent;
            }
        }
        new
    }

    /// Any of those kept.
    pub(super) fn parent(&self, rng: &mut Pcg64Mcg) -> Option<usize> {
        (!self.parents.is_empty()).then(|| rng.random_range(0..self.parents.len()))
    }

    /// Where in the order of `parent`'s steps the step `nth` (from 0) of `actor` stands, if there was one.
    pub(super) fn place(&self, parent: usize, actor: u32, nth: usize) -> Option<u32> {
        self.parents[parent].places.get(actor as usize)?.get(nth).copied()
    }

    /// The race of `parent` that was turned round least often, one of them if there are several.
    pub(super) fn least_tried(&self, parent: usize, rng: &mut Pcg64Mcg) -> Race {
        let races = &self.parents[parent].races;
        let (mut chosen, mut least, mut equal) = (races[0], u32::MAX, 0);
        for race in races {
            let times = self.tried.get(&race.pair()).copied().unwrap_or(0);
            if times < least {
                (least, equal) = (times, 0);
            }
            if times == least {
                equal += 1;
                if rng.random_range(0..equal) == 0 {
                    chosen = *race;
                }
            }
        }
        chosen
    }

    /// Any race of `parent`.
    pub(super) fn any(&self, parent: usize, rng: &mut Pcg64Mcg) -> Race {
        let races = &self.parents[parent].races;
        races[rng.random_range(0..races.len())]
    }

    /// Notes that `race` is turned round once more, and tells how often it was before, in whatever execution.
    pub(super) fn tries(&mut self, race: Race) -> u32 {
        let times = self.tried.entry(race.pair()).or_insert(0);
        *times += 1;
        *times - 1
    }
}
