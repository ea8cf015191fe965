//! What is given up for want of room is the oldest.

use super::items::{Items, counted, violation};
use super::{Checker, Evidence, Judgement};
use crate::finding::FindingKind;
use crate::history::What;
use crate::id::Id;

/// No item is evicted while one that was put in before it stays.
///
/// Put in before means that the one call had answered before the other began. It stayed if it is retained at rest, or
/// if the call that took it out began after the evicting one had answered. An item that was ever about to be delivered
/// is left alone: while it is claimed nobody may evict it.
pub(super) struct Misordered;

impl Checker for Misordered {
    fn kind(&self) -> FindingKind {
        FindingKind::Misordered
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let observation = evidence.observation;
        let evictions: Vec<(u64, &[Id])> = observation
            .history
            .iter()
            .filter_map(|event| match &event.what {
                What::Put { evicted, .. } if !evicted.is_empty() => Some((event.to, evicted.as_slice())),
                _ => None,
            })
            .collect();
        if evictions.is_empty() {
            return Judgement::NotJudged("nothing was evicted");
        }
        let items = Items::of(&observation.history);
        let stayed = Stayed::of(&items, &observation.ledger.retained);
        let pairs = evictions.iter().flat_map(|(to, evicted)| evicted.iter().map(move |id| (*to, *id)));
        let (mut first, mut wrong, mut of) = (None, 0, 0);
        for (to, id) in pairs {
            of += 1;
            let Some(item) = items.get(id) else { continue };
            if let Some(older) = stayed.before(item.offered, to) {
                wrong += 1;
                first = first.or(Some((id, older)));
            }
        }
        match (first, &evidence.settlement) {
            (None, None) => Judgement::NotJudged("never came to rest"),
            (None, Some(_)) => Judgement::Holds,
            (Some((id, older)), _) => {
                let of = counted(of, "eviction");
                let message = format!("{id} was evicted while {older}, put in before it, stayed ({wrong} of {of} so)");
                Judgement::Broken(vec![violation(self.kind(), "evicted", message, &[id, older])])
            }
        }
    }
}

/// Until when items stayed, by the moment from which they were certainly in.
struct Stayed(Vec<Until>);

struct Until {
    inside: u64,
    /// The longest that this item or one before it stayed, and which.
    longest: (u64, Id),
}

impl Stayed {
    fn of(items: &Items, retained: &[Id]) -> Self {
        let mut retained = retained.to_vec();
        retained.sort_unstable();
        let mut all: Vec<Until> = items
            .all()
            .iter()
            .filter(|item| !item.claimed && item.inside != super::items::NEVER)
            .filter_map(|item| {
                let kept = retained.binary_search(&item.id).is_ok();
                let until = if kept { super::items::NEVER } else { item.removed? };
                Some(Until { inside: item.inside, longest: (until, item.id) })
            })
            .collect();
        all.sort_unstable_by_key(|item| (item.inside, item.longest));
        for at in 1..all.len() {
            all[at].longest = all[at].longest.max(all[at - 1].longest);
        }
        Self(all)
    }

    /// An item that was in before `offered` and stayed beyond `to`.
    fn before(&self, offered: u64, to: u64) -> Option<Id> {
        let older = self.0.partition_point(|item| item.inside < offered);
        let (until, id) = self.0[..older].last()?.longest;
        (until > to).then_some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::script::{answered, broken, clear, ids, judge_with, mark, put, replay};
    use crate::history::{Answer, Event, Why};
    use crate::observation::Observation;

    /// Puts 1, then 2, then 3 in, which evicts 2; then comes what is given.
    fn second_evicted(then: &[Event], retained: &[u64]) -> Judgement {
        let evicting = answered(10, 12, 3, Answer::Yes, &[2]);
        let history: Vec<Event> =
            [put(1, 2, 1), put(3, 4, 2), evicting].into_iter().chain(then.iter().cloned()).collect();
        judge_with(&Misordered, &history, retained)
    }

    #[test]
    fn the_younger_must_not_go_while_the_older_stays() {
        let violations = broken(second_evicted(&[], &[1, 3]));
        assert_eq!((violations[0].detail.as_str(), &violations[0].ids), ("evicted", &ids(&[2, 1])));
        assert_eq!(violations[0].message, "0#2 was evicted while 0#1, put in before it, stayed (1 of 1 eviction so)");
        broken(second_evicted(&[clear(13, 14, 1, &[1])], &[3]));
        broken(second_evicted(&[answered(13, 14, 4, Answer::Yes, &[1])], &[3, 4]));
    }

    #[test]
    fn what_may_have_gone_at_the_same_time_did_not_stay() {
        assert_eq!(second_evicted(&[clear(12, 14, 1, &[1])], &[3]), Judgement::Holds);
        assert_eq!(second_evicted(&[], &[3]), Judgement::Holds, "nowhere: lost, if anything");
        assert_eq!(second_evicted(&[mark(5, 1, Why::Evict)], &[3]), Judgement::Holds, "a call that was killed");
    }

    #[test]
    fn what_was_ever_claimed_is_left_alone() {
        assert_eq!(second_evicted(&[mark(5, 1, Why::Deliver)], &[1, 3]), Judgement::Holds);
        let delivered = [mark(20, 1, Why::Deliver), replay(19, 21, &[1], &[1])];
        assert_eq!(second_evicted(&delivered, &[3]), Judgement::Holds);
    }

    #[test]
    fn puts_that_overlap_have_no_order() {
        let evicting = || answered(10, 12, 3, Answer::Yes, &[2]);
        for (first, second) in [((1, 3), (3, 4)), ((1, 9), (2, 4))] {
            let history = [put(first.0, first.1, 1), put(second.0, second.1, 2), evicting()];
            assert_eq!(judge_with(&Misordered, &history, &[1, 3]), Judgement::Holds);
        }
        let unsure = [answered(1, 2, 1, Answer::Unknown, &[]), put(3, 4, 2), evicting()];
        assert_eq!(judge_with(&Misordered, &unsure, &[1, 3]), Judgement::Holds);
        let history = [put(1, 2, 1), put(3, 4, 2), answered(10, 12, 3, Answer::No, &[2])];
        broken(judge_with(&Misordered, &history, &[1]));
    }

    #[test]
    fn without_an_eviction_or_rest_nothing_is_judged() {
        assert!(matches!(judge_with(&Misordered, &[put(1, 2, 1)], &[1]), Judgement::NotJudged(_)));
        let history = vec![put(1, 2, 1), answered(3, 4, 2, Answer::Yes, &[1])];
        let observation = Observation { history, ..Observation::default() };
        let evidence = Evidence::new(&observation, None);
        assert!(matches!(Misordered.judge(&evidence), Judgement::NotJudged(_)));
    }
}
