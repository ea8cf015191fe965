//! The history of an execution: calls with the intervals they took, and what was written ahead of them.
//!
//! A ledger says what became of each id; a history says when, as far as can be told: an item that was put before a
//! listing was called and given up after it returned was there throughout. Moments are numbers of one clock for the
//! whole execution: a counter under a model, nanoseconds of the monotonic clock over real processes.
//!
//! *Marks* are written ahead of what they announce, so that a call that is killed leaves behind what it may have done.

use crate::id::Id;
use crate::ledger::Ledger;
use serde::{Deserialize, Serialize};

/// One entry of a history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// The actor whose call it was.
    pub actor: u32,
    /// When the call began; of a mark, when it was written.
    pub from: u64,
    /// When the call had answered; of a mark, as `from`.
    pub to: u64,
    /// What it was.
    pub what: What,
}

/// What a call did, or a mark announces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// Mark: the call that follows carries the id.
    Offer(Id),
    /// Mark: from now on the id may be gone, and why.
    Remove(Id, Why),
    /// A call that put an item in.
    Put {
        /// The item.
        id: Id,
        /// Whether it was taken, as the call says.
        answer: Answer,
        /// Items that it gave up for it.
        evicted: Vec<Id>,
    },
    /// A listing, and the items it returned.
    List(Vec<Id>),
    /// A call that sent what is inside to the far end.
    Replay {
        /// The items it tried to send.
        attempted: Vec<Id>,
        /// The items that it took out afterwards.
        removed: Vec<Id>,
        /// How many it says it found.
        total: u64,
        /// How many it says it sent.
        sent: u64,
        /// How many it says it could not send.
        failed: u64,
    },
    /// A call that gave up everything.
    Clear {
        /// How many it says it removed.
        counted: u64,
        /// What it removed itself.
        removed: Vec<Id>,
    },
    /// A call that registered a handler for a topic. The handler's id is used for one registration only.
    Subscribe {
        /// The registration.
        handler: Id,
        /// What it is for.
        topic: u32,
    },
    /// A call that took a registration out; one that found it gone is none.
    Unsubscribe {
        /// The registration.
        handler: Id,
    },
    /// A call that emitted an event; its actor is the emitter, also where a handler called it: the actor whose thread the
    /// handler ran in.
    Emit {
        /// The event.
        id: Id,
        /// What it is of.
        topic: u32,
        /// Whether it was taken, as the call says.
        answer: Answer,
    },
    /// A handler's run for one event, whatever came of it: begun in the handler's first step, by the actor whose thread
    /// it ran in.
    Handle {
        /// The registration.
        handler: Id,
        /// The event.
        id: Id,
    },
}

/// Why an item is taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// For want of room.
    Evict,
    /// Everything is given up.
    Clear,
    /// It is being sent, or was.
    Deliver,
}

/// Whether an item was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// It was.
    Yes,
    /// It was not, and nothing else happened either.
    No,
    /// The call cannot tell.
    Unknown,
}

/// Keeps a history outside of the process as it is made, so that it survives the process.
pub trait Journal: Send + Sync {
    /// Writes one entry; it must be safe once this returns.
    fn write(&self, event: &Event);
}

/// Writes what the history knows of each id into the ledger.
///
/// A mark that no call of its actor followed was left behind by one that never answered: the id it offered is
/// uncertain, the ids it was about to remove are perhaps evicted or perhaps delivered. So is what a replay tried and did
/// not take out, unless another took it out. Events of one actor must be in order. A handler may call while the call that
/// runs it has not answered: an emit or a subscribe answers for the marks since the offer of its own id, and for no others.
pub fn account(history: &[Event], ledger: &mut Ledger) {
    account_lives([history], ledger);
}

/// [`account`] for a history in lives: a process that was killed and started again has its actors' numbers again, but a
/// call that it makes then does not answer for a mark from before.
pub fn account_lives<'h>(lives: impl IntoIterator<Item = &'h [Event]>, ledger: &mut Ledger) {
    let mut taken: Vec<Id> = Vec::new();
    for life in lives {
        account_life(life, &mut taken, ledger);
    }
    taken.sort_unstable();
    ledger.perhaps_delivered.retain(|id| taken.binary_search(id).is_err());
}

fn account_life(life: &[Event], taken: &mut Vec<Id>, ledger: &mut Ledger) {
    let mut open: Vec<(u32, What)> = Vec::new();
    for event in life {
        if let What::Replay { attempted, removed, .. } = &event.what {
            ledger.perhaps_delivered.extend(attempted);
            taken.extend(removed);
        }
        match &event.what {
            What::Offer(_) | What::Remove(..) => open.push((event.actor, event.what.clone())),
            // They may happen inside of a call, which has not answered by them.
            What::Handle { .. } | What::Unsubscribe { .. } => {}
            What::Emit { id, .. } | What::Subscribe { handler: id, .. } => {
                let own = (event.actor, What::Offer(*id));
                if let Some(at) = open.iter().rposition(|mark| *mark == own) {
                    let inside = open.split_off(at);
                    open.extend(inside.into_iter().filter(|(actor, _)| *actor != event.actor));
                }
                account_call(&event.what, ledger);
            }
            call => {
                open.retain(|(actor, _)| *actor != event.actor);
                account_call(call, ledger);
            }
        }
    }
    for (_, mark) in open {
        match mark {
            What::Offer(id) => ledger.uncertain.push(id),
            What::Remove(id, Why::Evict | Why::Clear) => ledger.perhaps_evicted.push(id),
            What::Remove(id, Why::Deliver) => ledger.perhaps_delivered.push(id),
            _ => {}
        }
    }
}

fn account_call(call: &What, ledger: &mut Ledger) {
    match call {
        What::Put { id, answer, evicted } => {
            match answer {
                Answer::Yes => ledger.accepted.push(*id),
                Answer::No => ledger.rejected.push(*id),
                Answer::Unknown => ledger.uncertain.push(*id),
            }
            ledger.evicted.extend(evicted);
        }
        What::Clear { removed, .. } => ledger.evicted.extend(removed),
        What::Emit { id, answer, .. } => match answer {
            Answer::Yes => ledger.accepted.push(*id),
            Answer::No => ledger.rejected.push(*id),
            Answer::Unknown => ledger.uncertain.push(*id),
        },
        What::Offer(_)
        | What::Remove(..)
        | What::List(_)
        | What::Replay { .. }
        | What::Subscribe { .. }
        | What::Unsubscribe { .. }
        | What::Handle { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(actor: u32, at: u64, what: What) -> Event {
        Event { actor, from: at, to: at, what }
    }

    fn put(id: u64, answer: Answer, evicted: &[u64]) -> What {
        What::Put { id: Id(id), answer, evicted: evicted.iter().map(|n| Id(*n)).collect() }
    }

    #[test]
    fn answered_calls_are_accounted_for_by_their_answers() {
        let history = [
            event(0, 1, What::Offer(Id(1))),
            event(0, 2, put(1, Answer::Yes, &[])),
            event(0, 3, What::Offer(Id(2))),
            event(0, 4, What::Remove(Id(1), Why::Evict)),
            event(0, 5, put(2, Answer::No, &[1])),
            event(0, 6, What::Clear { counted: 1, removed: vec![Id(7)] }),
            event(0, 7, put(3, Answer::Unknown, &[])),
        ];
        let mut ledger = Ledger::default();
        account(&history, &mut ledger);
        let want = Ledger {
            accepted: vec![Id(1)],
            rejected: vec![Id(2)],
            evicted: vec![Id(1), Id(7)],
            uncertain: vec![Id(3)],
            ..Ledger::default()
        };
        assert_eq!(ledger, want);
    }

    #[test]
    fn marks_of_a_call_that_never_answered_stay_open_and_others_calls_do_not_close_them() {
        let history = [
            event(0, 1, What::Offer(Id(1))),
            event(0, 2, What::Remove(Id(9), Why::Evict)),
            event(0, 3, What::Remove(Id(8), Why::Deliver)),
            event(1, 4, put(2, Answer::Yes, &[])),
        ];
        let mut ledger = Ledger::default();
        account(&history, &mut ledger);
        assert_eq!((ledger.uncertain, ledger.perhaps_evicted), (vec![Id(1)], vec![Id(9)]));
        assert_eq!(ledger.perhaps_delivered, [Id(8)]);
        assert_eq!(ledger.accepted, [Id(2)]);
    }

    #[test]
    fn a_call_of_the_next_life_answers_for_no_mark_of_the_life_before() {
        let killed = [event(0, 1, What::Offer(Id(1))), event(0, 2, What::Remove(Id(9), Why::Clear))];
        let next = [event(0, 3, What::Offer(Id(2))), event(0, 4, put(2, Answer::Yes, &[]))];
        let mut ledger = Ledger::default();
        account_lives([&killed[..], &next[..]], &mut ledger);
        assert_eq!((ledger.uncertain, ledger.perhaps_evicted), (vec![Id(1)], vec![Id(9)]));
        let mut one = Ledger::default();
        account(&[killed, next].concat(), &mut one);
        assert_eq!((one.uncertain, one.perhaps_evicted, one.accepted), (vec![], vec![], vec![Id(2)]));
    }

    #[test]
    fn a_call_from_inside_of_another_answers_for_itself_alone() {
        let emitted = |id| What::Emit { id: Id(id), topic: 0, answer: Answer::Yes };
        let mut history = vec![
            event(0, 1, What::Offer(Id(1))),
            event(1, 2, What::Offer(Id(9))),
            event(0, 3, What::Offer(Id(2))),
            event(0, 4, What::Remove(Id(5), Why::Evict)),
            event(0, 5, emitted(2)),
            event(0, 6, What::Handle { handler: Id(3), id: Id(2) }),
            event(0, 7, What::Offer(Id(4))),
            event(0, 8, What::Subscribe { handler: Id(4), topic: 0 }),
            event(0, 9, What::Unsubscribe { handler: Id(4) }),
        ];
        let uncertain = |history: &[Event]| {
            let mut ledger = Ledger::default();
            account(history, &mut ledger);
            (ledger.uncertain, ledger.perhaps_evicted)
        };
        assert_eq!(uncertain(&history), (vec![Id(1), Id(9)], vec![]));
        history.push(event(0, 10, emitted(1)));
        assert_eq!(uncertain(&history), (vec![Id(9)], vec![]));
        assert_eq!(uncertain(&history[..4]), (vec![Id(1), Id(9), Id(2)], vec![Id(5)]));
    }

    #[test]
    fn what_a_replay_tried_and_nobody_took_out_is_perhaps_delivered() {
        let replay = |attempted: &[u64], removed: &[u64]| {
            let ids = |ids: &[u64]| ids.iter().map(|n| Id(*n)).collect();
            What::Replay { attempted: ids(attempted), removed: ids(removed), total: 0, sent: 0, failed: 0 }
        };
        let history = [event(0, 1, replay(&[1, 2, 3], &[1])), event(1, 2, replay(&[2], &[2]))];
        let mut ledger = Ledger::default();
        account(&history, &mut ledger);
        assert_eq!(ledger, Ledger { perhaps_delivered: vec![Id(3)], ..Ledger::default() });
    }
}
