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
            Some(waits) => Judgement::Broken(vec![deadlock(waits)]),
        }
    }
}

/// The violation that these waits are, none of which will ever end. The same in every engine.
#[must_use]
pub fn deadlock(waits: &[Wait]) -> Violation {
    let (kind, detail) = (FindingKind::Deadlock, cycle_key(waits));
    Violation { kind, detail, message: tell(waits), ids: Vec::new() }
}

/// Waits that a message tells of; those of a large batch are alike.
const MOST_TOLD: usize = 16;

/// Who waits where, for people.
#[must_use]
pub fn tell(waits: &[Wait]) -> String {
    let mut told: Vec<String> = waits.iter().take(MOST_TOLD).map(sentence).collect();
    if waits.len() > MOST_TOLD {
        told.push(format!("and {} more wait", waits.len() - MOST_TOLD));
    }
    told.join("; ")
}

/// What is waited for, without line numbers or actors, so that moved code and renamed threads stay the same finding. Of
/// those in the cycle, if one is known: who else waits hangs on the schedule.
fn cycle_key(waits: &[Wait]) -> String {
    let cycle: Vec<&Wait> = waits.iter().filter(|w| waits_for_itself(waits, w)).collect();
    let deciding = if cycle.is_empty() { waits.iter().collect() } else { cycle };
    let mut parts: Vec<String> = deciding
        .into_iter()
        .filter(|w| w.waits != "join")
        .map(|w| format!("{} {}", w.waits, w.site.rsplit_once(':').map_or(w.site.as_str(), |(file, _)| file)))
        .collect();
    parts.sort();
    parts.dedup();
    parts.join(" + ")
}

/// True if the wait is for its own actor, over however many others.
fn waits_for_itself(waits: &[Wait], from: &Wait) -> bool {
    let (mut seen, mut left) = (Vec::new(), vec![from]);
    while let Some(wait) = left.pop() {
        for (holder, _) in &wait.holders {
            if *holder == from.actor {
                return true;
            }
            if !seen.contains(&holder) {
                seen.push(holder);
                left.extend(waits.iter().filter(|w| w.actor == *holder));
            }
        }
    }
    false
}

fn sentence(w: &Wait) -> String {
    let since = w.for_ms.map(|ms| format!(" for {:.1} s", ms as f64 / 1e3)).unwrap_or_default();
    if w.waits == "join" && !w.holders.is_empty() {
        let threads: Vec<String> = w.holders.iter().map(|(who, site)| format!("{who} (started at {site})")).collect();
        return format!("{} waits to join {} at {}{since}", w.actor, threads.join(" and "), w.site);
    }
    let holders: Vec<String> = w.holders.iter().map(|(who, site)| format!("{who} since {site}")).collect();
    let held = if holders.is_empty() { String::new() } else { format!(", held by {}", holders.join(" and ")) };
    let object = if w.object.is_empty() { String::new() } else { format!(" {}", w.object) };
    // Nobody waits to wait: on a condvar, at a barrier.
    let waits = if w.waits == "wait" { "waits on".to_owned() } else { format!("waits to {}", w.waits) };
    format!("{} {waits}{object} at {}{since}{held}", w.actor, w.site)
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
            for_ms: None,
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
    fn who_stands_by_does_not_change_the_key() {
        let mut waits = vec![wait("A", "a.rs:5", "B"), wait("B", "a.rs:7", "A")];
        let alone = deadlock(&waits).detail;
        waits.push(Wait { waits: "recv".into(), holders: Vec::new(), ..wait("C", "c.rs:1", "") });
        waits.push(wait("D", "d.rs:1", "A"));
        assert_eq!(deadlock(&waits).detail, alone);
        // Without a cycle all of them are it.
        assert_eq!(deadlock(&waits[2..]).detail, "lock d.rs + recv c.rs");
    }

    #[test]
    fn real_waits_have_lasted_and_a_join_says_for_whom() {
        let mut join = wait("A", "a.rs:5", "W");
        join.waits = "join".into();
        let lock = Wait { for_ms: Some(2140), ..wait("W", "w.rs:7", "A") };
        let v = deadlock(&[join, lock]);
        assert_eq!(v.detail, "lock w.rs");
        assert_eq!(
            v.message,
            "A waits to join W (started at a.rs:9) at a.rs:5; \
             W waits to lock Mutex (a.rs:1) at w.rs:7 for 2.1 s, held by A since a.rs:9"
        );
        let many = vec![wait("A", "a.rs:5", "B"); 20];
        assert!(tell(&many).ends_with("; and 4 more wait"));
    }

    #[test]
    fn a_livelock_is_no_deadlock_verdict() {
        let o = Observation { livelock: true, ..Observation::default() };
        let [dead, live] = judge(&o);
        assert!(matches!(dead, Judgement::NotJudged(_)));
        assert!(matches!(live, Judgement::Broken(_)));
    }
}
