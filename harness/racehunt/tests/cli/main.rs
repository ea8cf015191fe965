//! The `racehunt` program as its users meet it: files, arguments, streams, exit codes, signals.
//!
//! No test looks at a clock to decide: where one has to wait, a deadline far above what is needed only keeps a
//! mistake from hanging the suite.

mod chase;
mod children;
mod determinism;
mod exit_codes;
mod files;
mod inspect;
mod interrupt;
mod man;
mod new;
mod replay;
mod report;
mod selftest;
mod soak;
mod spread;
mod streams;
mod support;
mod tamper;
mod terminal;
mod token;
mod workers;
