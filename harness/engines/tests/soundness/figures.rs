//! How many executions `exhaustive` takes for programs of which the number of classes is known or was once measured.

use crate::agree::times;
use crate::explore::drive;
use crate::program::{Program, Step};
use racehunt_engines::strategy::Exhaustive;
use std::sync::atomic::Ordering::SeqCst;

/// Executions, and those that were ended early.
fn count(actors: Vec<Vec<Step>>) -> (u64, u64) {
    let seen = drive(&Program(actors), Box::new(Exhaustive::default()), true, u64::MAX, false, |_, _| {});
    assert!(seen.exhausted);
    (seen.executions, seen.pruned)
}

fn repeat(actors: usize, times: usize, steps: &[Step]) -> Vec<Vec<Step>> {
    vec![steps.repeat(times); actors]
}

const LOCKED: [Step; 2] = [Step::Lock(0), Step::Unlock(0)];
const RACY: [Step; 2] = [Step::Load(0, SeqCst), Step::Add(0, SeqCst)];

#[test]
fn one_lock_takes_each_order_of_its_sections() {
    assert_eq!(count(repeat(3, 3, &LOCKED)), (1680, 0), "9!/(3!3!3!)");
    assert_eq!(count(repeat(2, 5, &LOCKED)), (252, 0), "10!/(5!5!)");
}

#[test]
fn two_locks_apart_take_the_orders_of_both() {
    let apart = [Step::Lock(0), Step::Unlock(0), Step::Lock(1), Step::Unlock(1)];
    let both = [Step::Lock(0), Step::Lock(1), Step::Unlock(1), Step::Unlock(0)];
    // The inner lock follows the outer one.
    assert_eq!(count(repeat(3, 2, &both)), (90, 0), "6!/(2!2!2!)");
    assert_eq!(count(repeat(2, 2, &apart)), (26, 0), "of the 8!/(4!4!) = 70 orders of the steps");
}

#[test]
fn loads_commute() {
    assert_eq!(count(repeat(3, 4, &[Step::Load(0, SeqCst)])), (1, 0));
    assert_eq!(count(repeat(2, 2, &RACY)), (34, 0), "of 70");
    assert_eq!(count(repeat(3, 2, &[Step::Load(0, SeqCst), Step::Store(0, 1, SeqCst)])), (7134, 0), "of 34,650");
}

/// Four actors with three operations each that take the one lock, the other, or both in order.
#[test]
fn two_locks_and_four_actors() {
    let ops: [&[Step]; 3] = [
        &[Step::Lock(0), Step::Unlock(0)],
        &[Step::Lock(1), Step::Unlock(1)],
        &[Step::Lock(0), Step::Lock(1), Step::Unlock(1), Step::Unlock(0)],
    ];
    let actors = |many: usize, each: usize| {
        (0..many).map(|actor| (0..each).flat_map(|op| ops[(actor + op) % 3].to_vec()).collect()).collect()
    };
    assert_eq!(count(actors(3, 2)), (45, 0));
    if times() > 1 {
        assert_eq!(count(actors(4, 3)), (91_208, 0));
        assert_eq!(count(repeat(4, 3, ops[2])), (369_600, 0), "12!/(3!3!3!3!)");
    }
}
