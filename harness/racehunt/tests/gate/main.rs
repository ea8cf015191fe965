//! `racehunt gate` as a pipeline meets it: exit codes, what it says, and the baseline it writes.

mod bench;
mod speed;

use bench::Bench;

/// A scenario of the models alone, which comes out the same each time.
const SCENARIO: &str = r#"
schema = 1
name = "t"
about = "For a test."

[subject]
name = "metrics-buffer"
variant = ["published-fix", "hardened"]
params = { metrics = 1, interval = "1h" }

[workload]
actors = [{ name = "D", ops = ["flush"] }, { name = "A", ops = ["increment(0)"] }]

[shuttle]
executions = 300

[[expect]]
race = "MB3"
finding = "lost"
variants = ["published-fix"]
"#;

#[test]
fn what_was_accepted_passes_and_stays_as_it_is() {
    let bench = Bench::with(SCENARIO);
    let (out, err) = bench.gate(0, &["--update", "known: the copy and the clearing are two steps"]);
    assert_eq!((out.as_str(), err.as_str()), ("", "wrote known/b.json\n"));
    let baseline = bench.read("known/b.json");
    assert!(baseline.contains(r#""reason": "known: the copy and the clearing are two steps""#), "{baseline}");
    assert!(baseline.contains(r#""minimum_executions": 150"#), "{baseline}");
    assert_eq!(bench.gate(0, &[]).0, "gate: pass\n");
    // Run again and accepted again, the file is the same: a diff of it shows changes alone.
    bench.run_scenario(SCENARIO, 0);
    bench.gate(0, &["--update", "known: the copy and the clearing are two steps"]);
    assert_eq!(bench.read("known/b.json"), baseline);
}

#[test]
fn what_is_new_or_gone_or_thin_fails() {
    let bench = Bench::with(SCENARIO);
    bench.gate(0, &["--update", "known"]);
    let known = bench.read("known/b.json");
    let says = |why: &str| {
        let (out, _) = bench.gate(1, &[]);
        assert!(out.contains(why) && out.ends_with("gate: fail\n"), "no {why:?} in\n{out}");
        std::fs::write(bench.path("known/b.json"), &known).expect("a file");
    };
    bench.replace("known/b.json", r#""minimum_executions": 150"#, r#""minimum_executions": 301"#);
    says("- clean after 300 executions, at least 301 are asked for: hardened by shuttle, t");
    bench.replace("known/b.json", r#""kind": "lost""#, r#""kind": "duplicated""#);
    says(
        "- accepted finding is gone (mended, or the search went blind): duplicated (MB3) in published-fix by shuttle, t",
    );
    bench.replace("known/b.json", r#""fingerprint": ""#, r#""fingerprint": "another"#);
    says("- new finding: lost (MB3) in published-fix by shuttle, t");
    bench.run_scenario(&SCENARIO.replace(r#"["published-fix", "hardened"]"#, r#"["published-fix"]"#), 0);
    says("- clean cell is gone: hardened by shuttle, t");
}

#[test]
fn what_nobody_knows_is_no_pass_and_cannot_be_accepted() {
    let bench = Bench::with(SCENARIO);
    bench.gate(0, &["--update", "known"]);
    bench.replace("out/s/report.json", r#""interrupted": false"#, r#""interrupted": true"#);
    assert_eq!(bench.gate(3, &[]).0, "- the run was interrupted\ngate: unknown\n");
    let known = bench.read("known/b.json");
    let (_, err) = bench.gate(3, &["--update", "better than nothing"]);
    assert!(err.contains("only a run that was judged can become a baseline"), "{err}");
    assert_eq!(bench.read("known/b.json"), known, "nothing was written");
}

#[test]
fn files_that_are_wrong_are_named() {
    let bench = Bench::with(SCENARIO);
    let (_, err) = bench.gate(2, &[]);
    assert!(err.contains("error: known/b.json: "), "{err}");
    bench.gate(0, &["--update", "known"]);
    bench.replace("known/b.json", "\"schema\": 2", "\"schema\": 9");
    let (_, err) = bench.gate(2, &[]);
    assert!(err.contains("known/b.json: the baseline has schema 9; this build reads schemas 1 and 2"), "{err}");
    let (_, err) = bench.ends(2, &["gate", "s.toml", "--baseline", "known/b.json"]);
    assert!(err.contains("error: s.toml: "), "{err}");
}

#[test]
fn an_update_keeps_reasons_and_needs_one() {
    let bench = Bench::with(SCENARIO);
    bench.gate(0, &["--update", "known: the copy and the clearing are two steps"]);
    let known = bench.read("known/b.json");
    bench.gate(0, &["--update", "something else"]);
    assert_eq!(bench.read("known/b.json"), known);
    let (_, err) = bench.gate(2, &["--update", " "]);
    assert!(err.contains("a reason is needed"), "{err}");
    bench.replace("known/b.json", r#""fingerprint": ""#, r#""fingerprint": "another"#);
    bench.gate(0, &["--update", "something else"]);
    assert!(bench.read("known/b.json").contains(r#""reason": "something else""#));
    // A baseline that cannot be read is not overwritten, and neither are its reasons.
    bench.write("known/b.json", "{");
    bench.gate(2, &["--update", "something else"]);
    assert_eq!(bench.read("known/b.json"), "{");
}

#[test]
fn a_policy_asks_for_more_and_says_where_it_is_wrong() {
    let bench = Bench::with(SCENARIO);
    bench.gate(0, &["--update", "known"]);
    bench.write("p.toml", "schema = 1\n[executions]\nshuttle = 301\n");
    let (out, _) = bench.gate(1, &["--policy", "p.toml"]);
    assert!(out.contains("- clean after 300 executions, at least 301 are asked for: hardened by shuttle, t"), "{out}");
    bench.write("p.toml", "schema = 1\n[executions]\nshuttle = 300\n[loss]\nlost = 0\n");
    assert_eq!(bench.gate(0, &["--policy", "p.toml"]).0, "gate: pass\n");
    bench.write("p.toml", "schema = 1\n[executions]\nshutle = 301\n");
    let (_, err) = bench.gate(2, &["--policy", "p.toml"]);
    assert!(err.contains("--> p.toml:3:1") && err.contains("did you mean `shuttle`?"), "{err}");
}

#[test]
fn several_reports_are_judged_together() {
    let bench = Bench::with(SCENARIO);
    std::fs::copy(bench.path("out/s/report.json"), bench.path("first.json")).expect("a copy");
    bench.run_scenario(&SCENARIO.replace("name = \"t\"", "name = \"u\""), 0);
    bench.gate(0, &["first.json", "--update", "both"]);
    assert_eq!(bench.gate(0, &["first.json"]).0, "gate: pass\n");
    let (out, _) = bench.gate(1, &[]);
    assert!(out.contains("- clean cell is gone: hardened by shuttle, t\n"), "{out}");
}
