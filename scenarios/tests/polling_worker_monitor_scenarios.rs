//! The scenarios of the worker that is watched read, open, and expect each HM row where its legend says.

use racehunt_core::plan::{EngineConfig, Plan};
use racehunt_core::scenario::Scenario;
use racehunt_core::subject::{Env, Subject};
use racehunt_scenarios::polling_worker::PollingWorkerSubject;
use std::path::{Path, PathBuf};

fn files() -> Vec<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let of = |folder: &str| std::fs::read_dir(here.join(folder)).expect("a folder of scenarios");
    let all = of("polling-worker").chain(of("polling-worker-soak")).map(|entry| entry.expect("an entry").path());
    let own = |path: &PathBuf| {
        path.parent().is_some_and(|folder| folder.ends_with("polling-worker-soak"))
            || path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("hm"))
    };
    all.filter(own).collect()
}

fn read(path: &Path) -> Scenario {
    let text = std::fs::read_to_string(path).expect("a readable file");
    Scenario::parse(&path.display().to_string(), &text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn each_reads_opens_and_has_hardened_in_it() {
    let files = files();
    assert!(files.len() >= 6, "{files:?}");
    for path in files {
        let scenario = read(&path);
        assert!(scenario.subject.variant.values().iter().any(|variant| variant == "hardened"), "{}", path.display());
        for trial in Plan::expand(&scenario, 1).trials {
            let model = cfg!(feature = "hunt") && !matches!(trial.engine, EngineConfig::Stress(_));
            let env = Env { model, ..Env::default() };
            if let Err(error) = PollingWorkerSubject.open(&trial.variant, &trial.params, &env) {
                panic!("{}: {error}", trial.id);
            }
        }
    }
}

#[test]
fn each_row_is_expected_in_the_published_fix_and_in_nothing_else() {
    let expects: Vec<_> = files().iter().flat_map(|path| read(path).expect).collect();
    for (race, finding) in [("HM1", "undetected"), ("HM2", "false-alarm"), ("HM3", "duplicated")] {
        let of_race = |found: &str| expects.iter().any(|expect| expect.race == race && expect.finding.word() == found);
        assert!(of_race(finding), "{race}");
    }
    assert!(expects.iter().all(|expect| expect.variants == ["published-fix"]), "{expects:?}");
}
