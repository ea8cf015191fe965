//! A folder to run in, scenarios to run, and what came of it.

use racehunt_reports::Report;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::time::{Duration, Instant};

pub(crate) mod process;

/// Far above what anything here takes; only keeps a mistake from hanging the suite.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Enough to find what `published-fix` loses.
pub(crate) const SHUTTLE: &str = "[shuttle]\nstrategy = \"random\"\nexecutions = 300\n";
/// Small enough to be searched to its end.
pub(crate) const LOOM: &str = "[loom]\npreemptions = [2]\n";
/// Nearly every round of `overlapping` flushes delivers twice.
pub(crate) const STRESS: &str = "[stress]\nthreads = 2\nrounds = 2_000\n";
/// More than anybody waits for.
pub(crate) const ENDLESS: &str = "[shuttle]\nstrategy = \"random\"\nexecutions = 1_000_000_000_000\ntime = \"1h\"\n";
/// MB3: what arrives during the hand-over is lost.
pub(crate) const LOST: &str = "[[expect]]\nrace = \"MB3\"\nfinding = \"lost\"\n";

/// A flush meets an add, on some variants (`"a"` or `["a", "b"]`), with the sections that say how to search.
pub(crate) fn scenario(name: &str, variants: &str, sections: &[&str]) -> String {
    let actors = r#"{ name = "D", ops = ["flush"] }, { name = "A", ops = ["increment(0)"] }"#;
    with_actors(name, variants, "", actors, sections)
}

/// Two flushes whose hand-overs a gate makes overlap, after one add: delivered twice, on real threads too.
pub(crate) fn overlapping(name: &str, sections: &[&str]) -> String {
    let actors = r#"{ name = "D", ops = ["increment(0)", "flush"] }, { name = "E", ops = ["flush"] }"#;
    with_actors(name, "\"published-fix\"", ", sink = \"gated\", gate_at = 1", actors, sections)
}

/// Any actors, and more params.
pub(crate) fn with_actors(name: &str, variants: &str, params: &str, actors: &str, sections: &[&str]) -> String {
    let sections = sections.join("\n");
    format!(
        "schema = 1\nname = \"{name}\"\nabout = \"For a test.\"\n\n\
         [subject]\nname = \"metrics-buffer\"\nvariant = {variants}\nparams = {{ metrics = 1, interval = \"1h\"{params} }}\n\n\
         [workload]\nactors = [{actors}]\n\n{sections}"
    )
}

/// A temporary folder in which commands run.
pub(crate) struct Bench {
    folder: tempfile::TempDir,
}

/// A command that has ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// A bench with one scenario, `s.toml`.
    pub(crate) fn with(text: &str) -> Self {
        let bench = Self::new();
        bench.file("s.toml", text);
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, and the folders above it.
    pub(crate) fn file(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        std::fs::write(path, bytes).expect("a file");
    }

    /// The program with these arguments, words split at spaces, in this folder and out of reach of the caller's terminal.
    pub(crate) fn command(&self, args: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_racehunt"));
        command.args(args.split(' ').filter(|a| !a.is_empty())).current_dir(self.folder.path());
        command.env_remove("NO_COLOR").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, args: &str) -> Ran {
        let mut command = assert_cmd::Command::from_std(self.command(args));
        Ran::of(command.timeout(PATIENCE).output().expect("the program starts"))
    }

    /// Starts the program and leaves it running.
    pub(crate) fn start(&self, args: &str) -> Running {
        Running(Some(self.command(args).spawn().expect("the program starts")))
    }

    /// The report that `run s.toml` wrote.
    pub(crate) fn report(&self) -> Report {
        let text = std::fs::read_to_string(self.path(REPORT)).expect("a report");
        Report::from_json(&text).expect("a valid report")
    }

    /// Everything below a folder, files and folders, in order.
    pub(crate) fn all_below(&self, folder: &str) -> Vec<String> {
        let below = self.path(folder);
        let relative = |p: &Path| p.strip_prefix(&below).expect("below").display().to_string();
        let walk = walkdir::WalkDir::new(&below).min_depth(1).sort_by_file_name();
        walk.into_iter().map(|e| relative(e.expect("readable").path())).collect()
    }
}

/// A report without what two equal runs may differ in: times, the moment and the command line. All else, to the byte.
pub(crate) fn redacted(report: &str) -> String {
    let mut report = Report::from_json(report).expect("a valid report");
    report.started.clear();
    report.command.clear();
    report.totals.trial_time_ns = 0;
    for trial in report.scenarios.iter_mut().flat_map(|one| &mut one.trials) {
        trial.elapsed_ns = 0;
    }
    racehunt_reports::render::json(&report)
}

/// Where `run s.toml` writes.
pub(crate) const REPORT: &str = "racehunt-out/s/report.json";

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("the program writes UTF-8");
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Fails with all that was written unless the exit code is this one.
    #[track_caller]
    pub(crate) fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }

    /// Fails unless stdout has this text.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "no {text:?} in\n{}", self.stdout);
        self
    }

    /// Fails unless stderr has this text.
    #[track_caller]
    pub(crate) fn complains(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "no {text:?} in\n{}", self.stderr);
        self
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).expect("stdout is one JSON document")
    }
}

/// A program that runs; killed if the test ends before it.
pub(crate) struct Running(Option<Child>);

impl Running {
    pub(crate) fn pid(&self) -> u32 {
        self.0.as_ref().expect("running").id()
    }

    /// Its stderr, to be read while it runs.
    pub(crate) fn stderr(&mut self) -> ChildStderr {
        self.0.as_mut().and_then(|c| c.stderr.take()).expect("not taken yet")
    }

    /// Waits for the end.
    pub(crate) fn end(mut self) -> Ran {
        let pid = self.pid();
        let child = self.0.take().expect("running");
        let watch = process::Watchdog::over(pid);
        let output = child.wait_with_output().expect("output");
        drop(watch);
        Ran::of(output)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Asks until there is an answer.
#[track_caller]
pub(crate) fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
