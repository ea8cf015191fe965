//! The table: programs by strategies.

use crate::run::{first_failure, first_failure_direct};
use crate::{Program, programs};
use racehunt_core::scenario::Strategy as Name;
use racehunt_engines::strategy;
use rayon::prelude::*;
use shuttle::scheduler::{RandomScheduler, UrwRandomScheduler};

/// Executions after which a run counts as one that did not find it.
pub const CAP: u64 = 10_000;

/// Each cell is the mean over this many runs, from fixed seeds.
pub const SEEDS: u64 = 20;

/// Our strategies, by the names that scenarios use: a further one is one word here.
pub const OURS: &[&str] = &["random", "pct:3", "urw", "pos", "surw", "auto"];

/// Runs a program from a seed until it fails, at most up to a cap.
type Run = Box<dyn Fn(&Program, u64, u64) -> Option<u64> + Send + Sync>;

/// A strategy of the table.
pub struct Column {
    /// As the table names it.
    pub name: String,
    run: Run,
}

impl std::fmt::Debug for Column {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

/// shuttle's own strategies, and ours.
#[must_use]
pub fn columns() -> Vec<Column> {
    let cap = |cap: u64| usize::try_from(cap).unwrap_or(usize::MAX);
    let mut all = vec![
        Column {
            name: "shuttle random".to_owned(),
            run: Box::new(move |p, seed, most| {
                first_failure_direct(p, RandomScheduler::new_from_seed(seed, cap(most)), seed, most)
            }),
        },
        Column {
            name: "shuttle urw".to_owned(),
            run: Box::new(move |p, seed, most| {
                first_failure_direct(p, UrwRandomScheduler::new_from_seed(seed, cap(most)), seed, most)
            }),
        },
    ];
    all.extend(OURS.iter().map(|name| ours(name)));
    all
}

fn ours(name: &str) -> Column {
    let parsed: Name = name.parse().expect("the name of a strategy");
    let run = move |p: &Program, seed, cap| first_failure(p, &|seed| strategy::named(&parsed, seed), seed, cap);
    Column { name: name.to_owned(), run: Box::new(run) }
}

/// How a strategy did on a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// For each seed the first execution that failed.
    pub firsts: Vec<Option<u64>>,
    /// The most that were run.
    pub cap: u64,
}

impl Cell {
    /// Runs that found it.
    #[must_use]
    pub fn found(&self) -> usize {
        self.firsts.iter().flatten().count()
    }

    /// Mean executions of the runs that found it; `None` if none did.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.found() > 0).then(|| self.firsts.iter().flatten().sum::<u64>() as f64 / self.found() as f64)
    }

    /// Mean executions, where a run that did not find it counts as the cap.
    #[must_use]
    pub fn capped(&self) -> f64 {
        self.firsts.iter().map(|f| f.unwrap_or(self.cap)).sum::<u64>() as f64 / self.firsts.len() as f64
    }
}

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.mean() {
            None => f.write_str("–"),
            Some(mean) if self.found() < self.firsts.len() => write!(f, "{mean:.0} ({})", self.found()),
            Some(mean) if mean < 10.0 => write!(f, "{mean:.1}"),
            Some(mean) => write!(f, "{mean:.0}"),
        }
    }
}

/// How `column` does on `program`: one run for each of `seeds`, on all cores.
#[must_use]
pub fn cell(column: &Column, program: &Program, seeds: u64, cap: u64) -> Cell {
    // Each run enters its engine on the thread that it is on, and leaves nothing behind.
    let firsts = (1..=seeds).into_par_iter().map(|seed| (column.run)(program, seed, cap)).collect();
    Cell { firsts, cap }
}

/// The geometric mean over `cells`, misses counted as the cap.
#[must_use]
pub fn geometric_mean<'a>(cells: impl IntoIterator<Item = &'a Cell>) -> f64 {
    let logs: Vec<f64> = cells.into_iter().map(|c| c.capped().ln()).collect();
    (logs.iter().sum::<f64>() / logs.len() as f64).exp()
}

/// The table in Markdown, told line by line. `words` are names of strategies or beginnings of names of programs to leave
/// the others out; `seeds=n` is another number of runs.
pub fn table(words: &[String], tell: &mut dyn FnMut(&str)) {
    let columns = chosen(columns(), words, |c, w| c.name == w);
    let programs = chosen(programs(), words, |p, w| p.name.starts_with(w));
    let seeds = words.iter().find_map(|w| w.strip_prefix("seeds=")?.parse().ok()).unwrap_or(SEEDS);
    let line = |first: &str, cells: Vec<String>| format!("| {first} | {} |", cells.join(" | "));
    tell(&line("program", columns.iter().map(|c| c.name.clone()).collect()));
    tell(&format!("|{}", "---|".repeat(columns.len() + 1)));
    let mut rows = Vec::new();
    for program in &programs {
        let row: Vec<Cell> = columns.par_iter().map(|c| cell(c, program, seeds, CAP)).collect();
        tell(&line(&program.name, row.iter().map(Cell::to_string).collect()));
        rows.push(row);
    }
    let mean = |column: usize| format!("{:.1}", geometric_mean(rows.iter().map(|row| &row[column])));
    tell(&line("geometric mean", (0..columns.len()).map(mean).collect()));
}

/// Those of `all` that one of the words names; all of them if none does.
pub(crate) fn chosen<T>(all: Vec<T>, words: &[String], names: impl Fn(&T, &str) -> bool) -> Vec<T> {
    let named = |t: &T| words.iter().any(|w| names(t, w));
    if all.iter().any(named) { all.into_iter().filter(named).collect() } else { all }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(column: &str, program: &str, cap: u64) -> Cell {
        let column = columns().into_iter().find(|c| c.name == column).expect("a column");
        let program = programs().into_iter().find(|p| p.name == program).expect("a program");
        cell(&column, &program, 6, cap)
    }

    #[test]
    fn each_finds_what_it_is_made_for_and_the_same_again() {
        for (column, program, cap) in [
            ("pos", "reorder_10", 600),
            ("pos", "twostage_20", 600),
            ("surw", "reorder_10", 400),
            ("surw", "twostage_20", 600),
            ("surw", "bluetooth", 400),
            ("surw", "uneven_25", 600),
            ("urw", "uneven_25", 600),
            ("random", "bluetooth", 600),
            ("shuttle urw", "uneven_25", 600),
        ] {
            let found = of(column, program, cap);
            assert_eq!(found.found(), 6, "{column}, {program}: {found:?}");
            assert_eq!(found, of(column, program, cap), "{column}, {program}");
        }
        assert!(
            programs().iter().all(|p| cell(&ours("random"), p, 1, 0).found() == 0),
            "nothing is found in no execution"
        );
    }

    #[test]
    fn what_a_strategy_is_not_made_for_is_not_found() {
        for column in ["shuttle random", "random", "pos"] {
            assert_eq!(of(column, "uneven_25", 300).to_string(), "–", "{column}: once in 2^25");
        }
    }

    #[test]
    fn a_miss_counts_as_the_cap() {
        let some = Cell { firsts: vec![Some(2), None, Some(4)], cap: 100 };
        assert_eq!((some.found(), some.mean(), some.to_string().as_str()), (2, Some(3.0), "3 (2)"));
        assert!((some.capped() - 106.0 / 3.0).abs() < 1e-9);
        let none = Cell { firsts: vec![None], cap: 100 };
        assert!((geometric_mean([&none, &Cell { firsts: vec![Some(1)], cap: 100 }]) - 10.0).abs() < 1e-9);
    }
}
