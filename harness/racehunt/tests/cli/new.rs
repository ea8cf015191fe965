//! `new`: what it writes and what it refuses. That the crate compiles and finds its race is for `ci/new.sh`, which takes
//! minutes.

use crate::support::Bench;
use racehunt_core::scenario::Scenario;

/// This repository.
const CHECKOUT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

fn toml_of(bench: &Bench, file: &str) -> toml::Table {
    std::fs::read_to_string(bench.path(file)).expect(file).parse().expect(file)
}

#[test]
fn a_crate_is_written_whole_and_says_what_it_is_built_against() {
    let bench = Bench::new();
    let ran = bench
        .run("new my-outbox --dir a/b")
        .ended(0)
        .says("cd a/b/my-outbox")
        .says("by path: no registry has racehunt");
    assert_eq!(ran.stderr, "");
    let files = bench.all_below("a/b");
    assert_eq!(
        files,
        [
            "my-outbox",
            "my-outbox/.gitignore",
            "my-outbox/Cargo.toml",
            "my-outbox/README.md",
            "my-outbox/scenario.toml",
            "my-outbox/src",
            "my-outbox/src/lib.rs",
            "my-outbox/src/main.rs",
            "my-outbox/src/subject.rs",
            "my-outbox/tests",
            "my-outbox/tests/hunt.rs"
        ]
    );
    for file in files.iter().map(|file| bench.path("a/b").join(file)).filter(|file| file.is_file()) {
        let text = std::fs::read_to_string(&file).expect("text");
        assert!(!text.contains("{{"), "a place that is not filled in: {}\n{text}", file.display());
        if file.extension().is_some_and(|e| e == "rs") {
            assert!(text.starts_with("//! "), "{}", file.display());
        }
    }
    let manifest = toml_of(&bench, "a/b/my-outbox/Cargo.toml");
    assert_eq!(manifest["package"]["name"].as_str(), Some("my-outbox"));
    let checkout = std::path::Path::new(CHECKOUT).canonicalize().expect("the checkout");
    for (table, name, path) in [
        ("dependencies", "racehunt", "harness/racehunt"),
        ("dependencies", "racehunt-sync", "harness/sync"),
        ("dev-dependencies", "racehunt", "harness/racehunt"),
    ] {
        let said = manifest[table][name]["path"].as_str().expect("a path");
        assert_eq!(std::path::Path::new(said), checkout.join(path));
    }
    let mode = std::fs::metadata(bench.path("a/b/my-outbox")).expect("a folder").permissions();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode) & 0o055, 0o055, "others can read it");
}

#[test]
fn its_scenario_is_one_and_expects_the_planted_race_in_one_of_two_variants() {
    let bench = Bench::new();
    bench.run("new outbox").ended(0);
    let text = std::fs::read_to_string(bench.path("outbox/scenario.toml")).expect("a scenario");
    let scenario = Scenario::parse("scenario.toml", &text).unwrap_or_else(|e| panic!("{}", e.render(false)));
    let [expect] = &scenario.expect[..] else { panic!("{:?}", scenario.expect) };
    assert_eq!((expect.finding.word(), &*expect.variants), ("lost", &["planted".to_owned()][..]));
    assert_eq!(scenario.subject.variant.values(), ["planted", "fixed"]);
}

#[test]
fn nothing_is_ever_written_over() {
    let bench = Bench::new();
    bench.file("there/mine", "mine");
    bench.file("file", "mine");
    std::os::unix::fs::symlink("nowhere", bench.path("link")).expect("a link");
    for name in ["there", "file", "link"] {
        bench.run(&format!("new {name}")).ended(2).complains(&format!("{name} is there already; nothing was written"));
    }
    assert_eq!(bench.all_below("."), ["file", "link", "there", "there/mine"]);
}

#[test]
fn a_bad_name_or_checkout_is_told_and_nothing_is_left() {
    let bench = Bench::new();
    bench.run("new Outbox").ended(2).complains("invalid value 'Outbox'").complains("small letters");
    bench.run("new ../out").ended(2).complains("small letters");
    bench.run("new self").ended(2).complains("a word of Rust itself");
    bench.run("new outbox --racehunt .").ended(2).complains("is no checkout of racehunt");
    bench.file("file", "");
    bench.run("new outbox --dir file").ended(4).complains("./file/outbox".trim_start_matches("./"));
    assert_eq!(bench.all_below("."), ["file"]);
}

#[test]
fn a_checkout_in_an_odd_place_is_written_as_toml_has_it() {
    let bench = Bench::new();
    std::os::unix::fs::symlink(CHECKOUT, bench.path("to")).expect("a link");
    let odd = "od\"d\\";
    std::fs::create_dir_all(bench.path(odd).join("harness/racehunt")).expect("folders");
    bench.file(&format!("{odd}/harness/racehunt/Cargo.toml"), "");
    bench.run(&format!("new outbox --racehunt {odd}")).ended(0);
    let path = toml_of(&bench, "outbox/Cargo.toml")["dependencies"]["racehunt-sync"]["path"].clone();
    assert!(path.as_str().is_some_and(|path| path.ends_with("/od\"d\\/harness/sync")), "{path}");
    bench.run("new other --racehunt to").ended(0);
}
