//! `racehunt gate` as a pipeline meets it: exit codes, what it says, and the baseline it writes.

use std::path::PathBuf;
use std::process::Command;

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

/// A folder with a report in it.
struct Bench(tempfile::TempDir);

impl Bench {
    fn new() -> Self {
        let bench = Self(tempfile::tempdir().expect("a temporary folder"));
        bench.run_scenario(SCENARIO, 0);
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("a file")
    }

    fn replace(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "no {from:?} in\n{text}");
        std::fs::write(self.path(name), text.replace(from, to)).expect("a file");
    }

    /// Runs a scenario, which must end with `code`, and leaves its report in `out/s/report.json`.
    #[track_caller]
    fn run_scenario(&self, text: &str, code: i32) {
        std::fs::write(self.path("s.toml"), text).expect("a file");
        self.ends(code, &["run", "s.toml", "--out", "out", "--quiet"]);
    }

    /// Holds the report against the baseline; returns stdout and stderr.
    #[track_caller]
    fn gate(&self, code: i32, more: &[&str]) -> (String, String) {
        let args = [&["gate", "out/s/report.json", "--baseline", "known/b.json"], more].concat();
        self.ends(code, &args)
    }

    #[track_caller]
    fn ends(&self, code: i32, args: &[&str]) -> (String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_racehunt"));
        let output = command.args(args).current_dir(self.0.path()).output().expect("it starts");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        let (out, err) = (text(output.stdout), text(output.stderr));
        assert_eq!(output.status.code(), Some(code), "{args:?}\n--- stdout\n{out}\n--- stderr\n{err}");
        (out, err)
    }
}

#[test]
fn what_was_accepted_passes_and_stays_as_it_is() {
    let bench = Bench::new();
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
    let bench = Bench::new();
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
    let bench = Bench::new();
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
    let bench = Bench::new();
    let (_, err) = bench.gate(2, &[]);
    assert!(err.contains("error: known/b.json: "), "{err}");
    bench.gate(0, &["--update", "known"]);
    bench.replace("known/b.json", "\"schema\": 1", "\"schema\": 9");
    let (_, err) = bench.gate(2, &[]);
    assert!(err.contains("known/b.json: the baseline has schema 9; this build reads schema 1"), "{err}");
    let (_, err) = bench.ends(2, &["gate", "s.toml", "--baseline", "known/b.json"]);
    assert!(err.contains("error: s.toml: "), "{err}");
}
