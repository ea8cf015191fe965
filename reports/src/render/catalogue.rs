//! The catalogue as a table: races and variants down, engines across. Text for a terminal, Markdown for a page.

mod page;
mod words;

pub use page::markdown;
pub(super) use words::{Footnotes, LEGEND};

use super::text::{TextOptions, plain_table, put_table};
use crate::catalogue::{Catalogue, Race};
use crate::words::clean;

/// For the end of a summary of several scenarios; nothing if there is no race and nothing clean.
pub(super) fn text(catalogue: &Catalogue, options: &TextOptions, out: &mut String) {
    if catalogue.engines.is_empty() {
        return;
    }
    let mut notes = Footnotes::default();
    let mut table = plain_table(options);
    let engines = &catalogue.engines;
    table.set_header(std::iter::once("race, variant".to_owned()).chain(engines.iter().map(ToString::to_string)));
    for system in &catalogue.systems {
        table.add_row([clean(&system.name).to_uppercase()]);
        for race in &system.races {
            // A line of its own leaves the engines their columns.
            table.add_row([name(race)]);
            for row in &race.rows {
                let cells = engines.iter().map(|engine| notes.cell(row.by(*engine)));
                table.add_row(std::iter::once(format!(" {}", clean(&row.variant))).chain(cells));
            }
        }
    }
    for column in table.column_iter_mut() {
        column.set_padding((1, 0));
    }
    put_table(&table, out);
    for line in notes.lines().chain(std::iter::once(LEGEND.to_owned())) {
        let wrap = textwrap::Options::new(options.width.saturating_sub(2).max(20)).subsequent_indent("    ");
        for line in textwrap::wrap(&line, wrap) {
            out.push_str("  ");
            out.push_str(&line);
            out.push('\n');
        }
    }
    out.push('\n');
}

/// `MB3 lost`, or what stands for scenarios that expect nothing.
fn name(race: &Race) -> String {
    race.shows.as_ref().map_or_else(|| "no race named".to_owned(), |(name, kind)| format!("{} {kind}", clean(name)))
}

/// A cell as the tables have it.
#[cfg(test)]
pub(crate) fn words_of(cell: Option<&crate::catalogue::Cell>) -> String {
    Footnotes::default().cell(cell)
}
