//! Whether a trial's clean result may be believed.

use crate::words::counted;
use racehunt_core::check::is_conditional;
use racehunt_core::finding::FindingKind;
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::verdict::{Coverage, Verdict};

/// True if the trial looked at something, so that a finding it does not have counts as not found.
pub(crate) fn looked(outcome: &TrialOutcome) -> bool {
    outcome.verdict != Verdict::Unknown && nothing_ran(outcome).is_none()
}

/// Why the trial does not count, whatever it found; `None` if it does.
///
/// The engines say most of this themselves. It is asked again here because a pass that nobody looked at comes from
/// the very place that forgot to say so.
pub(super) fn doubt(outcome: &TrialOutcome) -> Option<String> {
    if outcome.verdict == Verdict::Unknown {
        let reasons = outcome.reasons.join("; ");
        return Some(if reasons.is_empty() { "unknown, and it does not say why".to_owned() } else { reasons });
    }
    if !outcome.findings.is_empty() {
        // A finding is proof that something ran, and may be what kept a checker from its work.
        return None;
    }
    nothing_ran(outcome).or_else(|| idle_checker(outcome))
}

fn nothing_ran(outcome: &TrialOutcome) -> Option<String> {
    let none = match &outcome.coverage {
        Coverage::Nothing => true,
        Coverage::Exhaustive | Coverage::Bounded { .. } => outcome.executions == 0,
        Coverage::Sampled { executions, .. } | Coverage::Stressed { executions } => {
            outcome.executions == 0 || *executions == 0
        }
    };
    if none {
        return Some("no execution came to an end".to_owned());
    }
    match &outcome.coverage {
        Coverage::Bounded { preemptions } if preemptions.is_empty() => {
            let executions = counted(outcome.executions, "execution");
            Some(format!("no preemption bound was completed in {executions}"))
        }
        _ => None,
    }
}

fn idle_checker(outcome: &TrialOutcome) -> Option<String> {
    if outcome.checked.is_empty() {
        return Some("no checker judged anything".to_owned());
    }
    let idle: Vec<&str> =
        outcome.checked.iter().filter(|count| count.judged == 0).map(|count| count.checker.word()).collect();
    if idle.is_empty() {
        return None;
    }
    let executions = counted(outcome.executions, "execution");
    Some(format!("{} could not be judged in any of {executions}", idle.join(", ")))
}

/// True if the trial's checker for `kind` is one that counts, and judged nothing: then its silence means nothing.
pub(crate) fn blind_to(outcome: &TrialOutcome, kind: FindingKind) -> bool {
    match outcome.checked.iter().find(|count| count.checker == kind) {
        Some(count) => count.judged == 0,
        None => is_conditional(kind),
    }
}
