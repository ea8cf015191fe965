//! Short words for histories in tests.

use super::{Checker, Evidence, Judgement};
use crate::history::{Answer, Event, What, Why};
use crate::id::Id;
use crate::ledger::Ledger;
use crate::observation::{Observation, Violation};

pub(super) fn ids(ids: &[u64]) -> Vec<Id> {
    ids.iter().copied().map(Id).collect()
}

/// One entry of actor 0: the checkers look at intervals, not at actors.
pub(super) fn at(from: u64, to: u64, what: What) -> Event {
    Event { actor: 0, from, to, what }
}

pub(super) fn answered(from: u64, to: u64, id: u64, answer: Answer, evicted: &[u64]) -> Event {
    at(from, to, What::Put { id: Id(id), answer, evicted: ids(evicted) })
}

pub(super) fn put(from: u64, to: u64, id: u64) -> Event {
    answered(from, to, id, Answer::Yes, &[])
}

pub(super) fn list(from: u64, to: u64, has: &[u64]) -> Event {
    at(from, to, What::List(ids(has)))
}

pub(super) fn mark(when: u64, id: u64, why: Why) -> Event {
    at(when, when, What::Remove(Id(id), why))
}

pub(super) fn clear(from: u64, to: u64, counted: u64, removed: &[u64]) -> Event {
    at(from, to, What::Clear { counted, removed: ids(removed) })
}

/// A replay that tried `attempted`, of which it sent and took out `removed`, and says so.
pub(super) fn replay(from: u64, to: u64, attempted: &[u64], removed: &[u64]) -> Event {
    let (total, sent) = (attempted.len() as u64, removed.len() as u64);
    let (attempted, removed) = (ids(attempted), ids(removed));
    at(from, to, What::Replay { attempted, removed, total, sent, failed: total - sent })
}

/// What a checker says of a history that came to rest with nothing inside.
pub(super) fn judge(checker: &dyn Checker, history: &[Event]) -> Judgement {
    judge_with(checker, history, &[])
}

/// What a checker says of a history that came to rest with these inside.
pub(super) fn judge_with(checker: &dyn Checker, history: &[Event], retained: &[u64]) -> Judgement {
    let ledger = Ledger { retained: ids(retained), ..Ledger::default() };
    let observation = Observation { history: history.to_vec(), ledger, at_rest: true, ..Observation::default() };
    let settlement = Some(observation.ledger.settle());
    checker.judge(&Evidence::new(&observation, settlement))
}

/// The violations, which there must be.
#[track_caller]
pub(super) fn broken(judgement: Judgement) -> Vec<Violation> {
    let Judgement::Broken(violations) = judgement else { panic!("{judgement:?}") };
    violations
}

pub(super) fn subscribe(from: u64, to: u64, handler: u64, topic: u32) -> Event {
    at(from, to, What::Subscribe { handler: Id(handler), topic })
}

pub(super) fn unsubscribe(from: u64, to: u64, handler: u64) -> Event {
    at(from, to, What::Unsubscribe { handler: Id(handler) })
}

/// An event of topic 0 that was taken.
pub(super) fn emit(actor: u32, from: u64, to: u64, id: u64) -> Event {
    Event { actor, ..at(from, to, What::Emit { id: Id(id), topic: 0, answer: Answer::Yes }) }
}

pub(super) fn handle(from: u64, handler: u64, id: u64) -> Event {
    at(from, from + 1, What::Handle { handler: Id(handler), id: Id(id) })
}
