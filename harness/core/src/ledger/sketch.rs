//! A ledger in bounded space: an invertible Bloom lookup table over ids.
//!
//! Accepting an id adds it to three cells, every exit takes it out of the same three; so at rest the cells hold exactly
//! the ids that were lost (more in than out) and those that came out too often. A cell that holds one id alone gives it
//! away, which frees others: the table is peeled until it is empty. Each cell keeps sums, of how often, of the ids and of a
//! checksum, so an id that came out twice or three times too often is told as well as one that did so once.
//!
//! Sources: Goodrich and Mitzenmacher, *Invertible Bloom Lookup Tables* (2011); Eppstein, Goodrich, Uyeda and Varghese,
//! *What's the Difference?* (SIGCOMM 2011).
//!
//! **What may go wrong.** Taking the hash to be random, with `n` ids left and `c` cells:
//!
//! - Peeling ends at once where `n < 0.818 c` (for three cells an id, as `c` grows; the first source, table 1), but for
//!   groups of ids that share all of their cells: some `13.5 n² / c³` of all tables have a pair that does. Then, and beyond the
//!   threshold, the ids are not known: [`Decoded::left`] says so, with how many there are at least. Never is it clean.
//! - A table that is not balanced looks empty with a chance of 2⁻⁶⁴ at most (the sum of checksums of what is left is 0
//!   by chance); so does a cell of several ids that looks like one.
//!
//! No random state: the same history always gives the same table.

mod ranges;
mod settle;
#[cfg(test)]
mod tests;

use crate::id::Id;
use crate::ledger::{Ledger, LedgerTotals};
use ranges::Accepted;

/// How [`Sketch::caveat`] begins.
pub(crate) const CAVEAT: &str = "ids were accounted for in a sketch";
/// Cells that fit a second-level cache of 1 MiB: 768 KiB, from which 19,000 ids are recovered.
pub const CELLS: usize = 3 << 13;

/// Cells of an id, each in a third of its own.
const PLACES: usize = 3;

/// What is in one cell: sums over the ids there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Cell {
    /// Of the ids, each as often as it is left. Wide enough for all ids that a soak of years could make.
    ids: i128,
    /// How often.
    count: i64,
    /// Of their checksums, around the corner of 2⁶⁴.
    check: u64,
}

impl Cell {
    #[inline]
    fn add(&mut self, id: Id, check: u64, times: i64) {
        self.ids += i128::from(id.0) * i128::from(times);
        self.count += times;
        self.check = self.check.wrapping_add(check.wrapping_mul(times.cast_unsigned()));
    }

    /// The only id in the cell, if there is one alone.
    fn alone(&self) -> Option<Id> {
        let count = i128::from(self.count);
        let id = Id(u64::try_from(self.ids.checked_div(count)?).ok()?);
        let whole = i128::from(id.0) * count == self.ids;
        (whole && self.check == check(id).wrapping_mul(self.count.cast_unsigned())).then_some(id)
    }
}

/// The accounting of any number of ids in the space of so many cells. Certain fates only: what may or may not have
/// happened stays in a [`Ledger`], see [`Sketch::settle`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sketch {
    cells: Vec<Cell>,
    accepted: Accepted,
    totals: LedgerTotals,
}

/// What is left in a sketch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decoded {
    /// Ids, ascending, with how often each was put in more often than it came out; negative where it came out more often.
    pub ids: Vec<(Id, i64)>,
    /// What could not be told apart; `None` if all could.
    pub left: Option<Left>,
}

/// Of ids that could not be told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// So many were put in and did not come out, at least.
    pub missing: u64,
    /// So many came out too often, at least, each counted as often as it did.
    pub extra: u64,
    /// Cells that hold them.
    pub cells: u64,
}

impl Sketch {
    /// An empty sketch. `cells` is rounded up to a multiple of three; [`CELLS`] is a good number.
    #[must_use]
    pub fn new(cells: usize) -> Self {
        let cells = cells.div_ceil(PLACES).max(1) * PLACES;
        Self { cells: vec![Cell::default(); cells], accepted: Accepted::default(), totals: LedgerTotals::default() }
    }

    /// The call that carried the id returned without an error.
    #[inline]
    pub fn accept(&mut self, id: Id) {
        self.totals.accepted += 1;
        self.accepted.insert(id);
        self.add(id, 1);
    }

    /// The id came out at the far end.
    #[inline]
    pub fn deliver(&mut self, id: Id) {
        self.totals.delivered += 1;
        self.add(id, -1);
    }

    /// It is still inside at rest.
    pub fn retain(&mut self, id: Id) {
        self.totals.retained += 1;
        self.add(id, -1);
    }

    /// It was given up on purpose.
    pub fn evict(&mut self, id: Id) {
        self.totals.evicted += 1;
        self.add(id, -1);
    }

    /// The call answered that it did not take the id. If it comes out nevertheless, nobody put it in.
    pub fn reject(&mut self, _id: Id) {
        self.totals.rejected += 1;
    }

    /// Takes the certain fates out of a ledger, and leaves the uncertain ones.
    pub fn fold(&mut self, ledger: &mut Ledger) {
        ledger.accepted.drain(..).for_each(|id| self.accept(id));
        ledger.delivered.drain(..).for_each(|id| self.deliver(id));
        ledger.retained.drain(..).for_each(|id| self.retain(id));
        ledger.evicted.drain(..).for_each(|id| self.evict(id));
        ledger.rejected.drain(..).for_each(|id| self.reject(id));
    }

    /// Adds all of `other`, as if one sketch had seen what both saw.
    ///
    /// # Panics
    /// If it has another number of cells.
    pub fn merge(&mut self, other: &Self) {
        assert_eq!(self.cells.len(), other.cells.len(), "sketches of different sizes");
        for (cell, more) in self.cells.iter_mut().zip(&other.cells) {
            cell.ids += more.ids;
            cell.count += more.count;
            cell.check = cell.check.wrapping_add(more.check);
        }
        self.accepted.merge(&other.accepted);
        self.totals.add(&other.totals);
    }

    /// How many of each fate there were.
    #[must_use]
    pub fn totals(&self) -> &LedgerTotals {
        &self.totals
    }

    /// Memory of the table.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.cells.len() * size_of::<Cell>()
    }

    /// How many ids may be left that are told apart: the threshold, less what a table of this size falls short of it.
    #[must_use]
    pub fn most(&self) -> usize {
        self.cells.len() * 4 / 5
    }

    /// The chance that ids as many as `left` cannot be told apart, below the threshold of the module's documentation; 1
    /// beyond it.
    #[must_use]
    pub fn failure(&self, left: usize) -> f64 {
        let (n, c) = (left as f64, self.cells.len() as f64);
        if n < 0.818 * c { (13.5 * n * n / (c * c * c)).min(1.0) } else { 1.0 }
    }

    /// What a clean result is worth that rests on it.
    #[must_use]
    pub fn caveat(&self) -> String {
        format!(
            "{CAVEAT} of {} KiB: one that is wrong goes unseen with a chance of 1 in 2^64, and up to {} that are wrong are \
             told by id (1,000 of them but for a chance of {:.1e})",
            self.bytes() >> 10,
            self.most(),
            self.failure(1_000)
        )
    }

    #[inline]
    fn add(&mut self, id: Id, times: i64) {
        let check = check(id);
        for place in places(id, self.cells.len()) {
            self.cells[place].add(id, check, times);
        }
    }

    /// Peels a copy of the table. `O(cells + ids left)`.
    #[must_use]
    pub fn decode(&self) -> Decoded {
        let mut rest = Self { accepted: Accepted::default(), ..self.clone() };
        let mut ids: Vec<(Id, i64)> = Vec::new();
        let mut look: Vec<usize> = (0..rest.cells.len()).collect();
        while let Some(at) = look.pop() {
            let Some(id) = rest.cells[at].alone() else { continue };
            let places = places(id, rest.cells.len());
            if places.contains(&at) {
                let times = rest.cells[at].count;
                ids.push((id, times));
                rest.add(id, -times);
                look.extend(places);
            }
        }
        ids.sort_unstable();
        Decoded { ids, left: rest.left() }
    }

    /// What the cells tell of ids that they do not give away. The cells of one third hold different ids.
    fn left(&self) -> Option<Left> {
        let cells = self.cells.iter().filter(|cell| **cell != Cell::default()).count() as u64;
        let most = |sign: i64| {
            let thirds = self.cells.chunks(self.cells.len() / PLACES);
            let sum = |third: &[Cell]| third.iter().map(|cell| (cell.count * sign).max(0).cast_unsigned()).sum::<u64>();
            thirds.map(sum).max().unwrap_or_default()
        };
        (cells > 0).then(|| Left { missing: most(1), extra: most(-1), cells })
    }
}

/// The finalizer of splitmix64, from a start of its own.
const fn mix(id: Id, start: u64) -> u64 {
    let mut x = id.0.wrapping_add(start);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

const fn check(id: Id) -> u64 {
    mix(id, 0xd1b5_4a32_d192_ed03)
}

/// One cell in each third, each by 32 bits of its own.
#[inline]
const fn places(id: Id, cells: usize) -> [usize; PLACES] {
    let third = (cells / PLACES) as u64;
    let (a, b) = (mix(id, 0x9e37_79b9_7f4a_7c15), mix(id, 0x2545_f491_4f6c_dd1d));
    [
        (((a & 0xffff_ffff) * third) >> 32) as usize,
        ((((a >> 32) * third) >> 32) + third) as usize,
        ((((b >> 32) * third) >> 32) + 2 * third) as usize,
    ]
}
