//! Soaks: legs that add up, and what survives a kill.

use crate::support::process::{Signal, first_worker, signal};
use crate::support::{Bench, REPORT, Running, wait_for, with_actors};
use racehunt_core::drift::Trend;
use racehunt_core::verdict::Verdict;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

const CHECKPOINT: &str = "racehunt-out/s/soak.json";

/// Adds and flushes under load, with one thread and another.
fn scenario(name: &str, variant: &str, threads: &str) -> String {
    let actors =
        r#"{ name = "A", ops = ["increment(0)", "flush"] }, { name = "B", ops = ["increment(0)", "increment(0)"] }"#;
    let stress =
        format!("[stress]\nthreads = {threads}\nduration = \"1h\"\npace = \"closed\"\nperturb = {{ yield = 0.01 }}\n");
    with_actors(name, &format!("{variant:?}"), "", actors, &[&stress])
}

fn clean() -> Bench {
    Bench::with(&scenario("t", "hardened", "[2, 3]"))
}

/// The checkpoint, if it is there and whole.
fn checkpoint(bench: &Bench) -> Option<Value> {
    serde_json::from_str(&std::fs::read_to_string(bench.path(CHECKPOINT)).ok()?).ok()
}

/// Changes one thing in the checkpoint.
fn tamper(bench: &Bench, change: impl FnOnce(&mut Value)) {
    let mut text = checkpoint(bench).expect("a checkpoint");
    change(&mut text);
    bench.file(CHECKPOINT, text.to_string());
}

/// Holds the report against its schema, and its numbers against each other.
fn adds_up(bench: &Bench, legs: u64) {
    let schema = bench.run("schema report").ended(0).json();
    let text = std::fs::read_to_string(bench.path(REPORT)).expect("a report");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let document = serde_json::from_str(&text).expect("JSON");
    assert!(validator.is_valid(&document), "{:?}", validator.iter_errors(&document).next());
    let report = bench.report();
    let soak = report.soak.as_ref().expect("a soak");
    assert_eq!((soak.legs, report.totals.executions), (legs, legs), "each leg is one execution");
    assert_eq!(soak.points.iter().map(|point| point.leg).collect::<Vec<_>>(), (1..=legs).collect::<Vec<_>>());
    let trials = &report.scenarios[0].trials;
    let (accepted, ops) = trials.iter().fold((0, 0), |sum, t| (sum.0 + t.ledger.accepted, sum.1 + t.ops));
    let of_legs = soak.points.iter().fold((0, 0), |sum, point| (sum.0 + point.accepted, sum.1 + point.ops));
    assert_eq!((accepted, ops), of_legs);
    for trial in trials {
        let ledger = &trial.ledger;
        assert!(ledger.accepted > 0, "{}", trial.trial.id);
        assert_eq!(ledger.accepted + ledger.lost, ledger.delivered + ledger.retained + 2 * ledger.lost);
        let timeline = trial.timeline.as_ref().expect("somebody looked");
        assert!(timeline.samples.is_sorted_by_key(|sample| sample.at_ns));
        assert!(timeline.samples.iter().all(|sample| sample.rss_bytes > 0 && sample.open_files > 0));
    }
}

#[test]
fn legs_take_turns_and_add_up() {
    let bench = clean();
    let ran =
        bench.run("soak s.toml --legs 5 --leg 100ms --seed 3").ended(0).says("5 legs of 100 ms; all legs are done");
    assert_eq!(ran.stderr.lines().filter(|line| line.starts_with("leg ")).count(), 5);
    adds_up(&bench, 5);
    let report = bench.report();
    assert_eq!((report.seed, report.verdict), (3, Verdict::Pass));
    let legs: Vec<u64> = report.scenarios[0].trials.iter().map(|trial| trial.executions).collect();
    assert_eq!(legs, [3, 2]);
    assert_eq!(bench.all_below("racehunt-out"), ["s", "s/report.html", "s/report.json", "s/report.txt", "s/soak.json"]);
    let summary = std::fs::read_to_string(bench.path("racehunt-out/s/report.txt")).expect("a summary");
    assert_eq!(bench.run(&format!("render {REPORT} --format text")).ended(0).stdout, summary);
    // It has ended, so another one may begin in its place.
    bench.run("soak s.toml --for 1ms --leg 100ms").says("the time is up");
    assert_eq!(bench.report().soak.expect("a soak").legs, 1);
}

#[test]
fn a_soak_too_short_for_every_trial_is_unknown() {
    let bench = clean();
    bench.run("soak s.toml --legs 1 --leg 100ms").ended(3).says("threads=3 was planned and came to no outcome");
}

#[test]
fn killed_and_resumed_it_counts_every_leg_once() {
    let bench = clean();
    let running = bench.start("soak s.toml --legs 7 --leg 300ms");
    let legs = |bench: &Bench| checkpoint(bench).and_then(|all| all["soak"]["legs"].as_u64()).unwrap_or_default();
    wait_for("two legs", || (legs(&bench) >= 2).then_some(()));
    bench.run("soak s.toml --legs 7 --leg 300ms --resume").ended(2).complains("another soak is at work");
    // In the middle of the next one.
    let worker = first_worker(running.pid());
    signal(running.pid(), Signal::SIGKILL);
    assert_eq!(running.end().code, None);
    wait_for("the worker's end", || (!worker.lives()).then_some(()));
    let counted = legs(&bench);
    assert!((2..7).contains(&counted), "{counted}");
    bench.run("soak s.toml --legs 7 --leg 300ms").ended(2).complains("has not ended").complains("--resume");
    bench.run("soak s.toml --legs 7 --leg 300ms --resume").ended(0).says("resumed 1 time");
    adds_up(&bench, 7);
}

#[test]
fn interrupted_it_ends_with_a_whole_report_and_goes_on() {
    let bench = clean();
    let running = bench.start("soak s.toml --for 1h --leg 200ms");
    wait_for("a leg", || checkpoint(&bench).filter(|all| all["soak"]["legs"].as_u64() >= Some(2)));
    signal(running.pid(), Signal::SIGTERM);
    running.end().ended(130).says("UNKNOWN, interrupted").says("it can go on with --resume");
    let legs = bench.report().soak.expect("a soak").legs;
    adds_up(&bench, legs);
    bench.run(&format!("soak s.toml --legs {} --leg 200ms --resume", legs + 1)).ended(0);
    adds_up(&bench, legs + 1);
}

#[test]
fn what_is_not_the_same_soak_is_not_resumed() {
    let bench = clean();
    bench.run("soak s.toml --legs 9 --leg 50ms --resume").ended(0).complains("there is no soak to resume");
    let resume = "soak s.toml --legs 9 --leg 50ms --resume";
    let stored = std::fs::read(bench.path(CHECKPOINT)).expect("a checkpoint");
    let refused = |args: &str, why: &str| {
        bench.run(args).ended(2).complains(why);
        assert_eq!(std::fs::read(bench.path(CHECKPOINT)).expect("still there"), stored);
    };
    refused("soak s.toml --legs 9 --leg 60ms --resume", "say --leg 50ms");
    refused(&format!("{resume} --seed 2"), "it has the seed 1, not 2");
    bench.file("s.toml", scenario("t", "hardened", "[2, 4]"));
    refused(resume, "is not what it was when the soak began");
    bench.file("s.toml", scenario("u", "hardened", "[2, 3]"));
    refused(resume, "it is a soak of \"t\", not of \"u\"");
    bench.file("s.toml", scenario("t", "hardened", "[2, 3]"));
    bench.run(resume).ended(0);
    tamper(&bench, |all| all["build"] = json!("0.0.0 of another day"));
    bench.run(resume).ended(2).complains("another build, 0.0.0 of another day");
    bench.file(CHECKPOINT, "{");
    bench.run(resume).ended(2).complains("not a soak that this program can resume");
}

#[test]
fn every_id_that_a_broken_variant_loses_is_named() {
    // At a rate at which even the worst of it is within what is named.
    let open = "pace = \"open\"\nrate = \"10k/s\"";
    let broken = scenario("t", "published-fix", "2").replace("pace = \"closed\"", open).replace("0.01", "0.05");
    let bench = Bench::with(&broken);
    bench.run("soak s.toml --legs 100 --leg 200ms").ended(1).says("something was found; --go-on goes on");
    let report = bench.report();
    let soak = report.soak.expect("a soak");
    let ledger = &report.scenarios[0].trials[0].ledger;
    let [leg] = &soak.ids[..] else { panic!("{:?}", soak.ids) };
    assert_eq!(leg.leg, soak.legs, "it ended with it");
    assert_eq!((leg.ids.lost.len() as u64, leg.ids.duplicated.len() as u64), (ledger.lost, ledger.duplicated));
    assert!(soak.unnamed == 0 && ledger.lost + ledger.duplicated > 0);
}

#[test]
fn every_second_turn_has_some_of_the_faults() {
    let bench = Bench::with(
        "schema = 1\nname = \"t\"\nabout = \"t\"\n[subject]\nname = \"trace-buffer\"\nvariant = \"hardened\"\n\
         [workload]\nmix = { store = 1 }\n[stress]\nprocesses = 2\nthreads = 1\nduration = \"1h\"\npace = \"closed\"\n\
         faults = [{ kind = \"kill\", every = \"50ms\" }]\n",
    );
    // On a busy machine a leg may end before anybody was killed, and is in doubt.
    bench.run("soak s.toml --legs 4 --leg 400ms").says("4 legs of 400 ms");
    let soak = bench.report().soak.expect("a soak");
    assert_eq!(soak.points.iter().map(|point| point.drawn).collect::<Vec<_>>(), [false, true, false, true]);
}

#[test]
fn drift_is_told_and_fails_only_where_it_is_to() {
    let bench = Bench::with(&scenario("t", "hardened", "2"));
    bench.run("soak s.toml --legs 1 --leg 100ms").ended(0);
    tamper(&bench, |all| {
        let soak = &mut all["soak"];
        let point = soak["points"][0].clone();
        let grown = |leg: u64| {
            let mut point = point.clone();
            (point["leg"], point["at_ns"]) = (json!(leg), json!(leg * 60_000_000_000));
            point["open_files"] = json!(leg * 100);
            point
        };
        soak["points"] = (1..=20).map(grown).collect();
        (soak["legs"], soak["elapsed_ns"]) = (json!(20), json!(20 * 60_000_000_000_u64));
    });
    bench.run("soak s.toml --legs 21 --leg 100ms --resume").ended(0).says("<-- drift");
    let drift = bench.report().soak.expect("a soak").drift;
    let of = |name: &str| drift.iter().find(|one| one.of == name).expect("told").clone();
    assert_eq!((of("open files").verdict, of("open files").bad), (Trend::Grows, true));
    bench.run("soak s.toml --legs 21 --leg 100ms --resume --fail-on-drift").ended(1).says("FAIL");
    assert!(bench.report().reasons.iter().any(|why| why.starts_with("drift: open files grows")));
}

/// What the server at the address answers.
fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("somebody listens");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

fn address(running: &mut Running) -> String {
    let mut lines = BufReader::new(running.stderr()).lines();
    let line = lines.by_ref().find_map(|line| line.ok()?.strip_prefix("metrics: http://").map(str::to_owned));
    std::thread::spawn(move || lines.for_each(drop));
    line.expect("an address").trim_end_matches("/metrics").to_owned()
}

#[test]
fn figures_are_served_while_it_soaks() {
    let bench = clean();
    let mut running = bench.start("soak s.toml --for 1h --leg 100ms --metrics 127.0.0.1:0");
    let address = address(&mut running);
    let legs = |text: &String| Some(text.lines().find_map(|line| line.strip_prefix("racehunt_legs_total "))? != "0");
    let text = wait_for("a leg", || Some(get(&address, "/metrics")).filter(|text| legs(text) == Some(true)));
    assert!(text.starts_with("HTTP/1.1 200") && text.contains("application/openmetrics-text; version=1.0.0"), "{text}");
    let of = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<f64>().ok());
    let accepted = of("racehunt_ids_total{fate=\"accepted\"}").expect("a number");
    assert_eq!(of("racehunt_ids_total{fate=\"lost\"}"), Some(0.0));
    assert!(accepted > 0.0 && of("racehunt_ops_total") >= Some(accepted));
    assert!(of("racehunt_rss_bytes{of=\"harness\"}") > Some(0.0) && of("racehunt_rss_bytes{of=\"trial\"}") > Some(0.0));
    assert_eq!(of("racehunt_findings_total{kind=\"lost\"}"), Some(0.0));
    assert!(get(&address, "/else").starts_with("HTTP/1.1 404"));
    signal(running.pid(), Signal::SIGINT);
    running.end().ended(130);
    assert!(TcpStream::connect(&address).is_err(), "nobody listens any more");
}

#[test]
fn what_cannot_be_soaked_is_said_at_once() {
    let bench = clean();
    bench.run("soak s.toml").ended(2).complains("--for");
    bench.run("soak s.toml --for 10").ended(2).complains("unit");
    bench.run("soak s.toml --legs 1 --disk 10GB").ended(2).complains("10GiB");
    bench.run("soak nowhere.toml --legs 1").ended(2).complains("nowhere.toml");
    bench.file("model.toml", crate::support::scenario("m", "\"hardened\"", &[crate::support::SHUTTLE]));
    bench.run("soak model.toml --legs 1").ended(2).complains("no [stress] section");
}
