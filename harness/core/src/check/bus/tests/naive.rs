//! The rules, word for word and slow, against the checkers.

use super::*;
use proptest::prelude::*;

/// Emits, as `(event, id, topic, answer, until when it may be put off)`.
fn emits(history: &[Event]) -> Vec<(&Event, Id, u32, Answer, u64)> {
    let done = |inner: &Event| {
        let around = |outer: &&Event| {
            let emit = matches!(outer.what, What::Emit { .. });
            emit && outer.actor == inner.actor && outer.from <= inner.from && inner.to <= outer.to
        };
        history.iter().filter(around).map(|outer| outer.to).max().unwrap()
    };
    let emit = |event| match event {
        &Event { what: What::Emit { id, topic, answer }, .. } => Some((event, id, topic, answer, done(event))),
        _ => None,
    };
    history.iter().filter_map(emit).collect()
}

fn runs(history: &[Event]) -> Vec<(Id, Id, u64)> {
    let run = |event: &Event| match event.what {
        What::Handle { handler, id } => Some((handler, id, event.from)),
        _ => None,
    };
    history.iter().filter_map(run).collect()
}

fn subscribes(history: &[Event]) -> Vec<(Id, u32, u64, u64)> {
    let one = |event: &Event| match event.what {
        What::Subscribe { handler, topic } => Some((handler, topic, event.from, event.to)),
        _ => None,
    };
    history.iter().filter_map(one).collect()
}

fn out(history: &[Event], of: Id) -> Option<(u64, u64)> {
    let one = |event: &&Event| matches!(event.what, What::Unsubscribe { handler } if handler == of);
    history.iter().find(one).map(|event| (event.from, event.to))
}

fn misses(history: &[Event]) -> bool {
    emits(history).into_iter().filter(|emit| emit.3 == Answer::Yes).any(|(emit, id, topic, _, done)| {
        subscribes(history).into_iter().any(|(handler, of, _, to)| {
            let stays = out(history, handler).is_none_or(|(from, _)| from > done);
            let ran = runs(history).iter().any(|run| (run.0, run.1) == (handler, id));
            of == topic && to < emit.from && stays && !ran
        })
    })
}

fn duplicates(history: &[Event]) -> bool {
    let runs = runs(history);
    (0..runs.len()).any(|a| (0..a).any(|b| (runs[a].0, runs[a].1) == (runs[b].0, runs[b].1)))
}

fn phantom(history: &[Event]) -> bool {
    runs(history).into_iter().any(|(handler, id, _)| {
        let Some((_, _, topic, answer, done)) = emits(history).into_iter().find(|emit| emit.1 == id) else {
            return !history.iter().any(|event| event.what == What::Offer(id));
        };
        let mut subscribed = subscribes(history).into_iter().filter(|one| one.0 == handler);
        answer == Answer::No || subscribed.any(|(_, of, from, _)| of != topic || done < from)
    })
}

fn late(history: &[Event]) -> bool {
    runs(history).iter().any(|run| out(history, run.0).is_some_and(|(_, to)| run.2 > to))
}

/// The details that are broken.
fn disorders(history: &[Event], audit: &[u64]) -> Vec<&'static str> {
    let place = |id: Id| {
        let places: Vec<usize> = (0..audit.len()).filter(|at| Id(audit[*at]) == id).collect();
        (places.len() == 1).then(|| places[0])
    };
    let first = |of: Id, id: Id| runs(history).iter().filter(|run| (run.0, run.1) == (of, id)).map(|run| run.2).min();
    let handlers: Vec<Id> = runs(history).iter().map(|run| run.0).collect();
    let (mut dispatch, mut emitter) = (false, false);
    for (one, id, ..) in emits(history) {
        for (other, later, ..) in emits(history) {
            let log = place(id).zip(place(later)).map(|(a, b)| a.cmp(&b));
            let ran = |of: &Id| first(*of, id).zip(first(*of, later)).is_some_and(|(a, b)| a > b);
            let ran = handlers.iter().any(ran);
            if one.actor != other.actor {
                dispatch |= log.is_some_and(std::cmp::Ordering::is_lt) && ran;
            } else if one.from < other.from {
                emitter |= log.is_some_and(std::cmp::Ordering::is_gt) || ran;
            }
        }
    }
    [(dispatch, "dispatch"), (emitter, "emitter")].into_iter().filter(|rule| rule.0).map(|rule| rule.1).collect()
}

/// Anything at all over few ids and few instants. Handlers are 50 to 53, events 0 to 5; each is subscribed, taken out and
/// emitted at most once.
fn any_history() -> impl Strategy<Value = Vec<Event>> {
    let call = || (prop::bool::weighted(0.8), 0..10_u64, 0..5_u64, 0..3_u32);
    let subscribes = prop::collection::vec((call(), prop::option::of((0..14_u64, 0..4_u64))), 4);
    let emits = prop::collection::vec((call(), 0..8_u32, any::<bool>()), 6);
    let runs = prop::collection::vec((0..14_u64, 50..54_u64, 0..6_u64), 0..24);
    (subscribes, emits, runs).prop_map(|(subscribes, emits, runs)| {
        let mut history = Vec::new();
        for (handler, ((there, from, long, topic), out)) in (50..).zip(subscribes) {
            history.extend(there.then(|| subscribe(from, from + long, handler, topic / 2)));
            history.extend(out.map(|(from, long)| unsubscribe(from, from + long, handler)));
        }
        for (id, ((there, from, long, actor), other, offered)) in (0..).zip(emits) {
            let emitted = emit(actor, from, from + long, id);
            let emitted = match other {
                0 => answered(&emitted, Answer::No),
                1 => answered(&emitted, Answer::Unknown),
                2 => of_topic(&emitted, 1),
                _ => emitted,
            };
            history.extend(there.then_some(emitted));
            history.extend(offered.then(|| crate::check::script::at(from, from, What::Offer(Id(id)))));
        }
        history.extend(runs.into_iter().map(|(at, handler, id)| handle(at, handler, id)));
        history
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn the_fast_ways_say_what_the_rules_say(
        history in any_history(),
        audit in prop::collection::vec(0..6_u64, 0..7),
    ) {
        let rules: [(&dyn Checker, bool); 4] = [
            (&Missed, misses(&history)),
            (&Duplicated, duplicates(&history)),
            (&Phantom, phantom(&history)),
            (&LateCall, late(&history)),
        ];
        for (checker, rule) in rules {
            let says = judge(checker, &history);
            prop_assert_eq!(matches!(says, Judgement::Broken(_)), rule, "{}: {:?}", checker.kind(), says);
        }
        let details: Vec<String> = match logged(&Misordered, &history, &audit) {
            Judgement::Broken(violations) => violations.into_iter().map(|one| one.detail).collect(),
            _ => Vec::new(),
        };
        prop_assert_eq!(details, disorders(&history, &audit));
    }
}
