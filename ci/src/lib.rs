//! The gate: reports against a baseline that somebody accepted, by a policy that somebody wrote.
//!
//! A run judges itself by its scenarios. The gate asks the question that a run cannot: is this still as good as what
//! was accepted? It fails on what is new, and as much on what is gone, because a search that went blind looks exactly
//! like a program that was mended. It fails on what is slower only after both builds have been run side by side, in
//! pairs, because two stored numbers say more about two moments of a machine than about two builds.
#![forbid(unsafe_code)]

mod baseline;
mod cells;
mod compare;
pub mod figures;
pub mod pairs;
pub mod policy;
pub mod stats;

pub use baseline::{AcceptedCell, AcceptedFinding, Baseline, BaselineError, SCHEMA};
pub use compare::{GateResult, compare};
pub use policy::Policy;

#[cfg(test)]
mod tests;
