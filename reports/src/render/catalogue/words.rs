//! The words of a cell, and the footnotes that keep long reasons out of the table.

use crate::catalogue::{Cell, Part, Standing};
use crate::render::coverage::{EXHAUSTIVE, SAMPLE};
use crate::words::{clean, count};

/// What the short marks of the table mean.
pub(in crate::render) const LEGEND: &str = "Each number is of executions, over all scenarios that name the race. \
    clean: none in a sample, or, in brackets, in all of them (exhaustive; SC: all that are sequentially consistent; \
    ≤ 3: all with at most 3 preemptions; cut off: the first ones in order). see MB1: shows as MB1 does, and is not told \
    apart here. ·: no scenario of the race has the engine.";

/// Reasons in the order in which the table mentions them first.
#[derive(Default)]
pub(in crate::render) struct Footnotes(Vec<String>);

impl Footnotes {
    /// A cell on one line.
    pub(in crate::render) fn cell(&mut self, cell: Option<&Cell>) -> String {
        let Some(cell) = cell else { return "·".to_owned() };
        let said: Vec<String> = cell.shown().map(|(standing, part)| self.part(standing, part)).collect();
        said.join("; ")
    }

    fn part(&mut self, standing: Standing, part: &Part) -> String {
        let (seen, of) = (count(part.seen), count(part.of));
        let notes = || part.notes.iter().map(|note| clean(note)).collect::<Vec<_>>().join(", ");
        match standing {
            Standing::Unexpected if part.notes.is_empty() => "FAILED".to_owned(),
            Standing::Unexpected => format!("UNEXPECTED {}", notes()),
            Standing::OutOfSight => format!("FOUND in {seen} of {of}, said to be out of sight"),
            Standing::NotFound => format!("NOT FOUND in {of}"),
            Standing::NotJudged => format!("not judged, {of} run"),
            Standing::Found => format!("found in {seen} of {of}"),
            Standing::WithinLimits => format!("within limits after {of}{}", marks(part)),
            Standing::Clean => format!("clean after {of}{}", marks(part)),
            Standing::Shared => format!("see {}", notes()),
            Standing::CannotSee => format!("cannot see it{}", self.numbers(part)),
        }
    }

    fn numbers(&mut self, part: &Part) -> String {
        let numbers = part.notes.iter().map(|note| {
            let i = self.0.iter().position(|known| known == note).unwrap_or_else(|| {
                self.0.push(note.clone());
                self.0.len() - 1
            });
            format!(" [{}]", i + 1)
        });
        numbers.collect()
    }

    /// `[1] cannot see it: …`, one for each reason.
    pub(in crate::render) fn lines(&self) -> impl Iterator<Item = String> {
        self.0.iter().enumerate().map(|(i, why)| format!("[{}] cannot see it: {}", i + 1, clean(why)))
    }
}

/// All kinds are named where one of them is more than a sample: "exhaustive" for one program says nothing of another.
/// Of several bounds the least holds for all of them.
fn marks(part: &Part) -> String {
    let bound = |note: &str| note.strip_prefix("≤ ").and_then(|bound| bound.parse::<u64>().ok());
    let bounded = part.notes.iter().all(|note| note == EXHAUSTIVE || bound(note).is_some());
    if part.notes.iter().all(|note| note == SAMPLE) {
        return String::new();
    }
    match part.notes.iter().filter_map(|note| bound(note)).min() {
        Some(least) if bounded => format!(" (≤ {least})"),
        _ => format!(" ({})", part.notes.iter().map(String::as_str).collect::<Vec<_>>().join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_promise_no_more_than_what_holds_for_all() {
        let said = |notes: &[&str]| {
            marks(&Part { notes: notes.iter().map(|note| (*note).to_owned()).collect(), ..Part::default() })
        };
        assert_eq!(said(&["sampled"]), "");
        assert_eq!(said(&["≤ 3", "≤ 10"]), " (≤ 3)");
        assert_eq!(said(&["exhaustive", "≤ 2"]), " (≤ 2)");
        assert_eq!(said(&["exhaustive"]), " (exhaustive)");
        assert_eq!(said(&["exhaustive, SC", "sampled"]), " (exhaustive, SC; sampled)");
        assert_eq!(said(&["≤ 3", "sampled"]), " (sampled; ≤ 3)");
    }
}
