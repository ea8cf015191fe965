//! The files of the repository, and how a rule is held against them.

use std::path::Path;
use walkdir::{DirEntry, WalkDir};

/// A text file.
pub(crate) struct Source {
    /// From the top of the repository, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// What a rule has against a line.
pub(crate) struct Fault {
    pub(crate) line: usize,
    pub(crate) what: String,
}

impl Fault {
    pub(crate) fn at(line: usize, what: impl Into<String>) -> Self {
        Self { line, what: what.into() }
    }
}

impl Source {
    /// A file that exists for a test alone.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Lines with their numbers, from 1.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(at, line)| (at + 1, line))
    }

    /// Each place where a text stands.
    pub(crate) fn each(&self, needle: &str) -> Vec<Fault> {
        let here = self.lines().filter(|(_, line)| line.contains(needle));
        here.map(|(at, _)| Fault::at(at, format!("`{needle}`"))).collect()
    }
}

/// Every text file that is written by hand or reviewed: not what is built or run, and of the hidden folders only the
/// one with the checks in it.
fn all() -> Vec<Source> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let wanted = |entry: &DirEntry| {
        let name = entry.file_name().to_string_lossy();
        let hidden = name.starts_with('.') && name != ".ci";
        let built = ["target", "racehunt-out", "__pycache__"].contains(&&*name);
        entry.depth() == 0 || !(entry.file_type().is_dir() && (hidden || built))
    };
    let mut all = Vec::new();
    for entry in WalkDir::new(&top).sort_by_file_name().into_iter().filter_entry(wanted) {
        let entry = entry.expect("a readable tree");
        let path = entry.path().strip_prefix(&top).expect("below the top").display().to_string();
        if !entry.file_type().is_file() {
            continue;
        }
        // What is no text has no style. A file may also go while this walks: editors write beside and rename.
        let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
        all.push(Source { path, text });
    }
    all
}

/// Fails with every fault of every file.
#[track_caller]
pub(crate) fn keeps(rule: fn(&Source) -> Vec<Fault>) {
    let mut faults = Vec::new();
    for source in all() {
        faults.extend(rule(&source).into_iter().map(|f| format!("{}:{}: {}", source.path, f.line, f.what)));
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// Fails unless a rule finds exactly this many faults in a file.
#[track_caller]
pub(crate) fn faults(rule: fn(&Source) -> Vec<Fault>, path: &str, text: &str, many: usize) {
    let found = rule(&Source::new(path, text));
    let told: Vec<String> = found.iter().map(|f| format!("{}: {}", f.line, f.what)).collect();
    assert_eq!(told.len(), many, "{told:#?}\nin {path}:\n{text}");
}

#[test]
fn the_walk_sees_the_whole_repository() {
    let all = all();
    let is_there = |path: &str| all.iter().any(|source| source.path == path);
    for path in
        ["Cargo.toml", ".ci/run", "ci/check.sh", "harness/core/tests/style/tree.rs", "scenarios/quickstart.toml"]
    {
        assert!(is_there(path), "{path}");
    }
    let manifests: Vec<_> = all.iter().filter_map(|source| source.path.strip_suffix("/Cargo.toml")).collect();
    assert!(manifests.len() >= 7, "{manifests:?}");
    for member in manifests {
        assert!(is_there(&format!("{member}/src/lib.rs")), "{member}");
    }
    assert!(!all.iter().any(|source| source.path.starts_with("target/") || source.path.starts_with(".git/")));
}
