//! A long search does not grow.

use crate::agree::times;
use crate::explore::facade_shuttle;
use crate::program::{Program, Step};
use racehunt_engines::strategy::Random;

/// Resident memory of this process in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap();
    line.trim_end_matches("kB").trim().parse().unwrap()
}

/// Growth in KiB over `many` executions, after as many as warm everything up.
fn growth(program: &Program, many: u64) -> u64 {
    let run = |n| facade_shuttle(program, Box::new(Random::new(3)), true, n);
    let many = many * times() as u64;
    run(2_000);
    let before = resident();
    assert_eq!(run(many).executions, many);
    resident().saturating_sub(before)
}

/// Other tests of this binary run beside it, so the bounds are generous: a leak of 1 KiB an execution would be 100 MiB.
#[test]
fn a_hundred_thousand_executions_do_not_grow() {
    let lock = [Step::Lock(0), Step::Unlock(0)];
    let bound = (64 << 10) * times() as u64;
    let clean = growth(&Program(vec![lock.to_vec(), lock.to_vec()]), 100_000);
    assert!(clean < bound, "{clean} KiB");
}

/// Each deadlock costs what shuttle leaks of a stopped execution.
#[test]
fn deadlocks_leak_little() {
    let (ab, ba) = ([Step::Lock(0), Step::Lock(1)], [Step::Lock(1), Step::Lock(0)]);
    let bound = (64 << 10) * times() as u64;
    let stuck = growth(&Program(vec![ab.to_vec(), ba.to_vec()]), 5_000);
    assert!(stuck < bound, "{stuck} KiB");
}
