//! What one engine made of one race in one variant.

use std::collections::{BTreeMap, BTreeSet};

/// What a group of executions came to, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Something was found that nothing allows; the notes are its kinds.
    Unexpected,
    /// Found by an engine that is said not to see it.
    OutOfSight,
    /// Must be found, and was not.
    NotFound,
    /// Nobody looked, or not well enough.
    NotJudged,
    /// Must be found, and was.
    Found,
    /// Must be clean, and is but for what a limit above zero allows; the notes are the coverage.
    WithinLimits,
    /// Must be clean, and is; the notes are the coverage.
    Clean,
    /// What shows as the same kind here is another race; the notes are its names.
    Shared,
    /// The engine cannot see it; the notes say why.
    CannotSee,
}

/// Executions of one standing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Executions that showed it.
    pub seen: u64,
    /// Executions.
    pub of: u64,
    /// What the standing says of its notes.
    pub notes: BTreeSet<String>,
}

/// All that is known of one race in one variant by one engine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    parts: BTreeMap<Standing, Part>,
}

impl Cell {
    pub(super) fn add(&mut self, standing: Standing, seen: u64, of: u64, notes: impl IntoIterator<Item = String>) {
        let part = self.parts.entry(standing).or_default();
        part.seen = part.seen.saturating_add(seen);
        part.of = part.of.saturating_add(of);
        part.notes.extend(notes);
    }

    /// What is to be shown, the worst first.
    ///
    /// Where the race must be found, that other scenarios are clean of it says nothing: theirs are programs that cannot
    /// show it. What an engine cannot see is of interest only where nothing else speaks for it.
    pub fn shown(&self) -> impl Iterator<Item = (Standing, &Part)> {
        let must = [Standing::NotFound, Standing::Found].iter().any(|one| self.parts.contains_key(one));
        let worst = self.parts.keys().next().copied();
        self.parts.iter().map(|(standing, part)| (*standing, part)).filter(move |(standing, _)| match standing {
            Standing::Clean => !must,
            Standing::Shared | Standing::CannotSee => worst == Some(*standing),
            _ => true,
        })
    }
}
