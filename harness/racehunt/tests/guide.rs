//! The scenarios in the guide and in the README are ones that the program reads.

use racehunt_core::scenario::Scenario;
use std::path::Path;

/// The TOML blocks of a document, each with the line it begins at.
fn blocks(document: &str) -> Vec<(usize, String)> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(document)).expect(document);
    let mut blocks = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (number, line) in text.lines().enumerate() {
        match (&mut open, line) {
            (None, "```toml") => open = Some((number + 1, String::new())),
            (Some(_), "```") => blocks.extend(open.take()),
            (Some((_, block)), line) => *block = format!("{block}{line}\n"),
            (None, _) => {}
        }
    }
    blocks
}

/// Reads the blocks: whole scenarios as they are, a fragment in the place of the same sections of the scenario before it.
fn read(document: &str) -> usize {
    let mut whole = toml::Table::new();
    let all = blocks(document);
    for (line, block) in &all {
        let table: toml::Table = block.parse().unwrap_or_else(|e| panic!("{document}:{line}: {e}"));
        let text = if table.contains_key("schema") {
            whole = table;
            block.clone()
        } else {
            // The engines of the scenario before may not do for another workload: a fragment brings its own.
            let keeps = |key: &str| !["stress", "shuttle", "loom", "expect"].contains(&key);
            let mut merged: toml::Table = whole.clone().into_iter().filter(|(key, _)| keeps(key)).collect();
            merged.extend(table);
            toml::to_string(&merged).expect("TOML")
        };
        let name = format!("{document}:{line}");
        Scenario::parse(&name, &text).unwrap_or_else(|e| panic!("{}", e.render(false)));
    }
    all.len()
}

#[test]
fn every_scenario_of_the_documents_is_read() {
    assert!(read("GUIDE.md") >= 4);
    assert!(read("../../README.md") >= 2);
}

#[test]
fn the_guide_links_to_what_is_there() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(folder.join("GUIDE.md")).expect("the guide");
    let headings: Vec<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|heading| heading.to_lowercase().replace(' ', "-"))
        .collect();
    let mut links = 0;
    for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        let (file, heading) = link.split_once('#').unwrap_or((link, ""));
        assert!(!file.is_empty() || headings.iter().any(|known| known == heading), "no heading for {link}");
        assert!(folder.join(file).exists(), "{link} leads nowhere");
        links += 1;
    }
    assert!(links > 10, "{links}");
}
