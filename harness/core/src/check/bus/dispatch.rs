//! Each event reaches each handler that was there throughout, once, and no other.

use super::{Bus, Emitted, Handled, Registration};
use crate::check::items::{counted, named, violation};
use crate::check::spans::covering;
use crate::check::{Checker, Evidence, Judgement, judged};
use crate::finding::FindingKind;
use crate::history::Answer;
use crate::id::Id;

/// What tells these findings from others of their kinds.
const DETAIL: &str = "dispatch";

/// A handler handles, by rest, every event that was taken and emitted while it was registered.
///
/// Registered means: its subscribe had answered before the emit was called, and no unsubscribe of it was called before
/// the emit had answered. An event that was not taken, or of which nobody knows, obliges nobody.
pub(in crate::check) struct Missed;

impl Checker for Missed {
    fn kind(&self) -> FindingKind {
        FindingKind::Missed
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let bus = evidence.bus();
        let mut emits: Vec<&Emitted> = bus.emits.iter().filter(|one| one.answer == Answer::Yes).collect();
        if emits.is_empty() || bus.registrations.is_empty() {
            return Judgement::NotJudged("no event and handler to bring together");
        }
        if let Some(unsettled) = unsettled(evidence) {
            return unsettled;
        }
        emits.sort_unstable_by_key(|one| (one.topic, one.from));
        let paid = paid(bus);
        let mut short: Vec<&Emitted> = Vec::new();
        for of_topic in emits.chunk_by(|a, b| a.topic == b.topic) {
            let stays = bus.registrations.iter().filter(|one| one.topic == of_topic[0].topic);
            let stays: Vec<(u64, u64)> = stays.map(|one| (one.to, one.leaves)).collect();
            let calls: Vec<(u64, u64)> = of_topic.iter().map(|one| (one.from, one.done)).collect();
            let owed = covering(&stays, &calls);
            short.extend(
                of_topic.iter().zip(owed).filter(|(one, owed)| count(&paid, one.id) < *owed).map(|(one, _)| one),
            );
        }
        judged(short.iter().min_by_key(|one| one.from).map(|first| {
            let left = missing(bus, first);
            let message = format!(
                "{}, of topic {}, was not handled by {} subscribed throughout: {} ({} of {} so)",
                first.id,
                first.topic,
                counted(left.len() as u64, "handler"),
                named(&left),
                short.len(),
                counted(emits.len() as u64, "event"),
            );
            let ids: Vec<Id> = [first.id].into_iter().chain(left).collect();
            violation(self.kind(), DETAIL, message, &ids)
        }))
    }
}

/// The events that were handled by whom they had to be, once for each such handler, ascending.
fn paid(bus: &Bus) -> Vec<Id> {
    let owed = |handler: Id, id: Id| Some(bus.registration(handler)?.owed(bus.emitted(id)?));
    let runs = bus.runs().map(|(run, _)| run);
    let mut paid: Vec<Id> = runs.filter(|run| owed(run.handler, run.id) == Some(true)).map(|run| run.id).collect();
    paid.sort_unstable();
    paid
}

fn count(sorted: &[Id], id: Id) -> usize {
    sorted.partition_point(|other| *other <= id) - sorted.partition_point(|other| *other < id)
}

/// The handlers that had to handle an event and did not.
fn missing(bus: &Bus, emitted: &Emitted) -> Vec<Id> {
    let ran = |handler: Id| {
        let at = bus.handled.partition_point(|run| (run.handler, run.id) < (handler, emitted.id));
        bus.handled.get(at).is_some_and(|run| (run.handler, run.id) == (handler, emitted.id))
    };
    let missing = |one: &&Registration| one.owed(emitted) && !ran(one.handler);
    bus.registrations.iter().filter(missing).map(|one| one.handler).collect()
}

/// Why nothing may be said of what is not there: it may be still to come, or have been lost with a process.
fn unsettled(evidence: &Evidence<'_>) -> Option<Judgement> {
    match (&evidence.settlement, evidence.observation.crashes) {
        (None, _) => Some(Judgement::NotJudged("never came to rest")),
        (_, 0) => None,
        _ => Some(Judgement::NotJudged("a process was killed, and with it handlers and calls")),
    }
}

/// No handler handles an event twice.
pub(in crate::check) struct Duplicated;

impl Checker for Duplicated {
    fn kind(&self) -> FindingKind {
        FindingKind::Duplicated
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let bus = evidence.bus();
        let twice: Vec<_> = bus.runs().filter(|(_, again)| !again.is_empty()).collect();
        let Some((run, again)) = twice.iter().min_by_key(|(run, _)| run.from) else {
            return at_rest(evidence, bus.handled.is_empty(), "nothing was handled");
        };
        let message = format!(
            "handler {} handled {} {} times ({} in all)",
            run.handler,
            run.id,
            again.len() + 1,
            counted(twice.len() as u64, "such pair"),
        );
        Judgement::Broken(vec![violation(self.kind(), DETAIL, message, &[run.id, run.handler])])
    }
}

/// What a checker says that found nothing: more may come before rest.
pub(super) fn at_rest(evidence: &Evidence<'_>, nothing: bool, why: &'static str) -> Judgement {
    match (nothing, &evidence.settlement) {
        (true, _) => Judgement::NotJudged(why),
        (_, None) => Judgement::NotJudged("never came to rest"),
        _ => Judgement::Holds,
    }
}

/// No handler handles what it cannot have been given: an event whose emit had answered before the subscribe was called,
/// an event of another topic, one that was refused, or one that nobody emitted.
///
/// A call that never answered is in no history. An id that was offered is therefore taken to be emitted.
pub(in crate::check) struct Phantom;

impl Checker for Phantom {
    fn kind(&self) -> FindingKind {
        FindingKind::Phantom
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let bus = evidence.bus();
        if bus.handled.is_empty() {
            return Judgement::NotJudged("nothing was handled");
        }
        if let Some(unsettled) = unsettled(evidence) {
            return unsettled;
        }
        let wrong: Vec<_> = bus.runs().filter_map(|(run, _)| Some((run, strange(bus, run.handler, run.id)?))).collect();
        judged(wrong.iter().min_by_key(|(run, _)| run.from).map(|(run, why)| {
            let (handler, id, of) = (run.handler, run.id, counted(bus.handled.len() as u64, "run"));
            let message = format!("handler {handler} handled {id}, {why} ({} of {of} so)", wrong.len());
            violation(self.kind(), DETAIL, message, &[id, handler])
        }))
    }
}

/// What is wrong with an event for a handler.
fn strange(bus: &Bus, handler: Id, id: Id) -> Option<String> {
    let Some(emitted) = bus.emitted(id) else {
        return bus.offered.binary_search(&id).is_err().then(|| "which nobody emitted".to_owned());
    };
    if emitted.answer == Answer::No {
        return Some("which was refused".to_owned());
    }
    let registration = bus.registration(handler)?;
    if registration.topic != emitted.topic {
        return Some(format!("of topic {}, and was subscribed to topic {}", emitted.topic, registration.topic));
    }
    (emitted.done < registration.from).then(|| "whose emit had answered before the handler was subscribed".to_owned())
}

/// No handler is called once its unsubscribe has answered, whoever called that and from wherever.
pub(in crate::check) struct LateCall;

impl Checker for LateCall {
    fn kind(&self) -> FindingKind {
        FindingKind::LateCall
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let bus = evidence.bus();
        let late = |run: &&Handled| bus.taken_out(run.handler).is_some_and(|one| one.to < run.from);
        let late: Vec<&Handled> = bus.handled.iter().filter(late).collect();
        let Some(first) = late.iter().min_by_key(|run| run.from) else {
            return at_rest(evidence, bus.taken_out.is_empty(), "nothing was unsubscribed");
        };
        let message = format!(
            "handler {} was called with {} after its unsubscribe had answered ({} in all)",
            first.handler,
            first.id,
            counted(late.len() as u64, "such call"),
        );
        Judgement::Broken(vec![violation(self.kind(), DETAIL, message, &[first.id, first.handler])])
    }
}
