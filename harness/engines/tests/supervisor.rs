//! The supervisor against workers that behave and workers that do not.

#[path = "supervisor/adapter.rs"]
mod adapter;
#[path = "supervisor/own.rs"]
mod own;
#[path = "supervisor/trials.rs"]
mod trials;
