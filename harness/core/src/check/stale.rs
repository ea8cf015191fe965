//! What a component shows is what is there.

use super::items::{counted, violation};
use super::{Checker, Evidence, Judgement};
use crate::finding::FindingKind;
use crate::observation::Violation;

/// At rest, and after the time its contract allows, a component shows of each thing what is there.
pub(super) struct Stale;

impl Checker for Stale {
    fn kind(&self) -> FindingKind {
        FindingKind::Stale
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let views = &evidence.observation.seen.views;
        if views.is_empty() {
            return Judgement::NotJudged("nothing is shown");
        }
        if evidence.settlement.is_none() {
            return Judgement::NotJudged("never came to rest");
        }
        let stale: Vec<_> = views.iter().filter(|view| view.shown != view.there).collect();
        let mut broken: Vec<Violation> = Vec::new();
        for view in &stale {
            if broken.iter().any(|violation| violation.detail == view.name) {
                continue;
            }
            let [shown, there] = [&view.shown, &view.there].map(|text| short(text));
            let of = counted(views.len() as u64, "view");
            let message = format!("{} shows `{shown}`, there is `{there}` ({} of {of} stale)", view.name, stale.len());
            broken.push(violation(self.kind(), &view.name, message, &[]));
        }
        super::judged(broken)
    }
}

/// Characters of a content that a message has.
const SHOWN: usize = 80;

fn short(text: &str) -> String {
    let mut short: String = text.chars().take(SHOWN).collect();
    if text.chars().nth(SHOWN).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::{Observation, Seen, View};

    fn judge(views: &[(&str, &str, &str)], at_rest: bool) -> Judgement {
        let view = |(name, shown, there): &(&str, &str, &str)| View {
            name: (*name).into(),
            shown: (*shown).into(),
            there: (*there).into(),
        };
        let seen = Seen { views: views.iter().map(view).collect(), ..Seen::default() };
        let observation = Observation { seen, at_rest, ..Observation::default() };
        let settlement = at_rest.then(|| observation.ledger.settle());
        Stale.judge(&Evidence::new(&observation, settlement))
    }

    #[test]
    fn what_is_shown_is_there() {
        assert_eq!(judge(&[("ideas", "3", "3"), ("retry", "", "")], true), Judgement::Holds);
        let views = [("ideas", "2", "3"), ("retry", "", ""), ("ideas", "1", "3"), ("tasks", "a", "")];
        let Judgement::Broken(violations) = judge(&views, true) else { panic!("not rejected") };
        let says: Vec<_> = violations.iter().map(|one| (one.detail.as_str(), one.message.as_str())).collect();
        let ideas = "ideas shows `2`, there is `3` (3 of 4 views stale)";
        assert_eq!(says, [("ideas", ideas), ("tasks", "tasks shows `a`, there is `` (3 of 4 views stale)")]);
    }

    #[test]
    fn what_is_not_shown_or_still_moves_is_not_judged() {
        assert!(matches!(judge(&[], true), Judgement::NotJudged(_)));
        assert!(matches!(judge(&[("ideas", "2", "3")], false), Judgement::NotJudged(_)));
    }

    #[test]
    fn a_message_has_the_beginning_of_what_is_long() {
        assert_eq!(short(&"é".repeat(80)), "é".repeat(80));
        assert_eq!(short(&"é".repeat(81)), format!("{}…", "é".repeat(80)));
    }
}
