//! Can an engine miss what a program can do? Small random programs under every engine: what one shows, the others have
//! to show too; and the ways in which a search could look complete without being so.
//!
//! `RACEHUNT_SOUNDNESS=20` runs twenty times as many programs, from other seeds.

mod agree;
mod classes;
mod counting;
mod explore;
mod extra;
mod figures;
mod known;
mod memory;
mod program;
mod round_trip;
mod run;
mod sampled;
mod shipped;
