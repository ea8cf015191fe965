//! The pure part of racehunt: scenarios, plans, observations, checkers, verdicts and findings.
//!
//! Nothing here starts a thread, reads a clock or touches a file; data flows one way, from a scenario to a plan, and
//! from observations through checkers to findings.
//!
//! A [scenario](scenario::Scenario) is read as a whole, or refused with all that is wrong, each at its place:
//!
//! ```
//! use racehunt_core::scenario::Scenario;
//!
//! let error = Scenario::parse("s.toml", "schema = 1\nnme = \"outbox\"\n").unwrap_err();
//! assert!(error.render(false).contains("did you mean `name`?"));
//! ```
//!
//! What a component did is judged id by id, so that errors which cancel out in a sum still show:
//!
//! ```
//! use racehunt_core::{id::Id, ledger::Ledger};
//!
//! let (kept, dropped) = (Id::new(0, 0), Id::new(1, 0));
//! let ledger = Ledger { accepted: vec![kept, dropped], delivered: vec![kept, kept], ..Ledger::default() };
//! let settled = ledger.settle();
//! assert_eq!((settled.lost, settled.duplicated), (vec![dropped], vec![kept]));
//! ```
//!
//! The programs that use all this are made with the crate `racehunt`.
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
