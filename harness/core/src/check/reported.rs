//! What the code under test said itself: errors, panics, and the subject's own invariants.

use super::{Checker, Evidence, Judgement};
use crate::finding::FindingKind;
use crate::observation::Violation;

/// No call answers with an error.
pub(super) struct NoError;

impl Checker for NoError {
    fn kind(&self) -> FindingKind {
        FindingKind::Error
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let mut broken: Vec<Violation> = Vec::new();
        for f in &evidence.observation.failures {
            if broken.iter().any(|b| b.detail == f.kind) {
                continue;
            }
            broken.push(Violation {
                kind: self.kind(),
                detail: f.kind.clone(),
                message: format!("{} failed: {}", f.op, f.message),
                ids: Vec::new(),
            });
        }
        if broken.is_empty() { Judgement::Holds } else { Judgement::Broken(broken) }
    }
}

/// No actor panics.
pub(super) struct NoPanic;

impl Checker for NoPanic {
    fn kind(&self) -> FindingKind {
        FindingKind::Panic
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let broken: Vec<Violation> = evidence
            .observation
            .panics
            .iter()
            .map(|p| Violation {
                kind: self.kind(),
                detail: steady(&p.site, &p.message),
                message: format!("{} panicked at {}: {}", p.actor, p.site, p.message),
                ids: Vec::new(),
            })
            .collect();
        if broken.is_empty() { Judgement::Holds } else { Judgement::Broken(broken) }
    }
}

/// The file and the message without their numbers: line numbers move with the code, others with the schedule.
fn steady(site: &str, message: &str) -> String {
    let file = site.rsplit_once(':').map_or(site, |(file, _)| file);
    let mut words = String::new();
    for c in message.lines().next().unwrap_or_default().chars().take(120) {
        if !c.is_ascii_digit() {
            words.push(c);
        } else if !words.ends_with('#') {
            words.push('#');
        }
    }
    format!("{file}: {words}")
}

/// The subject's own invariants, and what the engine itself saw (a data race).
pub(super) struct Own;

impl Checker for Own {
    fn kind(&self) -> FindingKind {
        FindingKind::DataRace
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let own = &evidence.observation.violations;
        if own.is_empty() { Judgement::Holds } else { Judgement::Broken(own.clone()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::{Observation, OpFailure, Panic};

    fn judge(c: &dyn Checker, observation: &Observation) -> Judgement {
        c.judge(&Evidence::new(observation, None))
    }

    #[test]
    fn accepts_silence() {
        let o = Observation::default();
        for c in [&NoError as &dyn Checker, &NoPanic, &Own] {
            assert_eq!(judge(c, &o), Judgement::Holds);
        }
    }

    #[test]
    fn rejects_errors_once_a_kind() {
        let failure =
            |kind: &str| OpFailure { actor: 0, op: "flush".into(), kind: kind.into(), message: "size changed".into() };
        let o = Observation { failures: vec![failure("a"), failure("a"), failure("b")], ..Observation::default() };
        let Judgement::Broken(v) = judge(&NoError, &o) else { panic!("not rejected") };
        assert_eq!(v.iter().map(|v| v.detail.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn rejects_a_panic() {
        let p = Panic { actor: "D".into(), message: "boom".into(), site: "x.rs:1".into() };
        let o = Observation { panics: vec![p], ..Observation::default() };
        let Judgement::Broken(v) = judge(&NoPanic, &o) else { panic!("not rejected") };
        assert_eq!(v[0].detail, "x.rs: boom");
        assert_eq!(steady("x.rs:12", "index 17 of 3\nand more"), steady("x.rs:40", "index 4 of 12"));
    }
}
