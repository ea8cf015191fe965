//! `list`, `show`, `schema`, `completions`, `--help`, `--version`.

use crate::support::{Bench, LOOM, SHUTTLE, scenario};
use racehunt_reports::exit;

#[test]
fn list_names_subjects_and_scenarios() {
    let bench = Bench::new();
    bench.run("list").ended(0).says("metrics-buffer").says("published-fix");
    bench.file("all/a.toml", scenario("a", "\"hardened\"", &[SHUTTLE, LOOM]));
    bench.run("list all").ended(0).says("all/a.toml  (shuttle, loom)").says("For a test.");
    bench.file("all/b.toml", "name = 3\n");
    bench.run("list all").ended(2).complains("all/b.toml");
}

#[test]
fn show_describes_a_subject_or_names_those_there_are() {
    let bench = Bench::new();
    let ran = bench.run("show metrics-buffer").ended(0);
    for word in ["hardened-sharded", "increment", "interval", "default:"] {
        assert!(ran.stdout.contains(word), "no {word} in\n{}", ran.stdout);
    }
    bench
        .run("show metrics-bufer")
        .ended(2)
        .complains("`metrics-bufer`")
        .complains("there is: ")
        .complains("metrics-buffer");
}

#[test]
fn schemas_are_schemas() {
    let bench = Bench::new();
    for of in ["scenario", "report"] {
        let schema = bench.run(&format!("schema {of}")).ended(0).json();
        assert_eq!(schema["title"], format!("racehunt {of}"));
        jsonschema::meta::validate(&schema).expect("a valid schema");
        jsonschema::validator_for(&schema).expect("a schema that can be used");
    }
    bench.run("schema nothing").ended(2).complains("possible values: scenario, report");
}

#[test]
fn completions_know_the_subcommands() {
    let bench = Bench::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = bench.run(&format!("completions {shell}")).ended(0).stdout;
        assert!(script.contains("replay") && script.contains("racehunt"), "{shell}");
    }
    bench.run("completions tcsh").ended(2).complains("bash");
}

#[test]
fn help_names_every_subcommand_and_exit_code() {
    let bench = Bench::new();
    let ran = bench.run("--help").ended(0);
    assert_eq!(ran.stderr, "");
    for command in ["run", "replay", "render", "gate", "list", "show", "schema", "completions"] {
        assert!(ran.stdout.contains(&format!("\n  {command} ")), "no {command} in\n{}", ran.stdout);
        bench.run(&format!("{command} --help")).ended(0).says("Usage:");
    }
    for (code, sentence) in exit::ALL {
        let listed = |l: &str| l.trim_start().starts_with(&code.to_string()) && l.contains(sentence);
        assert!(ran.stdout.lines().any(listed), "no {code} in\n{}", ran.stdout);
    }
    assert!(!ran.stdout.contains("worker"), "what is not for people is hidden");
}

#[test]
fn the_version_is_the_packages() {
    Bench::new().run("--version").ended(0).says(&format!("racehunt {}\n", env!("CARGO_PKG_VERSION")));
}
