//! Programs of which an engine once missed something, each with the outcome that was missed.

use crate::agree::MOST;
use crate::explore::{Searched, facade_loom, facade_shuttle, raw_loom};
use crate::program::{Program, Step};
use racehunt_engines::strategy::Dfs;
use std::sync::atomic::Ordering::SeqCst;

/// The program's actors, and what each logs in the execution that was missed.
fn shown(actors: &[&[Step]], logs: &[&[u32]]) -> (bool, bool, bool) {
    let program = Program(actors.iter().map(|a| a.to_vec()).collect());
    let has = |s: &Searched| {
        assert!(s.done, "{program:?}");
        s.outcomes.iter().any(|o| o.logs == logs && !o.is_stuck())
    };
    let whole = facade_shuttle(&program, Box::new(Dfs::default()), false, MOST);
    let reduced = facade_shuttle(&program, Box::new(Dfs::default()), true, MOST);
    let (loom, deadlock) = facade_loom(&program, MOST);
    assert!(!deadlock, "{program:?}");
    (has(&whole), has(&reduced), has(&loom))
}

const ALL: (bool, bool, bool) = (true, true, true);

/// The eager unlock ran before anyone had tried the lock, and loom has no step at all between the store and the unlock.
#[test]
fn a_try_lock_that_comes_after_the_last_step_under_the_lock_fails() {
    let holder = [Step::Lock(0), Step::Store(0, 1, SeqCst), Step::Unlock(0)];
    let other = [Step::Load(0, SeqCst), Step::TryLock(0)];
    assert_eq!(shown(&[&holder, &other], &[&[1], &[1, 0]]), ALL);
}

/// loom blocks an actor that is about to try while another one takes the lock, and wakes it when the lock is free.
#[test]
fn a_try_lock_of_an_empty_critical_section_fails() {
    assert_eq!(shown(&[&[Step::Lock(0), Step::Unlock(0)], &[Step::TryLock(0)]], &[&[1], &[0]]), ALL);
    assert_eq!(shown(&[&[Step::Read, Step::Release], &[Step::TryWrite]], &[&[1], &[0]]), ALL);
    assert_eq!(shown(&[&[Step::Write, Step::Release], &[Step::TryRead]], &[&[1], &[0]]), ALL);
}

/// The sender used to go together with the step before, so that the receiver never found the channel still open.
#[test]
fn a_channel_is_open_until_its_last_sender_goes() {
    let sender = [Step::Send, Step::Store(0, 1, SeqCst), Step::Hang];
    let receiver = [Step::Load(0, SeqCst), Step::TryRecv, Step::TryRecv];
    assert_eq!(shown(&[&receiver, &sender], &[&[1, 12, 0], &[1]]), ALL);
    let two = [Step::Hang, Step::Store(0, 1, SeqCst)];
    assert_eq!(shown(&[&[Step::Load(0, SeqCst), Step::TryRecv], &two, &[Step::Hang]], &[&[1, 0], &[], &[]]), ALL);
}

/// A one-time cell used to be initialised together with the last step of its initialisation.
#[test]
fn what_an_initialisation_does_is_seen_before_it_is_over() {
    let other = [Step::Load(0, SeqCst), Step::Done];
    assert_eq!(shown(&[&[Step::Once], &other], &[&[], &[7, 0]]), ALL);
}

/// <https://github.com/tokio-rs/loom/issues/392>: a load hides another actor's load from a later store.
#[test]
fn a_load_before_a_store_hides_nothing() {
    let writer = [Step::Load(0, SeqCst), Step::Store(0, 3, SeqCst)];
    let program = Program(vec![vec![Step::Load(0, SeqCst)], writer.to_vec()]);
    assert_eq!(shown(&[&program.0[0], &program.0[1]], &[&[3], &[0]]), ALL);
    let whole = facade_shuttle(&program, Box::new(Dfs::default()), true, MOST);
    let raw = raw_loom(&program, MOST).expect("loom runs it");
    assert!(!whole.outcomes.is_subset(&raw.outcomes), "loom is mended: its atomics need no gate any more");
}
