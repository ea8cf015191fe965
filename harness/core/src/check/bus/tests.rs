//! The bus by hand.

use super::*;
use crate::check::script::{broken, emit, handle, ids, judge, subscribe, unsubscribe};
use crate::check::{Checker, Evidence, Judgement};
use crate::observation::{Observation, Seen};

mod naive;

/// What a checker says of a history beside an audit log.
fn logged(checker: &dyn Checker, history: &[Event], audit: &[u64]) -> Judgement {
    let seen = Seen { audit: Some(ids(audit)), ..Seen::default() };
    let observation = Observation { history: history.to_vec(), seen, at_rest: true, ..Observation::default() };
    checker.judge(&Evidence::new(&observation, Some(observation.ledger.settle())))
}

/// What a checker says of a history that did not come to rest, and of one in which a process was killed.
fn unsettled(checker: &dyn Checker, history: &[Event]) -> [Judgement; 2] {
    let observation = Observation { history: history.to_vec(), ..Observation::default() };
    let moving = checker.judge(&Evidence::new(&observation, None));
    let observation = Observation { crashes: 1, at_rest: true, ..observation };
    let settlement = Some(observation.ledger.settle());
    [moving, checker.judge(&Evidence::new(&observation, settlement))]
}

#[track_caller]
fn holds(checker: &dyn Checker, history: &[Event]) {
    assert_eq!(judge(checker, history), Judgement::Holds);
}

/// The only violation: its detail, its message, its ids.
#[track_caller]
fn says(judgement: Judgement) -> (String, String, Vec<u64>) {
    let [only] = <[_; 1]>::try_from(broken(judgement)).expect("one violation");
    (only.detail, only.message, only.ids.iter().map(|id| id.0).collect())
}

fn answered(event: &Event, said: Answer) -> Event {
    let What::Emit { id, topic, .. } = event.what else { panic!("{event:?}") };
    Event { what: What::Emit { id, topic, answer: said }, ..*event }
}

fn of_topic(event: &Event, topic: u32) -> Event {
    let What::Emit { id, answer, .. } = event.what else { panic!("{event:?}") };
    Event { what: What::Emit { id, topic, answer }, ..*event }
}

#[test]
fn without_words_of_a_bus_nothing_is_judged() {
    let others = [crate::check::script::put(1, 2, 7), crate::check::script::list(3, 4, &[7])];
    for checker in [&Missed as &dyn Checker, &Duplicated, &Phantom, &LateCall, &Misordered] {
        assert!(matches!(judge(checker, &others), Judgement::NotJudged(_)));
    }
    assert!(matches!(judge(&Missed, &[subscribe(1, 2, 50, 0), unsubscribe(3, 4, 50)]), Judgement::NotJudged(_)));
    assert!(matches!(judge(&Missed, &[emit(0, 1, 2, 7)]), Judgement::NotJudged(_)));
}

#[test]
fn what_was_subscribed_throughout_handles_the_event() {
    let missed = [subscribe(1, 2, 50, 0), emit(0, 3, 4, 7), subscribe(1, 2, 51, 0), handle(9, 51, 7)];
    let message = "0#7, of topic 0, was not handled by 1 handler subscribed throughout: 0#50 (1 of 1 event so)";
    assert_eq!(says(judge(&Missed, &missed)), ("dispatch".into(), message.into(), vec![7, 50]));
    holds(&Missed, &[&missed[..], &[handle(10, 50, 7)]].concat());
    let twice_is_not_both = [&missed[..], &[handle(10, 51, 7)]].concat();
    broken(judge(&Missed, &twice_is_not_both));
    for judgement in unsettled(&Missed, &missed) {
        assert!(matches!(judgement, Judgement::NotJudged(_)));
    }
}

#[test]
fn subscribe_and_unsubscribe_around_an_emit_go_either_way() {
    let emitted = emit(0, 3, 5, 7);
    holds(&Missed, &[subscribe(1, 3, 50, 0), emitted.clone()]);
    broken(judge(&Missed, &[subscribe(1, 2, 50, 0), emitted.clone()]));
    holds(&Missed, &[subscribe(1, 2, 50, 0), emitted.clone(), unsubscribe(5, 9, 50)]);
    broken(judge(&Missed, &[subscribe(1, 2, 50, 0), emitted.clone(), unsubscribe(6, 9, 50)]));
    holds(&Missed, &[subscribe(1, 2, 50, 1), emitted.clone()]);
    for answer in [Answer::No, Answer::Unknown] {
        let history = [subscribe(1, 2, 50, 0), answered(&emitted, answer)];
        assert!(matches!(judge(&Missed, &history), Judgement::NotJudged(_)));
        holds(&Missed, &[&history[..], &[emit(0, 0, 1, 8)]].concat());
    }
}

#[test]
fn what_a_handler_emits_may_be_put_off_until_its_emitter_is_done() {
    // The handler of 7 emits 8 and takes itself out; then it must not be called with 8.
    let inside = |actor| [subscribe(1, 2, 50, 0), emit(0, 3, 9, 7), handle(4, 50, 7), emit(actor, 5, 6, 8)];
    let out = unsubscribe(7, 8, 50);
    holds(&Missed, &[&inside(0)[..], std::slice::from_ref(&out)].concat());
    broken(judge(&Missed, &[&inside(1)[..], &[out]].concat()));
    // Nor is one who comes in the meantime a stranger.
    let late = [subscribe(7, 8, 51, 0), handle(10, 51, 8)];
    holds(&Phantom, &[&inside(0)[..], &late].concat());
    broken(judge(&Phantom, &[&inside(1)[..], &late].concat()));
}

#[test]
fn each_handler_handles_an_event_once() {
    let once = [handle(1, 50, 7), handle(2, 51, 7), handle(3, 50, 8)];
    holds(&Duplicated, &once);
    assert!(matches!(unsettled(&Duplicated, &once)[0], Judgement::NotJudged(_)));
    let twice = [&once[..], &[handle(4, 50, 7), handle(5, 50, 7), handle(6, 51, 7)]].concat();
    let message = "handler 0#50 handled 0#7 3 times (2 such pairs in all)";
    assert_eq!(says(judge(&Duplicated, &twice)), ("dispatch".into(), message.into(), vec![7, 50]));
    broken(unsettled(&Duplicated, &twice)[0].clone());
}

#[test]
fn a_handler_handles_nothing_that_it_cannot_have_been_given() {
    let handled = [subscribe(3, 4, 50, 0), handle(8, 50, 7)];
    let with = |event: Event| [&handled[..], &[event]].concat();
    holds(&Phantom, &with(emit(0, 1, 3, 7)));
    let message = "handler 0#50 handled 0#7, whose emit had answered before the handler was subscribed (1 of 1 run so)";
    let early = with(emit(0, 1, 2, 7));
    assert_eq!(says(judge(&Phantom, &early)), ("dispatch".into(), message.into(), vec![7, 50]));
    let message = "handler 0#50 handled 0#7, of topic 1, and was subscribed to topic 0 (1 of 1 run so)";
    assert_eq!(says(judge(&Phantom, &with(of_topic(&emit(0, 5, 6, 7), 1)))).1, message);
    let message = "handler 0#50 handled 0#7, which was refused (1 of 1 run so)";
    assert_eq!(says(judge(&Phantom, &with(answered(&emit(0, 5, 6, 7), Answer::No)))).1, message);
    holds(&Phantom, &with(answered(&emit(0, 5, 6, 7), Answer::Unknown)));
    for judgement in unsettled(&Phantom, &early) {
        assert!(matches!(judgement, Judgement::NotJudged(_)));
    }
}

#[test]
fn an_event_of_a_call_that_never_answered_is_no_phantom() {
    let handled = [subscribe(3, 4, 50, 0), handle(8, 50, 7)];
    let message = "handler 0#50 handled 0#7, which nobody emitted (1 of 1 run so)";
    assert_eq!(says(judge(&Phantom, &handled)).1, message);
    let offered = crate::check::script::at(5, 5, What::Offer(Id(7)));
    holds(&Phantom, &[&handled[..], &[offered]].concat());
}

#[test]
fn no_handler_is_called_after_its_unsubscribe_answered() {
    let out = [subscribe(1, 2, 50, 0), unsubscribe(3, 5, 50), handle(5, 50, 7), handle(9, 51, 7)];
    holds(&LateCall, &out);
    assert!(matches!(unsettled(&LateCall, &out)[0], Judgement::NotJudged(_)));
    assert!(matches!(judge(&LateCall, &out[2..]), Judgement::NotJudged(_)));
    let late = [&out[..], &[handle(6, 50, 8)]].concat();
    let message = "handler 0#50 was called with 0#8 after its unsubscribe had answered (1 such call in all)";
    assert_eq!(says(judge(&LateCall, &late)), ("dispatch".into(), message.into(), vec![8, 50]));
    broken(unsettled(&LateCall, &late)[0].clone());
    broken(judge(&LateCall, &late[1..]));
}

/// Actor 0 emits 7, actor 1 emits 8.
fn two() -> [Event; 2] {
    [emit(0, 1, 9, 7), emit(1, 1, 9, 8)]
}

#[test]
fn a_handler_and_the_log_agree_about_different_emitters() {
    let ran = |first, second| [&two()[..], &[handle(3, 50, first), handle(4, 50, second)]].concat();
    assert_eq!(logged(&Misordered, &ran(7, 8), &[7, 8]), Judgement::Holds);
    let message = "handler 0#50 was given 0#8 before 0#7, the audit log has 0#7 first (1 of 2 runs so)";
    let wrong = logged(&Misordered, &ran(8, 7), &[7, 8]);
    assert_eq!(says(wrong), ("dispatch".into(), message.into(), vec![8, 7]));
    // Not in the log any more, there twice, or no log.
    assert_eq!(logged(&Misordered, &ran(8, 7), &[8]), Judgement::Holds);
    assert_eq!(logged(&Misordered, &ran(8, 7), &[7, 8, 7]), Judgement::Holds);
    assert_eq!(judge(&Misordered, &ran(8, 7)), Judgement::Holds);
    // At one moment, or in different handlers.
    let same = [&two()[..], &[handle(3, 50, 8), handle(3, 50, 7)]].concat();
    assert_eq!(logged(&Misordered, &same, &[7, 8]), Judgement::Holds);
    let apart = [&two()[..], &[handle(3, 50, 8), handle(4, 51, 7)]].concat();
    assert_eq!(logged(&Misordered, &apart, &[7, 8]), Judgement::Holds);
}

#[test]
fn events_of_one_emitter_keep_their_order() {
    // 8 is emitted by a handler of 7.
    let nested = [emit(0, 1, 9, 7), emit(0, 3, 4, 8)];
    assert_eq!(logged(&Misordered, &nested, &[7, 8]), Judgement::Holds);
    let message = "the audit log has 0#8 before 0#7, actor 0 emitted 0#7 first (1 of 2 logged events so)";
    assert_eq!(says(logged(&Misordered, &nested, &[8, 7])), ("emitter".into(), message.into(), vec![8, 7]));
    let ran = [&nested[..], &[handle(2, 50, 7), handle(5, 50, 8), handle(5, 51, 8), handle(6, 51, 7)]].concat();
    let message = "handler 0#51 was given 0#8 before 0#7, actor 0 emitted 0#7 first (1 of 4 runs so)";
    for judgement in [logged(&Misordered, &ran, &[7, 8]), judge(&Misordered, &ran)] {
        assert_eq!(says(judgement), ("emitter".into(), message.into(), vec![8, 7]));
    }
    // The log and the handler agree, and both are wrong: told once.
    let (_, message, _) = says(logged(&Misordered, &ran[..], &[8, 7]));
    assert!(message.starts_with("the audit log has"), "{message}");
    assert!(matches!(unsettled(&Misordered, &ran[..4])[0], Judgement::NotJudged(_)));
    broken(unsettled(&Misordered, &ran)[0].clone());
    // A second run for an event says nothing of its order.
    let again = [&nested[..], &[handle(2, 50, 7), handle(5, 50, 8), handle(7, 50, 7)]].concat();
    assert_eq!(logged(&Misordered, &again, &[7, 8]), Judgement::Holds);
}
