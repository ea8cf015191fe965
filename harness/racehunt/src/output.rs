//! What goes to the terminal and to files.

use crate::Failure;
use crate::args;
use racehunt_core::plan::Part;
use racehunt_reports::distinct::distinct;
use racehunt_reports::render::{TextOptions, by_name, html, json, svg_of_finding, svg_of_report, text};
use racehunt_reports::style::Style;
use racehunt_reports::{Report, exit};
use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

/// Writes to stdout. A reader that has gone away (`| head`) is no error; a full disk is, so nothing stays in a buffer.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::harness("stdout")(e)),
        _ => Ok(()),
    }
}

/// Writes a line to stderr; if that fails there is nobody to tell.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Colour if a person looks, on something that has colours, and does not object (`NO_COLOR`).
pub(crate) fn style(terminal: bool) -> Style {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
    let able = std::env::var_os("TERM").is_some_and(|v| v != "dumb");
    if terminal && able && !refused { Style::Ansi } else { Style::Plain }
}

/// How a summary is laid out on stdout (or, if not, stderr).
pub(crate) fn layout(stdout: bool, report: Option<String>) -> TextOptions {
    let (terminal, term) = if stdout {
        (std::io::stdout().is_terminal(), console::Term::stdout())
    } else {
        (std::io::stderr().is_terminal(), console::Term::stderr())
    };
    let width = term.size_checked().map_or(100, |(_, columns)| usize::from(columns).clamp(60, 160));
    TextOptions { width, style: style(terminal), report, full: true }
}

/// Writes `bytes` beside `path` and renames: the file is there as a whole, or as it was.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let folder = parent(path);
    // As any program's file, and not as a secret, which is what temporary files are by default.
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    let attempt = || -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let mut file = tempfile::Builder::new().prefix(".racehunt-").permissions(mode).tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|e| e.error)?;
        Ok(())
    };
    attempt().map_err(Failure::harness(path.display().to_string()))
}

/// Fails if `path` cannot be written later: its folder cannot be made or takes no file, or a folder stands in its place.
pub(crate) fn writable(path: &Path) -> Result<(), Failure> {
    let folder = parent(path);
    let attempt = std::fs::create_dir_all(folder).and_then(|()| tempfile::tempfile_in(folder));
    attempt.map_err(Failure::harness(format!("--out: {}", folder.display())))?;
    if path.is_dir() {
        let source = std::io::ErrorKind::IsADirectory.into();
        return Err(Failure::Harness { what: format!("--out: {}", path.display()), source });
    }
    Ok(())
}

pub(crate) fn parent(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Folder of a partition's report within that of the run: `partition-03-of-16`.
pub(crate) fn part_folder(run: &Path, part: Option<Part>) -> PathBuf {
    match part {
        Some(part) => {
            let width = part.of().to_string().len();
            run.join(format!("{PARTITION}{:0width$}-of-{}", part.index(), part.of()))
        }
        None => run.to_owned(),
    }
}

/// How the name of a partition's folder begins.
pub(crate) const PARTITION: &str = "partition-";

/// Folder of a run's report: by the last part of the path that was run, without the ending of a scenario file.
pub(crate) fn folder(out: &Path, paths: &[PathBuf]) -> PathBuf {
    let name = match paths {
        [one] => last_part(one),
        _ => None,
    };
    out.join(name.unwrap_or_else(|| "run".into()))
}

fn last_part(path: &Path) -> Option<OsString> {
    // `.` and `..` have no name of their own; a link keeps the one it was given.
    let named = if path.file_name().is_some() { path.to_owned() } else { path.canonicalize().ok()? };
    let name = if named.is_dir() { named.file_name() } else { named.file_stem() };
    name.map(OsString::from)
}

/// What is to be shown of a report.
pub(crate) struct Show {
    pub(crate) json: bool,
    pub(crate) quiet: bool,
    pub(crate) verbose: bool,
}

/// Writes a new report with its diagrams, and shows it. Returns its exit code.
pub(crate) fn keep(report: &Report, file: &PathBuf, how: &Show) -> Result<u8, Failure> {
    // What was found is shown even if it cannot be kept.
    let written = write(file, json(report).as_bytes());
    show(report, how, written.is_ok().then_some(file))?;
    // One form that cannot be written does not keep the others from it.
    let beside = write_beside(file, report);
    written.and(beside).map(|()| report.exit_code)
}

fn show(report: &Report, how: &Show, file: Option<&PathBuf>) -> Result<(), Failure> {
    let layout = layout(!how.json, file.map(|f| f.display().to_string()));
    // A folder's summary is read for what is wrong; what each scenario was written to show would bury it.
    let layout = TextOptions { full: report.scenarios.len() == 1 || how.verbose, ..layout };
    let summary = text(report, &layout);
    let verdict = summary.lines().last().unwrap_or_default();
    let summary = if how.quiet { format!("{verdict}\n") } else { summary.clone() };
    if how.json {
        complain(summary.trim_end());
        return print(&json(report));
    }
    print(&summary)
}

/// Reads a stored report.
pub(crate) fn read(path: &Path) -> Result<Report, Failure> {
    let name = path.display();
    let text = std::fs::read_to_string(path).map_err(|e| Failure::Usage(format!("error: {name}: {e}")))?;
    Report::from_json(&text).map_err(|e| Failure::Usage(format!("error: {name}: {e}")))
}

/// `racehunt render`.
pub(crate) fn render(args: &args::Render) -> Result<u8, Failure> {
    let report = read(&args.report)?;
    let renderer = by_name(&args.format)
        .ok_or_else(|| Failure::Usage(format!("error: --format: no format is called {}", args.format)))?;
    let bytes = match &args.finding {
        None => (renderer.render)(&report),
        Some(_) if renderer.name != "svg" => {
            return Err(Failure::Usage(format!("error: --finding: {} shows the whole report", renderer.name)));
        }
        Some(which) => match svg_of_report(&report, Some(which)) {
            Some(svg) => svg.into_bytes(),
            None => {
                return Err(Failure::Usage(format!(
                    "error: --finding {which}: the report has no such finding with steps"
                )));
            }
        },
    };
    print(&String::from_utf8_lossy(&bytes))?;
    Ok(exit::AS_EXPECTED)
}

/// Writes what people look at beside the report: the page, and a diagram of each finding. One that cannot be written does
/// not keep the other from it.
pub(crate) fn write_beside(report_file: &Path, report: &Report) -> Result<(), Failure> {
    let page = write(&report_file.with_extension("html"), html(report).as_bytes());
    let diagrams = write_interleavings(report_file, report);
    page.and(diagrams)
}

/// Writes the diagram of each finding that has steps beside the report, under the finding's fingerprint. Those of an
/// earlier run are removed: beside this report they would lie.
fn write_interleavings(report_file: &Path, report: &Report) -> Result<(), Failure> {
    let folder = parent(report_file).join("interleavings");
    let ours = |path: &Path| {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        path.extension().is_some_and(|e| e == "svg") && stem.len() == 16 && stem.bytes().all(|b| b.is_ascii_hexdigit())
    };
    for old in std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        if ours(&old) {
            std::fs::remove_file(&old).map_err(Failure::harness(old.display().to_string()))?;
        }
    }
    for one in distinct(report) {
        let path = folder.join(&one.best.finding.fingerprint).with_extension("svg");
        if let Some(svg) = svg_of_finding(&one).filter(|_| !path.exists()) {
            write(&path, svg.as_bytes())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_stands_under_the_name_of_what_was_run() {
        let folder_of = |paths: &[&str]| folder(Path::new("out"), &paths.iter().map(PathBuf::from).collect::<Vec<_>>());
        assert_eq!(folder_of(&["a/b.c.toml"]), Path::new("out/b.c"));
        assert_eq!(folder_of(&["src"]), Path::new("out/src"));
        assert_eq!(folder_of(&["src/.."]), Path::new("out/racehunt"), "by the folder that `..` is");
        assert_eq!(folder_of(&["a.toml", "b.toml"]), Path::new("out/run"));
        assert_eq!(folder_of(&["/"]), Path::new("out/run"));
        let part = part_folder(Path::new("out/run"), Part::new(3, 16));
        assert_eq!(part, Path::new("out/run/partition-03-of-16"));
        let dotted = tempfile::Builder::new().prefix("v1").suffix(".2").tempdir().expect("temporary folder");
        let name = dotted.path().file_name().expect("a name");
        assert_eq!(folder(Path::new("out"), &[dotted.path().to_owned()]), Path::new("out").join(name));
    }
}
