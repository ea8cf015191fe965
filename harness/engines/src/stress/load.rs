//! Load: one long-lived object, ops for a while, latency of each.
//!
//! What needs an object to grow old (a leak, a drift, a queue that fills up) shows here and not in rounds. The
//! accounting is settled once, at the end, over everything that was ever put in; what is too much to keep id by id is
//! folded into a sketch meanwhile, so that a long trial needs no more memory than a short one.

mod arrivals;
mod floor;

use super::crew::{self, Crew, Ending, locked};
use super::latency;
use super::{Ended, Job};
use crate::emit::{Emit, EngineError, Progress};
use floor::{Floor, Harvest};
use racehunt_core::ledger::sketch::Sketch;
use racehunt_core::subject::OpKind;
use racehunt_core::tally::Tally;
use racehunt_core::timeline::Timeline;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Runs the trial to its end.
pub(super) fn run(mut job: Job, mut tally: Tally, emit: &mut dyn Emit) -> Result<Ended, EngineError> {
    let settings = Arc::new(job.settings);
    let Some(duration) = settings.duration else {
        return Err(EngineError::Trial("stress.duration: needed for the paces `closed` and `open`".to_owned()));
    };
    let crew = Arc::new(Crew::new(&settings, job.ops, job.group));
    let floor = Arc::new(Floor::new(
        Arc::clone(&crew),
        Arc::clone(&settings),
        job.opener,
        job.deal.endless_parts()?,
        job.injection,
    ));
    let body: Arc<dyn Fn(usize) + Send + Sync> = {
        let floor = Arc::clone(&floor);
        Arc::new(move |me| floor.work(me))
    };
    let threads = crew::start(&crew, &settings, &body)?;
    drop(body);
    let started = Instant::now();
    let progress = || Progress { spent: settings.spent(started.elapsed(), 0), ..Progress::default() };
    let ending = crew::oversee(&crew, threads, &settings, &mut job.film, emit, progress)?;
    tally.name_ids();
    let mut doubts: Vec<String> = job.film.full().map(str::to_owned).into_iter().collect();
    match ending {
        Ending::Done => {}
        Ending::Asked => doubts.push(super::ASKED.to_owned()),
        Ending::Stuck(stall) => super::find_stall(&mut tally, &stall, emit),
    }
    let observation = floor.take_observation();
    let histories = observation.as_ref().is_some_and(|o| !o.history.is_empty());
    tally.timed(Timeline { histories, ..job.film.into_timeline() });
    let sketched = observation.as_ref().and_then(|o| o.sketch.as_deref()).map(Sketch::caveat);
    if let Some(observation) = observation {
        for (place, is_new) in tally.observe(&observation) {
            if is_new {
                emit.finding(&tally.findings()[place]);
            }
        }
    }
    let harvests = std::mem::take(&mut *locked(&floor.harvests));
    let mut notes = crew.take_remarks();
    notes.extend(sketched);
    behind(&harvests, duration, &mut doubts, &mut notes);
    let latencies = export(job.ops, harvests);
    Ok(Ended { tally, latencies, ops_ended: crew.ops_ended(), doubts, notes })
}

fn export(ops: &[OpKind], harvests: Vec<Harvest>) -> Vec<racehunt_core::outcome::OpLatency> {
    latency::export(ops, harvests.into_iter().map(|h| h.histograms).collect())
}

/// Starts that were due and not made: their waiting is in no histogram, so a latency limit could look kept.
fn behind(harvests: &[Harvest], duration: Duration, doubts: &mut Vec<String>, notes: &mut Vec<String>) {
    let missed: u64 = harvests.iter().map(|h| h.missed).sum();
    let overdue = harvests.iter().map(|h| h.overdue).max().unwrap_or_default();
    if missed == 0 {
        return;
    }
    let text = format!("{missed} starts were due and not made, the oldest for {:.3} s", overdue.as_secs_f64());
    // Being late by the op in flight when the time is up is normal.
    if overdue > (duration / 20).max(Duration::from_millis(50)) {
        doubts.push(format!("the rate was not kept: {text}"));
    } else {
        notes.push(text);
    }
}
