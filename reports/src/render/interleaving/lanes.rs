//! One actor's column: what it does, holds and waits for.

use super::rows::{self, Row};
use super::{cell, chars};
use racehunt_core::interleaving::{Hold, Interleaving};

/// Bars of one lane at most; more locks than that at once are held by the few.
const MOST_BARS: usize = 4;

/// An actor's column.
pub(super) struct Lane {
    actor: u32,
    pub(super) name: String,
    /// The holds by bar, from the left.
    bars: Vec<Vec<Hold>>,
}

/// Whose doing it is what a cell says.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The lane's actor does it.
    Own,
    /// It happens to it.
    Other,
}

/// A lane in one row.
pub(super) struct Cell {
    pub(super) part: Part,
    bars: String,
    /// The bars below the cell's first line.
    under: String,
    text: String,
}

impl Lane {
    pub(super) fn of(shown: &Interleaving, actor: u32) -> Self {
        let mut bars: Vec<Vec<Hold>> = Vec::new();
        for hold in shown.holds.iter().filter(|h| h.actor == actor) {
            let free = |bar: &Vec<Hold>| bar.last().is_some_and(|last| last.to.is_some_and(|to| to < hold.from));
            match bars.iter().position(free) {
                Some(bar) => bars[bar].push(hold.clone()),
                None if bars.len() < MOST_BARS => bars.push(vec![hold.clone()]),
                None => {}
            }
        }
        Self { actor, name: rows::actor(shown, actor), bars }
    }

    pub(super) fn cell(&self, shown: &Interleaving, row: Row) -> Cell {
        let (part, text) = self.says(shown, row);
        let bars: Vec<(char, char)> = self.bars.iter().map(|bar| self.bar(bar, shown, row)).collect();
        let side = |of: fn(&(char, char)) -> char| bars.iter().map(of).collect::<String>();
        Cell { part, bars: side(|b| b.0), under: side(|b| b.1), text }
    }

    /// The bar in that row, and below its first line.
    fn bar(&self, bar: &[Hold], shown: &Interleaving, row: Row) -> (char, char) {
        let at = row.at(shown);
        let step = matches!(row, Row::Step { .. });
        let gives_up = |h: &Hold| {
            h.to.and_then(|to| shown.steps.get(to)).is_some_and(|step| step.actor == self.actor && step.releases())
        };
        for hold in bar {
            if let Row::Again(fold) = row {
                // What each repetition takes and gives up itself is seen in the first one.
                if hold.from < fold.from && hold.to.is_none_or(|to| to >= fold.end()) {
                    return ('┃', '┃');
                }
                continue;
            }
            match hold.to {
                _ if at == hold.from && step => return ('┏', '┃'),
                Some(to) if at == to && step && gives_up(hold) => return ('┗', ' '),
                // A rule stands above its step: what that step ends goes through the rule.
                Some(to) if at == to && !step && at > hold.from => return ('┃', '┃'),
                Some(to) if at > hold.from && at < to => return ('┃', '┃'),
                None if at > hold.from => return ('┃', '┃'),
                _ => {}
            }
        }
        (' ', ' ')
    }

    fn says(&self, shown: &Interleaving, row: Row) -> (Part, String) {
        match row {
            Row::Step { at, times } if shown.steps[at].actor == self.actor => {
                let step = &shown.steps[at];
                let text = cell(&rows::what_and_value(step));
                // A call's remarks stand out; its steps are set in.
                let indent = if step.is_note() { "" } else { "  " };
                let many = if times > 1 { format!(" ×{times}") } else { String::new() };
                (Part::Own, format!("{indent}{text}{many}"))
            }
            Row::Again(fold) if shown.steps[fold.from].actor == self.actor => {
                let last = fold.from + fold.len;
                (Part::Own, format!("  ↻ {}–{last} ×{}", fold.from + 1, fold.times))
            }
            Row::Stuck(wait) if shown.waits[wait].actor == self.actor => {
                let wait = &shown.waits[wait];
                (Part::Own, format!(" ✗ {} waits{}", cell(&wait.kind), cell(&rows::for_whom(shown, wait))))
            }
            Row::Switch { to, preempts: true } if shown.steps[to - 1].actor == self.actor => {
                (Part::Own, "preempted".to_owned())
            }
            _ => (Part::Other, self.suffers(shown, row)),
        }
    }

    /// That it waits, or was killed.
    fn suffers(&self, shown: &Interleaving, row: Row) -> String {
        let at = row.at(shown);
        let killed = |k: &&racehunt_core::interleaving::Killed| k.actor == self.actor && k.step == at;
        if matches!(row, Row::Step { .. }) && shown.killed.iter().any(|k| killed(&k)) {
            return " ✗ killed".to_owned();
        }
        let during = |from: usize, to: usize| from <= at && at < to;
        let waits = shown.waits.iter().find(|w| w.actor == self.actor && during(w.from, w.to.unwrap_or(usize::MAX)));
        match (waits, row) {
            (Some(_), Row::Stuck(_)) | (None, _) => String::new(),
            (Some(wait), Row::Step { at, .. }) if at == wait.from => {
                format!(" ┊ waits{}", cell(&rows::for_whom(shown, wait)))
            }
            (Some(wait), Row::Switch { .. }) if at == wait.from => String::new(),
            (Some(_), _) => " ┊".to_owned(),
        }
    }
}

impl Cell {
    pub(super) fn width(&self) -> usize {
        chars(&self.bars) + chars(&self.text)
    }

    /// The cell's lines, none longer than `width` unless a word is.
    pub(super) fn lines(&self, width: usize) -> Vec<String> {
        let room = width.saturating_sub(chars(&self.bars)).max(4);
        let text = self.text.trim_start();
        let indent = " ".repeat(self.text.len() - text.len());
        let options = textwrap::Options::new(room).initial_indent(&indent).subsequent_indent("   ");
        let mut lines: Vec<String> =
            textwrap::wrap(text, options).into_iter().map(std::borrow::Cow::into_owned).collect();
        if lines.is_empty() {
            lines.push(String::new());
        }
        let bars = |i: usize| if i == 0 { &self.bars } else { &self.under };
        lines.iter().enumerate().map(|(i, line)| format!("{}{line}", bars(i))).collect()
    }

    /// What stands below the cell's last line, where another lane's has more of them.
    pub(super) fn below(&self) -> String {
        let waits = if self.text.starts_with(" ┊") { " ┊" } else { "" };
        format!("{}{waits}", self.under)
    }

    /// The cell as a part of a rule.
    pub(super) fn rule(&self, width: usize) -> String {
        let text = match self.text.as_str() {
            "preempted" => "╌ preempted ".to_owned(),
            text => text.replace(' ', "╌"),
        };
        let left = format!("╌{}{text}", self.bars.replace(' ', "╌"));
        let cut: String = left.chars().take(width).collect();
        format!("{cut}{}", "╌".repeat(width.saturating_sub(chars(&cut))))
    }
}
