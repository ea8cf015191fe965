//! The pure core and the systems under test are deterministic: no clock but the facade's, which a model turns by hand,
//! and no seed but the trial's.

use crate::tokens::{self, Token, are};
use crate::tree::{Fault, Source, faults, keeps};

/// Where a run must depend on nothing but its plan.
const FOLDERS: [&str; 2] = ["harness/core/src/", "scenarios/src/"];

fn deterministic(source: &Source) -> Vec<Fault> {
    if !FOLDERS.iter().any(|folder| source.path.starts_with(folder)) {
        return Vec::new();
    }
    let tokens = tokens::of(source);
    let imports = imports(&tokens);
    let mut faults = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let wild = match token.text.as_str() {
            "thread_rng" | "RandomState" => true,
            "rand" => are(&tokens, at, &["rand", ":", ":", "rng", "("]),
            "Instant" | "SystemTime" => {
                are(&tokens, at + 1, &[":", ":", "now"]) && !of_the_facade(&path(&tokens, at), &imports)
            }
            _ => false,
        };
        if wild {
            faults.push(Fault::at(token.line, format!("`{}`: a clock or chance of its own", token.text)));
        }
    }
    faults
}

/// The words of the path that ends at `at`, from its first.
fn path(tokens: &[Token], mut at: usize) -> Vec<&str> {
    let mut words = vec![tokens[at].text.as_str()];
    while at >= 3 && are(tokens, at - 2, &[":", ":"]) && tokens[at - 3].is_word() {
        at -= 3;
        words.insert(0, &tokens[at].text);
    }
    words
}

/// The words of each `use`.
fn imports(tokens: &[Token]) -> Vec<Vec<&str>> {
    let uses = tokens.split(|token| token.text == ";").filter_map(|statement| {
        let start = statement.iter().rposition(|token| token.text == "use")?;
        Some(statement[start + 1..].iter().filter(|t| t.is_word()).map(|t| t.text.as_str()).collect())
    });
    uses.collect()
}

/// True if a path begins at the facade, or at a name that is imported from there and from nowhere else.
fn of_the_facade(path: &[&str], imports: &[Vec<&str>]) -> bool {
    const FACADE: &str = "racehunt_sync";
    let mut from = imports.iter().filter(|words| words.contains(&path[0])).peekable();
    path[0] == FACADE || (from.peek().is_some() && from.all(|words| words[0] == FACADE))
}

#[test]
fn the_core_and_the_systems_know_no_clock_and_no_chance() {
    keeps(deterministic);
    let place = "scenarios/src/a.rs";
    for bad in [
        "let a = std::time::Instant::now();",
        "use std::time::{Duration, Instant}; fn f() { Instant::now(); }",
        "use std::time; fn f() { assert!(time::Instant::now() > a); }",
        "use racehunt_sync::thread; fn f() { Instant::now(); }",
        "use std::time::SystemTime; fn f() { SystemTime::now(); }",
        "use std::hash::RandomState;",
        "fn f() { rand::thread_rng(); }",
        "fn f() { rand::rng().random() }",
    ] {
        faults(deterministic, place, bad, 1);
        faults(deterministic, "harness/engines/src/a.rs", bad, 0);
    }
    for good in [
        "use racehunt_sync::time::{Duration, Instant}; fn f() { Instant::now(); }",
        "pub(crate) use racehunt_sync::time; fn f() { time::Instant::now(); }",
        "fn f() { racehunt_sync::time::Instant::now(); }",
        "/// Not `std::time::Instant::now()`.\nuse std::time::Duration;",
    ] {
        faults(deterministic, place, good, 0);
    }
}
