//! What was seen from outside: bounds, items that do not parse, arrivals at the far end.

use super::items::{counted, violation};
use super::{Checker, Evidence, Judgement};
use crate::finding::FindingKind;
use crate::observation::{Seen, Sent, Violation};

/// No quantity is above its bound.
pub(super) struct OverBound;

impl Checker for OverBound {
    fn kind(&self) -> FindingKind {
        FindingKind::OverBound
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let gauges = &evidence.observation.seen.gauges;
        let bounded: Vec<_> = gauges.iter().filter_map(|gauge| Some((gauge, gauge.bound?))).collect();
        if bounded.is_empty() {
            return Judgement::NotJudged("nothing that has a bound was measured");
        }
        let over = bounded.into_iter().filter(|(gauge, bound)| gauge.peak > *bound);
        super::judged(over.map(|(gauge, bound)| {
            let message = format!("{}: {} at once, the bound is {bound}", gauge.name, gauge.peak);
            violation(self.kind(), &gauge.name, message, &[])
        }))
    }
}

/// Every item that all can see parses.
pub(super) struct Unreadable;

impl Checker for Unreadable {
    fn kind(&self) -> FindingKind {
        FindingKind::Unreadable
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let seen = &evidence.observation.seen;
        // Whoever looks from outside says at least how many items there were.
        if *seen == Seen::default() {
            return Judgement::NotJudged("nobody looked from outside");
        }
        let mut broken: Vec<Violation> = Vec::new();
        for entry in &seen.unreadable {
            let detail = entry.split_once(':').map_or("item", |(what, _)| what);
            if broken.iter().all(|violation| violation.detail != detail) {
                let of = counted(seen.unreadable.len() as u64, "unreadable item");
                broken.push(violation(self.kind(), detail, format!("{of}, one of them {entry}"), &[]));
            }
        }
        super::judged(broken)
    }
}

/// Each item arrives at the far end once; after a kill perhaps again, and then under the same key.
pub(super) struct Sends;

impl Checker for Sends {
    fn kind(&self) -> FindingKind {
        FindingKind::Duplicated
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let observation = evidence.observation;
        let mut sends: Vec<&Sent> = observation.seen.sends.iter().collect();
        sends.sort_unstable_by_key(|sent| sent.id);
        let most = u64::from(observation.crashes) + 1;
        let fault = |group: &[&Sent]| {
            let (first, times) = (group[0], group.len() as u64);
            let one_key = first.key.is_some() && group.iter().all(|sent| sent.key == first.key);
            match times {
                1 => None,
                _ if times > most => Some(""),
                _ if one_key => None,
                _ => Some(", not under one key"),
            }
            .map(|why| (first.id, times, why))
        };
        let mut twice = sends.chunk_by(|a, b| a.id == b.id).filter_map(fault);
        let Some((id, times, why)) = twice.next() else {
            return match (sends.is_empty(), &evidence.settlement) {
                (true, _) => Judgement::NotJudged("nothing arrived at the far end"),
                (_, None) => Judgement::NotJudged("never came to rest"),
                _ => Judgement::Holds,
            };
        };
        let more = 1 + twice.count() as u64;
        let crashes = counted(observation.crashes.into(), "kill").replace("0 kills", "no kill");
        let message = format!("{id} arrived {times} times with {crashes}{why} ({} in all)", counted(more, "such id"));
        Judgement::Broken(vec![violation(self.kind(), "sends", message, &[id])])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id;
    use crate::observation::{Gauge, Observation};

    fn judge(checker: &dyn Checker, seen: Seen, crashes: u32) -> Judgement {
        let observation = Observation { seen, crashes, at_rest: true, ..Observation::default() };
        checker.judge(&Evidence::new(&observation, Some(observation.ledger.settle())))
    }

    fn broken(judgement: Judgement) -> Vec<(String, String)> {
        let Judgement::Broken(violations) = judgement else { panic!("{judgement:?}") };
        violations.into_iter().map(|violation| (violation.detail, violation.message)).collect()
    }

    fn files(peak: u64, bound: Option<u64>) -> Seen {
        Seen { gauges: vec![Gauge { name: "files".into(), peak, bound }], ..Seen::default() }
    }

    #[test]
    fn a_bound_is_kept_at_its_value_and_broken_above() {
        assert_eq!(judge(&OverBound, files(200, Some(200)), 0), Judgement::Holds);
        let says = broken(judge(&OverBound, files(203, Some(200)), 0));
        assert_eq!(says, [("files".to_owned(), "files: 203 at once, the bound is 200".to_owned())]);
        assert!(matches!(judge(&OverBound, files(203, None), 0), Judgement::NotJudged(_)));
        assert!(matches!(judge(&OverBound, Seen::default(), 0), Judgement::NotJudged(_)));
    }

    #[test]
    fn each_way_of_being_unreadable_is_one_finding() {
        assert!(matches!(judge(&Unreadable, Seen::default(), 0), Judgement::NotJudged(_)));
        assert_eq!(judge(&Unreadable, files(1, None), 0), Judgement::Holds);
        let unreadable = ["torn: a.json: EOF at 12", "torn: b.json: EOF at 7", "empty: c.json", "d.json"];
        let seen = Seen { unreadable: unreadable.map(str::to_owned).to_vec(), ..Seen::default() };
        let says = broken(judge(&Unreadable, seen, 0));
        assert_eq!(says.iter().map(|one| one.0.as_str()).collect::<Vec<_>>(), ["torn", "empty", "item"]);
        assert_eq!(says[0].1, "4 unreadable items, one of them torn: a.json: EOF at 12");
    }

    fn sends(sends: &[(u64, Option<&str>)]) -> Seen {
        let sent = |(id, key): &(u64, Option<&str>)| Sent { id: Id(*id), key: key.map(str::to_owned) };
        Seen { sends: sends.iter().map(sent).collect(), ..Seen::default() }
    }

    #[test]
    fn without_a_kill_an_item_arrives_once_whatever_its_key() {
        assert!(matches!(judge(&Sends, sends(&[]), 3), Judgement::NotJudged(_)));
        assert_eq!(judge(&Sends, sends(&[(1, None), (2, Some("a")), (3, Some("a"))]), 0), Judgement::Holds);
        let says = broken(judge(&Sends, sends(&[(1, Some("a")), (2, None), (1, Some("a")), (2, None)]), 0));
        assert_eq!(says, [("sends".to_owned(), "0#1 arrived 2 times with no kill (2 such ids in all)".to_owned())]);
    }

    #[test]
    fn after_kills_it_may_arrive_again_under_one_key() {
        let keyed = [(1, Some("a")), (1, Some("a")), (1, Some("a"))];
        assert_eq!(judge(&Sends, sends(&keyed), 2), Judgement::Holds);
        let says = broken(judge(&Sends, sends(&keyed), 1));
        assert_eq!(says[0].1, "0#1 arrived 3 times with 1 kill (1 such id in all)");
        for pair in [[(1, None), (1, None)], [(1, Some("a")), (1, Some("b"))], [(1, Some("a")), (1, None)]] {
            let says = broken(judge(&Sends, sends(&pair), 9));
            assert_eq!(says[0].1, "0#1 arrived 2 times with 9 kills, not under one key (1 such id in all)");
        }
    }

    #[test]
    fn before_rest_more_may_arrive() {
        let judge = |pairs: &[(u64, Option<&str>)]| {
            let observation = Observation { seen: sends(pairs), ..Observation::default() };
            Sends.judge(&Evidence::new(&observation, None))
        };
        assert!(matches!(judge(&[(1, None)]), Judgement::NotJudged(_)));
        assert!(matches!(judge(&[(1, None), (1, None)]), Judgement::Broken(_)));
    }
}
