//! Finds and reads scenario files.

use crate::Failure;
use crate::catalogue::Linked;
use crate::output::style;
use racehunt_core::scenario::Scenario;
use racehunt_engines::registry::Subjects;
use racehunt_reports::style::Style;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// A scenario and the file it was read from.
pub(crate) struct Loaded {
    pub(crate) file: PathBuf,
    pub(crate) scenario: Scenario,
    /// Named itself, or by its own folder, and not only by one above.
    pub(crate) asked: bool,
}

/// Reads every scenario under `paths` and checks it. All errors of all files are told at once, and nothing runs.
pub(crate) fn load(paths: &[PathBuf], subjects: Subjects<'_>) -> Result<Vec<Loaded>, Failure> {
    let mut wrong = Vec::new();
    let mut loaded: Vec<Loaded> = Vec::new();
    for (file, asked) in files(paths, &mut wrong) {
        match read(&file, subjects) {
            Ok(scenario) => loaded.push(Loaded { file, scenario, asked }),
            Err(message) => wrong.push(message),
        }
    }
    wrong.extend(namesakes(&loaded));
    if wrong.is_empty() { Ok(loaded) } else { Err(Failure::Usage(wrong.join("\n\n"))) }
}

fn read(file: &Path, subjects: Subjects<'_>) -> Result<Scenario, String> {
    let name = file.display().to_string();
    let bytes = std::fs::read(file).map_err(|e| format!("error: {name}: {e}"))?;
    let text = String::from_utf8(bytes).map_err(|e| {
        let good = &e.as_bytes()[..e.utf8_error().valid_up_to()];
        let line = good.iter().filter(|b| **b == b'\n').count() + 1;
        format!("error: {name}: line {line}: this is not UTF-8; save the file as UTF-8 text")
    })?;
    let colour = style(std::io::stderr().is_terminal()) == Style::Ansi;
    let scenario = Scenario::parse(&name, &text).map_err(|e| e.render(colour))?;
    scenario.check(&name, &text, &Linked(subjects)).map_err(|e| e.render(colour))?;
    Ok(scenario)
}

/// Scenarios of one name: a report, and a baseline, could not tell them apart.
fn namesakes(loaded: &[Loaded]) -> Vec<String> {
    let clash = |(i, one): (usize, &Loaded)| {
        let first = loaded[..i].iter().find(|other| other.scenario.name == one.scenario.name)?;
        let (file, name, other) = (one.file.display(), &one.scenario.name, first.file.display());
        Some(format!("error: {file}: `name`: {other} is called \"{name}\", too; give one of them another name"))
    };
    loaded.iter().enumerate().filter_map(clash).collect()
}

/// Files as given, and of folders every `.toml` below them that is no manifest, in the order of their names; with each,
/// whether it was asked for itself. A file that is named twice is there once.
fn files(paths: &[PathBuf], wrong: &mut Vec<String>) -> Vec<(PathBuf, bool)> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push((path.clone(), true));
            continue;
        }
        let (mut found, mut failed) = (false, false);
        // A link that were passed over without a word would be a scenario that never runs.
        let walk = WalkDir::new(path).follow_links(true).sort_by_file_name();
        for entry in walk.into_iter().filter_entry(|e| !hidden(e)) {
            match entry {
                Ok(entry) if entry.file_type().is_file() && is_scenario(entry.path()) => {
                    found = true;
                    let asked = entry.depth() == 1;
                    files.push((entry.into_path(), asked));
                }
                Ok(_) => {}
                Err(e) => {
                    failed = true;
                    wrong.push(format!("error: {e}"));
                }
            }
        }
        if !found && !failed {
            wrong.push(format!("error: {}: no scenario (*.toml) in this folder", path.display()));
        }
    }
    once(files)
}

/// Each file as it was named first; asked for if it was once.
fn once(files: Vec<(PathBuf, bool)>) -> Vec<(PathBuf, bool)> {
    let mut known: HashMap<PathBuf, usize> = HashMap::new();
    let mut kept: Vec<(PathBuf, bool)> = Vec::new();
    for (file, asked) in files {
        match known.entry(file.canonicalize().unwrap_or_else(|_| file.clone())) {
            Entry::Occupied(first) => kept[*first.get()].1 |= asked,
            Entry::Vacant(new) => {
                new.insert(kept.len());
                kept.push((file, asked));
            }
        }
    }
    kept
}

fn hidden(entry: &walkdir::DirEntry) -> bool {
    entry.depth() > 0 && entry.file_name().to_string_lossy().starts_with('.')
}

fn is_scenario(path: &Path) -> bool {
    let manifest = path.file_name().is_some_and(|n| n == "Cargo.toml" || n == "pyproject.toml");
    path.extension().is_some_and(|e| e == "toml") && !manifest
}
