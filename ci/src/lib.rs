//! The gate: a report against a baseline that somebody accepted.
//!
//! A run judges itself by its scenarios. The gate asks the question that a run cannot: is this still as good as what
//! was accepted? It fails on what is new, and as much on what is gone, because a search that went blind looks exactly
//! like a program that was mended.
#![forbid(unsafe_code)]

mod baseline;
mod compare;

pub use baseline::{AcceptedCell, AcceptedFinding, Baseline, BaselineError, SCHEMA};
pub use compare::{GateResult, compare};

#[cfg(test)]
mod tests;
