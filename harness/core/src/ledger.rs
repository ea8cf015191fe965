//! The ledger: accounting by id, so that errors that cancel out in a sum still show.

pub mod sketch;

use crate::id::Id;
use serde::{Deserialize, Serialize};

/// What happened to each id, as far as actors and the subject at rest can tell. One list per fate; order is free.
///
/// ```
/// use racehunt_core::{id::Id, ledger::Ledger};
///
/// let ids: Vec<Id> = (0..3).map(|serial| Id::new(0, serial)).collect();
/// let mut ledger = Ledger { accepted: ids.clone(), delivered: vec![ids[0]], retained: vec![ids[1]], ..Ledger::default() };
/// assert_eq!(ledger.settle().lost, [ids[2]]);
///
/// // Given up on purpose is not lost, and neither is what a call that never answered may have done.
/// ledger.evicted.push(ids[2]);
/// assert!(ledger.settle().balances());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ledger {
    /// The call that carried the id returned without an error.
    pub accepted: Vec<Id>,
    /// The id came out at the far end, once per delivery.
    pub delivered: Vec<Id>,
    /// Still inside at rest.
    pub retained: Vec<Id>,
    /// Given up on purpose, as the subject's contract says (a cap, a clear).
    pub evicted: Vec<Id>,
    /// The call answered that it did not take the id.
    pub rejected: Vec<Id>,
    /// The call failed or never answered: either outcome is legal, two deliveries are not.
    pub uncertain: Vec<Id>,
    /// A call that was about to give the id up never answered: it may be nowhere.
    pub perhaps_evicted: Vec<Id>,
    /// A call that was about to deliver the id never answered, or got no answer: it may have come out, and still be given
    /// up later by someone who could not know.
    pub perhaps_delivered: Vec<Id>,
}

impl Ledger {
    /// Empties every list and keeps their memory.
    pub fn clear(&mut self) {
        for list in self.lists_mut() {
            list.clear();
        }
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: &Self) {
        let from = [
            &other.accepted,
            &other.delivered,
            &other.retained,
            &other.evicted,
            &other.rejected,
            &other.uncertain,
            &other.perhaps_evicted,
            &other.perhaps_delivered,
        ];
        for (into, from) in self.lists_mut().into_iter().zip(from) {
            into.extend_from_slice(from);
        }
    }

    fn lists_mut(&mut self) -> [&mut Vec<Id>; 8] {
        [
            &mut self.accepted,
            &mut self.delivered,
            &mut self.retained,
            &mut self.evicted,
            &mut self.rejected,
            &mut self.uncertain,
            &mut self.perhaps_evicted,
            &mut self.perhaps_delivered,
        ]
    }

    /// Compares what went in with what came out, id by id. `O(n log n)` in the number of entries.
    #[must_use]
    pub fn settle(&self) -> Settlement {
        self.settle_with(&mut Marks::default())
    }

    /// [`Ledger::settle`] in memory that is used again.
    #[must_use]
    pub fn settle_with(&self, Marks(marks): &mut Marks) -> Settlement {
        marks.clear();
        let fates = [
            (&self.accepted, IN),
            (&self.uncertain, MAYBE),
            (&self.rejected, REFUSED),
            (&self.delivered, OUT),
            (&self.retained, KEPT),
            (&self.evicted, GIVEN_UP),
            (&self.perhaps_evicted, FORGIVEN),
            (&self.perhaps_delivered, UNKNOWN),
        ];
        for (list, fate) in fates {
            marks.extend(list.iter().map(|id| (*id, fate)));
        }
        marks.sort_unstable();
        let mut out = Settlement { totals: self.totals(), ..Settlement::default() };
        for group in marks.chunk_by(|a, b| a.0 == b.0) {
            out.judge(group[0].0, group);
        }
        out
    }

    /// How many entries each list has.
    #[must_use]
    pub fn totals(&self) -> LedgerTotals {
        LedgerTotals {
            accepted: self.accepted.len() as u64,
            delivered: self.delivered.len() as u64,
            retained: self.retained.len() as u64,
            evicted: self.evicted.len() as u64,
            rejected: self.rejected.len() as u64,
            uncertain: self.uncertain.len() as u64,
            ..LedgerTotals::default()
        }
    }
}

/// Memory for [`Ledger::settle_with`].
#[derive(Clone, Debug, Default)]
pub struct Marks(Vec<(Id, u8)>);

const IN: u8 = 0;
const MAYBE: u8 = 1;
const REFUSED: u8 = 2;
const OUT: u8 = 3;
const KEPT: u8 = 4;
const GIVEN_UP: u8 = 5;
const FORGIVEN: u8 = 6;
const UNKNOWN: u8 = 7;

/// The result of settling a ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settlement {
    /// Sizes of the ledger's lists; its `lost`, `duplicated` and `phantom` are filled from the lists below.
    pub totals: LedgerTotals,
    /// Accepted, and nowhere to be found. Ascending.
    pub lost: Vec<Id>,
    /// Delivered more than once, or delivered and still inside. Ascending, each id once.
    pub duplicated: Vec<Id>,
    /// Came out or is inside, and no call ever carried it (or the call said it was refused). Ascending.
    pub phantom: Vec<Id>,
    /// What is known to be wrong without the ids, of a [`sketch::Sketch`] that had too many; counted in `totals`.
    pub unrecovered: Option<Unrecovered>,
}

/// Of ids that a sketch could not tell apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unrecovered {
    /// Lost, at least.
    pub lost: u64,
    /// Came out and should not have, at least.
    pub extra: u64,
    /// Cells of the sketch that hold them.
    pub cells: u64,
}

impl Settlement {
    fn judge(&mut self, id: Id, group: &[(Id, u8)]) {
        let count = |fate: u8| group.iter().filter(|g| g.1 == fate).count();
        let offered = count(IN) + count(MAYBE) > 0;
        let seen = count(OUT) + count(KEPT) + count(GIVEN_UP);
        if !offered && seen > 0 {
            self.phantom.push(id);
            self.totals.phantom += 1;
        }
        let unknowingly = count(UNKNOWN) > 0 && (count(OUT), count(KEPT), count(GIVEN_UP)) == (1, 0, 1);
        if seen > 1 && !unknowingly {
            self.duplicated.push(id);
            self.totals.duplicated += 1;
        }
        if seen == 0 && count(IN) > 0 && count(FORGIVEN) == 0 {
            self.lost.push(id);
            self.totals.lost += 1;
        }
    }

    /// True if nothing is lost, duplicated or phantom.
    #[must_use]
    pub fn balances(&self) -> bool {
        self.lost.is_empty() && self.duplicated.is_empty() && self.phantom.is_empty() && self.unrecovered.is_none()
    }
}

/// Ledger counts, summed over executions. Counts are ids, except `delivered`, which counts deliveries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LedgerTotals {
    /// Ids whose call returned without an error.
    pub accepted: u64,
    /// Deliveries.
    pub delivered: u64,
    /// Ids still inside at rest.
    pub retained: u64,
    /// Ids given up on purpose.
    pub evicted: u64,
    /// Ids refused.
    pub rejected: u64,
    /// Ids whose call failed or never answered.
    pub uncertain: u64,
    /// Accepted ids that were nowhere at rest.
    pub lost: u64,
    /// Ids seen more than once.
    pub duplicated: u64,
    /// Ids seen that were never accepted.
    pub phantom: u64,
}

impl LedgerTotals {
    /// Adds all of `other`.
    pub fn add(&mut self, other: &Self) {
        self.accepted += other.accepted;
        self.delivered += other.delivered;
        self.retained += other.retained;
        self.evicted += other.evicted;
        self.rejected += other.rejected;
        self.uncertain += other.uncertain;
        self.lost += other.lost;
        self.duplicated += other.duplicated;
        self.phantom += other.phantom;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(n: &[u64]) -> Vec<Id> {
        n.iter().map(|n| Id(*n)).collect()
    }

    #[test]
    fn a_balanced_ledger_balances() {
        let ledger = Ledger {
            accepted: ids(&[4, 1, 2, 3]),
            delivered: ids(&[1, 2]),
            retained: ids(&[3]),
            evicted: ids(&[4]),
            rejected: ids(&[9]),
            uncertain: ids(&[7, 8]),
            perhaps_evicted: ids(&[4, 7]),
            perhaps_delivered: ids(&[2, 3]),
        };
        assert!(ledger.settle().balances(), "{:?}", ledger.settle());
    }

    #[test]
    fn sums_that_cancel_out_still_show() {
        let ledger = Ledger { accepted: ids(&[1, 2]), delivered: ids(&[2, 2]), ..Ledger::default() };
        let s = ledger.settle();
        assert_eq!((s.lost, s.duplicated), (ids(&[1]), ids(&[2])));
    }

    #[test]
    fn delivered_and_still_inside_is_twice() {
        let ledger = Ledger { accepted: ids(&[1]), delivered: ids(&[1]), retained: ids(&[1]), ..Ledger::default() };
        assert_eq!(ledger.settle().duplicated, ids(&[1]));
        // As an entry that stands in an audit log twice.
        let ledger = Ledger { accepted: ids(&[1]), retained: ids(&[1, 1]), ..Ledger::default() };
        assert_eq!(ledger.settle().duplicated, ids(&[1]));
    }

    #[test]
    fn what_is_given_up_may_have_been_delivered_once_by_a_call_that_never_answered() {
        let both = Ledger { accepted: ids(&[1]), delivered: ids(&[1]), evicted: ids(&[1]), ..Ledger::default() };
        assert!(!both.settle().balances());
        let unknowing = Ledger { perhaps_delivered: ids(&[1]), ..both };
        assert!(unknowing.settle().balances());
        let twice = Ledger { delivered: ids(&[1, 1]), ..unknowing.clone() };
        let kept = Ledger { retained: ids(&[1]), ..unknowing.clone() };
        let nowhere = Ledger { delivered: Vec::new(), evicted: Vec::new(), ..unknowing };
        assert!([twice, kept, nowhere].iter().all(|ledger| !ledger.settle().balances()));
    }

    #[test]
    fn perhaps_evicted_may_be_nowhere_but_not_twice_somewhere() {
        let gone = Ledger { accepted: ids(&[1]), perhaps_evicted: ids(&[1]), ..Ledger::default() };
        assert!(gone.settle().balances());
        let twice = Ledger { delivered: ids(&[1, 1]), ..gone };
        assert_eq!(twice.settle().duplicated, ids(&[1]));
    }

    #[test]
    fn uncertain_may_come_out_once_but_not_twice() {
        let once = Ledger { uncertain: ids(&[1]), delivered: ids(&[1]), ..Ledger::default() };
        assert!(once.settle().balances());
        let twice = Ledger { uncertain: ids(&[1]), delivered: ids(&[1, 1]), ..Ledger::default() };
        assert_eq!(twice.settle().duplicated, ids(&[1]));
    }

    #[test]
    fn what_nobody_sent_or_what_was_refused_is_phantom() {
        let ledger = Ledger { rejected: ids(&[2]), delivered: ids(&[1, 2]), ..Ledger::default() };
        assert_eq!(ledger.settle().phantom, ids(&[1, 2]));
    }
}
