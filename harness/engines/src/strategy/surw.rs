//! Selectively uniform random walk.

use super::tree::Tree;
use super::{End, Point, Strategy};
use racehunt_sync::hook::{self, Pending};
use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// SURW: each execution draws one object, and all orders in which the actors can touch it are equally likely, however
/// long the actors are and whatever else they do.
///
/// Source: Zhao, Wolff, Mathur, Roychoudhury, "Selectively Uniform Concurrency Testing", ASPLOS 2025. Guarantee: with
/// right counts, and as long as the actor whose turn it is can run, each order of the operations on the object is
/// sampled with the same chance. The rest follows a random order of the actors, drawn with each execution.
///
/// Each actor has a weight: the operations on the object that it and the actors it is still to start have left. The next
/// operation on the object belongs to an intended actor, drawn by weight; others that come to theirs are held back.
///
/// Deviations: the first execution (a random walk) counts the operations of all objects, and so do those that are powers
/// of two; in between what the drawn object shows is counted. The largest counts are kept. Held back is only who is not
/// alone: when nobody else can run, the intended one waits for one of them, and another is drawn. Objects are told
/// apart by the order of their creation, which may differ between executions: then the counts are wrong, the order is
/// not uniform, and that is all. Steps that no other actor can see the moment of (start, spawn, join, unlock) are not
/// counted, forced ones are. An actor that yields falls to the end of the order, and after 64 picks for each
/// actor the order is drawn anew, so that one which spins does not keep the others from running.
#[derive(Debug)]
pub struct Surw {
    rng: Pcg64Mcg,
    tree: Tree,
    executions: u64,
    /// By object: what is known of its operations.
    objects: Vec<Profile>,
    /// The object of this execution; 0 for none, and the walk is random.
    chosen: u32,
    /// Operations of this execution, while all are counted: object, slot, whether it writes.
    log: Vec<(u32, u32, bool)>,
    profiling: bool,
    /// By slot: operations on the chosen object in this execution, and those expected of it and its descendants.
    made: Vec<u32>,
    expected: Vec<u32>,
    /// By actor.
    actors: Vec<State>,
    intended: Option<u32>,
    /// Picks until the order of the rest is drawn anew.
    patience: u32,
    /// The rank of the actor that yielded last.
    lowest: u64,
}

/// Picks for each actor after which the first in the order is thought to spin until another one does something.
const PATIENCE: u32 = 64;

/// Ranks that are drawn are above it, those of actors that yielded below.
const HIGH: u64 = 1 << 63;

fn rank(rng: &mut Pcg64Mcg) -> u64 {
    rng.random::<u64>() | HIGH
}

/// What is known of the operations on an object.
#[derive(Clone, Debug, Default)]
struct Profile {
    /// The most that each slot did in an execution, by slot.
    counts: Vec<(u32, u32)>,
    writes: bool,
}

/// An actor of this execution.
#[derive(Clone, Copy, Debug)]
struct State {
    /// Operations on the chosen object left for it and what it is still to start.
    weight: u32,
    /// Its place in the order of the rest; the largest first.
    rank: u64,
}

impl Profile {
    fn raise(&mut self, slot: u32, count: u32) {
        match self.counts.binary_search_by_key(&slot, |c| c.0) {
            Ok(at) => self.counts[at].1 = self.counts[at].1.max(count),
            Err(at) => self.counts.insert(at, (slot, count)),
        }
    }

    /// The chance to be drawn: its operations, if their order can matter.
    fn share(&self) -> u64 {
        let total = || self.counts.iter().map(|c| u64::from(c.1)).sum();
        if self.writes && self.counts.len() > 1 { total() } else { 0 }
    }
}

impl Surw {
    /// A walk that depends on `seed` alone.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            rng: Pcg64Mcg::seed_from_u64(seed),
            tree: Tree::default(),
            executions: 0,
            objects: Vec::new(),
            chosen: 0,
            log: Vec::new(),
            profiling: false,
            made: Vec::new(),
            expected: Vec::new(),
            actors: Vec::new(),
            intended: None,
            patience: PATIENCE,
            lowest: HIGH,
        }
    }

    /// Draws the object of an execution by its share.
    fn choose(&mut self) -> u32 {
        let total: u64 = self.objects.iter().map(Profile::share).sum();
        if total == 0 {
            return 0;
        }
        let mut draw = self.rng.random_range(0..total);
        let at = self.objects.iter().position(|o| {
            let share = o.share();
            let found = draw < share;
            draw = draw.saturating_sub(share);
            found
        });
        at.unwrap_or_default() as u32
    }

    /// What is expected of each slot and its descendants on the chosen object.
    fn expect(&mut self) {
        self.expected.clear();
        self.expected.resize(self.tree.len(), 0);
        for (slot, count) in &self.objects[self.chosen as usize].counts {
            self.expected[*slot as usize] = *count;
        }
        for (slot, parent) in self.tree.upwards() {
            self.expected[parent] += self.expected[slot];
        }
    }

    /// Gives the actors that are new their share of what was expected of their parents.
    fn meet(&mut self, actors: usize) {
        while self.actors.len() < actors {
            let child = self.actors.len() as u32;
            let (slot, parent) = self.tree.add();
            let weight = self.expected.get(slot).copied().unwrap_or_default();
            self.actors.push(State { weight, rank: rank(&mut self.rng) });
            let Some(parent) = parent else { continue };
            let above = &mut self.actors[parent as usize].weight;
            if self.intended == Some(parent) && weight > 0 && self.rng.random_range(0..(*above).max(weight)) < weight {
                self.intended = Some(child);
            }
            *above = above.saturating_sub(weight);
        }
    }

    /// Draws by weight who is to touch the object next.
    fn draw(&mut self, candidates: impl Iterator<Item = u32> + Clone) -> Option<u32> {
        let weight = |a: u32| u64::from(self.actors[a as usize].weight);
        let total: u64 = candidates.clone().map(weight).sum();
        let mut draw = self.rng.random_range(0..total.max(1));
        candidates.into_iter().find(|a| {
            let weight = weight(*a);
            let hit = draw < weight;
            draw = draw.saturating_sub(weight);
            hit
        })
    }

    /// The first in the order, leaving out those that are held back.
    fn choice(&mut self, pending: &[Option<Pending>], options: &[u32]) -> u32 {
        // The first of those that are about to do something else, and of those that are about to touch the object.
        let (mut other, mut touching) = (None, None);
        for actor in options {
            let touches = self.touches(pending, *actor);
            let state = &mut self.actors[*actor as usize];
            if touches {
                // More than was expected of it: there is one left at least.
                state.weight = state.weight.max(1);
            }
            let first = if touches { &mut touching } else { &mut other };
            if first.is_none_or(|(rank, _)| rank < state.rank) {
                *first = Some((state.rank, *actor));
            }
        }
        if let Some((rank, actor)) = other
            && touching.is_none_or(|(touching, _)| touching < rank)
        {
            return actor;
        }
        if self.intended.is_none() {
            let goes_on = |a: &u32| pending.get(*a as usize).is_none_or(Option::is_some);
            self.intended = self.draw((0..self.actors.len() as u32).filter(goes_on));
        }
        let intended = self.intended.filter(|i| options.contains(i) && self.touches(pending, *i));
        match (intended, other) {
            (Some(intended), Some((rank, other))) if self.actors[intended as usize].rank < rank => other,
            (Some(intended), _) => intended,
            (None, Some((_, other))) => other,
            // The intended one waits for one of those that are held back.
            (None, None) => {
                self.intended = self.draw(options.iter().copied());
                self.intended.unwrap_or(options[0])
            }
        }
    }

    /// True if `actor` is about to touch the chosen object.
    fn touches(&self, pending: &[Option<Pending>], actor: u32) -> bool {
        let op = pending.get(actor as usize).and_then(Option::as_ref);
        op.is_some_and(|op| op.object == self.chosen && !op.kind.is_invisible())
    }

    /// Adds what was counted to the profiles.
    fn learn(&mut self) {
        self.log.sort_unstable();
        for run in self.log.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let (object, slot, _) = run[0];
            if self.objects.len() <= object as usize {
                self.objects.resize_with(object as usize + 1, Profile::default);
            }
            let profile = &mut self.objects[object as usize];
            profile.writes |= run.last().is_some_and(|last| last.2);
            profile.raise(slot, run.len() as u32);
        }
        if self.chosen != 0 {
            for (slot, made) in self.made.iter().enumerate().filter(|m| *m.1 > 0) {
                self.objects[self.chosen as usize].raise(slot as u32, *made);
            }
        }
    }
}

impl Strategy for Surw {
    fn begin(&mut self) -> bool {
        self.executions += 1;
        self.profiling = self.executions.is_power_of_two();
        self.tree.begin();
        self.log.clear();
        self.made.clear();
        self.actors.clear();
        self.expected.clear();
        self.intended = None;
        (self.patience, self.lowest) = (PATIENCE, HIGH);
        self.chosen = self.choose();
        if self.chosen != 0 {
            self.expect();
        }
        true
    }

    fn watches(&self) -> bool {
        true
    }

    fn steps(&mut self, actor: u32) {
        let (actors, op) = hook::with_pending(|p| (p.len(), p.get(actor as usize).copied().flatten()));
        self.meet(actors.max(actor as usize + 1));
        let Some(op) = op.filter(|op| op.object != 0 && !op.kind.is_invisible()) else { return };
        let slot = self.tree.slot(actor);
        if self.profiling {
            self.log.push((op.object, slot as u32, op.kind.is_write()));
        }
        if op.object == self.chosen {
            if self.made.len() <= slot {
                self.made.resize(self.tree.len().max(slot + 1), 0);
            }
            self.made[slot] += 1;
            let weight = &mut self.actors[actor as usize].weight;
            *weight = weight.saturating_sub(1);
            self.intended = None;
        }
    }

    fn pick(&mut self, point: Point<'_>) -> Option<u32> {
        let last = point.options.last().map_or(0, |last| *last as usize + 1);
        self.meet(hook::actors().max(last));
        if self.chosen == 0 {
            return Some(point.options[self.rng.random_range(0..point.options.len())]);
        }
        self.patience -= 1;
        if self.patience == 0 {
            self.patience = PATIENCE * self.actors.len() as u32;
            self.actors.iter_mut().for_each(|a| a.rank = rank(&mut self.rng));
        } else if point.yielding
            && let Some(current) = point.current
        {
            self.lowest -= 1;
            self.actors[current as usize].rank = self.lowest;
        }
        hook::with_pending(|pending| Some(self.choice(pending, point.options)))
    }

    fn ended(&mut self, end: End) {
        // Where an execution was cut off an actor may have spun: that says nothing of the others.
        if !end.cut {
            self.learn();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::Random;
    use crate::strategy::testing::play_ops;
    use racehunt_sync::hook::Kind::{Load, Spawn, Store};
    use racehunt_sync::hook::{Kind, ObjectId};
    use std::collections::BTreeMap;

    type Ops = Vec<(Kind, ObjectId)>;

    /// How often each order of the actors on `object` came.
    fn orders(strategy: &mut dyn Strategy, program: &[Ops], object: ObjectId, many: usize) -> BTreeMap<Vec<u32>, u32> {
        let mut orders = BTreeMap::new();
        for run in play_ops(strategy, program, many) {
            let mut done = vec![0; program.len()];
            let on_it = |actor: &u32| {
                let at = &mut done[*actor as usize];
                *at += 1;
                program[*actor as usize][*at - 1].1 == object && program[*actor as usize][*at - 1].0 != Spawn
            };
            *orders.entry(run.into_iter().filter(on_it).collect()).or_default() += 1;
        }
        orders
    }

    /// Five operations of two actors on one object, among many that are their own.
    fn uneven() -> [Ops; 2] {
        let own = |object, many| vec![(Store, object); many];
        [
            [vec![(Store, 1); 2], own(2, 12), vec![(Load, 1)]].concat(),
            [own(3, 5), vec![(Store, 1)], own(3, 1), vec![(Load, 1)]].concat(),
        ]
    }

    #[test]
    fn every_order_on_the_object_is_as_likely() {
        let found = orders(&mut Surw::new(1), &uneven(), 1, 5_000);
        assert_eq!(found.len(), 10, "5! / (3! 2!)");
        assert!(found.values().all(|n| (400..600).contains(n)), "500 each expected: {found:?}");
        let walk = orders(&mut Random::new(1), &uneven(), 1, 5_000);
        assert!(walk.values().any(|n| *n > 1_500) || walk.len() < 10, "a random walk is far from it: {walk:?}");
    }

    #[test]
    fn what_is_still_to_be_started_counts_for_its_parent() {
        let program = [vec![(Store, 1), (Store, 3), (Spawn, 2)], vec![(Store, 1)], vec![(Store, 1); 4]];
        let found = orders(&mut Surw::new(2), &program, 1, 6_000);
        assert_eq!(found.len(), 6, "the one store of actor 1 among five");
        assert!(found.values().all(|n| (850..1150).contains(n)), "1000 each expected: {found:?}");
    }

    #[test]
    fn an_object_is_drawn_by_its_share_if_its_order_can_matter() {
        // Objects 1 and 2 are shared and written, 3 is only read, 4 belongs to one actor.
        let one = vec![(Store, 1), (Store, 1), (Store, 1), (Store, 2), (Load, 3), (Load, 3), (Store, 4)];
        let program = [one.clone(), one[..6].to_vec()];
        let mut surw = Surw::new(3);
        let mut drawn = [0; 5];
        for _ in 0..4_000 {
            play_ops(&mut surw, &program, 1);
            drawn[surw.chosen as usize] += 1;
        }
        assert_eq!((drawn[0], drawn[3], drawn[4]), (1, 0, 0), "{drawn:?}: only the first execution knows nothing");
        assert!((2_850..3_150).contains(&drawn[1]), "{drawn:?}: three of four");
    }

    #[test]
    fn a_program_that_is_another_one_each_time_comes_to_its_end() {
        let programs = [
            uneven().to_vec(),
            vec![vec![(Load, 7); 3], vec![(Store, 7), (Spawn, 3)], vec![(Store, 1)], vec![(Store, 7); 2]],
            vec![vec![(Store, 1)]; 9],
            vec![vec![(Store, 2); 30], vec![(Load, 2)]],
        ];
        let mut surw = Surw::new(4);
        for round in 0..200 {
            let program = &programs[round % programs.len()];
            let runs = play_ops(&mut surw, program, 1);
            assert_eq!(runs[0].len(), program.iter().map(Vec::len).sum::<usize>());
        }
    }

    #[test]
    fn nobody_starves_beside_those_that_spin() {
        for seed in 0..20 {
            let spinner = vec![(Load, 1); 9_000];
            let program = [spinner.clone(), spinner, vec![(Store, 2), (Store, 1)]];
            let mut surw = Surw::new(seed);
            // They were not known to spin.
            play_ops(&mut surw, &[vec![(Load, 1)], vec![(Load, 1)], vec![(Store, 2), (Store, 1)]], 1);
            for run in play_ops(&mut surw, &program, 5) {
                let at = run.iter().rposition(|actor| *actor == 2);
                assert!(at.is_some_and(|at| at < run.len() - 1), "{at:?} of {}", run.len());
            }
        }
    }
}
