//! Two builds side by side. The builds are scripts where a figure decides: nothing here hangs on how fast a machine is.

use crate::bench::Bench;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;

const LOAD: &str = r#"
schema = 1
name = "t"
about = "For a test."

[subject]
name = "metrics-buffer"
variant = "hardened"
params = { metrics = 4, keys = "drawn", interval = "1h" }

[workload]
mix = { increment = 5, flush = 1 }

[stress]
threads = 2
pace = "closed"
duration = "50ms"
chase = false

[limits]
stall = "30s"
"#;

const POLICY: &str = "schema = 1\n[speed]\nworse = { p50 = 0.1 }\n";

/// A bench with the report of a load, a policy, and a baseline with the report's figures.
fn measured() -> Bench {
    let bench = Bench::with(LOAD);
    bench.write("p.toml", POLICY);
    bench.gate(0, &["--update", "first", "--figures"]);
    bench
}

/// The report with another median of its op `flush`.
fn with_median(bench: &Bench, p50_ns: u64) -> String {
    let mut report: Value = serde_json::from_str(&bench.read("out/s/report.json")).expect("JSON");
    let latencies = report["scenarios"][0]["trials"][0]["latencies"].as_array_mut().expect("latencies");
    let flush = latencies.iter_mut().find(|one| one["op"] == "flush").expect("a flush");
    flush["p50_ns"] = json!(p50_ns);
    report.to_string()
}

/// An executable that writes a report with this median, whatever it is asked to run.
fn build(bench: &Bench, name: &str, p50_ns: u64) -> String {
    let report = format!("{name}.json");
    bench.write(&report, &with_median(bench, p50_ns));
    let report = bench.path(&report).display().to_string();
    script(bench, name, &format!("mkdir -p \"$4/pair\"\ncp '{report}' \"$4/pair/report.json\"\n"))
}

fn script(bench: &Bench, name: &str, body: &str) -> String {
    bench.write(name, &format!("#!/bin/sh\n{body}"));
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(bench.path(name), mode).expect("an executable");
    bench.path(name).display().to_string()
}

#[test]
fn a_worse_figure_alone_is_unknown_with_the_command_that_tells() {
    let bench = measured();
    assert!(bench.gate(0, &["--policy", "p.toml"]).0.ends_with("gate: pass\n"));
    bench.write("out/s/report.json", &with_median(&bench, 900_000_000));
    let (out, _) = bench.gate(3, &["--policy", "p.toml"]);
    for says in [
        "racehunt gate out/s/report.json --baseline known/b.json --policy p.toml --against OLD_EXE\n",
        "- suspicious: p50 of flush, metrics-buffer/hardened/stress, t: 900 ms, ",
        "gate: unknown\n",
    ] {
        assert!(out.contains(says), "no {says:?} in\n{out}");
    }
    // Nothing is limited without a policy, and so nothing is suspected.
    assert_eq!(bench.gate(0, &[]).0, "gate: pass\n");
}

#[test]
fn pairs_confirm_a_suspicion_or_lift_it() {
    let bench = measured();
    bench.write("out/s/report.json", &with_median(&bench, 900_000_000));
    let (fast, slow) = (build(&bench, "fast", 1_000), build(&bench, "slow", 1_200));
    let gate =
        |code, old: &str, new: &str| bench.gate(code, &["--policy", "p.toml", "--against", old, "--candidate", new]).0;
    let out = gate(1, &fast, &slow);
    for says in [
        "speed: 1 trial by both builds, 16 pairs of 100ms a run, α = 0.01\n",
        "old 1.00 µs [1.00 µs, 1.00 µs]   new 1.20 µs [1.20 µs, 1.20 µs]\n",
        "+20.0 % time [+20.0 %, +20.0 %]   p = 3e-5, 16 pairs   limit 10 %: WORSE\n",
        "- slower: p50 of flush, metrics-buffer/hardened/stress, t: +20.0 % time",
        "gate: fail\n",
    ] {
        assert!(out.contains(says), "no {says:?} in\n{out}");
    }
    for (old, new) in [(&slow, &fast), (&slow, &slow)] {
        let out = gate(0, old, new);
        assert!(out.contains("limit 10 %: fine") && out.ends_with("gate: pass\n"), "{out}");
    }
}

#[test]
fn a_build_that_runs_nothing_is_unknown() {
    let bench = measured();
    let broken = script(&bench, "broken", "echo 'error: no such key' >&2\nexit 2\n");
    let (out, _) = bench.gate(3, &["--policy", "p.toml", "--against", &broken, "--confirm-all"]);
    assert!(out.contains("broken wrote no report: error: no such key"), "{out}");
    let (out, _) = bench.gate(3, &["--policy", "p.toml", "--against", "/nowhere/racehunt", "--confirm-all"]);
    assert!(out.contains("/nowhere/racehunt: No such file"), "{out}");
    let (out, _) = bench.gate(3, &["--against", &broken, "--confirm-all"]);
    assert!(out.contains("no trial under load that the policy limits"), "{out}");
}

#[test]
fn what_was_not_compared_is_said() {
    let bench = measured();
    let (out, _) = bench.gate(0, &["--policy", "p.toml", "--against", "/nowhere/racehunt"]);
    assert!(out.starts_with("speed: nothing looks slower than the baseline's figures\n"), "{out}");
    bench.gate(0, &["--update", "without"]);
    let (out, _) = bench.gate(0, &["--policy", "p.toml"]);
    assert!(out.starts_with("speed: not judged: the baseline has no figures"), "{out}");
}

#[test]
fn this_build_against_itself_runs_in_pairs() {
    let bench = measured();
    // Far above what any machine makes of two runs of one build.
    bench
        .write("p.toml", "schema = 1\n[speed]\nalpha = 0.1\npairs = 12\nduration = \"50ms\"\nworse = { p50 = 10.0 }\n");
    let this = env!("CARGO_BIN_EXE_racehunt");
    let (out, _) = bench.gate(0, &["--policy", "p.toml", "--against", this, "--confirm-all"]);
    for says in [
        "12 pairs of 50ms a run",
        "p50 of flush, metrics-buffer/hardened/stress, t\n",
        "p50 of increment",
        "gate: pass",
    ] {
        assert!(out.contains(says), "no {says:?} in\n{out}");
    }
    assert_eq!(out.matches("limit 1000 %: fine").count(), 2, "{out}");
}
