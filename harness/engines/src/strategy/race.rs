//! Turns races round: what came first comes second.

mod kept;
mod operations;
mod seen;

#[cfg(test)]
mod tests;

use super::{End, Point, Strategy};
use kept::Kept;
use operations::Operations;
use racehunt_sync::hook::{self, Kind, Pending};
use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;
use seen::Seen;

/// Below these are the actors that are beyond what the execution they follow did, and below those the delayed ones.
const BEYOND: i64 = -(1 << 40);
const DELAYED: i64 = -(1 << 50);

/// Picks of one actor in a row after which it gives way as if it had yielded: it may be spinning.
const STREAK: u32 = 500;

/// Race-directed search: follows an execution that showed something new, and turns one of its races round.
///
/// After each execution it is known which operations on one object two actors did one after the other. An
/// operation is told by its place in the code, its object and its actor's role, so a hundred actors that run the same code
/// have no more races than two. An execution whose set of such hand-offs is new is kept. Another one follows a kept one
/// step by step, with one race turned round, the one tried least: whoever is about to do what came first is delayed,
/// for as long as anybody else can go on, or (the second time) until what came second has happened. What that shows is kept in turn, so that
/// races which need several reversals are reached one by one. One execution in eight follows none and gives each pending
/// operation a random priority, as POS does.
///
/// A delayed actor only has the lowest priority: nothing is ever held back that is all that can run, so a race that cannot
/// be turned round does no harm.
///
/// Sources: delaying one side of a known race comes from Sen, "Race Directed Random Testing of Concurrent Programs", PLDI
/// 2008 (there of races told by an analysis beforehand); keeping executions by what read from what, told by places in
/// the code, from Wolff, Shi, Duck, Mathur, Roychoudhury, "Greybox Fuzzing for Concurrency Testing" (RFF), ASPLOS 2024;
/// going on from a past execution with one race reversed from dynamic partial-order reduction (Flanagan and
/// Godefroid, POPL 2005), without its bookkeeping and therefore without its completeness. No guarantee.
#[derive(Debug)]
pub struct Race {
    rng: Pcg64Mcg,
    /// No other strategy looks for something new.
    alone: bool,
    operations: Operations,
    seen: Seen,
    kept: Kept,
    /// How often each operation was announced in this execution.
    counts: Vec<u32>,
    turns: Vec<Turn>,
    rules: Vec<Rule>,
    follows: Follows,
    lowest: i64,
    executions: u64,
    last: Option<u32>,
    streak: u32,
}

/// What decides the priorities of an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Follows {
    /// The oldest actor goes first.
    Age,
    /// A random priority for each operation, drawn anew when it lost a race.
    Chance,
    /// The order of a kept execution.
    Parent(usize),
    /// Another strategy picks; this one only looks on.
    Another,
}

/// Who is about to do `number` is delayed.
#[derive(Clone, Copy, Debug)]
struct Rule {
    number: u32,
    /// Not before it is announced for the how-manieth time.
    from: u32,
    /// Until that happens; `None` for as long as anybody else can go on.
    until: Option<u32>,
}

/// What is known of an actor in this execution.
#[derive(Clone, Debug, Default)]
struct Turn {
    role: u64,
    /// Announcement of its pending operation, and its number.
    seq: u64,
    number: Option<u32>,
    /// Higher goes first.
    priority: i64,
    /// Its priority where nothing else decides.
    rank: i64,
    /// What ends its delay, and its priority then.
    until: Option<(u32, i64)>,
    /// Visible steps done.
    done: usize,
}

impl Race {
    /// A search that depends on `seed` alone.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::with(seed, true)
    }

    /// A search that others help: it never leaves what was seen, since they do.
    pub(super) fn among_others(seed: u64) -> Self {
        Self::with(seed, false)
    }

    fn with(seed: u64, alone: bool) -> Self {
        Self {
            alone,
            rng: Pcg64Mcg::seed_from_u64(seed),
            operations: Operations::default(),
            seen: Seen::default(),
            kept: Kept::default(),
            counts: Vec::new(),
            turns: Vec::new(),
            rules: Vec::new(),
            follows: Follows::Age,
            lowest: DELAYED,
            executions: 0,
            last: None,
            streak: 0,
        }
    }

    /// Begins an execution in which another strategy picks: this one sees what it does, and may follow it later.
    pub(super) fn look_on(&mut self) {
        self.clear();
        self.follows = Follows::Another;
    }

    /// Ends the execution; true if its hand-offs were new together.
    pub(super) fn judge(&mut self) -> bool {
        self.kept.add(&self.seen, &mut self.rng)
    }

    fn clear(&mut self) {
        self.executions += 1;
        self.seen.clear();
        self.counts.fill(0);
        self.turns.clear();
        self.rules.clear();
        self.lowest = DELAYED;
        (self.last, self.streak) = (None, 0);
    }

    /// Chooses what to follow, and what to do otherwise.
    fn choose(&mut self) {
        self.follows = if self.executions == 1 { Follows::Age } else { Follows::Chance };
        if self.executions == 1 || (self.alone && self.rng.random_range(0..8) == 0) {
            return;
        }
        let Some(parent) = self.kept.parent(&mut self.rng) else { return };
        self.follows = Follows::Parent(parent);
        let mut race = self.kept.least_tried(parent, &mut self.rng);
        loop {
            let rule = self.rule(race);
            self.rules.push(rule);
            // Some failures need two at once, and neither alone shows anything new.
            if self.rng.random_range(0..8) > 0 {
                break;
            }
            race = self.kept.any(parent, &mut self.rng);
        }
    }

    /// What turns `race` round. The first time the delay lasts as long as it can, the second time until what came second
    /// has happened, and so on: what comes after the race matters as well.
    fn rule(&mut self, race: seen::Race) -> Rule {
        let times = self.kept.tries(race);
        let from = if self.rng.random_range(0..8) == 0 { race.nth } else { 0 };
        Rule { number: race.first, from, until: (times % 2 == 1).then_some(race.then) }
    }

    /// Makes room for the actors up to `last`.
    fn know(&mut self, last: u32) {
        while self.turns.len() <= last as usize {
            let actor = self.turns.len() as u32;
            let rank = match self.follows {
                Follows::Age => (1 << 30) - i64::from(actor),
                Follows::Another => 0,
                Follows::Chance | Follows::Parent(_) => self.draw(),
            };
            self.seen.began(hook::parent(actor));
            self.turns.push(Turn { role: operations::role(actor), priority: rank, rank, ..Turn::default() });
        }
    }

    fn draw(&mut self) -> i64 {
        self.rng.random_range(1..1 << 30)
    }

    fn drop_below_all(&mut self) -> i64 {
        self.lowest -= 1;
        self.lowest
    }

    /// `actor` has announced its next operation.
    fn announced(&mut self, actor: u32, pending: &Pending) {
        let number = self.operations.number(self.turns[actor as usize].role, pending);
        let turn = &self.turns[actor as usize];
        let priority = match self.follows {
            Follows::Age | Follows::Another => turn.rank,
            Follows::Chance => self.draw(),
            Follows::Parent(parent) => match self.kept.place(parent, actor, turn.done) {
                Some(place) => -i64::from(place),
                None => BEYOND + turn.rank,
            },
        };
        // Whoever gives way does so to all.
        let priority = if pending.kind == Kind::Yield { self.drop_below_all() } else { priority };
        let turn = &mut self.turns[actor as usize];
        (turn.seq, turn.number, turn.priority, turn.until) = (pending.seq, number, priority, None);
        let Some(number) = number else { return };
        self.counts.resize(self.operations.count(), 0);
        self.counts[number as usize] += 1;
        let times = self.counts[number as usize];
        if let Some(rule) = self.rules.iter().copied().find(|r| r.number == number && times >= r.from) {
            let delayed = self.drop_below_all();
            let turn = &mut self.turns[actor as usize];
            turn.until = rule.until.map(|until| (until, priority));
            turn.priority = delayed;
            if rule.until.is_none() {
                turn.rank = delayed;
            }
        }
    }

    /// The operation `number` has happened.
    fn happened(&mut self, actor: u32, number: u32) {
        let operation = self.operations.get(number);
        self.seen.touched(actor, number, self.counts[number as usize], operation);
        for turn in &mut self.turns {
            if let Some((until, priority)) = turn.until
                && until == number
            {
                (turn.until, turn.priority) = (None, priority);
            }
            if self.follows == Follows::Chance
                && turn.priority > 0
                && turn.number.is_some_and(|n| self.operations.get(n).conflicts(operation))
            {
                turn.priority = self.rng.random_range(1..1 << 30);
            }
        }
    }
}

impl Strategy for Race {
    fn begin(&mut self) -> bool {
        self.clear();
        self.choose();
        true
    }

    fn watches(&self) -> bool {
        true
    }

    fn steps(&mut self, actor: u32) {
        let Some(pending) = hook::pending(actor) else { return };
        self.know(actor);
        if pending.kind.is_invisible() {
            if let Some(other) = hook::joined(actor).filter(|_| pending.kind == Kind::Join) {
                self.seen.joined(actor, other);
            }
            return;
        }
        if self.turns[actor as usize].seq != pending.seq {
            self.announced(actor, &pending);
        }
        self.seen.steps.push(actor);
        let turn = &mut self.turns[actor as usize];
        turn.done += 1;
        if let Some(number) = turn.number {
            self.happened(actor, number);
        }
    }

    fn pick(&mut self, point: Point<'_>) -> Option<u32> {
        let last = *point.options.last().expect("at least one option");
        self.know(last);
        hook::with_pending(|all| {
            for actor in point.options {
                if let Some(Some(pending)) = all.get(*actor as usize)
                    && self.turns[*actor as usize].seq != pending.seq
                {
                    self.announced(*actor, pending);
                }
            }
        });
        if let Some(current) = self.last.filter(|_| self.streak >= STREAK) {
            self.turns[current as usize].priority = self.drop_below_all();
        }
        let picked = *point.options.iter().max_by_key(|actor| self.turns[**actor as usize].priority)?;
        self.streak = if self.last == Some(picked) { self.streak + 1 } else { 0 };
        self.last = Some(picked);
        Some(picked)
    }

    fn ended(&mut self, _: End) {
        self.judge();
    }
}
