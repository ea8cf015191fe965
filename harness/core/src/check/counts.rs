//! What calls say they did is what they did: counts, and answers of "no".

use super::items::{counted, violation};
use super::{Checker, Evidence, Judgement};
use crate::finding::FindingKind;
use crate::history::{Answer, What};
use crate::id::Id;
use crate::observation::Violation;

/// Counts add up.
///
/// All clears together say how many items they removed: two that both count an item show as one too many. A replay's
/// parts make its whole, and the whole is what it tried. A replay of nothing where something was is missed, not
/// miscounted.
pub(super) struct Miscount;

impl Checker for Miscount {
    fn kind(&self) -> FindingKind {
        FindingKind::Miscount
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let (mut clears, mut says, mut removed): (u64, u64, Vec<Id>) = (0, 0, Vec::new());
        let (mut replays, mut wrong): (u64, Vec<String>) = (0, Vec::new());
        for event in &evidence.observation.history {
            match &event.what {
                What::Clear { counted, removed: own } => {
                    clears += 1;
                    says = says.saturating_add(*counted);
                    removed.extend(own);
                }
                What::Replay { attempted, total, sent, failed, .. } => {
                    replays += 1;
                    if sent.saturating_add(*failed) != *total || *total != distinct(attempted.clone()) {
                        let tried = distinct(attempted.clone());
                        wrong.push(format!("{sent} sent and {failed} failed of {total}, and it tried {tried}"));
                    }
                }
                _ => {}
            }
        }
        if clears + replays == 0 {
            return Judgement::NotJudged("nothing was cleared or replayed");
        }
        let removed = distinct(removed);
        let clear = (says != removed).then(|| {
            let (calls, removed) = (counted(clears, "clear"), counted(removed, "item"));
            let message = format!("{calls} said {says} and removed {removed}");
            violation(self.kind(), "clear", message, &[])
        });
        let replay = wrong.first().map(|first| {
            let message = format!("a replay said {first} ({} of {} did)", wrong.len(), counted(replays, "replay"));
            violation(self.kind(), "replay", message, &[])
        });
        super::judged(clear.into_iter().chain(replay))
    }
}

fn distinct(mut ids: Vec<Id>) -> u64 {
    ids.sort_unstable();
    ids.dedup();
    ids.len() as u64
}

/// A call that said no did nothing.
pub(super) struct SideEffect;

impl Checker for SideEffect {
    fn kind(&self) -> FindingKind {
        FindingKind::SideEffect
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let observation = evidence.observation;
        let mut puts = 0_u64;
        let (mut refused, mut cost) = (Vec::new(), Vec::new());
        for event in &observation.history {
            let What::Put { id, answer, evicted } = &event.what else { continue };
            puts += 1;
            if *answer == Answer::No {
                refused.push(*id);
                cost.extend((!evicted.is_empty()).then_some((*id, evicted.as_slice())));
            }
        }
        if puts == 0 {
            return Judgement::NotJudged("nothing was put in");
        }
        refused.sort_unstable();
        let ledger = &observation.ledger;
        let there = ledger.retained.iter().chain(&ledger.delivered);
        let mut kept: Vec<Id> = there.filter(|id| refused.binary_search(id).is_ok()).copied().collect();
        kept.sort_unstable();
        kept.dedup();
        let refusals = counted(refused.len() as u64, "refusal");
        let evicted = cost.first().map(|(id, evicted)| {
            let lost = super::items::named(evicted);
            let message = format!("{id} was refused, and {lost} evicted for it ({} of {refusals} did)", cost.len());
            violation(self.kind(), "evicted", message, evicted)
        });
        let kept = (!kept.is_empty()).then(|| -> Violation {
            let message = format!("{} of {refusals} took the item: {}", kept.len(), super::items::named(&kept));
            violation(self.kind(), "kept", message, &kept)
        });
        super::judged(evicted.into_iter().chain(kept))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::script::{answered, at, broken, clear, ids, judge, judge_with, put, replay};
    use crate::ledger::Ledger;
    use crate::observation::Observation;

    #[test]
    fn clears_say_together_what_they_removed_together() {
        assert!(matches!(judge(&Miscount, &[put(1, 2, 7)]), Judgement::NotJudged(_)));
        assert_eq!(judge(&Miscount, &[clear(1, 2, 0, &[])]), Judgement::Holds);
        assert_eq!(judge(&Miscount, &[clear(1, 5, 2, &[7, 8]), clear(2, 6, 1, &[9])]), Judgement::Holds);
        let violations = broken(judge(&Miscount, &[clear(1, 5, 2, &[7, 8]), clear(2, 6, 2, &[])]));
        assert_eq!(violations[0].detail, "clear");
        assert_eq!(violations[0].message, "2 clears said 4 and removed 2 items");
        // One that stops at an error and says nothing happened.
        assert_eq!(broken(judge(&Miscount, &[clear(1, 5, 0, &[7])])).len(), 1);
    }

    fn says(attempted: &[u64], total: u64, sent: u64, failed: u64) -> Judgement {
        let what = What::Replay { attempted: ids(attempted), removed: vec![], total, sent, failed };
        judge(&Miscount, &[replay(1, 2, &[1, 2], &[1]), at(3, 4, what)])
    }

    #[test]
    fn a_replays_parts_make_its_whole_and_the_whole_is_what_it_tried() {
        assert_eq!(says(&[7, 8], 2, 1, 1), Judgement::Holds);
        assert_eq!(says(&[7, 7], 1, 1, 0), Judgement::Holds, "tried twice is one item");
        assert_eq!(says(&[], 0, 0, 0), Judgement::Holds, "missed, if anything");
        assert_eq!(broken(says(&[7, 8], 2, 2, 1))[0].detail, "replay");
        let violations = broken(says(&[7], 2, 1, 1));
        assert_eq!(
            violations[0].message,
            "a replay said 1 sent and 1 failed of 2, and it tried 1 (1 of 2 replays did)"
        );
        assert_eq!(broken(says(&[7], 1, u64::MAX, u64::MAX)).len(), 1);
    }

    #[test]
    fn a_refusal_that_evicted_is_a_side_effect() {
        assert!(matches!(judge(&SideEffect, &[clear(1, 2, 0, &[])]), Judgement::NotJudged(_)));
        let history = |answer, evicted: &[u64]| [put(1, 2, 7), answered(3, 4, 8, answer, evicted)];
        assert_eq!(judge(&SideEffect, &history(Answer::No, &[])), Judgement::Holds);
        assert_eq!(judge(&SideEffect, &history(Answer::Yes, &[7])), Judgement::Holds);
        assert_eq!(judge(&SideEffect, &history(Answer::Unknown, &[7])), Judgement::Holds);
        let violations = broken(judge(&SideEffect, &history(Answer::No, &[7])));
        assert_eq!((violations[0].detail.as_str(), &violations[0].ids), ("evicted", &ids(&[7])));
        assert_eq!(violations[0].message, "0#8 was refused, and 0#7 evicted for it (1 of 1 refusal did)");
    }

    #[test]
    fn a_refusal_that_kept_the_item_is_a_side_effect() {
        let history = [answered(1, 2, 7, Answer::No, &[]), answered(3, 4, 8, Answer::Yes, &[])];
        assert_eq!(judge_with(&SideEffect, &history, &[8]), Judgement::Holds);
        let violations = broken(judge_with(&SideEffect, &history, &[7, 8, 7]));
        assert_eq!((violations[0].detail.as_str(), &violations[0].ids), ("kept", &ids(&[7])));
        let ledger = Ledger { delivered: ids(&[7]), ..Ledger::default() };
        let observation = Observation { history: history.to_vec(), ledger, ..Observation::default() };
        assert_eq!(broken(SideEffect.judge(&Evidence::new(&observation, None))).len(), 1);
    }
}
