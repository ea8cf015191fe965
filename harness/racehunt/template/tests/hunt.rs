//! The same race in a plain test: a closure that starts a thread and asserts, run under one schedule after another.

use racehunt::{sync::Arc, thread};
use {{crate}}::Outbox;

/// One thread puts an item in while another takes: wherever it is then, it is there once.
fn one_item(take: fn(&Outbox<u32>) -> Vec<u32>) {
    let outbox = Arc::new(Outbox::new());
    let sender = {
        let outbox = Arc::clone(&outbox);
        thread::spawn(move || outbox.put(7))
    };
    let mut items = take(&outbox);
    sender.join().unwrap();
    items.extend(outbox.take());
    assert_eq!(items, [7], "an item is lost, or there twice");
}

/// `expect` makes it a canary, which fails if the race is *not* found. Take it out, and `cargo test` shows the race.
#[test]
fn the_planted_race_is_found() {
    racehunt::hunt("planted").expect("panic").check(|| one_item(Outbox::take_in_two_steps));
}

#[test]
fn the_fixed_one_is_clean_under_every_schedule() {
    let outcome = racehunt::hunt("fixed").strategy("exhaustive").check(|| one_item(Outbox::take));
    assert!(outcome.exhaustive());
}
