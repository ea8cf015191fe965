//! Nothing is left open, switched off or silenced.
//!
//! The words are put together from parts, so that a search for them does not find the search.

use crate::tokens;
use crate::tree::{Fault, Source, faults, keeps};

const WORDS: [&str; 5] = [concat!("todo", "!("), concat!("unimplemented", "!("), concat!("#[", "ignore"), FIX, MARK];
const FIX: &str = concat!("FIX", "ME");
const MARK: &str = concat!("XX", "X");

fn open(source: &Source) -> Vec<Fault> {
    if !source.is_rust() {
        return Vec::new();
    }
    WORDS.iter().flat_map(|word| source.each(word)).collect()
}

/// An exception is expected, with a reason: then it goes when its cause does.
fn silenced(source: &Source) -> Vec<Fault> {
    let tokens = tokens::of(source);
    let inside = (0..tokens.len()).filter(|at| {
        let attribute = tokens::are(&tokens, *at, &["[", "allow", "("]) && *at > 0;
        let conditional = tokens::are(&tokens, *at, &[",", "allow", "("]);
        conditional || (attribute && ["#", "!"].contains(&&*tokens[*at - 1].text))
    });
    inside.map(|at| Fault::at(tokens[at].line, "`allow`; `expect` with a reason says when it is over")).collect()
}

#[test]
fn nothing_is_left_open() {
    keeps(open);
    for word in WORDS {
        faults(open, "a.rs", &format!("fn a() {{}}\n  // b {word} c\n"), 1);
        faults(open, "a.md", word, 0);
    }
}

#[test]
fn nothing_is_silenced() {
    keeps(silenced);
    faults(silenced, "a.rs", concat!("#![", "allow(unused)]\n#[", "allow(a, b)]\nfn f() {}"), 2);
    faults(silenced, "a.rs", concat!("#[cfg_attr(test, ", "allow(a))]\nfn f() {}"), 1);
    faults(silenced, "a.rs", "#[expect(a, reason = \"b\")]\nfn allow() { x = [allow(1)]; }", 0);
}
