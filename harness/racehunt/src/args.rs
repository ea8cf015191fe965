//! The command line.

use clap::{Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use racehunt_core::scenario::Timespan;
use std::net::SocketAddr;
use std::path::PathBuf;

const EXIT_CODES: &str = "\
Exit codes:
  0    as expected
  1    a finding nobody expects, an expected one missing, or the gate failed
  2    wrong command line or scenario; nothing ran
  3    unknown: nothing ran, or not enough to judge
  4    the harness itself failed
  130  interrupted; the report is partial

Examples:
  racehunt run scenarios/quickstart.toml
  racehunt run scenarios/metrics-buffer --seed 7 --jobs 2 --out out
  racehunt soak scenarios/trace-buffer-soak/hardened-10-minutes.toml --for 8h
  racehunt replay racehunt-out/quickstart/report.json --finding 1
  racehunt replay rh1:…";

/// Hunts races: stress with real threads, controlled schedules, exact replays.
#[derive(Debug, Parser)]
#[command(name = "racehunt", version, about, after_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run scenarios, judge them and write a report
    Run(Run),
    /// Run the stress trials of a scenario in turn, leg after leg, for hours
    Soak(Soak),
    /// Run the findings of a report, or the one of a token, again, step by step, and print their interleavings
    Replay(Replay),
    /// Weaken a component that is right, operation by operation, and see what is noticed
    Selftest(Selftest),
    /// Write a stored report in another form
    Render(Render),
    /// Hold a report against an accepted state
    Gate(Gate),
    /// List the subjects, and the scenarios in files and folders
    List(List),
    /// Show a subject: its variants, ops and params
    Show(Show),
    /// Print a JSON Schema
    Schema(Schema),
    /// Print completions for a shell
    Completions(Completions),
    /// Runs one trial for another process (see harness/PROTOCOL.md)
    #[command(hide = true)]
    Worker,
    /// Runs a process that a subject has started
    #[command(hide = true)]
    Child(Child),
    /// Replays one finding for another process
    #[command(hide = true)]
    ReplayWorker,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Run {
    /// Scenario files, and folders of them
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Folder for the report: it gets NAME/report.json, NAME being the path's last part, and
    /// NAME/interleavings/FINGERPRINT.svg for each finding with steps
    #[arg(long, value_name = "DIR", default_value = "racehunt-out")]
    pub(crate) out: PathBuf,
    /// Seed of everything that is drawn: the same seed gives the same findings and schedules
    #[arg(long, value_name = "N", default_value_t = 1, allow_negative_numbers = true)]
    pub(crate) seed: u64,
    /// Model trials at once; trials on real threads have the machine to themselves [default: CPUs]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256), allow_negative_numbers = true)]
    pub(crate) jobs: Option<u16>,
    /// Print the report itself on stdout, and the summary on stderr
    #[arg(long)]
    pub(crate) json: bool,
    /// Print the verdict only
    #[arg(long, short, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Print a line for each trial and each finding as it comes
    #[arg(long, short)]
    pub(crate) verbose: bool,
}

const SOAK_EXAMPLES: &str = "\
Examples:
  racehunt soak s.toml --for 8h                          a report that is renewed with each leg
  racehunt soak s.toml --for 8h --resume                 after a crash or a reboot: with the next leg
  racehunt soak s.toml --for 30m --leg 10s --go-on       all findings there are, not only the first
  racehunt soak s.toml --for 8h --metrics --disk 10GiB   curl http://127.0.0.1:9100/metrics
  racehunt soak s.toml --legs 20 --fail-on-drift         in CI";

#[derive(Debug, clap::Args)]
#[command(after_help = SOAK_EXAMPLES)]
#[command(group(clap::ArgGroup::new("length").required(true).multiple(true)))]
pub(crate) struct Soak {
    /// The scenario file
    pub(crate) scenario: PathBuf,
    /// How long, over all times that it is resumed
    #[arg(long = "for", value_name = "TIME", group = "length")]
    pub(crate) time: Option<Timespan>,
    /// How many legs at most
    #[arg(long, value_name = "N", group = "length", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) legs: Option<u64>,
    /// The load of one leg: a trial of its own, with a seed of its own, judged at its end
    #[arg(long, value_name = "TIME", default_value = "1m")]
    pub(crate) leg: Timespan,
    /// Folder for the report: it gets NAME/report.json, NAME/report.txt and NAME/soak.json, NAME being the file's
    #[arg(long, value_name = "DIR", default_value = "racehunt-out")]
    pub(crate) out: PathBuf,
    /// Go on where the soak in DIR/NAME stopped; begin, if there is none
    #[arg(long)]
    pub(crate) resume: bool,
    /// Do not end with the first finding that nobody expects
    #[arg(long)]
    pub(crate) go_on: bool,
    /// Fail if something drifts for the worse
    #[arg(long)]
    pub(crate) fail_on_drift: bool,
    /// Disk that a leg may use, such as 10GiB [default: 2GiB]
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    pub(crate) disk: Option<u64>,
    /// Serve figures for Prometheus at http://ADDR/metrics
    #[arg(long, value_name = "ADDR", num_args = 0..=1, default_missing_value = "127.0.0.1:9100")]
    pub(crate) metrics: Option<SocketAddr>,
    /// Seed of everything that is drawn [default: 1, or that of the soak that is resumed]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) seed: Option<u64>,
}

/// Reads a number of bytes with its unit.
fn bytes(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let shift = match &text[digits.len()..] {
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        "TiB" => 40,
        _ => return Err("a size has a unit: KiB, MiB, GiB or TiB, as in 10GiB".to_owned()),
    };
    let number: u64 = digits.trim_end().parse().map_err(|e| format!("{digits:?} is no whole number: {e}"))?;
    number.checked_mul(1 << shift).filter(|n| *n > 0).ok_or_else(|| "a size this program cannot mean".to_owned())
}

#[derive(Debug, clap::Args)]
pub(crate) struct Selftest {
    /// Names of subjects [default: all that have the variant and a scenario]
    #[arg(value_name = "SUBJECT")]
    pub(crate) subjects: Vec<String>,
    /// The variant that is right as it stands
    #[arg(long, value_name = "NAME", default_value = "hardened")]
    pub(crate) variant: String,
    /// Scenario files, and folders of them, whose programs are run
    #[arg(long, value_name = "PATH", default_value = "scenarios")]
    pub(crate) scenarios: Vec<PathBuf>,
    /// The share of the mutants that must be killed, in per cent
    #[arg(long, value_name = "PERCENT", default_value_t = 90, value_parser = clap::value_parser!(u8).range(0..=100), allow_negative_numbers = true)]
    pub(crate) min_kills: u8,
    /// Folder for the document; it gets selftest.json
    #[arg(long, value_name = "DIR", default_value = "racehunt-out")]
    pub(crate) out: PathBuf,
    /// Seed of everything that is drawn
    #[arg(long, value_name = "N", default_value_t = 1, allow_negative_numbers = true)]
    pub(crate) seed: u64,
    /// Trials at once [default: CPUs]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256), allow_negative_numbers = true)]
    pub(crate) jobs: Option<u16>,
    /// Print the document itself on stdout, and the summary on stderr
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Replay {
    /// A report written by `racehunt run`, or the token of a finding (rh1:…)
    #[arg(value_name = "REPORT|TOKEN")]
    pub(crate) what: PathBuf,
    /// Number of the finding, as the summary counts them, or its fingerprint [default: all that replay exactly]
    #[arg(long, value_name = "N")]
    pub(crate) finding: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Render {
    /// A report written by `racehunt run`
    pub(crate) report: PathBuf,
    /// Form to write it in, to stdout
    #[arg(long, value_name = "FORMAT", value_parser = formats())]
    pub(crate) format: String,
    /// Number of the finding, or its fingerprint, for the form that shows one [default: the first with steps]
    #[arg(long, value_name = "N")]
    pub(crate) finding: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Gate {
    /// A report written by `racehunt run`
    pub(crate) report: PathBuf,
    /// The accepted state
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: PathBuf,
    /// Accept the report as it is: write the baseline from it, with this reason for its findings
    #[arg(long, value_name = "REASON")]
    pub(crate) update: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Scenario files, and folders of them
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// Name of the subject, as `racehunt list` prints it
    pub(crate) subject: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Schema {
    /// Of which file format
    pub(crate) of: SchemaOf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum SchemaOf {
    /// Scenario files, as JSON would have them
    Scenario,
    /// report.json
    Report,
    /// selftest.json
    Selftest,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: Shell,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Child {
    /// Name of the subject
    pub(crate) subject: String,
    /// What it is to do, as the subject knows
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) args: Vec<String>,
}

fn formats() -> clap::builder::PossibleValuesParser {
    racehunt_reports::render::ALL
        .iter()
        .map(|r| clap::builder::PossibleValue::new(r.name).help(r.about))
        .collect::<Vec<_>>()
        .into()
}

#[cfg(test)]
mod tests {
    use super::Args;
    use clap::CommandFactory;

    #[test]
    fn sizes_have_units() {
        assert_eq!((super::bytes("10GiB"), super::bytes("512 KiB")), (Ok(10 << 30), Ok(512 << 10)));
        for wrong in ["10", "GiB", "1GB", "-1MiB", "0MiB", "99999999999TiB", ""] {
            assert!(super::bytes(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_command_line_is_consistent_and_names_every_exit_code() {
        Args::command().debug_assert();
        for (code, sentence) in racehunt_reports::exit::ALL {
            assert!(super::EXIT_CODES.contains(&format!("{code:<5}{sentence}")), "{code} {sentence}");
        }
    }
}
