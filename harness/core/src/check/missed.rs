//! A listing has every item that was there throughout, and a replay tries each of them.

use super::items::{Item, Items, counted, named, violation};
use super::spans::covering;
use super::{Checker, Evidence, Judgement};
use crate::finding::FindingKind;
use crate::history::What;
use crate::id::Id;
use crate::observation::Violation;

/// Nothing that was there throughout is left out.
///
/// Intervals decide, not points: an item counts as there throughout only if the call that put it in had answered before
/// the listing began, and nothing that may have taken it out began before the listing answered. A listing that never
/// answered is in no history.
pub(super) struct Missed;

/// A listing or a replay: when, and which items it had.
struct Look<'a> {
    from: u64,
    to: u64,
    has: &'a [Id],
}

impl Look<'_> {
    fn owes(&self, item: &Item) -> bool {
        item.inside < self.from && item.gone > self.to
    }
}

impl Checker for Missed {
    fn kind(&self) -> FindingKind {
        FindingKind::Missed
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let (mut lists, mut replays) = (Vec::new(), Vec::new());
        for event in &evidence.observation.history {
            let (from, to) = (event.from, event.to);
            match &event.what {
                What::List(has) => lists.push(Look { from, to, has }),
                What::Replay { attempted: has, .. } => replays.push(Look { from, to, has }),
                _ => {}
            }
        }
        if lists.is_empty() && replays.is_empty() {
            return Judgement::NotJudged("nothing was listed or replayed");
        }
        let items = Items::of(&evidence.observation.history);
        let broken = [(lists, "list", "listing"), (replays, "replay", "replay")];
        super::judged(broken.into_iter().filter_map(|(looks, detail, noun)| first(&items, &looks, detail, noun)))
    }
}

/// The first of the looks that left something out.
///
/// What each owes is only counted, so that all of them together take `O(n log n)`; the ids are gathered for the one that
/// is told.
fn first(items: &Items, looks: &[Look<'_>], detail: &str, noun: &str) -> Option<Violation> {
    let stays: Vec<(u64, u64)> = items.all().iter().map(|item| (item.inside, item.gone)).collect();
    let owed = covering(&stays, &looks.iter().map(|look| (look.from, look.to)).collect::<Vec<_>>());
    let short = looks.iter().zip(owed).filter(|(look, owed)| paid(items, look) < *owed);
    let short: Vec<&Look<'_>> = short.map(|(look, _)| look).collect();
    let look = short.iter().min_by_key(|look| look.from)?;
    let mut has = look.has.to_vec();
    has.sort_unstable();
    let left = |item: &&Item| look.owes(item) && has.binary_search(&item.id).is_err();
    let left: Vec<Id> = items.all().iter().filter(left).map(|item| item.id).collect();
    let message = format!(
        "a {noun} that had {} left out {} that {} there throughout: {} ({} of {} did)",
        counted(has.len() as u64, "item"),
        left.len(),
        if left.len() == 1 { "was" } else { "were" },
        named(&left),
        short.len(),
        counted(looks.len() as u64, noun),
    );
    Some(violation(FindingKind::Missed, detail, message, &left))
}

/// How many of the items it owes a look has.
fn paid(items: &Items, look: &Look<'_>) -> usize {
    let mut has = look.has.to_vec();
    has.sort_unstable();
    has.dedup();
    has.iter().filter(|id| items.get(**id).is_some_and(|item| look.owes(item))).count()
}

#[cfg(test)]
mod tests;
