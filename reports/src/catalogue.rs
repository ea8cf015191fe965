//! The catalogue of a run: each race, in each variant, by each engine, summed over all scenarios that name the race.
//!
//! A scenario's own table says what one program showed. A race often takes several: a small one for the models, a
//! large one for real processes. Here they are put together, and every cell keeps apart what would be false as one sum:
//! executions that had to show the race, executions that had to be clean of it, and those by an engine that cannot see
//! it. Of several verdicts the worst stands first.

mod cell;
mod fill;

pub use cell::{Cell, Part, Standing};

use crate::model::Report;
use racehunt_core::finding::FindingKind;
use racehunt_core::scenario::EngineKind;

/// The races of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalogue {
    /// The columns: every engine that has something to say.
    pub engines: Vec<EngineKind>,
    /// The subjects, in the order of the run.
    pub systems: Vec<System>,
}

/// The races of one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct System {
    /// The subject's name.
    pub name: String,
    /// Its races in the order of their numbers; last, without a race, the scenarios that expect none.
    pub races: Vec<Race>,
}

/// One race as it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Race {
    /// Row of the race catalogue and the finding by which it shows; `None` for scenarios that expect nothing.
    pub shows: Option<(String, FindingKind)>,
    /// First the variants in which it lives, then those that must be clean of it.
    pub rows: Vec<Row>,
}

/// One variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The variant.
    pub variant: String,
    /// True if some scenario expects the race here.
    pub lives: bool,
    /// By engine, as far as one of the scenarios has it.
    pub cells: Vec<(EngineKind, Cell)>,
}

impl Row {
    /// What that engine made of it.
    #[must_use]
    pub fn by(&self, engine: EngineKind) -> Option<&Cell> {
        self.cells.iter().find(|cell| cell.0 == engine).map(|cell| &cell.1)
    }

    fn at(&mut self, engine: EngineKind) -> &mut Cell {
        let i = self.cells.iter().position(|cell| cell.0 == engine).unwrap_or_else(|| {
            self.cells.push((engine, Cell::default()));
            self.cells.len() - 1
        });
        &mut self.cells[i].1
    }
}

/// Puts the scenarios of a report together.
#[must_use]
pub fn catalogue(report: &Report) -> Catalogue {
    let mut systems: Vec<System> = Vec::new();
    for one in &report.scenarios {
        let name = one.scenario.subject.label();
        let i = systems.iter().position(|system| system.name == name).unwrap_or_else(|| {
            systems.push(System { name, races: Vec::new() });
            systems.len() - 1
        });
        fill::add(one, report.interrupted, &mut systems[i]);
    }
    for system in &mut systems {
        system.races.sort_by_cached_key(|race| race.shows.as_ref().map_or_else(last, |(name, _)| in_order(name)));
        for race in &mut system.races {
            race.rows.sort_by(|a, b| (!a.lives, &a.variant).cmp(&(!b.lives, &b.variant)));
        }
    }
    let rows = || systems.iter().flat_map(|system| &system.races).flat_map(|race| &race.rows);
    let engines = EngineKind::ALL.into_iter().filter(|engine| rows().any(|row| row.by(*engine).is_some())).collect();
    Catalogue { engines, systems }
}

impl System {
    fn row(&mut self, shows: Option<(&str, FindingKind)>, variant: &str) -> &mut Row {
        let same = |race: &Race| race.shows.as_ref().map(|(name, kind)| (name.as_str(), *kind)) == shows;
        let i = self.races.iter().position(same).unwrap_or_else(|| {
            let shows = shows.map(|(name, kind)| (name.to_owned(), kind));
            self.races.push(Race { shows, rows: Vec::new() });
            self.races.len() - 1
        });
        let rows = &mut self.races[i].rows;
        let i = rows.iter().position(|row| row.variant == variant).unwrap_or_else(|| {
            rows.push(Row { variant: variant.to_owned(), lives: false, cells: Vec::new() });
            rows.len() - 1
        });
        &mut rows[i]
    }
}

/// MB2 before MB10, and a race without a number after those with one.
fn in_order(race: &str) -> (bool, String, u64, String) {
    let start = race.find(|c: char| c.is_ascii_digit()).unwrap_or(race.len());
    let end = race[start..].find(|c: char| !c.is_ascii_digit()).map_or(race.len(), |n| start + n);
    let number = race[start..end].parse().unwrap_or(u64::MAX);
    let letters = race[..start].split('-').next().unwrap_or_default();
    (false, letters.to_owned(), number, race[end..].to_owned())
}

fn last() -> (bool, String, u64, String) {
    (true, String::new(), 0, String::new())
}

#[cfg(test)]
mod tests;
