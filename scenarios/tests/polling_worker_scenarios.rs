//! Every scenario of the polling worker reads, and is about variants and settings that there are.

use racehunt_core::plan::{EngineConfig, Plan};
use racehunt_core::scenario::{Scenario, SubjectSource};
use racehunt_core::subject::{Env, Subject};
use racehunt_scenarios::polling_worker::PollingWorkerSubject;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn scenarios() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("polling-worker");
    let entries = std::fs::read_dir(folder).expect("the folder of scenarios");
    let mut all: Vec<PathBuf> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
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
        assert_eq!(scenario.subject.source, SubjectSource::Name("polling-worker".to_owned()), "{}", path.display());
        let (folder, stem) = (path.parent().and_then(Path::file_name), path.file_stem());
        let own = [folder, stem].map(|part| part.expect("a name").to_string_lossy());
        assert_eq!(scenario.name, own.join("/"));
        for trial in Plan::expand(&scenario, 1).trials {
            let (model, processes) = match &trial.engine {
                EngineConfig::Stress(config) => (false, config.processes),
                _ => (cfg!(feature = "hunt"), 2),
            };
            let env = Env { model, calls: Some(9), processes, ..Env::default() };
            if let Err(error) = PollingWorkerSubject.open(&trial.variant, &trial.params, &env) {
                panic!("{}: {error}", trial.id);
            }
        }
    }
}

#[test]
fn hardened_stands_beside_every_race_and_is_never_expected_to_show_one() {
    for path in scenarios() {
        let scenario = read(&path);
        let variants = scenario.subject.variant.values();
        assert!(variants.iter().any(|variant| variant == "hardened"), "{}", path.display());
        let mut expected = scenario.expect.iter().flat_map(|expect| &expect.variants);
        assert!(!expected.any(|variant| variant == "hardened"), "{}", path.display());
    }
}

#[test]
fn every_row_of_the_catalogue_is_expected_in_the_variants_of_its_legend() {
    let (shipped, fixed) = ("as-shipped", "published-fix");
    let expected: BTreeSet<(String, String)> = scenarios()
        .iter()
        .flat_map(|path| read(path).expect)
        .flat_map(|expect| {
            let race = expect.race.clone();
            expect.variants.into_iter().map(move |variant| (race.clone(), variant))
        })
        .collect();
    for (race, variants) in [
        ("WD1", vec![shipped]),
        ("WD2", vec![shipped]),
        ("WD3", vec![shipped]),
        ("WD4", vec![shipped]),
        ("WD5", vec![shipped]),
        ("PL1", vec![fixed]),
        ("PL2", vec![fixed]),
        ("PL3", vec![fixed]),
        ("PL4", vec![shipped, fixed]),
    ] {
        for variant in [shipped, fixed] {
            let found = expected.contains(&(race.to_owned(), variant.to_owned()));
            assert_eq!(found, variants.contains(&variant), "{race} in {variant}");
        }
    }
}
