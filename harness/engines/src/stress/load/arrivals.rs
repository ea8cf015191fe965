//! When ops of an open loop are due.

use crate::stress::gate::Dice;

/// One actor's due times, in nanoseconds from the start of the trial: a Poisson process, as of many independent
/// callers. The processes of all actors add up to one with the sum of their rates.
#[derive(Debug)]
pub(super) struct Arrivals {
    dice: Dice,
    mean_ns: f64,
    due_ns: f64,
}

impl Arrivals {
    /// Arrivals at `per_second` on average.
    pub(super) fn new(per_second: f64, dice: Dice) -> Self {
        Self { dice, mean_ns: 1e9 / per_second, due_ns: 0.0 }
    }
}

impl Iterator for Arrivals {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        self.due_ns -= self.dice.unit().ln() * self.mean_ns;
        Some(self.due_ns as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_kept_on_average_and_time_goes_on() {
        let due: Vec<u64> = Arrivals::new(1000.0, Dice::new(1, 0)).take(20_000).collect();
        assert!(due.is_sorted());
        let last = *due.last().unwrap() as f64 / 1e9;
        assert!((19.0..21.0).contains(&last), "{last}");
    }
}
