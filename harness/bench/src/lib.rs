//! Programs with a known race, and how many executions a strategy needs to find it.
//!
//! `cargo bench -p racehunt-bench -- schedules` prints the table of `reports/BENCHMARKS.md`.

mod programs;
mod run;
mod table;

pub use programs::{Program, programs};
pub use run::{executions, first_failure, first_failure_direct};
pub use table::{CAP, Cell, Column, OURS, SEEDS, cell, columns, geometric_mean, table};
