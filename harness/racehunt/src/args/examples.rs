//! What stands below the help of each command: examples that work in the repository. A test reads every line of them with
//! the command line's own parser.

pub(super) const RUN: &str = "\
Examples:
  racehunt run scenarios/quickstart.toml                         one scenario, some three seconds
  racehunt run scenarios/metrics-buffer --quiet                  a folder, and its verdict only
  racehunt run scenarios/event-bus --seed 7 --jobs 2 --out out   other draws, two models at once
  racehunt run scenarios/quickstart.toml --json                  the report itself, on stdout
  racehunt run scenarios --seeds 4 --partition 3/16              the third of sixteen parts

The exit code is 0 if all is as the scenarios expect, 1 if not, and 3 if nothing can be said.";

pub(super) const REPLAY: &str = "\
Examples:
  racehunt replay racehunt-out/quickstart/report.json               all that replays exactly
  racehunt replay racehunt-out/quickstart/report.json --finding 1   the first finding
  racehunt replay rh1:…                                             the token of a finding";

pub(super) const SELFTEST: &str = "\
Examples:
  racehunt selftest                                            all with a variant `hardened`
  racehunt selftest metrics-buffer --min-kills 95              one subject, more is asked of it
  racehunt selftest event-bus --scenarios scenarios/event-bus  with these scenarios only";

pub(super) const RENDER: &str = "\
Examples:
  racehunt render racehunt-out/quickstart/report.json --format text
  racehunt render racehunt-out/quickstart/report.json --format markdown > report.md
  racehunt render racehunt-out/quickstart/report.json --format junit > junit.xml
  racehunt render racehunt-out/quickstart/report.json --format sarif > racehunt.sarif
  racehunt render racehunt-out/quickstart/report.json --format svg --finding 1 > race.svg";

pub(super) const GATE: &str = "\
Examples:
  racehunt gate out/arroyo/report.json --baseline ci/baselines/arroyo.json --policy ci/gate.toml
  racehunt gate out/*/report.json --baseline known.json --update 'MB3: mended in the next release'
  racehunt gate out/speed/report.json --baseline speed.json --update 'first figures' --figures
  racehunt gate out/speed/report.json --baseline speed.json --against accepted/racehunt

Two stored numbers prove nothing about speed. A figure that looks worse than the baseline's is a
suspicion, and the gate is `unknown` until --against runs both builds in pairs; it fails only if
that is significant and beyond the policy's limit.";

pub(super) const MERGE: &str = "\
Examples:
  racehunt merge racehunt-out/scenarios
  racehunt merge first/report.json second/report.json --out all";

pub(super) const SOAK: &str = "\
Examples:
  racehunt soak s.toml --for 8h                          a report that is renewed with each leg
  racehunt soak s.toml --for 8h --resume                 go on after a crash or a reboot
  racehunt soak s.toml --for 30m --leg 10s --go-on       all findings there are, not only the first
  racehunt soak s.toml --for 8h --metrics --disk 10GiB   curl http://127.0.0.1:9100/metrics
  racehunt soak s.toml --legs 20 --fail-on-drift         in CI";

pub(super) const LIST: &str = "\
Examples:
  racehunt list                            the subjects and their variants
  racehunt list scenarios/metrics-buffer   and the scenarios of a folder";

pub(super) const SHOW: &str = "\
Examples:
  racehunt show metrics-buffer
  racehunt show trace-buffer";

pub(super) const SCHEMA: &str = "\
Examples:
  racehunt schema scenario > scenario.schema.json   every key of a scenario, with unit and default
  racehunt schema report                            what is in a report.json";

pub(super) const COMPLETIONS: &str = "\
Examples:
  racehunt completions bash > ~/.local/share/bash-completion/completions/racehunt
  racehunt completions zsh > ~/.zfunc/_racehunt      with ~/.zfunc in fpath
  racehunt completions fish > ~/.config/fish/completions/racehunt.fish";

pub(super) const NEW: &str = "\
Examples:
  racehunt new my-outbox                  a folder my-outbox here
  racehunt new my-outbox --dir hunts      hunts/my-outbox
  racehunt new my-outbox --racehunt .     against the checkout here";

pub(super) const MAN: &str = "\
Examples:
  racehunt man > racehunt.1                    the page of racehunt itself
  racehunt man --out ~/.local/share/man/man1   and one for each command, for `man racehunt-run`";

#[cfg(test)]
mod tests {
    use super::super::Args;
    use clap::{CommandFactory, Parser};

    /// The words of a shell's line up to where the shell, or the note beside an example, begins.
    fn words(line: &str) -> Vec<String> {
        let command = line.split("  ").next().unwrap_or_default();
        let command = command.split(" > ").next().unwrap_or_default();
        let command = command.split(" && ").next().unwrap_or_default();
        let quoted = command.split('\'').enumerate();
        quoted
            .flat_map(|(at, part)| match at % 2 {
                0 => part.split_whitespace().map(str::to_owned).collect(),
                _ => vec![part.to_owned()],
            })
            .collect()
    }

    fn parses(line: &str) {
        if let Err(e) = Args::try_parse_from(words(line)) {
            assert!(!e.use_stderr(), "{line}\n{e}");
        }
    }

    #[test]
    fn every_command_has_examples_that_it_takes() {
        for command in Args::command().get_subcommands().filter(|command| !command.is_hide_set()) {
            let help = command.get_after_help().unwrap_or_default().to_string();
            let examples: Vec<&str> = help.lines().filter_map(|l| l.strip_prefix("  ")).collect();
            assert!(help.starts_with("Examples:\n") && !examples.is_empty(), "{}: no examples", command.get_name());
            assert!(help.lines().all(|line| line.chars().count() <= 100), "wider than a terminal:\n{help}");
            for line in examples {
                assert!(line.starts_with(&format!("racehunt {}", command.get_name())), "{line}");
                parses(line);
            }
        }
    }

    #[test]
    fn the_commands_of_the_documents_are_ones_that_the_program_takes() {
        let manifest = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        for (document, least) in [("../../README.md", 1), ("GUIDE.md", 10)] {
            let text = std::fs::read_to_string(manifest.join(document)).expect(document);
            let lines: Vec<&str> = text.lines().filter_map(|l| l.strip_prefix("$ ")).collect();
            let ours = lines.iter().filter_map(|l| {
                let at = l.find(" -- ").filter(|_| l.contains("cargo run")).map(|at| at + 4);
                at.map(|at| format!("racehunt {}", &l[at..]))
                    .or_else(|| l.starts_with("racehunt ").then(|| (*l).to_owned()))
            });
            assert!(ours.inspect(|line| parses(line)).count() >= least, "{document}");
        }
    }

    #[test]
    fn what_an_example_names_of_this_repository_is_there() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut seen = 0;
        for command in Args::command().get_subcommands() {
            let help = command.get_after_help().unwrap_or_default().to_string();
            let ours = |word: &&str| ["scenarios/", "ci/"].iter().any(|folder| word.starts_with(folder));
            for path in help.split_whitespace().filter(ours) {
                assert!(root.join(path).exists(), "{path}");
                seen += 1;
            }
        }
        assert!(seen > 3, "{seen}");
    }
}
