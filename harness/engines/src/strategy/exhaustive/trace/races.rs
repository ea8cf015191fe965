//! Races, and what has to be tried to see them the other way round.

use super::{Clock, Event, Given, Trace};
use crate::strategy::exhaustive::node::Node;

/// Where a race can be turned round.
pub(super) enum Turn {
    /// At a choice, which gets what leads to it: what comes before the earlier step is looked after with it.
    Done,
    /// Nowhere: the later step could not have come first.
    Never,
    /// Perhaps at a choice, which gets what would lead to it.
    Unclear,
}

/// A race that is to be turned round.
#[derive(Debug)]
pub(super) struct Race {
    /// The step at whose choice it can be, and the place of the later step.
    from: usize,
    at: usize,
    actor: u32,
    /// True if the later step is the actor's first since, and one that can be chosen.
    own: bool,
    /// What comes before the later step without the earlier one; and of an eager one, what it needs.
    alone: Clock,
    needs: Option<Clock>,
}

/// A step: its actor, and its number among the actor's.
type Spot = (u32, u32);

fn has(clock: &Clock, any: &[Spot]) -> bool {
    any.iter().any(|one| clock.has(one.0, one.1))
}

/// True if it is a race with one of these that the step comes after it, and nothing that it needs.
fn held(step: &Event, any: &[Spot]) -> bool {
    !has(&step.needs, any) && has(&step.clock, any)
}

/// The steps after one that can be done without it.
struct Without {
    /// Those that cannot.
    out: Vec<Spot>,
    /// Of each actor the first that can.
    firsts: Vec<Spot>,
    /// The actors whose first one needs none of the others.
    heads: Vec<u32>,
}

impl Trace {
    /// Whether the race between step `first` and `event`, which comes after all steps, can be turned round. `clock` is what
    /// comes before `event` whatever `first` does, and `given` what it waited for.
    pub(super) fn turn(
        &mut self,
        first: usize,
        event: &Event,
        clock: &Clock,
        given: &[Given],
        nodes: &mut [Node],
    ) -> Turn {
        // What is taken at once belongs to the step that set it off.
        let Some(from) = (0..=first).rev().find(|i| !self.events[*i].eager) else { return Turn::Never };
        let chosen = &self.events[from];
        let follows = |step: &Event| step.clock.has(chosen.actor, chosen.index);
        let needs = |g: &Given| follows(&self.events[g.step as usize]);
        // Nobody else could go on there, or `event` needs what `chosen` leads to.
        let Some(node) = chosen.node.filter(|_| !clock.has(chosen.actor, chosen.index)) else { return Turn::Never };
        let node = &mut nodes[node];
        let next = self.events[from + 1..].iter().all(|step| step.actor != event.actor);
        let offered = next && node.offers(event.actor);
        // It waited for a lock that was held before `chosen` and given up because of it. (Unless it could have gone on
        // there, not yet woken up to take the lock.)
        let held = given.iter().any(|g| g.since.is_some_and(|since| (since as usize) < from) && needs(g));
        if held && !event.accesses.all && !offered {
            return Turn::Never;
        }
        if !follows(&self.events[first]) {
            node.want_all();
            return Turn::Unclear;
        }
        let mut alone = clock.clone();
        for g in given.iter().filter(|g| !needs(g)) {
            alone.join(&self.events[g.step as usize].clock);
        }
        let without = self.without(from, self.events.len(), None);
        if has(clock, &without.out) || (next && !offered && !has(&alone, &without.firsts)) {
            return Turn::Never;
        }
        let unclear = held || given.iter().any(|g| g.since.is_none() && needs(g));
        let needs = event.eager.then(|| event.needs.clone());
        self.races.push(Race { from, at: self.events.len(), actor: event.actor, own: offered, alone, needs });
        if unclear { Turn::Unclear } else { Turn::Done }
    }

    /// The execution has ended: each choice at which a race can be turned round gets an actor that leads there, unless it
    /// has one. Only now it is known of each step what was done at once after it.
    pub(in super::super) fn turn_all(&mut self, nodes: &mut [Node]) {
        for race in std::mem::take(&mut self.races) {
            let late = race.needs.as_ref().map(|needs| (race.at, needs, &race.alone));
            let Without { firsts, mut heads, .. } = self.without(race.from, race.at, late);
            if race.own && !has(&race.alone, &firsts) {
                let after = self.events.get(race.at + 1..).unwrap_or_default();
                if !after.iter().take_while(|step| step.eager).any(|step| held(step, &firsts)) {
                    heads.insert(0, race.actor);
                }
            }
            let node = self.events[race.from].node.expect("a race is turned round at a choice");
            nodes[node].want_one(&heads);
        }
    }

    /// The steps after number `from` that can be done without it, of those that begin before number `to`.
    ///
    /// A step goes with all that is done at once after it: what comes before the one comes before both. (But for what
    /// waits for more than the one step: without the rest of that it is not done then.) `late` is one of these that the
    /// earlier step of the race does not come before: its place, what it needs and what comes before it.
    fn without(&self, from: usize, to: usize, late: Option<(usize, &Clock, &Clock)>) -> Without {
        let mut without = Without {
            out: vec![(self.events[from].actor, self.events[from].index)],
            firsts: Vec::new(),
            heads: Vec::new(),
        };
        let Without { out, firsts, heads } = &mut without;
        let end_of = |at: usize| at + 1 + self.events[at + 1..].iter().take_while(|step| step.eager).count();
        let mut at = end_of(from);
        while at < to {
            let end = end_of(at);
            let (first, rest) = self.events[at..end].split_first().expect("a group has a step");
            let is_late = |i: usize| late.is_some_and(|l| l.0 == at + 1 + i);
            let held = |any: &[Spot]| {
                let late_held = late.is_some_and(|(_, needs, all)| !has(needs, any) && has(all, any));
                has(&first.clock, any)
                    || rest.iter().enumerate().any(|(i, s)| if is_late(i) { late_held } else { held(s, any) })
            };
            if held(out) {
                out.extend(self.events[at..end].iter().map(|step| (step.actor, step.index)));
                at = end;
                continue;
            }
            if !held(firsts) {
                heads.push(first.actor);
            }
            for step in &self.events[at..end] {
                if step.eager && has(&step.needs, out) {
                    out.push((step.actor, step.index));
                } else if !firsts.iter().any(|f| f.0 == step.actor) {
                    firsts.push((step.actor, step.index));
                }
            }
            at = end;
        }
        without
    }
}
