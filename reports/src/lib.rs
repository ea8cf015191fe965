//! Reports: the document that a run writes, the judgement on it, and its renderings.
//!
//! Data flows one way: [`assemble::assemble`] turns outcomes into a [`model::Report`] and decides the verdict; every
//! renderer is a pure function of that report. Nothing here prints, reads a file, a clock or the environment.
#![forbid(unsafe_code)]

pub mod assemble;
#[cfg(any(test, feature = "canned"))]
pub mod canned;
pub mod catalogue;
pub mod distinct;
pub mod exit;
pub mod merge;
pub mod model;
pub mod read;
pub mod render;
pub mod schema;
pub mod selftest;
pub mod style;
pub mod words;

pub use assemble::{Executed, Header, Share, assemble};
pub use merge::{MergeError, merge};
pub use model::Report;
pub use read::ReadError;
