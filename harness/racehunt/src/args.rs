//! The command line.

mod examples;

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
  racehunt replay racehunt-out/quickstart/report.json
  racehunt new my-outbox

Each command has more, on the systems that racehunt ships: racehunt run --help";

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
    /// Put the reports of the partitions of one run together, as if it had not been spread
    Merge(Merge),
    /// Run the stress trials of a scenario in turn, leg after leg, for hours
    Soak(Soak),
    /// Run the findings of a report, or the one of a token, again, step by step, and print their interleavings
    Replay(Replay),
    /// Weaken a component that is right, operation by operation, and see what is noticed
    Selftest(Selftest),
    /// Write a stored report in another form
    Render(Render),
    /// Hold reports against an accepted state, and two builds against each other
    Gate(Gate),
    /// List the subjects, and the scenarios in files and folders
    List(List),
    /// Show a subject: its variants, ops and params
    Show(Show),
    /// Print a JSON Schema
    Schema(Schema),
    /// Write a crate to begin with: a component with a planted race, and all it takes to find it
    New(New),
    /// Print completions for a shell
    Completions(Completions),
    /// Print the manual page, or write one for each command
    Man(Man),
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
#[command(after_help = examples::RUN)]
pub(crate) struct Run {
    /// Scenario files, and folders of them
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Folder for the report: it gets NAME/report.json and NAME/report.html, NAME being the path's last part, and
    /// NAME/interleavings/FINGERPRINT.svg for each finding with steps. A partition's are below
    /// NAME/partition-03-of-16
    #[arg(long, value_name = "DIR", default_value = "racehunt-out")]
    pub(crate) out: PathBuf,
    /// Seed of everything that is drawn: the same seed gives the same findings and schedules
    #[arg(long, value_name = "N", default_value_t = 1, allow_negative_numbers = true)]
    pub(crate) seed: u64,
    /// Run each trial with N seeds, from --seed on. The ids of the trials then end in their seed
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=100_000), allow_negative_numbers = true)]
    pub(crate) seeds: u64,
    /// Run one part of the trials: K of N, from 1; `merge` puts the parts together. Or `auto`: as
    /// `RACEHUNT_PARTITION` says (K/N), or a Slurm array, a Kubernetes indexed job (with auto/N, or
    /// `RACEHUNT_PARTITIONS`), GitLab's `parallel` or Buildkite's `parallelism`
    #[arg(long, value_name = "K/N|auto[/N]")]
    pub(crate) partition: Option<crate::partition::Asked>,
    /// Model trials at once; trials on real threads have the machine to themselves [default: CPUs]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256), allow_negative_numbers = true)]
    pub(crate) jobs: Option<u16>,
    #[command(flatten)]
    pub(crate) told: Told,
}

/// What is told of a new report, and of how it comes about.
#[derive(Debug, clap::Args)]
pub(crate) struct Told {
    /// Print the report itself on stdout, and the summary on stderr
    #[arg(long)]
    pub(crate) json: bool,
    /// Print the verdict only
    #[arg(long, short, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Print a line for each trial and each finding as it comes, and each scenario of several in full
    #[arg(long, short)]
    pub(crate) verbose: bool,
}

#[derive(Debug, clap::Args)]
#[command(after_help = examples::SOAK)]
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
    /// Folder for the report: it gets NAME/report.json, its page and summary, and NAME/soak.json, NAME being the file's
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
    /// Serve figures for Prometheus at `http://ADDR/metrics`; without ADDR, 127.0.0.1:9100
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
#[command(after_help = examples::MERGE)]
pub(crate) struct Merge {
    /// Folders, of which every partition-*/report.json below is taken, and reports
    #[arg(required = true, value_name = "DIR|REPORT")]
    pub(crate) reports: Vec<PathBuf>,
    /// Folder for the merged report.json, and its interleavings/ [default: the one in which the partitions' folders are]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) told: Told,
}

#[derive(Debug, clap::Args)]
#[command(after_help = examples::SELFTEST)]
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
#[command(after_help = examples::REPLAY)]
pub(crate) struct Replay {
    /// A report written by `racehunt run`, or the token of a finding (rh1:…)
    #[arg(value_name = "REPORT|TOKEN")]
    pub(crate) what: PathBuf,
    /// Number of the finding, as the summary counts them, or its fingerprint [default: all that replay exactly]
    #[arg(long, value_name = "N")]
    pub(crate) finding: Option<String>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = examples::RENDER)]
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
#[command(after_help = examples::GATE)]
pub(crate) struct Gate {
    /// Reports written by `racehunt run`, judged together: what one of them found was found
    #[arg(required = true, value_name = "REPORT")]
    pub(crate) reports: Vec<PathBuf>,
    /// The accepted state
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: PathBuf,
    /// What is asked for beyond the baseline (see `racehunt schema policy`)
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// Accept the reports as they are: write the baseline, with this reason for findings that are new; those it has keep
    /// theirs
    #[arg(long, value_name = "REASON")]
    pub(crate) update: Option<String>,
    /// Write latencies and throughput into the baseline as well, for a gate on the same machine
    #[arg(long, requires = "update")]
    pub(crate) figures: bool,
    /// The executable of the accepted build: trials that look slower are run by both builds, in pairs
    #[arg(long, value_name = "EXE", conflicts_with = "update")]
    pub(crate) against: Option<PathBuf>,
    /// The executable that is judged [default: this one]
    #[arg(long, value_name = "EXE", requires = "against")]
    pub(crate) candidate: Option<PathBuf>,
    /// Run every trial under load in pairs, whatever the figures look like
    #[arg(long, requires = "against")]
    pub(crate) confirm_all: bool,
}

#[derive(Debug, clap::Args)]
#[command(after_help = examples::LIST)]
pub(crate) struct List {
    /// Scenario files, and folders of them
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = examples::SHOW)]
pub(crate) struct Show {
    /// Name of the subject, as `racehunt list` prints it
    pub(crate) subject: String,
}

#[derive(Debug, clap::Args)]
#[command(after_help = examples::SCHEMA)]
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
    /// The policy of a gate, as JSON would have it
    Policy,
}

#[derive(Debug, clap::Args)]
#[command(after_help = examples::COMPLETIONS)]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: Shell,
}

#[derive(Debug, clap::Args)]
#[command(after_help = examples::NEW)]
pub(crate) struct New {
    /// Name of the crate, and of its folder, which must not be there yet
    #[arg(value_parser = crate::new::name)]
    pub(crate) name: String,
    /// Folder to write the crate's folder into
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) dir: PathBuf,
    /// Checkout of racehunt that the crate is built against [default: the one this program was built from]
    #[arg(long, value_name = "PATH")]
    pub(crate) racehunt: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = examples::MAN)]
pub(crate) struct Man {
    /// Folder to write racehunt.1 and one page for each command into [default: racehunt.1 to stdout]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
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
