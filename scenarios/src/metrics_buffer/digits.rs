//! Ids in a `u64`: each id of an execution is one hexadecimal digit of its metric's cell.
//!
//! The sharded buffers sum up plain numbers, and a sum hides errors that cancel out. So the `s`-th id of a metric adds
//! `16^s`, and whatever sum comes out at the far end says by its digits how often each id is in it: 0, once, or too
//! often. Fifteen ids a metric fit; the sixteenth digit stays free, so that a digit that overflows still shows.

use super::sink::{Sink, SinkError};
use super::{Family, Ids};
use racehunt_core::id::Id;
use smallvec::SmallVec;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Ids that one metric can tell apart in one execution.
pub const SLOTS: usize = 15;

/// Which digit of which metric stands for which id, in one execution.
///
/// It belongs to the accounting and not to the buffer, so it is guarded by std's lock, which is no scheduling point;
/// none is reached while it is held.
#[derive(Debug, Default)]
pub struct Digits(Mutex<Table>);

/// For each metric its ids, the one of digit `s` at `s`.
type Table = BTreeMap<(Family, Box<str>), Vec<Id>>;

impl Digits {
    /// The amount that stands for `id` in `metric`; nothing if the metric's digits are used up.
    pub fn assign(&self, family: Family, metric: &str, id: Id) -> Option<u64> {
        let mut table = self.table();
        let ids = table.entry((family, metric.into())).or_default();
        if ids.len() >= SLOTS {
            return None;
        }
        ids.push(id);
        Some(1 << (4 * (ids.len() - 1)))
    }

    /// The ids in a sum of `metric`, each as often as its digit says. Digits that were never assigned come back as ids
    /// of an actor that does not exist, so that they count as phantoms.
    #[must_use]
    pub fn decode(&self, family: Family, metric: &str, sum: u64) -> Ids {
        let table = self.table();
        let ids = table.get(&(family, metric.into())).map_or(&[][..], Vec::as_slice);
        let mut found = SmallVec::new();
        for slot in 0..=SLOTS {
            let times = (sum >> (4 * slot)) & 0xf;
            let id = ids.get(slot).copied().unwrap_or_else(|| Id::new(NOBODY, slot as u64));
            found.extend((0..times).map(|_| id));
        }
        Ids(found)
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Number of an actor that no execution has: the highest that an id can carry.
const NOBODY: u32 = (1 << 24) - 1;

/// Decodes sums on their way to a sink of ids.
#[derive(Debug)]
pub struct Decoding<S> {
    digits: Arc<Digits>,
    inner: S,
}

impl<S: Sink<Ids>> Decoding<S> {
    /// Hands over to `inner` what the sums stand for.
    pub fn new(digits: Arc<Digits>, inner: S) -> Self {
        Self { digits, inner }
    }
}

impl<S: Sink<Ids>> Sink<u64> for Decoding<S> {
    fn increment(&self, metric: &str, value: &u64) -> Result<(), SinkError> {
        self.inner.increment(metric, &self.digits.decode(Family::Counter, metric, *value))
    }

    fn timing(&self, metric: &str, value: &u64) -> Result<(), SinkError> {
        self.inner.timing(metric, &self.digits.decode(Family::Timer, metric, *value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(ids: &Ids) -> Vec<Id> {
        let mut list = ids.0.to_vec();
        list.sort_unstable();
        list
    }

    #[test]
    fn a_sum_tells_its_parts() {
        let digits = Digits::default();
        let amounts: Vec<u64> = (0..15).map(|i| digits.assign(Family::Counter, "m", Id(i)).unwrap()).collect();
        assert_eq!(digits.assign(Family::Counter, "m", Id(99)), None, "the digits are used up");
        assert_eq!(digits.assign(Family::Timer, "m", Id(99)), Some(1), "the other map counts for itself");
        let sum = amounts[0] + 2 * amounts[3] + amounts[14];
        assert_eq!(sorted(&digits.decode(Family::Counter, "m", sum)), [Id(0), Id(3), Id(3), Id(14)]);
        assert_eq!(digits.decode(Family::Counter, "m", amounts.iter().sum()).0.len(), 15);
    }

    #[test]
    fn what_was_never_assigned_is_nobodys() {
        let digits = Digits::default();
        digits.assign(Family::Counter, "m", Id(7));
        let found = digits.decode(Family::Counter, "m", 0x11);
        assert_eq!(found.0.as_slice(), [Id(7), Id::new(NOBODY, 1)]);
        assert_eq!(found.0[1].actor(), NOBODY);
    }
}
