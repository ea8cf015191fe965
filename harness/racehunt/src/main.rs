//! The `racehunt` program: the command line over the systems it ships.

use std::process::ExitCode;

fn main() -> ExitCode {
    racehunt::Cli::new().subjects(racehunt_scenarios::subjects()).main()
}
