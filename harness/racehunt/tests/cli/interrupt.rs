//! Ctrl-C and SIGTERM.

use crate::support::process::{Signal, first_worker, signal, workers};
use crate::support::{Bench, ENDLESS, REPORT, Running, STRESS, overlapping, scenario, wait_for};
use racehunt_core::verdict::Verdict;
use std::io::{BufRead, BufReader};

/// Reads stderr up to a line with `word`, and goes on reading so that the program never waits for us.
fn until(running: &mut Running, word: &str) {
    let mut lines = BufReader::new(running.stderr()).lines();
    let mut read = Vec::new();
    while !read.last().is_some_and(|line: &String| line.contains(word)) {
        let Some(Ok(line)) = lines.next() else { panic!("stderr ended without {word:?}: {read:#?}") };
        read.push(line);
    }
    std::thread::spawn(move || lines.for_each(drop));
}

#[test]
fn a_model_run_ends_with_what_it_found_so_far() {
    for sent in [Signal::SIGINT, Signal::SIGTERM] {
        let bench = Bench::with(&scenario("t", r#"["published-fix", "hardened"]"#, &[ENDLESS]));
        let mut running = bench.start("run s.toml -v --jobs 2");
        until(&mut running, ": lost: ");
        let pid = running.pid();
        let both = wait_for("two workers", || Some(workers(pid)).filter(|w| w.len() == 2));
        signal(pid, sent);
        let ran = running.end().ended(130).says("FAIL, interrupted");
        assert!(both.iter().all(|w| !w.lives()), "{both:?} {}", ran.stdout);
        let report = bench.report();
        assert!(report.interrupted);
        assert_eq!((report.verdict, report.exit_code), (Verdict::Fail, 130));
        let [found, clean] = &report.scenarios[0].trials[..] else { panic!("{:?}", report.scenarios[0].trials) };
        assert_eq!((found.findings.len(), clean.findings.len()), (1, 0));
        assert_eq!(clean.verdict, Verdict::Unknown, "{:?}", clean.reasons);
        assert!(clean.reasons[0].contains("interrupted"), "{:?}", clean.reasons);
        assert_eq!(
            bench.all_below("racehunt-out"),
            ["s", "s/report.html", "s/report.json"],
            "no temporary file is left"
        );
        bench.run(&format!("replay {REPORT}")).ended(0).says("1 of 1 replayed exactly");
    }
}

#[test]
fn a_clean_run_is_unknown_and_what_never_began_is_missing() {
    let long = "[stress]\nthreads = 2\nduration = \"1h\"\n";
    let bench = Bench::with(&scenario("t", "\"hardened\"", &[long, ENDLESS]));
    let running = bench.start("run s.toml");
    let worker = first_worker(running.pid());
    signal(running.pid(), Signal::SIGINT);
    running.end().ended(130).says("UNKNOWN, interrupted");
    assert!(!worker.lives());
    let report = bench.report();
    assert_eq!((report.interrupted, report.verdict), (true, Verdict::Unknown));
    assert_eq!(report.scenarios[0].missing, ["metrics-buffer/hardened/shuttle/random"]);
}

#[test]
fn a_stress_run_keeps_the_findings_of_real_threads() {
    let long = STRESS.replace("rounds = 2_000", "duration = \"1h\"");
    let bench = Bench::with(&overlapping("t", &[&long]));
    let mut running = bench.start("run s.toml -v");
    until(&mut running, ": duplicated: ");
    let worker = first_worker(running.pid());
    signal(running.pid(), Signal::SIGTERM);
    running.end().ended(130);
    assert!(!worker.lives());
    let trial = &bench.report().scenarios[0].trials[0];
    assert!(!trial.findings.is_empty() && trial.executions > 0, "{trial:?}");
}

#[test]
fn json_is_whole_after_an_interruption() {
    let bench = Bench::with(&scenario("t", "\"hardened\"", &[ENDLESS]));
    let running = bench.start("run s.toml --json");
    first_worker(running.pid());
    signal(running.pid(), Signal::SIGINT);
    let ran = running.end().ended(130);
    assert_eq!(ran.json()["interrupted"], true);
    assert_eq!(ran.stdout, std::fs::read_to_string(bench.path(REPORT)).expect("a report"));
}

#[test]
fn a_worker_that_does_not_stop_is_killed() {
    let bench = Bench::with(&scenario("t", "\"hardened\"", &[ENDLESS]));
    let running = bench.start("run s.toml");
    let worker = first_worker(running.pid());
    signal(worker.pid, Signal::SIGSTOP);
    signal(running.pid(), Signal::SIGINT);
    running.end().ended(130).says("did not stop within");
    assert!(!worker.lives());
}

#[test]
fn the_second_signal_ends_it_at_once() {
    let bench = Bench::with(&scenario("t", "\"hardened\"", &[ENDLESS]));
    let running = bench.start("run s.toml");
    let worker = first_worker(running.pid());
    let home = worker.home();
    // A worker that cannot answer keeps the run waiting after the first signal. Two kinds: of one kind, the second
    // would be dropped while the first is pending.
    signal(worker.pid, Signal::SIGSTOP);
    signal(running.pid(), Signal::SIGINT);
    signal(running.pid(), Signal::SIGTERM);
    running.end().ended(130);
    assert!(!bench.path(REPORT).exists(), "at once means without a report");
    let alive = nix::unistd::Pid::from_raw(worker.pid.cast_signed());
    // A stopped process notices nothing; one that goes on notices that it is alone.
    let _ = nix::sys::signal::kill(alive, Signal::SIGCONT);
    wait_for("the worker's end", || (!worker.lives()).then_some(()));
    assert!(!home.exists(), "{}", home.display());
}
