//! The table of a scenario: races and clean variants down, engines across.

use super::TextOptions;
use crate::model::{CleanCell, ExpectationCell, ScenarioReport};
use crate::render::coverage::label;
use crate::words::{clean, count};
use comfy_table::{ContentArrangement, ContentLineStyle, LineStyle, Table, TableStyle};
use racehunt_core::scenario::EngineKind;
use racehunt_core::verdict::Verdict;
use std::fmt::Write as _;

/// Columns are told apart by space; only the header has a line.
const PLAIN: TableStyle = TableStyle::new()
    .header_lines(ContentLineStyle::none().junction(' '))
    .header_separator(LineStyle::none().fill('─').junction('─'))
    .content_lines(ContentLineStyle::none().junction(' '));

/// A row: race, kind and variant, and what each engine made of it.
pub(in crate::render) struct Row {
    pub(in crate::render) title: [String; 3],
    cells: Vec<(EngineKind, Verdict, String)>,
}

impl Row {
    /// What that engine made of it; where there is nothing, another row speaks for the engine.
    pub(in crate::render) fn by(&self, engine: EngineKind) -> (Option<Verdict>, &str) {
        let cell = self.cells.iter().find(|cell| cell.0 == engine);
        cell.map_or((None, "·"), |cell| (Some(cell.1), &cell.2))
    }
}

/// The columns and the rows.
pub(in crate::render) fn rows(one: &ScenarioReport) -> (Vec<EngineKind>, Vec<Row>) {
    let mut rows: Vec<Row> = Vec::new();
    for cell in &one.expectations {
        let title = [clean(&cell.race), cell.finding.to_string(), clean(&cell.variant)];
        put(&mut rows, title, (cell.engine, cell.verdict, expectation(one, cell)));
    }
    for cell in &one.clean {
        let title = ["–".to_owned(), "nothing".to_owned(), clean(&cell.variant)];
        put(&mut rows, title, (cell.engine, cell.verdict, must_be_clean(one, cell)));
    }
    let has = |engine: &EngineKind| rows.iter().any(|row| row.cells.iter().any(|cell| cell.0 == *engine));
    (EngineKind::ALL.into_iter().filter(has).collect(), rows)
}

pub(super) fn table(one: &ScenarioReport, options: &TextOptions, out: &mut String) {
    let (engines, rows) = rows(one);
    if engines.is_empty() {
        return;
    }
    let mut table = plain(options);
    let titles = ["race", "expected", "variant"].map(str::to_owned).into_iter();
    table.set_header(titles.chain(engines.iter().map(ToString::to_string)));
    for row in rows {
        let cells = engines.iter().map(|engine| row.by(*engine).1.to_owned());
        table.add_row(row.title.iter().cloned().chain(cells).collect::<Vec<_>>());
    }
    lay_out(&table, out);
}

/// An empty table of this look.
pub(in crate::render) fn plain(options: &TextOptions) -> Table {
    let mut table = Table::new();
    table.load_style(PLAIN).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(options.width.saturating_sub(2)).unwrap_or(u16::MAX));
    table
}

/// Writes a table and an empty line.
pub(in crate::render) fn lay_out(table: &Table, out: &mut String) {
    for line in table.lines() {
        let _ = writeln!(out, " {}", line.trim_end());
    }
    out.push('\n');
}

fn put(rows: &mut Vec<Row>, title: [String; 3], cell: (EngineKind, Verdict, String)) {
    match rows.iter_mut().find(|row| row.title == title) {
        Some(row) => row.cells.push(cell),
        None => rows.push(Row { title, cells: vec![cell] }),
    }
}

fn expectation(one: &ScenarioReport, cell: &ExpectationCell) -> String {
    let (seen, of) = (count(cell.in_executions), count(cell.of_executions));
    match (&cell.cannot_see, cell.verdict) {
        (None, Verdict::Pass) => format!("found in {seen} of {of}"),
        (None, Verdict::Fail) => format!("NOT FOUND in {of}"),
        (None, Verdict::Unknown) => format!("not judged, {of} run"),
        (Some(_), Verdict::Fail) => format!("FOUND in {seen} of {of}, said to be out of sight"),
        (Some(why), Verdict::Pass) => format!("cannot see it: {}", clean(why)),
        (Some(why), Verdict::Unknown) => {
            let labels = labels(one, &cell.trials);
            format!("not judged{labels}; cannot see it: {}", clean(why))
        }
    }
}

fn must_be_clean(one: &ScenarioReport, cell: &CleanCell) -> String {
    let executions = count(cell.executions);
    match cell.verdict {
        Verdict::Pass => {
            let tolerated = one.tolerated.iter().any(|t| t.variant == cell.variant && t.engine == cell.engine);
            let word = if tolerated { "within limits after" } else { "clean after" };
            format!("{word} {executions}{}", labels(one, &cell.trials))
        }
        Verdict::Unknown => format!("not judged, {executions} run"),
        Verdict::Fail => {
            let here = one.unexpected.iter().filter(|f| f.variant == cell.variant && f.engine == cell.engine);
            let mut kinds: Vec<&str> = here.map(|finding| finding.kind.word()).collect();
            kinds.sort_unstable();
            kinds.dedup();
            if kinds.is_empty() { "FAILED".to_owned() } else { format!("UNEXPECTED {}", kinds.join(", ")) }
        }
    }
}

/// The trials' coverage in brackets. All kinds are named: "exhaustive" for one size says nothing about another.
fn labels(one: &ScenarioReport, trials: &[String]) -> String {
    let mut labels: Vec<String> = Vec::new();
    for trial in one.trials.iter().filter(|trial| trials.contains(&trial.trial.id)) {
        let label = label(trial);
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    if labels.is_empty() { String::new() } else { format!(" ({})", labels.join("; ")) }
}
