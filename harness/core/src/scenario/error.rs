//! Errors of a scenario file: where, what, and what to write instead.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// One thing that is wrong in a scenario file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is wrong, on one line.
    pub message: String,
    /// Where: bytes of the text, on character boundaries, never over a line's end.
    pub span: Range<usize>,
    /// What to write instead.
    pub help: Option<String>,
    /// Line of the span's start, from 1.
    pub line: usize,
    /// Column of the span's start in characters, from 1.
    pub column: usize,
}

/// All that is wrong in one scenario file, in the order of the text. Never empty.
///
/// `Display` is [`ScenarioError::render`] without colour.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.render(false))]
pub struct ScenarioError {
    file: String,
    text: String,
    diagnostics: Vec<Diagnostic>,
}

impl ScenarioError {
    /// Gathers what was found; `None` if that is nothing.
    pub(super) fn gather(file: &str, text: &str, mut found: Vec<Unplaced>) -> Option<Self> {
        if found.is_empty() {
            return None;
        }
        // Stable, so that of two complaints about one place the one that was found first stays first.
        found.sort_by_key(|one| (one.span.start, one.span.end));
        found.dedup();
        let diagnostics = found.into_iter().map(|one| one.place(text)).collect();
        Some(Self { file: file.to_owned(), text: text.to_owned(), diagnostics })
    }

    /// For a text that was refused without a reason: a mistake of this module, never a silent pass.
    pub(super) fn unexplained(file: &str, text: &str) -> Self {
        let message = "the scenario could not be read".to_owned();
        let one = Unplaced { message, span: 0..0, help: None };
        Self { file: file.to_owned(), text: text.to_owned(), diagnostics: vec![one.place(text)] }
    }

    /// Name of the file, as it was given.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// What is wrong, in the order of the text.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The errors as a compiler shows them, with the lines of the file and a caret under each place.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let shown: Vec<String> = self.diagnostics.iter().map(|one| self.render_one(&renderer, one)).collect();
        shown.join("\n\n")
    }

    fn render_one(&self, renderer: &Renderer, diagnostic: &Diagnostic) -> String {
        let place = AnnotationKind::Primary.span(diagnostic.span.clone());
        let snippet = Snippet::source(&self.text).path(&self.file).annotation(place);
        let mut group = Level::ERROR.primary_title(&diagnostic.message).element(snippet);
        if let Some(help) = &diagnostic.help {
            group = group.element(Level::HELP.message(help));
        }
        renderer.render(&[group])
    }
}

/// A complaint whose line and column are not counted yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unplaced {
    pub(super) message: String,
    pub(super) span: Range<usize>,
    pub(super) help: Option<String>,
}

impl Unplaced {
    fn place(self, text: &str) -> Diagnostic {
        let start = floor_boundary(text, self.span.start);
        // A caret under the first line of a long value says where it is; one under all of it hides it.
        let line_end = text[start..].find(['\n', '\r']).map_or(text.len(), |offset| start + offset);
        let end = floor_boundary(text, self.span.end).clamp(start, line_end);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        Diagnostic {
            message: self.message,
            span: start..end,
            help: self.help,
            line: text[..start].matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
        }
    }
}

/// The last character boundary at or before `at`.
fn floor_boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn error(text: &str, span: Range<usize>) -> ScenarioError {
        let one = Unplaced { message: "wrong".into(), span, help: Some("right".into()) };
        ScenarioError::gather("s.toml", text, vec![one]).unwrap()
    }

    #[test]
    fn lines_and_columns_count_characters_from_one() {
        let error = error("a = 1\nö = 2\n", 9..10);
        assert_eq!((error.diagnostics()[0].line, error.diagnostics()[0].column), (2, 3));
        assert!(error.render(false).contains("--> s.toml:2:3"), "{error}");
    }

    #[test]
    fn a_span_ends_with_its_line() {
        let error = error("a = 1\nb = 2\n", 0..9);
        assert_eq!(error.diagnostics()[0].span, 0..5);
    }

    #[test]
    fn colour_only_where_it_is_asked_for() {
        let error = error("a = 1\n", 0..1);
        assert!(!error.render(false).contains('\u{1b}'));
        assert!(error.render(true).contains('\u{1b}'));
    }

    #[test]
    fn nothing_found_is_no_error() {
        assert_eq!(ScenarioError::gather("s.toml", "", vec![]), None);
    }

    proptest! {
        #[test]
        fn any_span_in_any_text_can_be_shown(text in "(?s).{0,40}", start in 0..50_usize, length in 0..50_usize) {
            let error = error(&text, start..start + length);
            prop_assert!(error.render(false).contains("wrong"));
            prop_assert!(error.render(true).contains("wrong"));
        }
    }
}
