//! One execution for each class of schedules: `exhaustive` against every schedule in order.

use crate::agree::{MOST, programs};
use crate::explore::{Outcomes, drive};
use crate::program::{Deck, Program};
use racehunt_engines::shuttle::Seen;
use racehunt_engines::strategy::{Classes, Dfs, Exhaustive, Strategy};
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
    let classes = Rc::<RefCell<Vec<u64>>>::default();
    let all = Classes::new(Dfs::default(), false, Rc::clone(&classes));
    let (whole, dfs) = outcomes(program, Box::new(all), true);
    if !dfs.exhausted {
        return None;
    }
    let noted = Rc::<RefCell<Vec<u64>>>::default();
    let (shown, seen) = outcomes(program, Box::new(Exhaustive::noting(Rc::clone(&noted))), true);
    if !seen.exhausted {
        return Some("not exhausted".to_owned());
    }
    if let Some(o) = whole.symmetric_difference(&shown).next() {
        return Some(format!("one of the two shows {o:?} only"));
    }
    let (classes, noted) = (classes.take(), noted.take());
    let [all, own] = [&classes, &noted].map(|c| c.iter().copied().collect::<BTreeSet<u64>>());
    let counts = (noted.len(), own.len(), all.len(), classes.len(), seen.pruned);
    let ideal = own == all && noted.len() == own.len() && seen.executions + seen.pruned <= dfs.executions;
    (!ideal).then(|| format!("executions, their classes, all classes, all schedules, pruned: {counts:?}"))
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
    agree(Deck::Locks, 150);
}

#[test]
fn one_execution_a_class_of_try_locks() {
    agree(Deck::Tries, 150);
}

#[test]
fn one_execution_a_class_of_condvars_and_park() {
    agree(Deck::Waits, 150);
}

#[test]
fn one_execution_a_class_of_channels_and_one_time_cells() {
    agree(Deck::Channel, 100);
}
