//! One of the two builds: an executable with the command line of racehunt.
//!
//! It is asked in the two languages that are versioned, a scenario and a report, so that the accepted build may be as
//! old as those, and may be a program of somebody else's that links this crate.

use racehunt_core::outcome::TrialOutcome;
use racehunt_reports::Report;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Far above what a short load and its accounting take; only keeps a build that hangs from hanging the gate.
const PATIENCE: Duration = Duration::from_secs(120);
/// Time between two looks at the run: long enough not to be part of what it measures.
const LOOK: Duration = Duration::from_millis(5);

/// A build.
pub(super) struct Build {
    exe: PathBuf,
    dir: PathBuf,
}

/// What it is to run.
pub(super) struct Run<'a> {
    /// The scenario, of one trial.
    pub(super) toml: &'a str,
    /// The run's seed.
    pub(super) seed: u64,
    /// Ends it early once it is true.
    pub(super) stop: &'a AtomicBool,
}

impl Build {
    /// A build that leaves its reports in a folder.
    pub(super) fn new(exe: &Path, dir: &Path) -> Self {
        Self { exe: exe.to_owned(), dir: dir.to_owned() }
    }

    /// Runs a trial; in words, why there is no outcome.
    pub(super) fn run(&self, run: &Run<'_>) -> Result<TrialOutcome, String> {
        let exe = self.exe.display();
        let (scenario, out) = (self.dir.join("pair.toml"), self.dir.join("out"));
        let report = out.join("pair").join("report.json");
        std::fs::write(&scenario, run.toml).map_err(|e| format!("{}: {e}", scenario.display()))?;
        // The report of the run before must not be taken for this one's.
        let _ = std::fs::remove_file(&report);
        let stderr = self.dir.join("stderr");
        let errors = std::fs::File::create(&stderr).map_err(|e| format!("{}: {e}", stderr.display()))?;
        let mut command = Command::new(&self.exe);
        command.arg("run").arg(&scenario).arg("--out").arg(&out).args(["--quiet", "--seed"]).arg(run.seed.to_string());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors);
        let child = command.spawn().map_err(|e| format!("{exe}: {e}"))?;
        wait(child, run.stop).map_err(|why| format!("{exe}: {why}"))?;
        // Any exit code will do: a trial that finds something has been measured, too.
        let text = std::fs::read_to_string(&report).map_err(|_| {
            let said = std::fs::read_to_string(&stderr).unwrap_or_default();
            format!("{exe} wrote no report: {}", said.lines().next().unwrap_or("it does not say why"))
        })?;
        let read = Report::from_json(&text).map_err(|e| format!("the report of {exe}: {e}"))?;
        let trials = read.scenarios.into_iter().flat_map(|one| one.trials);
        trials.into_iter().next().ok_or_else(|| format!("{exe} came to no outcome"))
    }
}

fn wait(mut child: Child, stop: &AtomicBool) -> Result<(), String> {
    let started = Instant::now();
    loop {
        if child.try_wait().map_err(|e| e.to_string())?.is_some() {
            return Ok(());
        }
        let why = if stop.load(Ordering::Relaxed) {
            "interrupted"
        } else if started.elapsed() > PATIENCE {
            "it hangs, and was killed"
        } else {
            std::thread::sleep(LOOK);
            continue;
        };
        let _ = child.kill();
        let _ = child.wait();
        return Err(why.to_owned());
    }
}
