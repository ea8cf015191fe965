//! The audit log, the emitters and each handler agree about the order of events.

use super::dispatch::at_rest;
use super::{Bus, Emitted, Handled};
use crate::check::items::{counted, violation};
use crate::check::{Checker, Evidence, Judgement};
use crate::finding::FindingKind;
use crate::id::Id;
use crate::observation::Violation;

/// One order for all, as far as there is one.
///
/// `emitter`: two events of one emitter stand in the audit log, and reach each handler, in the order in which they were
/// emitted; one that was emitted inside of another's dispatch comes after it. `dispatch`: two events of different
/// emitters reach each handler in the order in which the audit log has them; nothing is said of what it has no more.
/// Equal moments are no order.
pub(in crate::check) struct Misordered;

impl Checker for Misordered {
    fn kind(&self) -> FindingKind {
        FindingKind::Misordered
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let observation = evidence.observation;
        let bus = evidence.bus();
        let audit = Audit::of(observation.seen.audit.as_deref().unwrap_or_default());
        let runs = runs(bus);
        let broken: Vec<Violation> = [across(&runs, &audit), logged(bus, &audit).or_else(|| alone(&runs))]
            .into_iter()
            .flatten()
            .map(|(detail, message, pair)| violation(self.kind(), detail, message, &pair))
            .collect();
        if broken.is_empty() {
            return at_rest(evidence, runs.is_empty() && audit.0.is_empty(), "nothing was handled or logged");
        }
        Judgement::Broken(broken)
    }
}

/// What is wrong: its detail, the message, and the two events, the one that came too early first.
type Wrong = (&'static str, String, [Id; 2]);

/// Handlers against the audit log.
fn across(runs: &[Run<'_>], audit: &Audit) -> Option<Wrong> {
    let entry = |run: &Run<'_>| {
        let (within, colour) = ((run.handler, 0), Some(run.emitted.emitter));
        Some(Entry { within, at: run.at, colour, rank: audit.place(run.emitted.id)? as u64, id: run.emitted.id })
    };
    let entries: Vec<Entry> = runs.iter().filter_map(entry).collect();
    let (first, wrong) = inverted(&entries)?;
    let [early, late] = first.pair;
    let of = counted(entries.len() as u64, "run");
    let handler = first.within.0;
    let message = format!(
        "handler {handler} was given {early} before {late}, the audit log has {late} first ({wrong} of {of} so)"
    );
    Some(("dispatch", message, first.pair))
}

/// The audit log against emitters.
fn logged(bus: &Bus, audit: &Audit) -> Option<Wrong> {
    let entry = |emitted: &Emitted| {
        let (within, at) = ((Id::default(), emitted.emitter), audit.place(emitted.id)? as u64);
        Some(Entry { within, at, colour: None, rank: emitted.from, id: emitted.id })
    };
    let mut entries: Vec<Entry> = bus.emits.iter().filter_map(entry).collect();
    entries.sort_unstable_by_key(|entry| (entry.within, entry.at));
    let (first, wrong) = inverted(&entries)?;
    let [early, late] = first.pair;
    let of = counted(entries.len() as u64, "logged event");
    let emitter = first.within.1;
    let message =
        format!("the audit log has {early} before {late}, actor {emitter} emitted {late} first ({wrong} of {of} so)");
    Some(("emitter", message, first.pair))
}

/// Handlers against emitters.
fn alone(runs: &[Run<'_>]) -> Option<Wrong> {
    let entry = |run: &Run<'_>| {
        let within = (run.handler, run.emitted.emitter);
        Entry { within, at: run.at, colour: None, rank: run.emitted.from, id: run.emitted.id }
    };
    let mut entries: Vec<Entry> = runs.iter().map(entry).collect();
    entries.sort_unstable_by_key(|entry| (entry.within, entry.at));
    let (first, wrong) = inverted(&entries)?;
    let [early, late] = first.pair;
    let of = counted(entries.len() as u64, "run");
    let (handler, emitter) = first.within;
    let message = format!(
        "handler {handler} was given {early} before {late}, actor {emitter} emitted {late} first ({wrong} of {of} so)"
    );
    Some(("emitter", message, first.pair))
}

/// Where each id stands in the audit log, by id. One that is there twice has no place.
struct Audit(Vec<(Id, usize)>);

impl Audit {
    fn of(log: &[Id]) -> Self {
        let mut places: Vec<(Id, usize)> = log.iter().copied().zip(0..).collect();
        places.sort_unstable();
        let once = places.chunk_by(|a, b| a.0 == b.0).filter(|group| group.len() == 1);
        Self(once.map(|group| group[0]).collect())
    }

    fn place(&self, id: Id) -> Option<usize> {
        self.0.binary_search_by_key(&id, |entry| entry.0).ok().map(|at| self.0[at].1)
    }
}

/// A handler's first run for an event whose emit is known.
struct Run<'b> {
    handler: Id,
    at: u64,
    emitted: &'b Emitted,
}

/// All first runs, by handler and moment.
fn runs(bus: &Bus) -> Vec<Run<'_>> {
    let firsts = bus.runs().map(|(first, _)| first);
    let run = |first: &Handled| Some(Run { handler: first.handler, at: first.from, emitted: bus.emitted(first.id)? });
    let mut runs: Vec<Run<'_>> = firsts.filter_map(run).collect();
    runs.sort_unstable_by_key(|run| (run.handler, run.at));
    runs
}

/// One thing that happened.
#[derive(Clone, Copy)]
struct Entry {
    /// Only entries of one series are compared: of a handler, of an emitter, or of both.
    within: (Id, u32),
    /// When, in its series.
    at: u64,
    /// Entries of one colour are not compared with each other; those without are.
    colour: Option<u32>,
    /// In which order they should have come.
    rank: u64,
    id: Id,
}

/// Two entries of a series in the wrong order, as they came.
struct Inversion {
    within: (Id, u32),
    pair: [Id; 2],
}

/// The first inversion, and how many entries came after one of a higher rank. The entries are in order of their series
/// and moments; only strictly earlier ones count as before.
fn inverted(entries: &[Entry]) -> Option<(Inversion, usize)> {
    let (mut first, mut wrong) = (None, 0);
    for series in entries.chunk_by(|a, b| a.within == b.within) {
        let mut before = Highest::default();
        for moment in series.chunk_by(|a, b| a.at == b.at) {
            for entry in moment {
                if let Some(higher) = before.beside(entry.colour).filter(|higher| higher.rank > entry.rank) {
                    wrong += 1;
                    first.get_or_insert(Inversion { within: entry.within, pair: [higher.id, entry.id] });
                }
            }
            moment.iter().for_each(|entry| before.add(*entry));
        }
    }
    first.map(|first| (first, wrong))
}

/// The entry of the highest rank, and the highest of another colour.
#[derive(Default)]
struct Highest {
    top: Option<Entry>,
    other: Option<Entry>,
}

impl Highest {
    fn add(&mut self, entry: Entry) {
        match self.top {
            Some(top) if top.rank >= entry.rank => {
                if top.colour != entry.colour && self.other.is_none_or(|other| other.rank < entry.rank) {
                    self.other = Some(entry);
                }
            }
            top => {
                self.other = top.filter(|top| top.colour != entry.colour).or(self.other);
                self.top = Some(entry);
            }
        }
    }

    /// The highest that an entry of this colour is compared with.
    fn beside(&self, colour: Option<u32>) -> Option<Entry> {
        self.top.filter(|top| colour.is_none() || top.colour != colour).or(self.other)
    }
}
