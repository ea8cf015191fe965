//! A recorded schedule plays again: through its text, to the same outcome, step by step.

use crate::agree::programs;
use crate::explore::drive;
use crate::program::{Deck, Outcome, Program};
use racehunt_core::interleaving::Interleaving;
use racehunt_core::schedule::Schedule;
use racehunt_engines::model;
use racehunt_engines::strategy::{Exact, Pct, Pos, Random, Strategy, Surw, Urw};
use std::cell::RefCell;
use std::rc::Rc;

#[derive(Clone, Debug, Default, PartialEq)]
struct Seen {
    outcome: Outcome,
    interleaving: Interleaving,
    picks: Vec<u32>,
}

fn play(program: &Program, strategy: Box<dyn Strategy>, reduce: bool, many: u64) -> Vec<Seen> {
    let all = Rc::<RefCell<Vec<Seen>>>::default();
    let sink = Rc::clone(&all);
    drive(program, strategy, reduce, many, true, move |e, outcome| {
        let interleaving = model::interleaving(Some(e.recording.switches));
        sink.borrow_mut().push(Seen { outcome, interleaving, picks: e.recording.picks.clone() });
    });
    all.take()
}

#[test]
fn two_hundred_programs_play_again_as_recorded() {
    for (i, deck) in [Deck::Locks, Deck::Tries, Deck::Waits, Deck::Channel].into_iter().enumerate() {
        for (j, program) in programs(deck, 50).enumerate() {
            let seed = (i * 100 + j) as u64;
            let strategy: Box<dyn Strategy> = match j % 5 {
                0 => Box::new(Random::new(seed)),
                1 => Box::new(Pct::new(2, seed)),
                2 => Box::new(Urw::new(seed)),
                3 => Box::new(Pos::new(seed)),
                _ => Box::new(Surw::new(seed)),
            };
            // The later ones know which locks are tried; the replay does not, and must not need to.
            for seen in play(&program, strategy, j % 2 == 0, 6).into_iter().skip(j % 6).step_by(6) {
                assert!(!seen.interleaving.steps.is_empty());
                let Schedule(picks) = Schedule(seen.picks.clone()).to_string().parse().unwrap();
                let (exact, result) = Exact::new(picks);
                let again = play(&program, Box::new(exact), false, 1);
                assert_eq!(result.diverged(), None, "{program:?}");
                assert_eq!(again, [seen], "{program:?}");
            }
        }
    }
}
