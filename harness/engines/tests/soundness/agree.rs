//! The outcomes of random programs by each engine, compared as sets.

use crate::explore::{Searched, facade_loom, facade_shuttle, raw_loom, raw_shuttle};
use crate::program::{Deck, Outcome, Program, Step};
use racehunt_engines::strategy::Dfs;
use rand::SeedableRng;
use rand_pcg::Pcg64Mcg;
use std::collections::BTreeSet;

/// Executions beyond which a program is too large to be compared.
pub(crate) const MOST: u64 = 6_000;

/// How many times as much as usual was asked for.
pub(crate) fn times() -> usize {
    std::env::var("RACEHUNT_SOUNDNESS").ok().and_then(|m| m.parse().ok()).unwrap_or(1)
}

/// The programs of a deck: `many`, or some times as many if asked to.
pub(crate) fn programs(deck: Deck, many: usize) -> impl Iterator<Item = Program> {
    let times = times();
    let mut rng = Pcg64Mcg::seed_from_u64(if times == 1 { 5 } else { 5 + times as u64 });
    (0..many * times).map(move |i| {
        let (actors, steps) = if i % 3 == 2 { (3, 2) } else { (2, 4) };
        Program::deal(deck, actors, steps, &mut rng)
    })
}

fn lacking<'a>(of: &'a Searched, than: &'a Searched) -> Option<&'a Outcome> {
    of.outcomes.difference(&than.outcomes).next()
}

/// How a facade's search differs from what it has to show.
fn shuttle_fault(deck: Deck, program: &Program) -> Option<String> {
    let raw = raw_shuttle(program, MOST);
    let whole = facade_shuttle(program, Box::new(Dfs::default()), false, MOST);
    if !raw.done || !whole.done {
        return None;
    }
    let reduced = facade_shuttle(program, Box::new(Dfs::default()), true, MOST);
    if let Some(o) = lacking(&raw, &whole) {
        return Some(format!("shuttle's own types show {o:?}, the facade's do not"));
    }
    // shuttle's own channels and one-time cells have no point at each of their steps.
    if deck != Deck::Channel
        && let Some(o) = lacking(&whole, &raw)
    {
        return Some(format!("the facade's types show {o:?}, shuttle's own do not"));
    }
    if let Some(o) = lacking(&whole, &reduced).or_else(|| lacking(&reduced, &whole)) {
        return Some(format!("with and without Reduce: {o:?}"));
    }
    let few = [&whole, &reduced].into_iter().find(|s| s.distinct < s.outcomes.len())?;
    Some(format!("{} fingerprints for {} outcomes", few.distinct, few.outcomes.len()))
}

/// What the facade under loom misses of sequential consistency, and of what loom shows by itself.
fn loom_fault(deck: Deck, program: &Program) -> Option<String> {
    let whole = facade_shuttle(program, Box::new(Dfs::default()), true, MOST);
    let (ours, deadlock) = facade_loom(program, MOST);
    if !whole.done || !ours.done {
        return None;
    }
    let stuck = whole.outcomes.iter().any(Outcome::is_stuck);
    if stuck != deadlock {
        return Some(format!("a deadlock: {stuck} by shuttle, {deadlock} by loom"));
    }
    if stuck {
        // loom cannot go on after one, and its own types abort the process.
        return None;
    }
    if let Some(o) = lacking(&whole, &ours) {
        return Some(format!("shuttle shows {o:?}, loom does not"));
    }
    // loom's own try-locks deadlock, and it has no one-time cells.
    if matches!(deck, Deck::Tries | Deck::Channel) {
        return None;
    }
    let raw = raw_loom(program, MOST)?;
    if let Some(o) = lacking(&raw, &ours) {
        return Some(format!("loom's own types show {o:?}, the facade's do not"));
    }
    // The facade may show more: loom's own atomics miss some (see `known`). More of weak memory would be a false alarm.
    let known: BTreeSet<_> = raw.outcomes.union(&whole.outcomes).collect();
    let odd = ours.outcomes.iter().find(|o| raw.done && !known.contains(o))?;
    (!program.has(Step::is_load)).then(|| format!("the facade's types show {odd:?}, loom's own do not"))
}

fn agree(deck: Deck, many: usize, fault: fn(Deck, &Program) -> Option<String>) {
    for program in programs(deck, many) {
        if fault(deck, &program).is_some() {
            let program = program.shrink(|p| fault(deck, p).is_some());
            panic!("{}\n{program:?}", fault(deck, &program).unwrap_or_default());
        }
    }
}

#[test]
fn shuttle_misses_nothing_of_locks() {
    agree(Deck::Locks, 90, shuttle_fault);
}

#[test]
fn shuttle_misses_nothing_of_try_locks() {
    agree(Deck::Tries, 120, shuttle_fault);
}

#[test]
fn shuttle_misses_nothing_of_condvars_and_park() {
    agree(Deck::Waits, 120, shuttle_fault);
}

#[test]
fn shuttle_misses_nothing_of_channels_and_one_time_cells() {
    agree(Deck::Channel, 60, shuttle_fault);
}

#[test]
fn loom_misses_nothing_of_locks() {
    agree(Deck::Locks, 150, loom_fault);
}

#[test]
fn loom_misses_nothing_of_try_locks() {
    agree(Deck::Tries, 120, loom_fault);
}

#[test]
fn loom_misses_nothing_of_condvars_and_park() {
    agree(Deck::Waits, 120, loom_fault);
}

#[test]
fn loom_misses_nothing_of_channels_and_one_time_cells() {
    agree(Deck::Channel, 40, loom_fault);
}

#[test]
fn loom_misses_nothing_of_weak_memory() {
    agree(Deck::Relaxed, 50, loom_fault);
}
