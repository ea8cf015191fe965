//! Executions must come to an end.

use super::{Checker, Evidence, Judgement};
use crate::finding::FindingKind;
use crate::observation::{Violation, Wait};

/// No set of actors waits for itself.
pub(super) struct NoDeadlock;

impl Checker for NoDeadlock {
    fn kind(&self) -> FindingKind {
        FindingKind::Deadlock
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        match &evidence.observation.deadlock {
            None if evidence.observation.livelock => Judgement::NotJudged("cut off before its end"),
            None => Judgement::Holds,
            Some(waits) => Judgement::Broken(vec![Violation {
                kind: self.kind(),
                detail: cycle_key(waits),
                message: waits.iter().map(sentence).collect::<Vec<_>>().join("; "),
                ids: Vec::new(),
            }]),
        }
    }
}

/// What is waited for, without line numbers or actors, so that moved code and renamed threads stay the same finding.
fn cycle_key(waits: &[Wait]) -> String {
    let mut parts: Vec<String> = waits
        .iter()
        .filter(|w| w.waits != "join")
        .map(|w| format!("{} {}", w.waits, w.site.rsplit_once(':').map_or(w.site.as_str(), |(file, _)| file)))
        .collect();
    parts.sort();
    parts.dedup();
    parts.join(" + ")
}

fn sentence(w: &Wait) -> String {
    let holders: Vec<String> = w.holders.iter().map(|(who, site)| format!("{who} since {site}")).collect();
    let held = if holders.is_empty() { String::new() } else { format!(", held by {}", holders.join(" and ")) };
    let object = if w.object.is_empty() { String::new() } else { format!(" {}", w.object) };
    format!("{} waits to {}{object} at {}{held}", w.actor, w.waits, w.site)
}

/// The bound on steps is not hit.
pub(super) struct NoLivelock;

impl Checker for NoLivelock {
    fn kind(&self) -> FindingKind {
        FindingKind::Livelock
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        if !evidence.observation.livelock {
            return Judgement::Holds;
        }
        Judgement::Broken(vec![Violation {
            kind: self.kind(),
            detail: "steps".to_owned(),
            message: "still running when the bound on steps was hit".to_owned(),
            ids: Vec::new(),
        }])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::Observation;

    fn wait(actor: &str, site: &str, holder: &str) -> Wait {
        Wait {
            actor: actor.into(),
            waits: "lock".into(),
            object: "Mutex (a.rs:1)".into(),
            site: site.into(),
            holders: vec![(holder.into(), "a.rs:9".into())],
        }
    }

    fn judge(o: &Observation) -> [Judgement; 2] {
        let e = Evidence::new(o, None);
        [NoDeadlock.judge(&e), NoLivelock.judge(&e)]
    }

    #[test]
    fn accepts_an_execution_that_ended() {
        assert_eq!(judge(&Observation::default()), [Judgement::Holds, Judgement::Holds]);
    }

    #[test]
    fn rejects_a_cycle_and_says_who_holds() {
        let waits = vec![wait("A", "a.rs:5", "B"), wait("B", "a.rs:7", "A")];
        let o = Observation { deadlock: Some(waits), ..Observation::default() };
        let [Judgement::Broken(v), Judgement::Holds] = judge(&o) else { panic!("not rejected") };
        assert_eq!(v[0].detail, "lock a.rs");
        assert!(v[0].message.contains("A waits to lock Mutex (a.rs:1) at a.rs:5, held by B since a.rs:9"));
    }

    #[test]
    fn a_livelock_is_no_deadlock_verdict() {
        let o = Observation { livelock: true, ..Observation::default() };
        let [dead, live] = judge(&o);
        assert!(matches!(dead, Judgement::NotJudged(_)));
        assert!(matches!(live, Judgement::Broken(_)));
    }
}
