//! What a worker has in mind: what it takes the files to hold, and the items it has queued.

use super::notes::Notes;
use super::store::{Source, parse};
use super::{Item, Standing};
use racehunt_core::finding::FindingKind;
use racehunt_core::id::Id;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// The state of an event loop; nobody else touches it.
pub(super) struct Desk {
    shown: [Option<String>; Source::ALL.len()],
    queue: VecDeque<(Source, Id)>,
    /// Everything that was ever queued: a worker does nothing twice knowingly.
    known: BTreeSet<Id>,
    /// Items that were completed.
    pub(super) done: u64,
    pub(super) notes: Arc<Notes>,
}

impl Desk {
    pub(super) fn new(notes: Arc<Notes>) -> Self {
        Self { shown: Default::default(), queue: VecDeque::new(), known: BTreeSet::new(), done: 0, notes }
    }

    /// Takes in what was read from a file, or what the worker itself has made of it; false if it does not parse.
    pub(super) fn load(&mut self, source: Source, text: String) -> bool {
        let Some(items) = parse(&text) else { return false };
        self.notes.loaded(source, &text);
        for Item { id, .. } in items.into_iter().filter(|item| item.standing == Standing::Open) {
            if self.known.insert(id) {
                self.queue.push_back((source, id));
            }
        }
        self.shown[source as usize] = Some(text);
        true
    }

    /// What the worker takes a file to hold; `None` before it read it.
    pub(super) fn shown(&self, source: Source) -> Option<&str> {
        self.shown[source as usize].as_deref()
    }

    /// Looks, at rest, for what it shows as open and never queued.
    pub(super) fn check(&self) {
        let shown = self.shown.iter().flatten().filter_map(|text| parse(text)).flatten();
        let open = shown.filter(|item| item.standing == Standing::Open).map(|item| item.id);
        let missed: Vec<Id> = open.filter(|id| !self.known.contains(id)).collect();
        if !missed.is_empty() {
            let message = format!("{} open items were seen and never queued", missed.len());
            self.notes.complain(FindingKind::Missed, "open", message, missed);
        }
    }

    /// The next item to work off.
    pub(super) fn next(&mut self) -> Option<(Source, Id)> {
        self.queue.pop_front()
    }

    /// Items that wait.
    pub(super) fn queued(&self) -> usize {
        self.queue.len()
    }
}
