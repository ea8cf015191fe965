//! Errors of a policy: where, what, and what to write instead.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use std::ops::Range;
use strsim::damerau_levenshtein;

/// What is wrong in a policy. `Display` shows it as a compiler does, without colour.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.render(false))]
pub struct PolicyError {
    file: String,
    text: String,
    span: Range<usize>,
    message: String,
    help: Option<String>,
}

impl PolicyError {
    /// In the words of the reader of TOML, which know the place.
    pub(super) fn of(file: &str, text: &str, e: &toml::de::Error) -> Self {
        let span = e.span().unwrap_or(0..0);
        let (message, help) = nearest(e.message());
        Self { help, ..Self::at(file, text, span, message) }
    }

    /// At a place.
    pub(super) fn at(file: &str, text: &str, span: Range<usize>, message: String) -> Self {
        // A caret under the first line of a long value says where it is; one under all of it hides it.
        let start = floor(text, span.start);
        let line_end = text[start..].find(['\n', '\r']).map_or(text.len(), |offset| start + offset);
        let span = start..floor(text, span.end).clamp(start, line_end);
        Self { file: file.to_owned(), text: text.to_owned(), span, message, help: None }
    }

    /// The error with the line of the file and a caret under the place.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let place = AnnotationKind::Primary.span(self.span.clone());
        let snippet = Snippet::source(&self.text).path(&self.file).annotation(place);
        let mut group = Level::ERROR.primary_title(&self.message).element(snippet);
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help));
        }
        renderer.render(&[group])
    }
}

/// The last character boundary at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at.min(text.len()))
}

/// Splits "unknown field `pair`, expected one of `alpha`, `pairs`" into what is wrong, and the nearest name, or else
/// all of them. Near enough is one edit in three letters, as in scenarios.
fn nearest(message: &str) -> (String, Option<String>) {
    let Some((wrong, expected)) = message.split_once(", expected ") else {
        return (message.to_owned(), None);
    };
    let quoted = |text: &str| -> Vec<String> { text.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
    let (Some(word), names) = (quoted(wrong).pop(), quoted(expected)) else {
        return (message.to_owned(), None);
    };
    if names.is_empty() {
        return (message.to_owned(), None);
    }
    let reach = word.chars().count().max(3) / 3;
    let near = names.iter().map(|name| (damerau_levenshtein(&word, name), name)).filter(|(edits, _)| *edits <= reach);
    let help = match near.min_by_key(|(edits, _)| *edits) {
        Some((_, name)) => format!("did you mean `{name}`?"),
        None => format!("one of: `{}`", names.join("`, `")),
    };
    (wrong.replace("field", "key").replace("variant", "name"), Some(help))
}
