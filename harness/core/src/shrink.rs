//! Shrinks a failing schedule: fewer switches, then earlier actors, then a shorter list.
//!
//! A schedule is a list of decisions, 0 for "stay with the current actor", and any list is legal (numbers too large
//! are cut down, past the end all are 0). So a shrink is a search over lists: cut the tail, zero blocks, lower
//! values; a candidate is kept only if the same failure shows.

/// A schedule as it was really made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// The decisions, cut down, and as many as the execution had choices.
    pub decisions: Vec<u32>,
    /// Decisions that left an actor which could go on. (To choose who goes on after an actor's end is no switch.)
    pub switches: u32,
}

/// What a shrink did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shrunk {
    /// The smallest failing list found.
    pub decisions: Vec<u32>,
    /// Candidates tried.
    pub tries: u32,
}

/// Shrinks the decisions of `found`. `fails` plays a candidate and, if the same failure shows, returns what was made. At
/// most `budget` candidates are tried.
pub fn shrink(found: Made, budget: u32, mut fails: impl FnMut(&[u32]) -> Option<Made>) -> Shrunk {
    let mut least = cost(&found);
    let mut best = trimmed(found.decisions);
    let mut tries = 0;
    let mut attempt = |candidate: &[u32], best: &mut Vec<u32>, tries: &mut u32| -> bool {
        if *tries >= budget {
            return false;
        }
        *tries += 1;
        let Some(made) = fails(candidate) else { return false };
        let now = cost(&made);
        let better = now < least;
        if better {
            least = now;
            *best = trimmed(made.decisions);
        }
        better
    };
    loop {
        let before = best.clone();
        tail(&mut best, &mut tries, &mut attempt);
        blocks(&mut best, &mut tries, &mut attempt);
        values(&mut best, &mut tries, &mut attempt);
        if best == before || tries >= budget {
            return Shrunk { decisions: best, tries };
        }
    }
}

type Attempt<'a> = &'a mut dyn FnMut(&[u32], &mut Vec<u32>, &mut u32) -> bool;

/// Switches, then decisions that are not 0, then the sum of their values, then where the last one is.
fn cost(made: &Made) -> (u32, usize, u64, usize) {
    let d = &made.decisions;
    let last = d.iter().rposition(|d| *d != 0).map_or(0, |i| i + 1);
    (made.switches, d.iter().filter(|d| **d != 0).count(), d.iter().map(|d| u64::from(*d)).sum(), last)
}

fn trimmed(mut d: Vec<u32>) -> Vec<u32> {
    while d.last() == Some(&0) {
        d.pop();
    }
    d
}

/// Halves the list for as long as the failure stays.
fn tail(best: &mut Vec<u32>, tries: &mut u32, attempt: Attempt<'_>) {
    let mut cut = best.len() / 2;
    while cut > 0 {
        let shorter = best[..best.len().saturating_sub(cut)].to_vec();
        if !attempt(&shorter, best, tries) {
            cut /= 2;
        }
        cut = cut.min(best.len());
    }
}

/// Zeroes runs of switches, from large ones to single ones.
fn blocks(best: &mut Vec<u32>, tries: &mut u32, attempt: Attempt<'_>) {
    let switches = |d: &[u32]| d.iter().enumerate().filter(|(_, d)| **d != 0).map(|(i, _)| i).collect::<Vec<_>>();
    let mut size = switches(best).len();
    while size > 0 {
        let mut from = 0;
        loop {
            let places = switches(best);
            if from >= places.len() {
                break;
            }
            let mut candidate = best.clone();
            for place in &places[from..places.len().min(from + size)] {
                candidate[*place] = 0;
            }
            if !attempt(&candidate, best, tries) {
                from += size;
            }
        }
        size /= 2;
    }
}

/// Lowers each switch to the earliest actor that still fails.
fn values(best: &mut Vec<u32>, tries: &mut u32, attempt: Attempt<'_>) {
    let mut i = 0;
    while i < best.len() {
        if best[i] > 1 {
            let mut candidate = best.clone();
            candidate[i] = 1;
            if !attempt(&candidate, best, tries) && i < best.len() && best[i] > 2 {
                candidate[i] = best[i] - 1;
                attempt(&candidate, best, tries);
            }
        }
        i += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(d: &[u32]) -> Made {
        Made { decisions: d.to_vec(), switches: d.iter().filter(|d| **d != 0).count() as u32 }
    }

    #[test]
    fn what_the_failure_needs_is_kept_and_the_rest_goes() {
        let noisy: Vec<u32> = (0..60).map(|i| [3, 0, 1, 2][i % 4]).collect();
        let out = shrink(made(&noisy), 400, |d| {
            (d.get(8).is_some_and(|v| *v >= 1) && d.get(30) == Some(&1)).then(|| made(d))
        });
        let mut want = vec![0; 31];
        (want[8], want[30]) = (1, 1);
        assert_eq!(out.decisions, want);
        assert!(out.tries < 100, "{}", out.tries);
    }

    #[test]
    fn a_failure_without_a_switch_ends_empty() {
        assert_eq!(shrink(made(&[1, 2, 3]), 400, |d| Some(made(d))).decisions, Vec::<u32>::new());
    }

    #[test]
    fn who_goes_on_after_an_end_is_cheaper_than_a_switch() {
        // Two lists that fail: two switches, or one choice of who begins and one switch.
        let cheap = |d: &[u32]| Made { decisions: d.to_vec(), switches: u32::from(d.get(1) == Some(&1)) };
        let out = shrink(Made { decisions: vec![0, 2, 0, 2], switches: 2 }, 400, |d| {
            (d.get(1) == Some(&1)).then(|| cheap(d))
        });
        assert_eq!(out.decisions, vec![0, 1]);
    }

    #[test]
    fn nothing_is_kept_that_does_not_fail() {
        let out = shrink(made(&[1, 0, 2]), 400, |_| None);
        assert_eq!(out.decisions, vec![1, 0, 2]);
    }

    #[test]
    fn the_budget_holds() {
        let mut calls = 0;
        let out = shrink(made(&(1..200).collect::<Vec<_>>()), 20, |_| {
            calls += 1;
            None
        });
        assert_eq!((calls, out.tries), (20, 20));
    }
}
