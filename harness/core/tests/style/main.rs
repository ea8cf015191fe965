//! The rules of the house that neither the compiler nor clippy knows, held against every file of the repository.
//!
//! A rule is a function from one file to its faults, in a module with a test that feeds it a bad file: a rule that
//! cannot fail checks nothing. Rules look at tokens where they can, because a formatter may move text, strings may
//! contain anything, and macros hide code from a parser of items.

mod clock;
mod docs;
mod left_open;
mod machine;
mod printing;
mod safety;
mod size;
mod tokens;
mod tree;
