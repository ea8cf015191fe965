//! Exit codes: one constant and one sentence each.

use racehunt_core::verdict::Verdict;

/// Everything is as the scenarios expect.
pub const AS_EXPECTED: u8 = 0;
/// There is a finding nobody expects, an expected one is missing, or the gate failed.
pub const FAILED: u8 = 1;
/// The command line or a scenario is wrong; nothing ran.
pub const USAGE: u8 = 2;
/// Not enough was judged to say either: nothing ran, or a budget ended before its minimum.
pub const UNKNOWN: u8 = 3;
/// The harness itself failed: a file, a worker, a broken promise of its own.
pub const HARNESS: u8 = 4;
/// Ctrl-C or SIGTERM ended the run; the report holds what was done until then.
pub const INTERRUPTED: u8 = 130;

/// Every code with its sentence, for help texts.
pub const ALL: [(u8, &str); 6] = [
    (AS_EXPECTED, "as expected"),
    (FAILED, "a finding nobody expects, an expected one missing, or the gate failed"),
    (USAGE, "wrong command line or scenario; nothing ran"),
    (UNKNOWN, "unknown: nothing ran, or not enough to judge"),
    (HARNESS, "the harness itself failed"),
    (INTERRUPTED, "interrupted; the report is partial"),
];

/// The code of a run. An interrupted run says so whatever it found: the report has the findings.
#[must_use]
pub fn code(verdict: Verdict, interrupted: bool) -> u8 {
    match (interrupted, verdict) {
        (true, _) => INTERRUPTED,
        (false, Verdict::Pass) => AS_EXPECTED,
        (false, Verdict::Fail) => FAILED,
        (false, Verdict::Unknown) => UNKNOWN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_pass_that_was_not_interrupted_is_zero() {
        for verdict in [Verdict::Pass, Verdict::Unknown, Verdict::Fail] {
            assert_eq!(code(verdict, false) == 0, verdict == Verdict::Pass);
            assert_eq!(code(verdict, true), INTERRUPTED);
        }
        assert_eq!(code(Verdict::Fail, false), 1);
        assert_eq!(code(Verdict::Unknown, false), 3);
    }

    #[test]
    fn the_list_has_each_code_once() {
        let codes: Vec<u8> = ALL.iter().map(|(code, _)| *code).collect();
        assert_eq!(codes, [AS_EXPECTED, FAILED, USAGE, UNKNOWN, HARNESS, INTERRUPTED]);
    }
}
