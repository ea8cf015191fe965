//! One execution for each class of schedules: `exhaustive` against every schedule in order.

use crate::agree::{MOST, programs};
use crate::explore::{Outcomes, drive, drive_knowing};
use crate::program::{Deck, Program, Step};
use racehunt_engines::shuttle::Seen;
use racehunt_engines::strategy::{Classes, Dfs, Exhaustive, Heeds, Lent, Part, Strategy, Tree};
use racehunt_sync::hook::Site;
use racehunt_sync::tries;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

fn outcomes(program: &Program, strategy: Box<dyn Strategy>, reduce: bool) -> (Outcomes, Seen) {
    let found = Rc::<RefCell<Outcomes>>::default();
    let sink = Rc::clone(&found);
    let seen = drive(program, strategy, reduce, MOST, false, move |_, outcome| {
        sink.borrow_mut().insert(outcome);
    });
    (found.take(), seen)
}

/// What is wrong with the exhaustive search of the program.
fn fault(program: &Program) -> Option<String> {
    let (whole, dfs) = outcomes(program, Box::new(Dfs::default()), true);
    if !dfs.exhausted || dfs.cut_off > 0 {
        return None;
    }
    // That the others miss nothing without `Reduce` is looked at in `agree`; and how early a call returns is up to it.
    if program.is_extra() && !program.has(|s| matches!(s, Step::Tick)) {
        let (raw, seen) = outcomes(program, Box::new(Dfs::default()), false);
        if let Some(o) = raw.symmetric_difference(&whole).next().filter(|_| seen.exhausted && seen.cut_off == 0) {
            return Some(format!("with and without Reduce: {o:?}"));
        }
    }
    let noted = Rc::<RefCell<Vec<u64>>>::default();
    let strategy = Rc::new(RefCell::new(Exhaustive::default().noting(Rc::clone(&noted))));
    let (shown, seen) = outcomes(program, Box::new(Lent(Rc::clone(&strategy))), true);
    if !seen.exhausted {
        return Some("not exhausted".to_owned());
    }
    if let Some(o) = whole.symmetric_difference(&shown).next() {
        return Some(format!("one of the two shows {o:?} only"));
    }
    let heeds = strategy.borrow().heeds();
    let classes = Rc::<RefCell<Vec<u64>>>::default();
    outcomes(program, Box::new(Classes::new(Dfs::default(), heeds, Rc::clone(&classes))), true);
    let (classes, noted) = (classes.take(), noted.take());
    let [all, own] = [&classes, &noted].map(|c| set(c));
    let counts = (noted.len(), own.len(), all.len(), classes.len(), seen.pruned);
    // Whether a timer gives way once more depends on what no other step sees, and shows nothing.
    let timers = program.has(|s| matches!(s, Step::Sleep(_) | Step::WaitFor(_)));
    // What was explored before something turned out to matter comes on top.
    let few = heeds != Heeds::default() || program.tries() || seen.executions + seen.pruned <= dfs.executions;
    if !(timers || own == all) || noted.len() != own.len() || noted.len() > classes.len() || !few {
        return Some(format!("executions, their classes, all classes, all schedules, pruned: {counts:?}"));
    }
    let (parts, split) = in_parts(program, 1 + noted.len() as u64 / 7);
    let same = split == whole && set(&parts) == own && parts.len() == own.len();
    (!same).then(|| format!("in parts: {} executions of {} classes, of {}", parts.len(), set(&parts).len(), own.len()))
}

fn set(classes: &[u64]) -> BTreeSet<u64> {
    classes.iter().copied().collect()
}

/// The same, in parts of `most` executions.
fn in_parts(program: &Program, most: u64) -> (Vec<u64>, Outcomes) {
    let mut first = Part::default();
    let mut tried = Vec::new();
    'anew: loop {
        let noted = Rc::<RefCell<Vec<u64>>>::default();
        let mut found = Outcomes::new();
        let mut explore = |part: &Part, tried: &[Site]| {
            let strategy = Exhaustive::part(part, most).noting(Rc::clone(&noted));
            let strategy = Rc::new(RefCell::new(strategy));
            let sink = Rc::<RefCell<Outcomes>>::default();
            let seen = drive_knowing(program, Box::new(Lent(Rc::clone(&strategy))), tried, {
                let sink = Rc::clone(&sink);
                move |_, outcome| {
                    sink.borrow_mut().insert(outcome);
                }
            });
            assert!(seen.exhausted);
            found.extend(sink.take());
            strategy.borrow_mut().rest()
        };
        let rest = explore(&first, &tried);
        let mut tree = Tree::new(&first, rest);
        tried = tries::known();
        while !tree.is_empty() {
            for part in tree.deal(3) {
                let rest = explore(&part, &tried);
                if let Some(again) = rest.begin_anew(&part) {
                    tried = tries::known();
                    first = again;
                    continue 'anew;
                }
                tree.take(&part, rest);
            }
        }
        return (noted.take(), found);
    }
}

fn agree(deck: Deck, many: usize) {
    for program in programs(deck, many) {
        if fault(&program).is_some() {
            let program = program.shrink(|p| fault(p).is_some());
            panic!("{}\n{program:?}", fault(&program).unwrap_or_default());
        }
    }
}

#[test]
fn one_execution_a_class_of_locks() {
    agree(Deck::Locks, 90);
}

#[test]
fn one_execution_a_class_of_try_locks() {
    agree(Deck::Tries, 90);
}

#[test]
fn one_execution_a_class_of_condvars_and_park() {
    agree(Deck::Waits, 90);
}

#[test]
fn one_execution_a_class_of_channels_and_one_time_cells() {
    agree(Deck::Channel, 60);
}

#[test]
fn one_execution_a_class_of_scopes_barriers_and_bounded_channels() {
    agree(Deck::Meets, 70);
}

#[test]
fn one_execution_a_class_where_the_moments_of_calls_matter() {
    agree(Deck::Times, 60);
}

#[test]
fn timeouts_are_ordered_against_everything() {
    agree(Deck::Timeouts, 60);
}

/// Programs of which a class was once left out, each by another mistake.
#[test]
fn what_was_once_left_out_is_not() {
    use Step::{
        Add, Cas, Fail, Hang, Load, Lock, Meet, NotifyAll, NotifyOne, Once, Poisoned, Put, Scope, Tick, TryRead,
        WaitFor,
    };
    use std::sync::atomic::Ordering::SeqCst;
    let programs: [&[&[Step]]; 12] = [
        // That a lock was waited for is no reason why it could not have been taken first.
        &[&[Lock(0)], &[Lock(0)]],
        // A timeout takes the mutex half-way through its step, whoever has it.
        &[&[Lock(0), Load(1, SeqCst)], &[Lock(0), WaitFor(1)]],
        // A waiter that was woken up waits for the mutex, and did not before.
        &[&[Lock(0), NotifyOne], &[Lock(0), WaitFor(1)]],
        // What is done at once after a step goes with it.
        &[&[Poisoned], &[Lock(0), Cas(1, 0, 3)], &[Put, Poisoned]],
        &[&[Lock(0), WaitFor(2), WaitFor(1)], &[NotifyAll]],
        // But not what waits for more than that step.
        &[&[], &[Hang, Once], &[Once]],
        &[&[Load(1, SeqCst), Scope], &[Fail(0), Scope]],
        // Also with the step that a race leads to.
        &[&[Lock(0), Hang], &[Fail(1)], &[Poisoned, Meet]],
        &[&[Lock(0), Scope], &[Poisoned, Cas(1, 1, 4), Poisoned]],
        // Looks at the end of a scope are not seen.
        &[&[Scope], &[Scope, Scope], &[]],
        &[&[Tick, Add(0, SeqCst)], &[Meet], &[Meet, Tick]],
        &[&[TryRead], &[Lock(0), Fail(0)], &[Add(0, SeqCst), Poisoned]],
    ];
    for program in programs {
        let program = Program(program.iter().map(|actor| actor.to_vec()).collect());
        assert_eq!(fault(&program), None, "{program:?}");
    }
}
