//! Executions to the first failure, by program and strategy, as a table in Markdown.
//!
//! `-- schedules [STRATEGY | PROGRAM]…` prints the table, of all or of what is named; it is the same on every machine.
//! `-- races [STRATEGY | RACE]…` does so for the races of the shipped systems.
//! `-- classes [STRATEGY | PROGRAM]…` prints the executions of complete searches.
//! `-- scale [STRATEGY]…` prints executions a second at 100 actors, as a ratio to `random`.

#![expect(clippy::print_stdout, reason = "a benchmark's result")]

use racehunt_core::scenario::Strategy as Name;
use racehunt_engines::strategy;
use std::time::Duration;

/// How long each strategy is measured at a time, and how often: the best counts, since the machine may be busy.
const SLICE: Duration = Duration::from_millis(700);
const TURNS: usize = 5;

fn main() {
    assert!(std::env::var_os("SHUTTLE_RANDOM_SEED").is_none(), "SHUTTLE_RANDOM_SEED overrides the seeds: unset it");
    // Cargo adds its own flags.
    let words: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    match words.split_first() {
        Some((first, more)) if first == "scale" => scale(more),
        Some((first, more)) if first == "schedules" => racehunt_bench::table(more, &mut |line| println!("{line}")),
        Some((first, more)) if first == "races" => println!("{}", racehunt_bench::races_table(more)),
        Some((first, more)) if first == "classes" => {
            racehunt_bench::classes_table(more, &mut |line| println!("{line}"));
        }
        _ => racehunt_bench::table(&words, &mut |line| println!("{line}")),
    }
}

fn scale(words: &[String]) {
    let programs: Vec<_> = racehunt_bench::programs()
        .into_iter()
        .filter(|p| ["reorder_100", "twostage_100"].contains(&&*p.name))
        .collect();
    println!("| program | strategy | executions/s | random / it |\n|---|---|---|---|");
    for program in &programs {
        let mut random = None;
        for name in
            racehunt_bench::OURS.iter().filter(|n| words.is_empty() || **n == "random" || words.iter().any(|w| w == *n))
        {
            let parsed: Name = name.parse().expect("the name of a strategy");
            let rate = (0..TURNS)
                .map(|_| {
                    let (executions, s) = racehunt_bench::executions(program, strategy::named(&parsed, 1), SLICE);
                    executions as f64 / s
                })
                .fold(0.0, f64::max);
            let ratio = *random.get_or_insert(rate) / rate;
            println!("| {} | {name} | {rate:.0} | {ratio:.2} |", program.name);
        }
    }
}
