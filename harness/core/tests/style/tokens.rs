//! A file as one flat list of tokens with their lines. Comments are gone; doc comments are string literals.

use crate::tree::Source;
use proc_macro2::{Delimiter, TokenStream, TokenTree};

pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) line: usize,
}

impl Token {
    /// True for names and keywords, which no literal looks like.
    pub(crate) fn is_word(&self) -> bool {
        self.text.starts_with(|c: char| c.is_alphabetic() || c == '_')
    }
}

/// Every token of a Rust file, brackets too, and nothing of any other file.
pub(crate) fn of(source: &Source) -> Vec<Token> {
    let mut all = Vec::new();
    if source.is_rust() {
        // `#!` on the first line is no token to Rust either, unless an attribute follows.
        let text = source.text.strip_prefix('\u{feff}').unwrap_or(&source.text);
        let stream: TokenStream = text.parse().unwrap_or_else(|e| panic!("{}: {e}", source.path));
        flatten(stream, &mut all);
    }
    all
}

fn flatten(stream: TokenStream, all: &mut Vec<Token>) {
    for tree in stream {
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                all.push(Token { text: open.to_owned(), line: group.span_open().start().line });
                flatten(group.stream(), all);
                all.push(Token { text: close.to_owned(), line: group.span_close().start().line });
            }
            // A literal may begin with `b` or `r`; the quote in front keeps it from looking like a word.
            TokenTree::Literal(literal) => {
                all.push(Token { text: format!("\"{literal}"), line: literal.span().start().line });
            }
            other => all.push(Token { text: other.to_string(), line: other.span().start().line }),
        }
    }
}

/// True if the tokens at `at` are these.
pub(crate) fn are(tokens: &[Token], at: usize, these: &[&str]) -> bool {
    these.iter().enumerate().all(|(n, text)| tokens.get(at + n).is_some_and(|token| token.text == *text))
}

/// Place of the bracket that closes the one at `open`.
pub(crate) fn closing(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    tokens.len() - 1
}

#[test]
fn strings_and_comments_are_no_words() {
    let all = of(&Source::new("a.rs", "//! fn a\n/* fn b */\nconst C: &[u8] = b\"fn d\";\nlet r = r#fn;\n"));
    let words: Vec<(&str, usize)> = all.iter().filter(|t| t.is_word()).map(|t| (t.text.as_str(), t.line)).collect();
    assert_eq!(words, [("doc", 1), ("const", 3), ("C", 3), ("u8", 3), ("let", 4), ("r", 4), ("r#fn", 4)]);
}
