//! Steps that stand there several times in a row.

use super::{Fold, Race, Step};

/// A repetition of more steps than this is told in full: nobody would see what repeats.
const LONGEST: usize = 32;

/// Rows that a fold has to save.
const WORTH: usize = 2;

/// Folds from the first step on, each the one that saves most there; of several the one with the fewest steps.
pub(super) fn folds(steps: &[Step], racing: &[Race]) -> Vec<Fold> {
    let marked: Vec<usize> = racing.iter().flat_map(|r| [r.opens, r.entered, r.first, r.second]).collect();
    let mut folds = Vec::new();
    let mut from = 0;
    while from < steps.len() {
        // A step that is pointed at must keep a row of its own.
        let end = marked.iter().copied().filter(|m| *m >= from).min().unwrap_or(steps.len());
        match best(&steps[from..end]) {
            Some((len, times)) => {
                folds.push(Fold { from, len, times });
                from += len * times;
            }
            None => from += 1,
        }
    }
    folds
}

/// The length and the number of the repetitions at the start of `steps` that save most rows.
fn best(steps: &[Step]) -> Option<(usize, usize)> {
    let mut best = None;
    let mut most = WORTH - 1;
    for len in 1..=LONGEST.min(steps.len() / 2) {
        let (unit, rest) = steps.split_at(len);
        let times = 1 + rest.chunks_exact(len).take_while(|chunk| *chunk == unit).count();
        if (times - 1) * len > most {
            (most, best) = ((times - 1) * len, Some((len, times)));
        }
    }
    best
}
