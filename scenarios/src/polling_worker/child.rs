//! A worker in a process of its own: what it is told, what it does, and what it leaves behind for its judges.

use super::clock::Clock;
use super::instance::run_worker;
use super::knobs::Knobs;
use super::notes::Notes;
use super::plan::{Kind, Plan};
use super::record::Record;
use super::worker::End;
use super::{Files, watched};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use racehunt_core::observation::{View, Violation};
use racehunt_core::plan::{ParamValue, Params};
use racehunt_core::subject::Env;
use serde::{Deserialize, Serialize};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// All went well.
const WELL: u8 = 0;
/// The arguments say nothing.
const USAGE: u8 = 2;
/// The files cannot be used.
const NO_FILES: u8 = 3;

/// What every generation is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Spec {
    dir: PathBuf,
    kind: Kind,
    params: Params,
}

/// What a generation that came to its end leaves.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Left {
    /// What it took the files to hold.
    pub(super) views: Vec<View>,
    violations: Vec<Violation>,
}

impl Left {
    pub(super) fn violations(&self) -> impl Iterator<Item = Violation> {
        self.violations.iter().cloned()
    }
}

/// What `generation` left; `None` if it did not come to its end.
pub(super) fn left(dir: &Path, generation: u32) -> Option<Left> {
    serde_json::from_slice(&std::fs::read(left_at(dir, generation)).ok()?).ok()
}

fn left_at(dir: &Path, generation: u32) -> PathBuf {
    dir.join(format!("left-{generation}"))
}

impl Spec {
    pub(super) fn of(plan: &Plan, files: &Files) -> Self {
        let mut params = plan.params.clone();
        // In its own process it is what an actor is.
        params.insert("workers".to_owned(), ParamValue::String("actors".to_owned()));
        Self { dir: files.dir().to_owned(), kind: plan.kind, params }
    }

    pub(super) fn arguments(&self, generation: u32) -> Vec<String> {
        vec![serde_json::to_string(self).expect("plain data"), generation.to_string()]
    }
}

/// The whole of such a process. Returns its exit code.
pub(super) fn main(args: &[String]) -> u8 {
    let [spec, generation] = args else { return USAGE };
    let (Ok(spec), Ok(generation)) = (serde_json::from_str::<Spec>(spec), generation.parse()) else { return USAGE };
    // A stopped process does not hear that its parent is gone; one that runs hears it at its stdin.
    if set_pdeathsig(Signal::SIGKILL).is_err() {
        return NO_FILES;
    }
    let asked = Arc::new(AtomicBool::new(false));
    let hears = Arc::clone(&asked);
    std::thread::spawn(move || {
        // Nothing is ever said there: it ends.
        let _ = std::io::stdin().lock().read(&mut [0]);
        hears.store(true, Ordering::Release);
    });
    let env = Env { dir: Some(spec.dir.clone()), ..Env::default() };
    let Ok(knobs) = Knobs::read(&spec.params, &env) else { return USAGE };
    let Ok(plan) = Plan::new(spec.kind, knobs, &spec.params, &env) else { return NO_FILES };
    work(&plan, &Files::new(spec.dir), generation, &|| asked.load(Ordering::Acquire))
}

fn work(plan: &Plan, files: &Files, generation: u32, asked: &dyn Fn() -> bool) -> u8 {
    let clock = Clock::of_processes();
    let gap_ns = plan.knobs.care.gap_ns(plan.knobs.poll);
    let Ok(record) = Record::kept(files.dir(), generation, gap_ns, clock.now()) else { return NO_FILES };
    let (mut labour, mut pulse) = watched::parts(plan, files, generation, clock, &Arc::new(record));
    let (store, notes) =
        (Arc::new(plan.store(files.clone(), None)), Arc::new(Notes::new(plan.kind != Kind::AsShipped)));
    let (end, views) = run_worker(plan, (&store, None), &notes, (&mut labour, &mut pulse), asked);
    let views = if end == End::Settled { views } else { Vec::new() };
    let left = Left { views, violations: notes.take_violations() };
    let told = serde_json::to_vec(&left).map(|text| std::fs::write(left_at(files.dir(), generation), text));
    if matches!(told, Ok(Ok(()))) { WELL } else { NO_FILES }
}
