//! A run spread over partitions, and their merge: the same report as that of one run.
//!
//! Compared byte by byte are model trials, of which a seed decides everything. Times, the moment and the command line are
//! taken out first; nothing else. What real threads come to differs from run to run, spread or not.

use crate::support::{Bench, LOOM, LOST, Ran, SHUTTLE, STRESS, overlapping, redacted, scenario};
use racehunt_core::exact::Exact;
use racehunt_reports::Report;

const SEEDS: &str = "--seed 7 --seeds 3";

fn suite() -> Bench {
    let bench = Bench::new();
    let three = SHUTTLE.replace("strategy = \"random\"", "strategy = [\"random\", \"pct:3\", \"urw\"]");
    let lost = format!("{LOST}variants = [\"published-fix\"]\n");
    let models = scenario("models", r#"["published-fix", "hardened"]"#, &[&three, LOOM, &lost]);
    bench.file("all/models.toml", models);
    bench.file("all/deep/clean.toml", scenario("clean", "\"hardened\"", &[SHUTTLE]));
    bench.file("all/wrong.toml", scenario("wrong", "\"as-shipped\"", &[SHUTTLE]));
    bench
}

fn read(bench: &Bench, file: &str) -> Report {
    let text = std::fs::read_to_string(bench.path(file)).expect("a report");
    Report::from_json(&text).expect("a valid report")
}

fn bytes(bench: &Bench, file: &str) -> String {
    redacted(&std::fs::read_to_string(bench.path(file)).expect("a report"))
}

fn part(bench: &Bench, index: u32) -> Ran {
    let ran = bench.run(&format!("run all {SEEDS} --partition {index}/16 --quiet"));
    assert!(matches!(ran.code, Some(0 | 1 | 3)), "{ran:?}");
    ran.says(&format!("partition {index} of 16"))
}

#[test]
fn sixteen_partitions_merged_are_one_run() {
    let bench = suite();
    bench.run(&format!("run all {SEEDS} --out whole")).ended(1).says("seeds 7 to 9, ");
    let whole = "whole/all/report.json";
    let totals = read(&bench, whole).totals;
    assert_eq!((totals.trials, totals.passed, totals.failed), (30, 2, 1));
    assert!(totals.distinct_findings >= 2);

    (1..=16).for_each(|index| drop(part(&bench, index)));
    let trials =
        |index: u32| read(&bench, &format!("racehunt-out/all/partition-{index:02}-of-16/report.json")).totals.trials;
    assert!((1..=16).all(|index| (1..=3).contains(&trials(index))), "dealt evenly");
    bench.run("merge racehunt-out/all").ended(1).says("FAIL: 2 passed, 1 failed; ").says("in 30 trials");
    let merged = "racehunt-out/all/report.json";
    assert_eq!(bytes(&bench, merged), bytes(&bench, whole));
    assert_eq!(
        bench.all_below("racehunt-out/all/interleavings"),
        bench.all_below("whole/all/interleavings"),
        "the diagrams, too"
    );

    // A task that runs twice writes in its own place, and an earlier merge is no part.
    part(&bench, 3);
    bench.run("merge racehunt-out/all racehunt-out/all --out again").ended(1);
    assert_eq!(bytes(&bench, "again/report.json"), bytes(&bench, whole));

    // One that never ran is missed, whatever its system says of it.
    std::fs::remove_dir_all(bench.path("racehunt-out/all/partition-05-of-16")).expect("removed");
    let ran = bench.run("merge racehunt-out/all --out less").ended(1);
    ran.says("! partition 5 of 16 has no result").says(", 15 of 16 partitions: ");
}

#[test]
fn without_a_result_of_every_partition_it_is_unknown() {
    let bench = Bench::new();
    bench.file("all/clean.toml", scenario("clean", r#"["hardened", "hardened-sharded"]"#, &[SHUTTLE]));
    bench.run("run all --partition 2/2").ended(0).says("PASS, partition 2 of 2: 1 passed; 300 executions in 1 trial");
    let ran = bench.run("merge racehunt-out/all").ended(3).says("UNKNOWN, 1 of 2 partitions");
    ran.says("trial metrics-buffer/hardened/shuttle/random was planned and came to no outcome")
        .says("partition 1 of 2 has no");
    bench.run("run all --partition 1/2").ended(0);
    bench.run("merge racehunt-out/all").ended(0).says("PASS: 1 passed; 600 executions in 2 trials");
}

#[test]
fn reports_of_different_runs_are_refused_by_name() {
    let bench = suite();
    bench.run("run all/deep --partition 1/2 --out a").ended(0);
    bench.run("run all/deep --partition 2/2 --out b --seed 2").ended(3);
    let ran = bench.run("merge a b --out c").ended(2);
    let ran =
        ran.complains("error: a/deep/partition-1-of-2/report.json and b/deep/partition-2-of-2/report.json are not");
    ran.complains("parts of one run: seeds: seed 1 and seed 2");
    assert!(!bench.path("c/report.json").exists());
    bench.run("merge a b").ended(2).complains("say with --out where the merged one goes");
    bench.run("merge whole").ended(2).complains("whole");
    bench.run("merge all").ended(2).complains("error: all: no partition-*/report.json below this folder");
}

#[test]
fn what_started_the_program_says_which_part_it_is_only_if_asked() {
    let bench = suite();
    let with = |args: &str, variables: &[(&str, &str)]| {
        let mut command = bench.command(args);
        command.envs(variables.iter().copied());
        Ran::of(command.output().expect("the program starts"))
    };
    let array = |id| {
        [("ID", id), ("MIN", "0"), ("MAX", "7"), ("STEP", "1"), ("COUNT", "3")]
            .map(|(name, value)| (format!("SLURM_ARRAY_TASK_{name}"), value))
    };
    let odd = array("3");
    let odd: Vec<(&str, &str)> = odd.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let ran = with("run all/deep --partition auto", &odd).ended(2);
    ran.complains("the ids of this Slurm array are no even row");
    assert!(!bench.path("racehunt-out").exists(), "nothing ran");
    with("run all/deep", &odd).ended(0).says("PASS: 1 passed");
    with("run all/deep --partition auto", &[("RACEHUNT_PARTITION", "1/2")]).ended(0).says("PASS, partition 1 of 2");
    bench.run("run all/deep --partition 3/2").ended(2).complains("K/N is a number from 1 to N");
    bench.run(&format!("run all/deep --seed {} --seeds 2", u64::MAX)).ended(2).complains("--seeds 2");
}

#[test]
fn a_finding_of_real_threads_and_the_model_that_has_it_are_in_one_partition() {
    let bench = Bench::with(&overlapping("t", &[STRESS, SHUTTLE]));
    let mut linked = Vec::new();
    for index in 1..=3 {
        let ran = bench.run(&format!("run s.toml --seeds 3 --partition {index}/3"));
        assert_eq!(ran.code, Some(1), "{}", ran.stdout);
        let report = read(&bench, &format!("racehunt-out/s/partition-{index}-of-3/report.json"));
        let findings = report.scenarios[0].trials.iter().flat_map(|trial| &trial.findings);
        for finding in findings {
            if let Some(Exact::Linked { trial }) = &finding.exact {
                assert!(trial.ends_with(&format!("/shuttle/random/seed={index}")), "{trial}");
                linked.push(index);
            }
        }
    }
    linked.dedup();
    assert_eq!(linked, [1, 2, 3], "each seed by itself");
}
