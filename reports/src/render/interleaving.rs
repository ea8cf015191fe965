//! An interleaving as a table: one column an actor, one row a step, time runs downwards. Bars show what an actor holds
//! and when it waits, a line at the left margin the race.

mod lanes;
pub(super) mod rows;

use crate::style::Style;
use crate::words::{clean, counted};
use lanes::{Lane, Part};
use racehunt_core::interleaving::{Interleaving, Race};
use racehunt_core::verdict::Verdict;
use rows::Row;
use std::fmt::Write as _;

/// Between two columns. No cell contains it, so a line can be taken apart at it again.
const BAR: char = '│';

/// What an actor's column keeps however narrow the terminal: words broken every few letters cannot be read.
const ROOM: usize = 16;

/// Races with a line of their own at the margin; the others are told in words only.
const MOST_LINES: usize = 3;

/// How much is said in the table itself; what does not fit moves below it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Detail {
    /// Places with their folder.
    Full,
    /// Places by file name.
    Short,
    /// Objects by number; cells wrap where even that is too wide.
    Brief,
}

/// The steps laid out in at most `width` columns, with lines above that count them and say what is marked. Ends with a
/// newline.
///
/// A rule stands where another actor goes on. `width` is kept as long as every column has room for a word.
///
/// - `◆` the racing pair, `┌` to `└` at the margin the window that it came into;
/// - `┏┃┗` what an actor holds, a column of its own for each lock;
/// - `┊` an actor that waits, `✗` one that is killed or waits for ever;
/// - `preempted` in a rule: the actor could have gone on;
/// - `×n`, `↻` steps that are repeated.
#[must_use]
pub fn interleaving(shown: &Interleaving, width: usize, style: Style) -> String {
    let mut out = format!("{}\n", rows::counts(shown));
    if shown.steps.is_empty() && shown.waits.is_empty() {
        return out;
    }
    for sentence in rows::sentences(shown) {
        let options = textwrap::Options::new(width.max(2 * ROOM)).initial_indent(" ").subsequent_indent("   ");
        for line in textwrap::wrap(&sentence, options) {
            let _ = writeln!(out, "{}", style.strong(&line));
        }
    }
    if !shown.setup.is_empty() {
        let _ = writeln!(out, " after {} to set the scene", counted(shown.setup.len() as u64, "step"));
    }
    let fits = |table: &Table<'_>| table.widths().iter().sum::<usize>() + table.lanes.len() + 2 <= width;
    let details = [Detail::Full, Detail::Short, Detail::Brief].map(|detail| Table::of(shown, detail));
    let [full, short, mut brief] = details;
    let (table, detail) = if fits(&full) {
        (full, Detail::Full)
    } else if fits(&short) {
        (short, Detail::Short)
    } else {
        brief.shrink(width);
        (brief, Detail::Brief)
    };
    table.write(style, &mut out);
    if !shown.drain.is_empty() {
        let _ = writeln!(out, " then {} to drain what is left", counted(shown.drain.len() as u64, "step"));
    }
    legend(shown, detail, &mut out);
    out
}

/// A cell: what stands in it, and how it stands out.
struct Line {
    row: Row,
    margin: String,
    number: String,
    lanes: Vec<lanes::Cell>,
    place: String,
    object: String,
}

struct Table<'a> {
    shown: &'a Interleaving,
    races: Vec<&'a Race>,
    lanes: Vec<Lane>,
    lines: Vec<Line>,
    /// Of the lanes, where they are narrower than what stands in them.
    narrow: Option<usize>,
}

impl<'a> Table<'a> {
    fn of(shown: &'a Interleaving, detail: Detail) -> Self {
        let lanes: Vec<Lane> = rows::actors(shown).into_iter().map(|actor| Lane::of(shown, actor)).collect();
        let races: Vec<&Race> = shown.racing.iter().take(MOST_LINES).collect();
        let mut table = Self { shown, races, lanes, lines: Vec::new(), narrow: None };
        table.lines = rows::rows(shown).into_iter().map(|row| table.line(row, detail)).collect();
        table
    }

    fn line(&self, row: Row, detail: Detail) -> Line {
        let shown = self.shown;
        let (number, site, object) = match row {
            Row::Step { at, times } => {
                let step = &shown.steps[at];
                let last = if times > 1 { format!("–{}", at + times) } else { String::new() };
                (format!("{}{last}", at + 1), step.site.as_str(), (step.object_id, step.object.as_str()))
            }
            Row::Again(fold) => (format!("–{}", fold.end()), "", (0, "")),
            Row::Switch { .. } => (String::new(), "", (0, "")),
            Row::Stuck(wait) => {
                let wait = &shown.waits[wait];
                ("✗".to_owned(), wait.site.as_str(), (wait.object_id, wait.object.as_str()))
            }
        };
        Line {
            row,
            margin: self.margin(row),
            number,
            lanes: self.lanes.iter().map(|lane| lane.cell(shown, row)).collect(),
            place: if detail == Detail::Full { cell(site) } else { cell(&rows::short(site)) },
            object: match (object.0, detail) {
                (id, Detail::Brief) if id != 0 => format!("#{id}"),
                (id, _) => cell(&rows::object(shown, id, object.1)),
            },
        }
    }

    /// The lines of the races, two characters each.
    fn margin(&self, row: Row) -> String {
        let at = row.at(self.shown);
        let own = matches!(row, Row::Step { .. });
        let line = |race: &&Race| match at {
            at if own && at == race.opens => "┌╴",
            at if own && at == race.second => "└◆",
            at if own && at == race.first => "├◆",
            at if own && at == race.entered => "├╴",
            at if at > race.opens && at <= race.second => "│ ",
            _ => "  ",
        };
        // Two columns are parted by another character than the lines of the margin.
        self.races.iter().map(line).collect::<String>().replace(BAR, "╎")
    }

    /// Margin and number, the lanes, place, object.
    fn widths(&self) -> Vec<usize> {
        let longest =
            |of: &dyn Fn(&Line) -> usize, least: usize| self.lines.iter().map(of).max().unwrap_or(0).max(least);
        let mut widths = vec![longest(&|line| chars(&line.margin) + chars(&line.number) + 2, 6)];
        for (i, lane) in self.lanes.iter().enumerate() {
            let natural = longest(&|line| line.lanes[i].width(), chars(&cell(&lane.name))) + 2;
            widths.push(self.narrow.map_or(natural, |most| natural.min(most)));
        }
        widths.push(longest(&|line| chars(&line.place), 6) + 2);
        widths.push(longest(&|line| chars(&line.object), 6) + 1);
        widths
    }

    /// Makes the lanes as narrow as it takes, and not narrower than [`ROOM`].
    fn shrink(&mut self, width: usize) {
        let mut most = self.widths().into_iter().max().unwrap_or(ROOM);
        while most > ROOM && self.widths().iter().sum::<usize>() + self.lanes.len() + 2 > width {
            most -= 1;
            self.narrow = Some(most);
        }
    }

    fn write(&self, style: Style, out: &mut String) {
        let widths = self.widths();
        let [first, lanes @ .., place, object] = widths.as_slice() else { return };
        let head = |text: &str, width: usize| pad(&format!(" {text}"), width);
        let mut line = style.faint(&format!("{:>1$} ", "step", first - 1));
        for (i, (lane, width)) in self.lanes.iter().zip(lanes).enumerate() {
            let _ = write!(line, "{BAR}{}", style.actor(i, &head(&cell(&lane.name), *width)));
        }
        let _ = write!(line, "{BAR}{}{BAR}{}", style.faint(&head("source", *place)), style.faint(" object"));
        let _ = writeln!(out, "{}", line.trim_end());
        let rule: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
        let _ = writeln!(out, "{}", rule.join("┼"));
        for line in &self.lines {
            match line.row {
                Row::Switch { .. } => self.write_rule(line, &widths, style, out),
                _ => self.write_line(line, &widths, style, out),
            }
        }
        let _ = object;
    }

    fn write_rule(&self, line: &Line, widths: &[usize], style: Style, out: &mut String) {
        let fill = |text: &str, width: usize| {
            let rest = width.saturating_sub(chars(text));
            format!("{text}{}", "╌".repeat(rest))
        };
        let mut parts = vec![style.faint(&fill(&line.margin.replace(' ', "╌"), widths[0]))];
        for (i, (cell, width)) in line.lanes.iter().zip(&widths[1..]).enumerate() {
            let text = cell.rule(*width);
            parts.push(if text.contains(char::is_alphanumeric) { style.strong(&text) } else { style.actor(i, &text) });
        }
        let lanes = self.lanes.len();
        parts.extend(widths[lanes + 1..].iter().map(|width| style.faint(&fill("", *width))));
        let _ = writeln!(out, "{}", parts.join(&style.faint("┼")));
    }

    fn write_line(&self, line: &Line, widths: &[usize], style: Style, out: &mut String) {
        let paired = |race: &Race| matches!(line.row, Row::Step { at, .. } if at == race.first || at == race.second);
        let racing = self.shown.racing.iter().any(paired);
        let loud = racing || matches!(line.row, Row::Stuck(_));
        let wrapped: Vec<Vec<String>> =
            line.lanes.iter().zip(&widths[1..]).map(|(cell, width)| cell.lines(width.saturating_sub(2))).collect();
        let height = wrapped.iter().map(Vec::len).max().unwrap_or(1);
        for nth in 0..height {
            let (margin, number) =
                if nth == 0 { (line.margin.clone(), line.number.as_str()) } else { (continued(&line.margin), "") };
            let gap = widths[0].saturating_sub(chars(&margin) + chars(number) + 1);
            let mut parts = vec![format!("{margin}{}{} ", " ".repeat(gap), style.faint(number))];
            for (i, (lines, width)) in wrapped.iter().zip(&widths[1..]).enumerate() {
                let text =
                    pad(&format!(" {}", lines.get(nth).cloned().unwrap_or_else(|| line.lanes[i].below())), *width);
                let own = line.lanes[i].part == Part::Own;
                parts.push(if loud && own { style.verdict(Verdict::Fail, &text) } else { style.actor(i, &text) });
            }
            let last = if nth == 0 { (line.place.as_str(), line.object.as_str()) } else { ("", "") };
            parts.push(style.faint(&pad(&format!(" {}", last.0), widths[self.lanes.len() + 1])));
            parts.push(style.faint(format!(" {}", last.1).trim_end()));
            let _ = writeln!(out, "{}", parts.join(&BAR.to_string()).trim_end());
        }
    }
}

/// The margin below a row's first line.
fn continued(margin: &str) -> String {
    let goes_on = |c| match c {
        '┌' | '├' | '╎' => '╎',
        _ => ' ',
    };
    margin.chars().map(goes_on).collect()
}

fn legend(shown: &Interleaving, detail: Detail, out: &mut String) {
    for named in &shown.objects {
        let numbered = named.name.ends_with(&format!("#{}", named.id));
        let number = if detail == Detail::Brief && !numbered { format!("#{} ", named.id) } else { String::new() };
        let made = if named.made.is_empty() { String::new() } else { format!(": made at {}", clean(&named.made)) };
        let _ = writeln!(out, " {number}{}{made}", clean(&named.name));
    }
    if !shown.objects.is_empty() || detail != Detail::Brief {
        return;
    }
    // A report of before objects had names.
    let mut objects: Vec<(u32, &str)> =
        shown.steps.iter().filter(|s| s.object_id != 0).map(|s| (s.object_id, s.object.as_str())).collect();
    objects.sort_unstable();
    objects.dedup();
    for (id, name) in objects {
        let _ = writeln!(out, " #{id} {}", clean(name));
    }
}

/// Text that cannot be taken for a column's end.
fn cell(text: &str) -> String {
    clean(text).replace(BAR, "|")
}

/// Names and source are ASCII but for exceptions, and a column too many only wraps earlier.
fn chars(text: &str) -> usize {
    text.chars().count()
}

fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(chars(text))))
}
