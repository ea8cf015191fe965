//! Ways to make a failing list of decisions smaller, each a pass over it.

use super::made::{Cost, Made, Played};

/// The smallest failing schedule so far, and how to try another.
pub(super) struct Best<'a> {
    made: Made,
    cost: Cost,
    /// The decisions, without the zeros at the end.
    list: Vec<u32>,
    play: &'a mut dyn FnMut(&[u32]) -> Option<Played>,
    /// There is nothing left to spend.
    pub(super) over: bool,
}

impl<'a> Best<'a> {
    pub(super) fn new(found: Made, play: &'a mut dyn FnMut(&[u32]) -> Option<Played>) -> Self {
        Self { cost: found.cost(), list: found.trimmed(), made: found, play, over: false }
    }

    pub(super) fn made(&self) -> &Made {
        &self.made
    }

    pub(super) fn into_made(self) -> Made {
        self.made
    }

    /// Plays a list; kept if it fails and is smaller.
    fn attempt(&mut self, list: &[u32]) -> bool {
        self.play(list).is_some_and(|(_, kept)| kept)
    }

    /// Plays a list; what became of it, and whether it is the smallest now.
    pub(super) fn play(&mut self, list: &[u32]) -> Option<(Made, bool)> {
        if self.over {
            return None;
        }
        let Some(played) = (self.play)(list) else {
            self.over = true;
            return None;
        };
        let cost = played.made.cost();
        let kept = played.shows && cost < self.cost;
        if kept {
            self.cost = cost;
            self.list = played.made.trimmed();
            self.made = played.made.clone();
        }
        Some((played.made, kept))
    }

    /// Pass after pass, until none helps.
    pub(super) fn lower(&mut self) {
        loop {
            let before = self.cost;
            self.tail();
            self.blocks();
            self.values();
            self.merges();
            self.moves();
            if self.cost == before || self.over {
                return;
            }
        }
    }

    /// Halves the list for as long as the failure stays.
    fn tail(&mut self) {
        let mut cut = self.list.len() / 2;
        while cut > 0 && !self.over {
            let shorter = self.list[..self.list.len().saturating_sub(cut)].to_vec();
            if !self.attempt(&shorter) {
                cut /= 2;
            }
            cut = cut.min(self.list.len());
        }
    }

    fn places(&self) -> Vec<usize> {
        self.list.iter().enumerate().filter(|(_, d)| **d != 0).map(|(i, _)| i).collect()
    }

    /// Zeroes runs of decisions, from large ones to single ones.
    fn blocks(&mut self) {
        let mut size = self.places().len();
        while size > 0 {
            let mut from = 0;
            loop {
                let places = self.places();
                if from >= places.len() || self.over {
                    break;
                }
                let mut list = self.list.clone();
                for place in &places[from..places.len().min(from + size)] {
                    list[*place] = 0;
                }
                if !self.attempt(&list) {
                    from += size;
                }
            }
            size /= 2;
        }
    }

    /// Lowers each decision to the earliest actor that still fails.
    fn values(&mut self) {
        let mut i = 0;
        while i < self.list.len() && !self.over {
            if self.list[i] > 1 {
                let mut list = self.list.clone();
                list[i] = 1;
                if !self.attempt(&list) && i < self.list.len() && self.list[i] > 2 {
                    list[i] = self.list[i] - 1;
                    self.attempt(&list);
                }
            }
            i += 1;
        }
    }

    /// Puts one decision in the place of two, at the place and with the value of either, or half way between.
    fn merges(&mut self) {
        let mut first = 0;
        while !self.over {
            let places = self.places();
            let Some([a, b]) = places.get(first..first + 2) else { break };
            let mut cleared = self.list.clone();
            let values = [cleared[*a], cleared[*b]];
            (cleared[*a], cleared[*b]) = (0, 0);
            let mut merged = false;
            for at in [*a, (*a + *b) / 2, *b] {
                for value in values {
                    cleared[at] = value;
                    merged = merged || self.attempt(&cleared);
                }
                cleared[at] = 0;
            }
            first += usize::from(!merged);
        }
    }

    /// Takes each decision to an earlier place, so far as the failure stays: far first, then one step.
    fn moves(&mut self) {
        let mut which = 0;
        while !self.over {
            let places = self.places();
            let Some(at) = places.get(which).copied() else { break };
            let free = which.checked_sub(1).map_or(0, |before| places[before] + 1);
            let to = [free, usize::midpoint(free, at), at.saturating_sub(1)];
            let moved = to.into_iter().filter(|to| (free..at).contains(to)).any(|to| {
                let mut list = self.list.clone();
                list.swap(at, to);
                self.attempt(&list)
            });
            which += usize::from(!moved);
        }
    }
}
