//! Everything that runs code: the engines, the worker process they run in, and the supervisor that watches it.

pub mod adapter;
pub mod distinct;
pub mod emit;
mod faults;
pub mod loom;
pub mod model;
pub mod mutants;
pub mod panics;
pub mod probe;
pub mod registry;
pub mod replay;
pub mod shuttle;
pub mod strategy;
pub mod stress;
pub mod supervisor;
pub mod worker;
