//! An interleaving as a table: one column an actor, one row a step, time runs downwards.

use crate::style::Style;
use crate::words::{clean, counted};
use comfy_table::{
    Cell, CellAlignment, ColumnConstraint, ContentArrangement, ContentLineStyle, LineStyle, Table, TableStyle, Width,
};
use racehunt_core::interleaving::{Interleaving, Step};
use std::fmt::Write as _;

/// No outer border: it would cost four columns and say nothing.
const GRID: TableStyle = TableStyle::new()
    .header_lines(ContentLineStyle::none().junction(BAR))
    .header_separator(LineStyle::none().fill('─').junction('┼'))
    .content_lines(ContentLineStyle::none().junction(BAR));

/// Between two columns. No cell contains it ([`cell`]), so a line can be taken apart at it again.
const BAR: char = '│';

/// What an actor's column keeps however narrow the terminal: words broken every few letters cannot be read.
const ROOM: Width = Width::Fixed(16);

/// How much is said in the table itself; what does not fit moves below it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Detail {
    /// Objects by name, places with their folder.
    Full,
    /// Objects by number with a list below, places by file name; cells wrap where even that is too wide.
    Brief,
}

/// The steps laid out in at most `width` columns, with a line above that counts them. Ends with a newline.
///
/// A rule stands where another actor goes on. `width` is kept as long as every column has room for a word.
#[must_use]
pub fn interleaving(shown: &Interleaving, width: usize, style: Style) -> String {
    let steps = shown.steps.len() as u64;
    let mut out = format!(
        "{}, {}\n",
        counted(steps, "step"),
        counted(u64::from(shown.switches), "context switch").replace("switchs", "switches")
    );
    if shown.steps.is_empty() {
        return out;
    }
    if !shown.setup.is_empty() {
        let _ = writeln!(out, " after {} to set the scene", counted(shown.setup.len() as u64, "step"));
    }
    let columns = Columns::of(shown);
    let mut lines = lines(&columns.table(shown, Detail::Full));
    let mut detail = Detail::Full;
    if widest(&lines) > width {
        detail = Detail::Brief;
        let mut table = columns.table(shown, detail);
        lines = self::lines(&table);
        if widest(&lines) > width {
            table.set_content_arrangement(ContentArrangement::Dynamic);
            table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
            for column in table.column_iter_mut().skip(1).take(columns.actors.len()) {
                column.set_constraint(ColumnConstraint::LowerBoundary(ROOM));
            }
            lines = self::lines(&table);
        }
    }
    for line in lines {
        out.push_str(&columns.dress(&line, style));
        out.push('\n');
    }
    if !shown.drain.is_empty() {
        let _ = writeln!(out, " then {} to drain what is left", counted(shown.drain.len() as u64, "step"));
    }
    if detail == Detail::Brief {
        legend(shown, &mut out);
    }
    out
}

/// Which actors have a column. One that never ran a step would only take room.
struct Columns {
    actors: Vec<u32>,
}

impl Columns {
    fn of(shown: &Interleaving) -> Self {
        let mut actors: Vec<u32> = shown.steps.iter().map(|step| step.actor).collect();
        actors.sort_unstable();
        actors.dedup();
        Self { actors }
    }

    fn table(&self, shown: &Interleaving, detail: Detail) -> Table {
        let mut table = Table::new();
        table.load_style(GRID);
        table.set_content_arrangement(ContentArrangement::Disabled);
        let names = self.actors.iter().map(|actor| {
            let name = shown.actors.get(*actor as usize);
            Cell::new(name.map_or_else(|| format!("actor {actor}"), |name| cell(name)))
        });
        let header = std::iter::once(Cell::new("step")).chain(names).chain([Cell::new("source"), Cell::new("object")]);
        table.set_header(header.collect::<Vec<_>>());
        for (i, step) in shown.steps.iter().enumerate() {
            if i > 0 && shown.steps[i - 1].actor != step.actor {
                table.add_row(vec![""; self.actors.len() + 3]);
            }
            table.add_row(self.row(i + 1, step, detail));
        }
        for (i, column) in table.column_iter_mut().enumerate() {
            // A number or a place that is broken over two lines cannot be searched for.
            if i == 0 || i > self.actors.len() {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
            if i == 0 {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table
    }

    fn row(&self, number: usize, step: &Step, detail: Detail) -> Vec<String> {
        let mut row = vec![String::new(); self.actors.len() + 3];
        row[0] = number.to_string();
        if let Ok(column) = self.actors.binary_search(&step.actor) {
            row[column + 1] = what(step);
        }
        row[self.actors.len() + 1] = place(&step.site, detail);
        row[self.actors.len() + 2] = object(step, detail);
        row
    }

    /// Turns an empty row into a rule and puts on the colours.
    fn dress(&self, line: &str, style: Style) -> String {
        let last = self.actors.len() + 1;
        if line.contains(BAR) && line.chars().all(|c| c == ' ' || c == BAR) {
            let rule: String = line.chars().map(|c| if c == BAR { '┼' } else { '╌' }).collect();
            return style.faint(&rule);
        }
        let cells = line.trim_end().split(BAR).enumerate().map(|(i, cell)| match i {
            0 => style.faint(cell),
            i if i < last => style.actor(i - 1, cell),
            _ => style.faint(cell),
        });
        cells.collect::<Vec<_>>().join(&BAR.to_string())
    }
}

/// What the actor does. Calls and returns of ops stand out; the steps inside them are set in.
fn what(step: &Step) -> String {
    let label = if step.label.is_empty() { &step.kind } else { &step.label };
    let label = cell(label);
    if step.kind == "note" {
        return label;
    }
    // The non-breaking space keeps the table from trimming it.
    let mut text = format!("\u{a0}\u{a0}{label}");
    if let Some(value) = step.value {
        let writes = ["store", "write", "set", "insert", "send"].iter().any(|kind| step.kind.contains(kind));
        let _ = write!(text, " {} {value}", if writes { '←' } else { '→' });
    }
    text
}

fn place(site: &str, detail: Detail) -> String {
    match detail {
        Detail::Full => cell(site),
        Detail::Brief => cell(site.rsplit('/').next().unwrap_or(site)),
    }
}

fn object(step: &Step, detail: Detail) -> String {
    match (step.object_id, detail) {
        (0, _) => cell(&step.object),
        (id, Detail::Full) => format!("#{id} {}", cell(&step.object)).trim_end().to_owned(),
        (id, Detail::Brief) => format!("#{id}"),
    }
}

fn legend(shown: &Interleaving, out: &mut String) {
    let mut objects: Vec<(u32, &str)> = shown
        .steps
        .iter()
        .filter(|step| step.object_id != 0 && !step.object.is_empty())
        .map(|step| (step.object_id, step.object.as_str()))
        .collect();
    objects.sort_unstable();
    objects.dedup();
    for (id, name) in objects {
        let _ = writeln!(out, " #{id} {}", clean(name));
    }
}

fn cell(text: &str) -> String {
    clean(text).replace(BAR, "|")
}

fn lines(table: &Table) -> Vec<String> {
    table.lines().map(|line| line.replace('\u{a0}', " ")).collect()
}

/// In characters: names and source are ASCII but for exceptions, and a column too many only wraps earlier.
fn widest(lines: &[String]) -> usize {
    lines.iter().map(|line| line.trim_end().chars().count()).max().unwrap_or(0)
}
