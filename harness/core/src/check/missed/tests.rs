//! Listings by hand, and against the rule as it is written.

use super::*;
use crate::check::script::{answered, at, broken, clear, judge, list, mark, put, replay};
use crate::history::{Answer, Event, Why};
use proptest::prelude::*;

fn holds(history: &[Event]) {
    assert_eq!(judge(&Missed, history), Judgement::Holds, "{history:?}");
}

fn missed(history: &[Event], of: &[u64]) {
    let violations = broken(judge(&Missed, history));
    assert_eq!(violations[0].ids, crate::check::script::ids(of), "{violations:?}");
}

#[test]
fn without_a_listing_there_is_nothing_to_judge() {
    assert!(matches!(judge(&Missed, &[]), Judgement::NotJudged(_)));
    assert!(matches!(judge(&Missed, &[put(1, 2, 7)]), Judgement::NotJudged(_)));
}

#[test]
fn what_was_there_throughout_must_be_listed() {
    holds(&[put(1, 2, 7), list(3, 4, &[7])]);
    missed(&[put(1, 2, 7), list(3, 4, &[])], &[7]);
    missed(&[put(1, 2, 7), put(1, 2, 8), list(3, 4, &[8, 8, 99])], &[7]);
    let violations = broken(judge(&Missed, &[put(1, 2, 7), list(5, 6, &[7]), list(3, 4, &[])]));
    let says = "a listing that had 0 items left out 1 that was there throughout: 0#7 (1 of 2 listings did)";
    assert_eq!((violations[0].detail.as_str(), violations[0].message.as_str()), ("list", says));
}

#[test]
fn a_put_that_may_have_come_too_late_owes_nothing() {
    holds(&[put(1, 3, 7), list(3, 4, &[])]);
    holds(&[put(4, 5, 7), list(1, 2, &[])]);
    holds(&[answered(1, 2, 7, Answer::No, &[]), list(3, 4, &[])]);
    holds(&[answered(1, 2, 7, Answer::Unknown, &[]), list(3, 4, &[])]);
    // Killed: only the mark of it is left.
    holds(&[at(1, 1, What::Offer(Id(7))), list(3, 4, &[])]);
}

#[test]
fn what_may_be_gone_before_the_end_is_not_owed() {
    let evicting = |from, to| answered(from, to, 8, Answer::Yes, &[7]);
    holds(&[put(1, 2, 7), list(3, 5, &[]), evicting(5, 9)]);
    missed(&[put(1, 2, 7), list(3, 5, &[]), evicting(6, 9)], &[7]);
    holds(&[put(1, 2, 7), list(3, 5, &[]), clear(4, 9, 1, &[7])]);
    missed(&[put(1, 2, 7), list(3, 5, &[]), clear(6, 9, 1, &[7])], &[7]);
    holds(&[put(1, 2, 7), list(3, 5, &[]), replay(4, 9, &[7], &[7])]);
}

#[test]
fn a_mark_is_more_exact_than_the_call_around_it_and_may_be_left_open() {
    let long = answered(1, 20, 8, Answer::Yes, &[7]);
    missed(&[put(0, 0, 7), list(3, 5, &[]), mark(6, 7, Why::Evict), long.clone()], &[7]);
    holds(&[put(0, 0, 7), list(3, 5, &[]), mark(5, 7, Why::Evict), long]);
    for why in [Why::Evict, Why::Clear, Why::Deliver] {
        holds(&[put(0, 0, 7), mark(4, 7, why), list(3, 5, &[])]);
        holds(&[put(0, 0, 7), mark(1, 7, why), list(3, 5, &[])]);
    }
}

#[test]
fn a_mark_that_a_kill_left_open_speaks_for_no_other_call() {
    let killed = || mark(9, 7, Why::Evict);
    let looks = || [put(1, 2, 7), list(5, 6, &[]), killed()];
    let by = |actor, event: Event| Event { actor, ..event };
    let history = |event: Event| looks().into_iter().chain([event]).collect::<Vec<_>>();
    missed(&looks(), &[7]);
    // Gone by then, whoever was about to take it out later: another, or the same actor in its next life.
    holds(&history(by(1, clear(4, 20, 1, &[7]))));
    holds(&history(by(0, clear(4, 8, 1, &[7]))));
    missed(&history(by(1, clear(10, 20, 1, &[7]))), &[7]);
    missed(&history(by(0, clear(10, 20, 1, &[7]))), &[7]);
    // Its own mark is still more exact.
    missed(&history(by(0, clear(4, 20, 1, &[7]))), &[7]);
}

#[test]
fn a_replay_tries_what_was_there_throughout_unless_another_claimed_it() {
    holds(&[put(1, 2, 7), replay(3, 5, &[7], &[])]);
    let violations = broken(judge(&Missed, &[put(1, 2, 7), replay(3, 5, &[], &[])]));
    assert_eq!(violations[0].detail, "replay");
    holds(&[put(1, 2, 7), mark(5, 7, Why::Deliver), replay(3, 5, &[], &[])]);
    missed(&[put(1, 2, 7), mark(6, 7, Why::Deliver), replay(3, 5, &[], &[])], &[7]);
    holds(&[put(1, 2, 7), replay(3, 5, &[], &[]), replay(4, 9, &[7], &[7])]);
    let both = broken(judge(&Missed, &[put(1, 2, 7), list(3, 5, &[]), replay(3, 5, &[], &[])]));
    assert_eq!(both.iter().map(|one| one.detail.as_str()).collect::<Vec<_>>(), ["list", "replay"]);
}

/// The rule, word for word and slow.
fn by_the_book(history: &[Event]) -> bool {
    let marks = |id: Id| {
        let of = move |e: &&Event| matches!(e.what, What::Remove(marked, _) if marked == id);
        history.iter().filter(of).map(|e| e.from).min()
    };
    let calls = |id: Id| {
        let takes = move |e: &&Event| match &e.what {
            What::Put { evicted: ids, .. } | What::Clear { removed: ids, .. } | What::Replay { removed: ids, .. } => {
                ids.contains(&id)
            }
            _ => false,
        };
        let unmarked = move |call: &&Event| {
            let own = |e: &Event| {
                matches!(e.what, What::Remove(marked, _) if marked == id)
                    && (e.actor == call.actor && (call.from..=call.to).contains(&e.from))
            };
            !history.iter().any(own)
        };
        history.iter().filter(takes).filter(unmarked).map(|e| e.from).min()
    };
    history.iter().any(|look| {
        let (What::List(has) | What::Replay { attempted: has, .. }) = &look.what else { return false };
        history.iter().any(|event| match &event.what {
            What::Put { id, answer: Answer::Yes, .. } => {
                let gone = marks(*id).into_iter().chain(calls(*id)).min().unwrap_or(u64::MAX);
                event.to < look.from && gone > look.to && !has.contains(id)
            }
            _ => false,
        })
    })
}

/// Any history at all over few ids and few instants; each id is put in once.
fn any_history() -> impl Strategy<Value = Vec<Event>> {
    let id = 0..6_u64;
    let some = prop::collection::btree_set(0..6_u64, 0..6).prop_map(|set| set.into_iter().collect::<Vec<_>>());
    let other =
        (0..12_u64, 0..5_u64, (0..6_u8, 0..2_u32), id, some).prop_map(|(from, long, (kind, actor), id, some)| {
            let to = from + long;
            let event = match kind {
                0 => mark(from, id, Why::Evict),
                1 => mark(from, id, Why::Deliver),
                2 => replay(from, to, &some, &some[..some.len() / 2]),
                3 => clear(from, to, 0, &some[..some.len() / 3]),
                _ => list(from, to, &some),
            };
            Event { actor, ..event }
        });
    let puts = prop::collection::vec((0..8_u64, 0..4_u64, 0..3_u8), 6);
    (puts, prop::collection::vec(other, 0..8)).prop_map(|(puts, others)| {
        let answers = [Answer::Yes, Answer::Yes, Answer::Unknown];
        let put = |(id, (from, long, answer)): (u64, (u64, u64, u8))| {
            answered(from, from + long, id, answers[usize::from(answer)], &[])
        };
        (0..).zip(puts).map(put).chain(others).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_fast_way_says_what_the_rule_says(history in any_history()) {
        let says = judge(&Missed, &history);
        prop_assert_eq!(matches!(says, Judgement::Broken(_)), by_the_book(&history), "{:?}", says);
    }
}
