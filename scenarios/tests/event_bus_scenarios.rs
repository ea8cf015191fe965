//! Every scenario of the event bus reads, and is about variants and settings that there are.

use racehunt_core::scenario::{Scenario, SubjectSource};
use racehunt_core::subject::{Env, Subject};
use racehunt_scenarios::event_bus::EventBusSubject;
use std::path::{Path, PathBuf};

fn scenarios() -> Vec<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = std::fs::read_dir(here.join("event-bus")).expect("the folder of scenarios");
    let mut all: Vec<PathBuf> = folder.map(|entry| entry.expect("a readable folder").path()).collect();
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
        assert_eq!(scenario.subject.source, SubjectSource::Name("event-bus".to_owned()), "{}", path.display());
        let env = Env { model: scenario.stress.is_none(), calls: Some(9), dir: None, ..Env::default() };
        for trial in racehunt_core::plan::Plan::expand(&scenario, 1).trials {
            if let Err(error) = EventBusSubject.open(&trial.variant, &trial.params, &env) {
                panic!("{}: {error}", trial.id);
            }
        }
    }
}

#[test]
fn every_variant_stands_beside_every_race_and_hardened_is_never_expected_to_show_one() {
    for path in scenarios() {
        let scenario = read(&path);
        let variants = scenario.subject.variant.values();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("eb")) {
            let all: Vec<&str> = EventBusSubject.variants().iter().map(|variant| variant.name).collect();
            assert_eq!(variants, all, "{}", path.display());
        }
        let mut expected = scenario.expect.iter().flat_map(|expect| &expect.variants);
        assert!(!expected.any(|variant| variant == "hardened"), "{}", path.display());
    }
}

/// Race × variant, as the catalogue's legend has it.
#[test]
fn each_race_is_expected_where_its_legend_says() {
    let (shipped, snapshot, whole) = ("as-shipped", "snapshot-lock", "whole-lock");
    let legend = [
        ("EB1", vec![shipped, snapshot]),
        ("EB2", vec![shipped]),
        ("EB3", vec![shipped, snapshot, whole]),
        ("EB4", vec![shipped, snapshot]),
        ("EB5", vec![whole]),
        ("EB6", vec![shipped, snapshot, whole]),
        ("EB7", vec![shipped]),
        ("EB8", vec![shipped]),
    ];
    let expects: Vec<_> = scenarios().iter().flat_map(|path| read(path).expect).collect();
    for (race, variants) in legend {
        let of_race: Vec<_> = expects.iter().filter(|expect| expect.race == race).collect();
        assert!(!of_race.is_empty(), "{race}");
        assert!(of_race.iter().all(|expect| expect.variants == variants), "{race}: {of_race:?}");
    }
}
