//! Every scenario of the systems reads and opens, and expects each race where its legend says.

use racehunt_core::plan::{ActorProgram, EngineConfig, Plan, Program};
use racehunt_core::scenario::{Scenario, SubjectSource};
use racehunt_core::subject::{Env, Subject};
use racehunt_scenarios::subjects;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const SHIPPED: &str = "as-shipped";
const FIXED: &str = "published-fix";
const SNAPSHOT: &str = "snapshot-lock";
const WHOLE: &str = "whole-lock";

/// Each race, and the variants in which it lives.
const LEGEND: &[(&[&str], &[&str])] = &[
    (&["MB1", "MB2"], &[SHIPPED]),
    (&["MB3", "MB4", "MB5"], &[SHIPPED, FIXED]),
    (&["MB6"], &["swap-unlocked"]),
    (&["MB7"], &["relaxed-publish"]),
    (&["TB1", "TB1b", "TB12", "TB13"], &[SHIPPED]),
    (&["TB2", "TB3", "TB4", "TB5", "TB6", "TB7", "TB8", "TB9", "TB10", "TB11", "TB-order"], &[SHIPPED, FIXED]),
    (&["EB1", "EB4"], &[SHIPPED, SNAPSHOT]),
    (&["EB2", "EB7", "EB8"], &[SHIPPED]),
    (&["EB3", "EB6"], &[SHIPPED, SNAPSHOT, WHOLE]),
    (&["EB5"], &[WHOLE]),
    (&["WD1", "WD2", "WD3", "WD4", "WD5"], &[SHIPPED]),
    (&["PL1", "PL2", "PL3", "HM1", "HM2", "HM3"], &[FIXED]),
    (&["PL4"], &[SHIPPED, FIXED]),
];

/// The scenarios of a subject, with their files; soaks included.
fn scenarios(subject: &dyn Subject) -> Vec<(PathBuf, Scenario)> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = [here.join(subject.name()), here.join(format!("{}-soak", subject.name()))];
    let entries = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    assert!(!files.is_empty(), "{} has no scenario", subject.name());
    files.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a readable file");
        let scenario = Scenario::parse(&path.display().to_string(), &text).unwrap_or_else(|error| panic!("{error}"));
        (path, scenario)
    };
    files.into_iter().map(read).collect()
}

#[test]
fn each_has_the_name_of_its_file_and_opens() {
    for subject in subjects() {
        for (path, scenario) in scenarios(*subject) {
            assert_eq!(scenario.subject.source, SubjectSource::Name(subject.name().to_owned()), "{}", path.display());
            let (folder, stem) = (path.parent().and_then(Path::file_name), path.file_stem());
            let own = [folder, stem].map(|part| part.expect("a name").to_string_lossy());
            assert_eq!(scenario.name, own.join("/"));
            for trial in Plan::expand(&scenario, 1).trials {
                let (model, processes) = match (&trial.engine, &trial.program) {
                    (EngineConfig::Stress(config), _) => (false, config.processes),
                    (_, Program::Actors(actors)) => (cfg!(feature = "hunt"), ActorProgram::processes(actors).len()),
                    (_, Program::Mix(_)) => (cfg!(feature = "hunt"), 1),
                };
                let env = Env { model, calls: Some(9), processes, ..Env::default() };
                if let Err(error) = subject.open(&trial.variant, &trial.params, &env) {
                    panic!("{}: {error}", trial.id);
                }
            }
        }
    }
}

#[test]
fn hardened_stands_beside_every_race_and_is_never_expected_to_show_one() {
    for (path, scenario) in subjects().iter().flat_map(|subject| scenarios(*subject)) {
        let is_hardened = |variant: &&String| variant.starts_with("hardened");
        let has = scenario.subject.variant.values().iter().any(|variant| is_hardened(&variant));
        assert!(has, "{}", path.display());
        let mut expected = scenario.expect.iter().flat_map(|expect| &expect.variants);
        assert!(!expected.any(|variant| is_hardened(&variant)), "{}", path.display());
    }
}

#[test]
fn each_race_is_expected_where_its_legend_says_and_nowhere_else() {
    let mut expected: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for expect in subjects().iter().flat_map(|subject| scenarios(*subject)).flat_map(|(_, scenario)| scenario.expect) {
        expected.entry(expect.race).or_default().extend(expect.variants);
    }
    for (races, variants) in LEGEND {
        for race in *races {
            let found = expected.remove(*race).unwrap_or_default();
            let legend: BTreeSet<String> = variants.iter().map(|variant| (*variant).to_owned()).collect();
            assert_eq!(found, legend, "{race}");
        }
    }
    assert!(expected.is_empty(), "in no legend: {expected:?}");
}
