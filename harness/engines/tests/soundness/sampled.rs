//! What a strategy that samples shows is what there is, most of it is soon shown, and no actor starves.

use crate::agree::{MOST, programs};
use crate::explore::facade_shuttle;
use crate::program::Deck;
use racehunt_core::scenario::Strategy as Name;
use racehunt_engines::model::Model;
use racehunt_engines::shuttle::{Budget, Driver, Execution, Judged, Seeds};
use racehunt_engines::strategy::{Dfs, Race, named};
use racehunt_engines::{panics, strategy};
use racehunt_sync::atomic::{AtomicU32, Ordering::SeqCst};
use racehunt_sync::engine::{self, Engine};
use racehunt_sync::{Arc, Mutex, hint, thread, tries};

const SAMPLING: [&str; 7] = ["random", "pct:3", "urw", "pos", "surw", "race", "auto"];

fn strategy_of(name: &str, seed: u64) -> Box<dyn strategy::Strategy> {
    if name == "race" {
        // The portfolio's own, which no scenario names.
        return Box::new(Race::new(seed));
    }
    named(&name.parse::<Name>().unwrap(), seed)
}

#[test]
fn nothing_is_shown_that_is_not_there_and_most_of_what_is() {
    for deck in [Deck::Locks, Deck::Tries, Deck::Waits, Deck::Channel] {
        // Outcomes there are, and those that each strategy showed.
        let (mut there, mut shown) = (0, [0; SAMPLING.len()]);
        for (number, program) in programs(deck, 25).enumerate() {
            let all = facade_shuttle(&program, Box::new(Dfs::default()), true, MOST);
            if !all.done {
                continue;
            }
            there += all.outcomes.len();
            for (name, shown) in SAMPLING.iter().zip(&mut shown) {
                let reduce = number % 4 != 3;
                let some = facade_shuttle(&program, strategy_of(name, number as u64), reduce, 150);
                let odd = some.outcomes.difference(&all.outcomes).next();
                assert_eq!(odd, None, "{name}, reduce = {reduce}:\n{program:?}");
                *shown += some.outcomes.len();
            }
        }
        for (name, shown) in SAMPLING.iter().zip(shown) {
            // PCT of one depth cannot show them all.
            let least = if name.starts_with("pct") { there / 3 } else { there * 3 / 5 };
            assert!(shown >= least, "{deck:?}, {name}: {shown} of {there}");
        }
    }
}

/// Two actors spin until a third one, which has other things to do first, lets them go.
fn spins(hinting: bool) {
    let (flag, other) = (Arc::new(AtomicU32::new(0)), Arc::new(Mutex::new(0)));
    let spinners: Vec<_> = (0..2)
        .map(|_| {
            let flag = Arc::clone(&flag);
            thread::spawn(move || {
                while flag.load(SeqCst) == 0 {
                    if hinting {
                        hint::spin_loop();
                    }
                }
            })
        })
        .collect();
    let busy = thread::spawn(move || {
        (0..5).for_each(|n| *other.lock().unwrap() += n);
        flag.store(1, SeqCst);
    });
    spinners.into_iter().chain([busy]).for_each(|actor| actor.join().unwrap());
}

#[test]
fn nobody_starves_beside_those_that_spin() {
    for hinting in [true, false] {
        for name in ["random", "pct:3", "urw", "pos", "surw", "race", "auto"] {
            let _quiet = panics::keep();
            let _entered = engine::enter(Engine::Shuttle);
            tries::forget();
            let model = std::sync::Arc::new(Model::closure(move || spins(hinting)));
            let budget = Budget { executions: 200, steps: 20_000, deadline: None };
            let judge = Box::new(|_: &Execution<'_>| Judged { go_on: true, fresh: false });
            let driver = Driver::new(model, strategy_of(name, 1), true, budget, Seeds::Vary(1), false, judge);
            assert!(driver.run(None));
            let seen = driver.seen();
            assert_eq!((seen.executions, seen.cut_off, seen.broken), (200, 0, None), "{name}, hinting: {hinting}");
        }
    }
}
