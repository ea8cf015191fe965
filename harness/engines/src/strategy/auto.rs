//! A portfolio: all of them in turn.

use super::{End, Pct, Point, Pos, Race, Random, Strategy, Surw, Urw};

/// Executions by [`Race`] and by the strategies that know nothing of races, in turn, with more turns for what shows new
/// hand-offs.
///
/// No single strategy is good at everything: POS never finds what has to come after many operations that race with it, PCT
/// drowns in a hundred actors, URW is worse than a random walk on bluetooth (see `reports/BENCHMARKS.md`). The race-directed
/// one is the best on most programs and has the most turns; the others are where it starts from, since it sees every
/// execution and may follow it later, whoever picked. PCT begins: its first execution runs the oldest actor first, and what
/// one race turned round makes of that has few context switches.
///
/// Each member's share of the turns follows how often its last ones showed something new, down to a floor, so that no
/// class of races is given up. The seed decides everything.
///
/// The idea of a portfolio is shuttle's `PortfolioRunner`'s (there in parallel, and none hears of the others), feedback by
/// coverage of schedules that of RFF (ASPLOS 2024) and Fest (NSDI 2026). Fest mutates the random stream of a kept execution:
/// that was measured for each member (half of its executions, 16 children a parent, one to three positions) and is left
/// out, since the first failure then took 1.1 to 1.4 times as many executions in the geometric mean.
pub struct Auto {
    race: Race,
    members: Vec<Member>,
    /// The member whose turn it is.
    turn: usize,
    begun: bool,
}

struct Member {
    /// `None` for the race-directed one, which looks on when it is another one's turn.
    strategy: Option<Box<dyn Strategy>>,
    /// Its share of the turns, if all show as much.
    share: i64,
    /// The share of its last turns that showed something new, of [`ALL`].
    fresh: i64,
    /// Turns that it is owed, in units of shares.
    credit: i64,
}

impl Member {
    /// Its turn showed something new, or not.
    fn hears(&mut self, fresh: bool) {
        let now = if fresh { ALL } else { 0 };
        self.fresh += (now - self.fresh) / LAST;
    }
}

/// Every one of a member's last turns showed something new.
const ALL: i64 = 256;

/// What a member has that showed nothing new for long: its share is then a fifth of what it was.
const FLOOR: i64 = 64;

/// About so many turns back the last ones go.
const LAST: i64 = 16;

/// The race-directed one's share, where every other one has 1.
const RACE: i64 = 8;

/// Place of the member that begins.
const FIRST: usize = 1;

impl Auto {
    /// A portfolio that depends on `seed` alone.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let of = |n: u64| seed ^ n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let others: [Box<dyn Strategy>; 5] = [
            Box::new(Pct::new(3, of(1))),
            Box::new(Pos::new(of(2))),
            Box::new(Surw::new(of(3))),
            Box::new(Urw::new(of(4))),
            Box::new(Random::new(of(5))),
        ];
        let member = |strategy, share| Member { strategy, share, fresh: ALL, credit: 0 };
        let mut members = vec![member(None, RACE)];
        members.extend(others.into_iter().map(|other| member(Some(other), 1)));
        Self { race: Race::among_others(seed), members, turn: FIRST, begun: false }
    }

    /// Whose turn is next: each is owed its share of a turn, and who is owed most has it.
    fn next(&mut self) -> usize {
        let mut total = 0;
        for member in &mut self.members {
            let share = member.share * (FLOOR + member.fresh);
            member.credit += share;
            total += share;
        }
        // The first of equals.
        let next = (0..self.members.len()).rev().max_by_key(|at| self.members[*at].credit).unwrap_or(0);
        self.members[next].credit -= total;
        next
    }
}

impl Strategy for Auto {
    fn begin(&mut self) -> bool {
        self.turn = if self.begun { self.next() } else { FIRST };
        self.begun = true;
        match &mut self.members[self.turn].strategy {
            None => self.race.begin(),
            Some(other) => {
                self.race.look_on();
                other.begin()
            }
        }
    }

    fn watches(&self) -> bool {
        true
    }

    fn steps(&mut self, actor: u32) {
        self.race.steps(actor);
        if let Some(other) = &mut self.members[self.turn].strategy {
            other.steps(actor);
        }
    }

    fn pick(&mut self, point: Point<'_>) -> Option<u32> {
        match &mut self.members[self.turn].strategy {
            None => self.race.pick(point),
            Some(other) => other.pick(point),
        }
    }

    fn ended(&mut self, end: End) {
        let fresh = self.race.judge();
        let member = &mut self.members[self.turn];
        member.hears(fresh);
        if let Some(other) = &mut member.strategy {
            other.ended(End { fresh, ..end });
        }
    }

    fn restart(&mut self) {
        for member in &mut self.members {
            if let Some(other) = &mut member.strategy {
                other.restart();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whose turn it was in each of `executions`; `shows` tells which members show something new.
    fn turns(executions: usize, shows: impl Fn(usize) -> bool) -> Vec<usize> {
        let mut auto = Auto::new(1);
        (0..executions)
            .map(|_| {
                auto.begin();
                let turn = auto.turn;
                auto.members[turn].hears(shows(turn));
                turn
            })
            .collect()
    }

    fn count(turns: &[usize], member: usize) -> usize {
        turns.iter().filter(|turn| **turn == member).count()
    }

    #[test]
    fn every_member_has_its_turns_from_the_start() {
        let turns = turns(26, |_| true);
        assert_eq!(turns[0], FIRST);
        assert!((15..=17).contains(&count(&turns, 0)), "8 of 13: {turns:?}");
        for member in 1..6 {
            assert!((1..=3).contains(&count(&turns, member)), "{turns:?}");
        }
    }

    #[test]
    fn who_shows_more_has_more_turns_and_nobody_none() {
        let turns = turns(13_000, |member| member == 3);
        let [all, one] = [count(&turns, 3), count(&turns, 4)];
        assert!(all > one * 3, "{all} and {one}");
        assert!((1..6).all(|member| count(&turns, member) > 500), "a floor");
        assert!(count(&turns, 0) > count(&turns, 3), "the race-directed one has eight shares");
    }
}
