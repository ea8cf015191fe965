//! Every scenario of the metrics buffer reads, and is about variants and settings that there are.

use racehunt_core::scenario::{Scenario, SubjectSource};
use racehunt_core::subject::{Env, Subject};
use racehunt_scenarios::metrics_buffer::MetricsBufferSubject;
use std::path::{Path, PathBuf};

fn scenarios() -> Vec<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = std::fs::read_dir(here.join("metrics-buffer")).expect("the folder of scenarios");
    let mut all: Vec<PathBuf> = folder.map(|entry| entry.expect("a readable folder").path()).collect();
    all.push(here.join("quickstart.toml"));
    all.sort();
    all
}

fn read(path: &Path) -> Scenario {
    let text = std::fs::read_to_string(path).expect("a readable file");
    Scenario::parse(&path.display().to_string(), &text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn each_reads_and_opens() {
    for path in scenarios() {
        let scenario = read(&path);
        assert_eq!(scenario.subject.source, SubjectSource::Name("metrics-buffer".to_owned()), "{}", path.display());
        let env = Env { model: scenario.stress.is_none(), calls: Some(9), dir: None, ..Env::default() };
        for trial in racehunt_core::plan::Plan::expand(&scenario, 1).trials {
            if let Err(error) = MetricsBufferSubject.open(&trial.variant, &trial.params, &env) {
                panic!("{}: {error}", trial.id);
            }
        }
    }
}

#[test]
fn the_hardened_variants_stand_beside_every_race_and_are_never_expected_to_show_one() {
    for path in scenarios() {
        let scenario = read(&path);
        let variants = scenario.subject.variant.values();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("mb")) {
            for hardened in ["hardened", "hardened-sharded"] {
                assert!(variants.iter().any(|variant| variant == hardened), "{}: {hardened}", path.display());
            }
        }
        let mut expected = scenario.expect.iter().flat_map(|expect| &expect.variants);
        assert!(!expected.any(|variant| variant.starts_with("hardened")), "{}", path.display());
    }
}
