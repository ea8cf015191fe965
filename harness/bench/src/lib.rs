//! Programs with a known race, and how many executions a strategy needs to find it.
//!
//! `cargo bench -p racehunt-bench -- schedules`, `-- races` and `-- classes` print the tables of `reports/BENCHMARKS.md`.

mod classes;
mod programs;
mod races;
mod run;
mod table;

pub use classes::classes_table;
pub use programs::{Program, programs};
pub use races::{RACES_CAP, Race, first_finding, races, races_table};
pub use run::{executions, first_failure, first_failure_direct};
pub use table::{CAP, Cell, Column, OURS, SEEDS, cell, columns, geometric_mean, table};
