//! A folder with a report in it.

use std::path::PathBuf;
use std::process::Command;

/// A folder with a report in it.
pub(crate) struct Bench(tempfile::TempDir);

impl Bench {
    /// With the report of a scenario that passes.
    pub(crate) fn with(text: &str) -> Self {
        let bench = Self(tempfile::tempdir().expect("a temporary folder"));
        bench.run_scenario(text, 0);
        bench
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("a file");
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("a file")
    }

    pub(crate) fn replace(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "no {from:?} in\n{text}");
        std::fs::write(self.path(name), text.replace(from, to)).expect("a file");
    }

    /// Runs a scenario, which must end with `code`, and leaves its report in `out/s/report.json`.
    #[track_caller]
    pub(crate) fn run_scenario(&self, text: &str, code: i32) {
        std::fs::write(self.path("s.toml"), text).expect("a file");
        self.ends(code, &["run", "s.toml", "--out", "out", "--quiet"]);
    }

    /// Holds the report against the baseline; returns stdout and stderr.
    #[track_caller]
    pub(crate) fn gate(&self, code: i32, more: &[&str]) -> (String, String) {
        let args = [&["gate", "out/s/report.json", "--baseline", "known/b.json"], more].concat();
        self.ends(code, &args)
    }

    /// Runs a command, which must end with `code`; returns stdout and stderr.
    #[track_caller]
    pub(crate) fn ends(&self, code: i32, args: &[&str]) -> (String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_racehunt"));
        let output = command.args(args).current_dir(self.0.path()).output().expect("it starts");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        let (out, err) = (text(output.stdout), text(output.stderr));
        assert_eq!(output.status.code(), Some(code), "{args:?}\n--- stdout\n{out}\n--- stderr\n{err}");
        (out, err)
    }
}
