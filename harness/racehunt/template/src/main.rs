//! The command line of racehunt over the outbox: `cargo run -- run scenario.toml`.

mod subject;

fn main() -> std::process::ExitCode {
    racehunt::Cli::new().subject(subject::OutboxSubject).main()
}
