//! Rounds: short programs on fresh objects, started together, over and over.
//!
//! A race window of some tens of nanoseconds is hit when two actors come to it at the same time, often. So objects
//! are made in batches, and the actors walk over a batch in lock step: all of them publish that they reached an
//! object, spin until the others have, and then play their programs on it, each after a random handful of spins
//! (without which they would meet at the same place every time). Everything that costs time and hits nothing is
//! done a batch at a time, by all threads at once: opening before, draining and judging after.

mod floor;
mod lead;

pub(super) use lead::seen_enough;

use super::crew::{self, Crew, Ending, locked};
use super::settings::Settings;
use super::{Ended, Job};
use crate::emit::{Emit, EngineError, Progress};
use floor::Floor;
use racehunt_core::tally::Tally;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Runs the trial to its end.
pub(super) fn run(mut job: Job, tally: Tally, emit: &mut dyn Emit) -> Result<Ended, EngineError> {
    let settings = Arc::new(job.settings);
    let crew = Arc::new(Crew::new(&settings, job.ops, job.group));
    let floor =
        Arc::new(Floor::new(Arc::clone(&crew), Arc::clone(&settings), job.opener, job.deal, job.injection, tally)?);
    let body: Arc<dyn Fn(usize) + Send + Sync> = {
        let floor = Arc::clone(&floor);
        Arc::new(move |me| floor.play(me))
    };
    let threads = crew::start(&crew, &settings, &body)?;
    drop(body);
    let started = Instant::now();
    let ending = crew::oversee(&crew, threads, &settings, &mut job.film, emit, || {
        progress(&floor, &settings, started.elapsed())
    })?;
    let mut tally = locked(&floor.tally).take().expect("taken once, here");
    let mut doubts: Vec<String> = job.film.full().map(str::to_owned).into_iter().collect();
    let mut notes = crew.take_remarks();
    tally.timed(job.film.into_timeline());
    match ending {
        Ending::Done => notes.extend(floor.why().map(str::to_owned)),
        Ending::Asked => doubts.push(super::ASKED.to_owned()),
        Ending::Stuck(stall) => {
            super::find_stall(&mut tally, &stall, emit);
            notes
                .push(format!("up to {} rounds of the last batch were not judged", floor.size.load(Ordering::Relaxed)));
        }
    }
    notes.push("latencies are not measured in rounds: the lock step would be part of them".to_owned());
    Ok(Ended { tally, latencies: Vec::new(), ops_ended: crew.ops_ended(), doubts, notes })
}

fn progress(floor: &Floor, settings: &Settings, elapsed: Duration) -> Progress {
    let (executions, findings) =
        locked(&floor.tally).as_ref().map_or((0, 0), |t| (t.executions(), t.findings().len() as u64));
    Progress { executions, distinct: 0, findings, spent: settings.spent(elapsed, executions) }
}
