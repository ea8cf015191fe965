//! The pure part of racehunt: scenarios, plans, observations, checkers, verdicts and findings.
//!
//! Nothing here starts a thread, reads a clock or touches a file; data flows one way, from a scenario to a plan, and
//! from observations through checkers to findings.
#![forbid(unsafe_code)]

pub mod chase;
pub mod check;
pub mod discovery;
pub mod drift;
pub mod exact;
pub mod finding;
pub mod history;
pub mod id;
pub mod interleaving;
pub mod ledger;
pub mod mutant;
pub mod observation;
pub mod outcome;
pub mod plan;
pub mod protocol;
pub mod scenario;
pub mod schedule;
pub mod shrink;
pub mod subject;
pub mod tally;
pub mod timeline;
pub mod token;
pub mod verdict;
