//! The racing pair: cycles of conflicts at the switches that nobody was forced to. See [`Race`].

use super::{Race, Step, Waited};
use std::collections::BTreeMap;

/// How many steps on each side of a switch, and in between, are looked at: a livelock has tens of thousands.
const REACH: usize = 256;

/// What a step does to its object, for conflicts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Reads,
    Writes,
}

/// The access of a step, and whether it is one by way of a lock or a channel: its object is not the data itself.
fn access(step: &Step) -> Option<(Access, bool)> {
    if step.object_id == 0 {
        return None;
    }
    if let Some(shared) = step.takes() {
        return Some((if shared { Access::Reads } else { Access::Writes }, true));
    }
    Some(match step.kind.as_str() {
        "read" | "load" => (Access::Reads, false),
        "write" | "store" | "rmw" | "init" => (Access::Writes, false),
        "send" | "recv" => (Access::Writes, true),
        _ => return None,
    })
}

/// Two steps of different actors to one object, of which at least one changes it.
pub(super) fn conflict(a: &Step, b: &Step) -> bool {
    let (Some((x, _)), Some((y, _))) = (access(a), access(b)) else { return false };
    let changes = x == Access::Writes || y == Access::Writes;
    a.actor != b.actor && a.object_id == b.object_id && changes && super::files::meet(a, b)
}

/// Steps that left an actor which did not wait and was in the middle of a call, or of its life where there are no
/// calls.
pub(super) fn preempted(steps: &[Step], waits: &[Waited]) -> Vec<usize> {
    let left = |at: &usize| {
        let step = &steps[*at];
        // The first step of a new actor is run at once, and is no turn of it.
        let turn = steps[at + 1..].iter().find(|s| s.actor == step.actor || s.kind != "start");
        let next_is_other = steps.get(at + 1).is_some_and(|s| s.actor != step.actor);
        let moved = next_is_other && turn.is_some_and(|s| s.actor != step.actor);
        let next = steps[at + 1..].iter().position(|s| s.actor == step.actor).map(|i| at + 1 + i);
        step.kind != "start"
            && moved
            && !ends_call(step)
            && next.is_some_and(|next| !begins_call(&steps[next]) && !yields(next, *at, steps, waits))
    };
    (0..steps.len()).filter(left).collect()
}

/// Whether the actor's next step, after it was left at `at`, is one for which it gives the processor away.
fn yields(next: usize, at: usize, steps: &[Step], waits: &[Waited]) -> bool {
    let kind = steps[next].kind.as_str();
    let waited = |w: &Waited| w.to == Some(next) && w.from == at + 1;
    matches!(kind, "sleep" | "yield" | "join" | "wait" | "park" | "start") || waits.iter().any(waited)
}

fn begins_call(step: &Step) -> bool {
    step.is_note() && step.label.ends_with(" called")
}

fn ends_call(step: &Step) -> bool {
    step.is_note() && (step.label.ends_with(" returned") || step.label.contains(" failed: "))
}

/// At most one race for each of the switches, in order; of two that are the same the first.
pub(super) fn races(steps: &[Step], preempted: &[usize]) -> Vec<Race> {
    let clocks = Clocks::of(steps);
    let mut races: Vec<Race> = Vec::new();
    for at in preempted {
        if let Some(race) = race_at(steps, *at, &clocks)
            && !races.iter().any(|r| (r.first, r.second) == (race.first, race.second))
        {
            races.push(race);
        }
    }
    races
}

/// The race of the switch after step `at`.
fn race_at(steps: &[Step], at: usize, clocks: &Clocks) -> Option<Race> {
    let me = steps[at].actor;
    let mine = |i: &usize| steps[*i].actor == me;
    let back = (at + 1..steps.len()).find(mine)?;
    let start = (0..=at).rev().find(|i| mine(i) && begins_call(&steps[*i])).unwrap_or(0);
    let end = (back..steps.len()).find(|i| mine(i) && ends_call(&steps[*i])).unwrap_or(steps.len());
    let before: Vec<usize> = (start..=at).rev().filter(mine).take(REACH).collect();
    let between = at + 1..back.min(at + 1 + REACH);
    let edge = |a: usize, b: usize| conflict(&steps[a], &steps[b]) && !clocks.enforced(a, b, steps);
    let lock = |i: usize| access(&steps[i]).is_some_and(|a| a.1);
    let mut best: Option<((u8, bool, usize, usize), Race)> = None;
    for second in (back..end).filter(mine).take(REACH) {
        // Acting on what is no longer so says more than looking again.
        let looks = access(&steps[second]).is_some_and(|a| a.0 == Access::Reads);
        for first in between.clone().filter(|first| edge(*first, second)) {
            let same = |i: &usize| steps[*i].actor == steps[first].actor;
            // The nearest step before, and the first one in between: that is where the window was entered.
            let simple = before.iter().copied().find(|a| edge(*a, first)).map(|a| (a, first));
            let opened = simple.or_else(|| {
                let enters = |a: usize| between.clone().filter(same).find(|b| edge(a, *b)).map(|b| (a, b));
                let data = before.iter().copied().filter(|a| !lock(*a)).find_map(enters);
                data.or_else(|| before.iter().copied().find_map(enters))
            });
            let Some((opens, entered)) = opened else { continue };
            // Of one object the step that came into the window; of several the last one before it closed.
            let rank = match (lock(opens) || lock(second), entered == first) {
                (false, true) => (0, looks, second, first),
                (false, false) => (1, looks, second, usize::MAX - first),
                (true, _) => (2, looks, second, first),
            };
            if best.as_ref().is_none_or(|b| rank < b.0) {
                let object_id = steps[second].object_id;
                best = Some((rank, Race { opens, entered, first, second, object_id }));
            }
        }
    }
    best.map(|b| b.1)
}

/// Vector clocks over the orders that the program enforces: of each actor's own steps, from a start to what was
/// started, from the end to the join, and from notifications and messages to those who waited for them. Of these last
/// ones each is taken to reach all who came later, so that no order is missed and some race may be.
struct Clocks {
    /// By step: how many steps of each actor must have been before it, itself included.
    of: Vec<BTreeMap<u32, usize>>,
}

impl Clocks {
    fn of(steps: &[Step]) -> Self {
        let mut actors: BTreeMap<u32, BTreeMap<u32, usize>> = BTreeMap::new();
        let mut told: BTreeMap<u32, BTreeMap<u32, usize>> = BTreeMap::new();
        let mut of = Vec::with_capacity(steps.len());
        for (at, step) in steps.iter().enumerate() {
            let mut clock = actors.remove(&step.actor).unwrap_or_default();
            let kind = step.kind.as_str();
            if matches!(kind, "wait" | "recv" | "park")
                && let Some(other) = told.get(&step.object_id)
            {
                join(&mut clock, other);
            }
            if kind == "join" {
                // Whose end it was is not always known: all that have no step left may be meant.
                let ended = |actor: &u32| !steps[at..].iter().any(|s| s.actor == *actor);
                let others: Vec<_> = actors.iter().filter(|(a, _)| ended(a)).map(|(_, c)| c.clone()).collect();
                others.iter().for_each(|other| join(&mut clock, other));
            }
            clock.insert(step.actor, at + 1);
            if matches!(kind, "notify" | "send" | "unpark" | "wait") {
                join(told.entry(step.object_id).or_default(), &clock);
            }
            if let ("spawn", Some(child)) = (kind, step.value) {
                actors.insert(child as u32, clock.clone());
            }
            of.push(clock.clone());
            actors.insert(step.actor, clock);
        }
        Self { of }
    }

    /// Whether `a`, which came before `b`, had to.
    fn enforced(&self, a: usize, b: usize, steps: &[Step]) -> bool {
        self.of[b].get(&steps[a].actor).is_some_and(|seen| *seen > a)
    }
}

fn join(clock: &mut BTreeMap<u32, usize>, other: &BTreeMap<u32, usize>) {
    for (actor, seen) in other {
        let mine = clock.entry(*actor).or_default();
        *mine = (*mine).max(*seen);
    }
}
