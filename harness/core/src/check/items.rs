//! What a history says of each item: from when it was certainly in, from when it may be gone.

use crate::finding::FindingKind;
use crate::history::{Answer, Event, What, Why};
use crate::id::Id;
use crate::observation::Violation;

/// Never, on the clock of a history.
pub(super) const NEVER: u64 = u64::MAX;

/// One item that a call put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) id: Id,
    /// When the call that put it in began.
    pub(super) offered: u64,
    /// From here on it is certainly in; [`NEVER`] unless the call said yes.
    pub(super) inside: u64,
    /// From here on it may be gone: the first mark, or the beginning of the first call that took it out unmarked.
    pub(super) gone: u64,
    /// The beginning of the last call that took it out, if one says so.
    pub(super) removed: Option<u64>,
    /// True if it was ever about to be delivered: then others left it alone for a while.
    pub(super) claimed: bool,
}

/// All items that calls put in, by id.
pub(super) struct Items(Vec<Item>);

/// What one entry says of one id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Word {
    Put { from: u64, to: u64, yes: bool },
    Mark { actor: u32, at: u64, claim: bool },
    TakenOut { actor: u32, from: u64, to: u64 },
}

impl Items {
    /// `O(n log n)` in the number of ids that the history names.
    pub(super) fn of(history: &[Event]) -> Self {
        let mut words: Vec<(Id, Word)> = Vec::new();
        for event in history {
            let (actor, from, to) = (event.actor, event.from, event.to);
            let out = Word::TakenOut { actor, from, to };
            match &event.what {
                What::Put { id, answer, evicted } => {
                    let yes = *answer == Answer::Yes;
                    words.push((*id, Word::Put { from, to, yes }));
                    words.extend(evicted.iter().map(|id| (*id, out)));
                }
                What::Remove(id, why) => {
                    words.push((*id, Word::Mark { actor, at: from, claim: *why == Why::Deliver }));
                }
                What::Clear { removed, .. } | What::Replay { removed, .. } => {
                    words.extend(removed.iter().map(|id| (*id, out)));
                }
                What::Offer(_)
                | What::List(_)
                | What::Subscribe { .. }
                | What::Unsubscribe { .. }
                | What::Emit { .. }
                | What::Handle { .. } => {}
            }
        }
        words.sort_unstable();
        Self(words.chunk_by(|a, b| a.0 == b.0).filter_map(item).collect())
    }

    pub(super) fn all(&self) -> &[Item] {
        &self.0
    }

    pub(super) fn get(&self, id: Id) -> Option<&Item> {
        self.0.binary_search_by_key(&id, |item| item.id).ok().map(|at| &self.0[at])
    }
}

/// `None` for an id of which no call says that it put it in.
fn item(words: &[(Id, Word)]) -> Option<Item> {
    let mut item = Item { id: words[0].0, offered: NEVER, inside: NEVER, gone: NEVER, removed: None, claimed: false };
    let mut put = false;
    for (_, word) in words {
        match *word {
            Word::Put { from, to, yes } => {
                // Of an id that was put in twice, the later and surer is meant.
                item.inside = if yes && put {
                    item.inside.max(to)
                } else if yes {
                    to
                } else {
                    item.inside
                };
                item.offered = item.offered.min(from);
                put = true;
            }
            Word::Mark { at, claim, .. } => {
                item.gone = item.gone.min(at);
                item.claimed |= claim;
            }
            Word::TakenOut { actor, from, to } => {
                item.removed = item.removed.max(Some(from));
                // A mark stands right before the removal, the call around it may have begun long before. It speaks for
                // its own call alone: one that a kill left open says nothing of when others took the item out.
                let own = |word: &Word| matches!(*word, Word::Mark { actor: by, at, .. } if by == actor && from <= at && at <= to);
                if !words.iter().any(|(_, word)| own(word)) {
                    item.gone = item.gone.min(from);
                }
            }
        }
    }
    put.then_some(item)
}

/// Ids named in a message; the count always stands beside them.
const NAMED: usize = 8;

/// The first ids for a message.
pub(super) fn named(ids: &[Id]) -> String {
    let list = ids.iter().take(NAMED).map(Id::to_string).collect::<Vec<_>>().join(", ");
    let more = if ids.len() > NAMED { ", …" } else { "" };
    format!("{list}{more}")
}

/// A violation that names its first ids.
pub(super) fn violation(kind: FindingKind, detail: &str, message: String, ids: &[Id]) -> Violation {
    let ids = ids.iter().take(NAMED).copied().collect();
    Violation { kind, detail: detail.to_owned(), message, ids }
}

/// The plural of what was counted, for messages: `1 id`, `2 ids`.
pub(super) fn counted(n: u64, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}
