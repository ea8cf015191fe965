//! Hunts as a test has them: planted races that must be found, correct programs that must pass, and searches that must
//! not pass for either.

mod actors;
mod message;
mod programs;
mod replay;
mod verdicts;
