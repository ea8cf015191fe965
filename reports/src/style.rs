//! With or without colour.

use anstyle::{AnsiColor, Color};
use racehunt_core::verdict::Verdict;

/// How text is dressed. Widths are laid out before any colour is put on, so both look the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// Characters only.
    #[default]
    Plain,
    /// ANSI escape sequences.
    Ansi,
}

/// Colours that can be told apart on light and dark grounds, one an actor, over again from the sixth on.
const ACTORS: [AnsiColor; 5] =
    [AnsiColor::Cyan, AnsiColor::Yellow, AnsiColor::Magenta, AnsiColor::Green, AnsiColor::Blue];

impl Style {
    /// The verdict's colour on `text`.
    #[must_use]
    pub fn verdict(self, verdict: Verdict, text: &str) -> String {
        let colour = match verdict {
            Verdict::Pass => AnsiColor::Green,
            Verdict::Unknown => AnsiColor::Yellow,
            Verdict::Fail => AnsiColor::Red,
        };
        self.dress(anstyle::Style::new().fg_color(Some(Color::Ansi(colour))).bold(), text)
    }

    /// The colour of the actor in that column.
    #[must_use]
    pub fn actor(self, column: usize, text: &str) -> String {
        let colour = ACTORS[column % ACTORS.len()];
        self.dress(anstyle::Style::new().fg_color(Some(Color::Ansi(colour))), text)
    }

    /// A title.
    #[must_use]
    pub fn strong(self, text: &str) -> String {
        self.dress(anstyle::Style::new().bold(), text)
    }

    /// What may be read later.
    #[must_use]
    pub fn faint(self, text: &str) -> String {
        self.dress(anstyle::Style::new().dimmed(), text)
    }

    fn dress(self, style: anstyle::Style, text: &str) -> String {
        match self {
            Self::Ansi if !text.trim().is_empty() => format!("{style}{text}{style:#}"),
            Self::Plain | Self::Ansi => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_is_untouched_and_colour_ends_where_it_began() {
        assert_eq!(Style::Plain.verdict(Verdict::Fail, "fail"), "fail");
        let red = Style::Ansi.verdict(Verdict::Fail, "fail");
        assert!(red.starts_with('\u{1b}') && red.ends_with("\u{1b}[0m"), "{red:?}");
        assert_eq!(Style::Ansi.actor(7, "  "), "  ");
    }
}
