//! By id: accepted = delivered + retained + evicted, each delivered at most once, nothing from nowhere.

use super::items::{named, violation};
use super::{Checker, Evidence, Judgement};
use crate::finding::FindingKind;
use crate::id::Id;
use crate::ledger::{Settlement, Unrecovered};

fn judge(
    evidence: &Evidence<'_>,
    kind: FindingKind,
    of: impl Fn(&Settlement) -> (&Vec<Id>, u64),
    says: impl Fn(u64, &Settlement) -> String,
) -> Judgement {
    let Some(settled) = &evidence.settlement else { return Judgement::NotJudged("never came to rest") };
    let (ids, nameless) = of(settled);
    let n = ids.len() as u64 + nameless;
    let message = match (n, nameless, &settled.unrecovered) {
        (0, _, None) => return Judgement::Holds,
        (0, _, Some(_)) => return Judgement::NotJudged("more is wrong than the sketch of the ids can tell apart"),
        (_, 0, _) => format!("{}: {}", says(n, settled), named(ids)),
        _ => {
            let first = if ids.is_empty() { String::new() } else { format!(": {}", named(ids)) };
            format!(
                "at least {}, {nameless} of them without their ids, which are not recoverable{first}",
                says(n, settled)
            )
        }
    };
    Judgement::Broken(vec![violation(kind, "ids", message, ids)])
}

fn nameless(settled: &Settlement, of: impl Fn(&Unrecovered) -> u64) -> u64 {
    settled.unrecovered.as_ref().map_or(0, of)
}

/// No accepted id is nowhere at rest.
pub(super) struct Lost;

impl Checker for Lost {
    fn kind(&self) -> FindingKind {
        FindingKind::Lost
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        judge(
            evidence,
            self.kind(),
            |s| (&s.lost, nameless(s, |left| left.lost)),
            |n, s| format!("{n} of {} accepted ids lost", s.totals.accepted),
        )
    }
}

/// No id is delivered twice, or delivered and still inside.
pub(super) struct Duplicated;

impl Checker for Duplicated {
    fn kind(&self) -> FindingKind {
        FindingKind::Duplicated
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        judge(
            evidence,
            self.kind(),
            |s| (&s.duplicated, nameless(s, |left| left.extra)),
            |n, s| format!("{n} ids seen more than once ({} deliveries)", s.totals.delivered),
        )
    }
}

/// Nothing comes out that nobody put in.
pub(super) struct Phantom;

impl Checker for Phantom {
    fn kind(&self) -> FindingKind {
        FindingKind::Phantom
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        judge(evidence, self.kind(), |s| (&s.phantom, 0), |n, _| format!("{n} ids came out that nobody put in"))
    }
}

/// Never more deliveries than ids offered: the rule that needs no ids, and so holds where they cannot be told apart.
pub(super) struct OverDelivered;

impl Checker for OverDelivered {
    fn kind(&self) -> FindingKind {
        FindingKind::OverDelivered
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let Some(settled) = &evidence.settlement else { return Judgement::NotJudged("never came to rest") };
        let t = &settled.totals;
        let offered = t.accepted + t.uncertain;
        if t.delivered <= offered {
            return Judgement::Holds;
        }
        let message = format!("{} deliveries of {offered} offered ids", t.delivered);
        Judgement::Broken(vec![violation(self.kind(), "count", message, &[])])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sketch::Sketch;
    use crate::ledger::{Ledger, Marks};
    use crate::observation::Observation;

    fn ids(n: std::ops::Range<u64>) -> Vec<Id> {
        n.map(Id).collect()
    }

    fn verdicts(ledger: Ledger) -> [Judgement; 4] {
        let observation = Observation { ledger, at_rest: true, ..Observation::default() };
        let evidence = Evidence::new(&observation, Some(observation.ledger.settle()));
        [Lost.judge(&evidence), Duplicated.judge(&evidence), Phantom.judge(&evidence), OverDelivered.judge(&evidence)]
    }

    fn broken(j: &Judgement) -> bool {
        matches!(j, Judgement::Broken(_))
    }

    #[test]
    fn accepts_what_balances() {
        let l = Ledger { accepted: ids(0..9), delivered: ids(0..5), retained: ids(5..9), ..Ledger::default() };
        assert!(verdicts(l).iter().all(|j| *j == Judgement::Holds));
    }

    #[test]
    fn rejects_a_loss_and_names_the_first_ids() {
        let l = Ledger { accepted: ids(0..20), delivered: ids(0..5), ..Ledger::default() };
        let [lost, dup, phantom, over] = verdicts(l);
        let Judgement::Broken(v) = lost else { panic!("not rejected") };
        assert_eq!(v[0].ids, ids(5..13));
        assert!(v[0].message.starts_with("15 of 20 accepted ids lost: 0#5, "), "{}", v[0].message);
        assert!(![dup, phantom, over].iter().any(broken));
    }

    #[test]
    fn rejects_a_duplicate_hidden_by_a_loss() {
        let l = Ledger { accepted: ids(0..2), delivered: vec![Id(0), Id(0)], ..Ledger::default() };
        let [lost, dup, phantom, over] = verdicts(l);
        assert!(broken(&lost) && broken(&dup));
        assert!(!broken(&phantom) && !broken(&over), "the sum is right, so only the ids tell");
    }

    #[test]
    fn rejects_phantoms_and_over_delivery() {
        let l = Ledger { accepted: ids(0..1), delivered: ids(0..3), ..Ledger::default() };
        let [lost, dup, phantom, over] = verdicts(l);
        assert!(broken(&phantom) && broken(&over));
        assert!(!broken(&lost) && !broken(&dup));
    }

    #[test]
    fn what_a_sketch_cannot_name_is_counted_and_never_clean() {
        let said = |accepted: u64, delivered: std::ops::Range<u64>| {
            let mut sketch = Sketch::new(3);
            (0..accepted).for_each(|n| sketch.accept(Id(n)));
            delivered.for_each(|n| sketch.deliver(Id(n)));
            let observation = Observation { sketch: Some(Box::new(sketch)), at_rest: true, ..Observation::default() };
            let evidence = Evidence::new(&observation, observation.settle(&mut Marks::default()));
            (Lost.judge(&evidence), Duplicated.judge(&evidence), Phantom.judge(&evidence))
        };
        let (lost, duplicated, phantom) = said(50, 0..10);
        let Judgement::Broken(v) = lost else { panic!("not rejected") };
        let message = "at least 40 of 50 accepted ids lost, 40 of them without their ids, which are not recoverable";
        assert_eq!(v[0].message, message);
        assert!(matches!((duplicated, phantom), (Judgement::NotJudged(_), Judgement::NotJudged(_))));
        let (lost, duplicated, phantom) = said(50, 50..100);
        assert!([lost, duplicated, phantom].iter().all(|j| matches!(j, Judgement::NotJudged(_))));
        assert_eq!(said(50, 0..50), (Judgement::Holds, Judgement::Holds, Judgement::Holds));
    }

    #[test]
    fn judges_nothing_before_rest() {
        let observation = Observation::default();
        let evidence = Evidence::new(&observation, None);
        assert!(matches!(Lost.judge(&evidence), Judgement::NotJudged(_)));
    }
}
