//! Takes a finding to the smallest program and schedule that show it, and confirms that they do.

use super::lab::Lab;
use crate::model::{Make, Model};
use crate::replay::{self, Recorded, play, shows};
use crate::strategy::{Decisions, Exact};
use racehunt_core::finding::{Confirmed, Finding, Repro, ShrinkEnd, Shrunk, Size, Switches};
use racehunt_core::interleaving::{Interleaving, Step};
use racehunt_core::plan::{ActorProgram, ShuttleConfig, Trial};
use racehunt_core::schedule::Schedule;
use racehunt_core::shrink::{Case, Change, Effort, Least, Made, Played, shrink, shrink_program};
use std::sync::Arc;

/// What the program of one finding may cost, and then its schedule. One execution costs some 50 µs.
const PROGRAM: Effort = Effort { executions: 4_000, steps: 1_000_000 };
const SCHEDULE: Effort = Effort { executions: 2_000, steps: 500_000 };
/// Replays of the final schedule.
const CONFIRM: u32 = 10;

/// What is hunted.
#[derive(Clone, Copy)]
pub struct Hunted<'a> {
    /// The trial.
    pub trial: &'a Trial,
    /// Its engine's part.
    pub config: &'a ShuttleConfig,
    /// Its model.
    pub model: &'a Arc<Model>,
    /// What its actors do; empty for a closure.
    pub program: &'a [ActorProgram],
    /// Makes models of parts of the program; `None` if it has none.
    pub make: Option<Make<'a>>,
}

/// The smallest so far.
struct Now {
    case: Case,
    model: Arc<Model>,
    made: Made,
}

/// Shrinks what is executed and its schedule, replays what is left, and writes the result into `finding`. `beat` hears now
/// and then that it goes on, and says true to stop.
pub fn minimise(
    hunted: &Hunted<'_>,
    finding: &mut Finding,
    recorded: &Recorded,
    found_switches: u32,
    beat: &mut dyn FnMut() -> bool,
) {
    let (config, seed) = (hunted.config, recorded.seed);
    let failure = (finding.kind, finding.detail.clone());
    let mut lab = Lab {
        config,
        seed,
        failure,
        points: config.steps,
        cut: false,
        effort: PROGRAM,
        spent: 0,
        stopped: false,
        beat,
    };
    let whole = Case::whole(hunted.program);
    let found = Size::of(hunted.program, whole.kills(hunted.trial).len());
    // A program that is not deterministic may not fail again; then the schedule as found is what there is.
    let first = lab.play(hunted.model, &recorded.recording.decisions).filter(|played| played.shows);
    let Some(Played { made, .. }) = first else {
        let shrunk = Shrunk { executions: lab.spent, ..Shrunk::not_tried(found) };
        return confirm(hunted, &whole, hunted.model, recorded, (found_switches, shrunk), finding);
    };
    lab.expect(made.steps);
    let (now, smallest) = program(&mut lab, hunted, Now { case: whole, model: Arc::clone(hunted.model), made });
    (lab.effort, lab.cut) = (SCHEDULE, false);
    let model = Arc::clone(&now.model);
    let Least { made, fewest, over } =
        shrink(now.made, SCHEDULE.executions as usize, &mut |list| lab.play(&model, list));
    let fewest_switches = made.switches == 0 || (fewest && !lab.cut);
    let last = play(&model, Box::new(Decisions::new(made.decisions)), config.reduce, seed, config, false);
    let end = match (lab.stopped, smallest && !over) {
        (true, _) => ShrinkEnd::Stopped,
        (false, true) => ShrinkEnd::Done,
        (false, false) => ShrinkEnd::Budget,
    };
    let kept = Size::of(&now.case.program, now.case.kills(hunted.trial).len());
    let shrunk = Shrunk { found, kept, end, fewest_switches, executions: lab.spent };
    let recorded = Recorded { recording: last.recording, seed };
    confirm(hunted, &now.case, &model, &recorded, (found_switches, shrunk), finding);
}

/// The smallest part of the program that was found to fail; true if all that are one step smaller were tried.
fn program(lab: &mut Lab<'_>, hunted: &Hunted<'_>, mut now: Now) -> (Now, bool) {
    let Some(make) = hunted.make else { return (now, true) };
    let kills: Vec<String> = now.case.kills(hunted.trial).into_iter().cloned().collect();
    let whole = now.case.clone();
    let mut steps = None;
    let (_, done) = shrink_program(whole, &kills, &mut |case, change| {
        if lab.is_over() {
            return None;
        }
        // A part that cannot be opened is no part.
        let Ok(model) = make(case) else { return Some(false) };
        let steps_now = steps.get_or_insert_with(|| {
            let strategy = Box::new(Decisions::new(now.made.decisions.clone()));
            let played = play(&now.model, strategy, lab.config.reduce, lab.seed, lab.config, true);
            played.interleaving.unwrap_or_default()
        });
        let order = projected(steps_now, &now.case.program, change);
        match lab.search(&model, &order) {
            Some(made) => {
                lab.expect(made.steps);
                now = Now { case: case.clone(), model, made };
                steps = None;
                Some(true)
            }
            None if lab.is_over() => None,
            None => Some(false),
        }
    });
    (now, done)
}

/// The order of the steps that count, by actor, of what `change` leaves of `program`.
fn projected(steps: &Interleaving, program: &[ActorProgram], change: &Change) -> Vec<u32> {
    // The first actor starts the others, in their order, and then those that kill.
    let gone = match change {
        Change::Actor(at) => Some(at + 1),
        Change::Kill(at) => Some(program.len() + at + 1),
        Change::Ops(..) => None,
    };
    let mut calls = vec![0; program.len()];
    let mut order = Vec::new();
    for step in &steps.steps {
        let actor = step.actor as usize;
        if let Some(call) = actor.checked_sub(1).filter(|n| *n < program.len() && is_call(step)) {
            calls[call] += 1;
        }
        let dropped = match change {
            Change::Ops(of, from, many) => *of + 1 == actor && (from + 1..=from + many).contains(&calls[*of]),
            _ => gone == Some(actor),
        };
        if counts(step) && !dropped {
            order.push(step.actor - u32::from(gone.is_some_and(|gone| actor > gone)));
        }
    }
    order
}

/// The remark with which an op begins.
fn is_call(step: &Step) -> bool {
    step.kind == "note" && step.label.ends_with(" called")
}

/// Others can tell the moment of it.
fn counts(step: &Step) -> bool {
    !matches!(step.kind.as_str(), "note" | "start" | "spawn" | "join" | "unlock" | "read-unlock")
}

/// Replays the schedule and writes what is known now into `finding`.
fn confirm(
    hunted: &Hunted<'_>,
    case: &Case,
    model: &Arc<Model>,
    recorded: &Recorded,
    (found_switches, shrunk): (u32, Shrunk),
    finding: &mut Finding,
) {
    let Recorded { recording, seed } = recorded;
    let again = || -> (replay::Played, bool) {
        let (exact, result) = Exact::new(recording.picks.clone());
        let played = play(model, Box::new(exact), false, *seed, hunted.config, true);
        (played, result.diverged().is_none())
    };
    let (first, _) = again();
    let mut same = 0;
    for _ in 0..CONFIRM {
        let (played, exact) = again();
        let steady = exact && played.interleaving == first.interleaving;
        same += u32::from(steady && shows(&played, finding).is_some());
    }
    if let Some(v) = shows(&first, finding) {
        finding.message.clone_from(&v.message);
        finding.ids.clone_from(&v.ids);
    }
    finding.repro = Repro::Schedule {
        program: case.program.clone(),
        spared: case.spared.clone(),
        schedule: Schedule(recording.picks.clone()).to_string(),
        seed: *seed,
        switches: Switches { found: found_switches, kept: first.recording.switches },
        shrunk,
        confirmed: Confirmed { same, of: CONFIRM },
        token: String::new(),
    };
    finding.interleaving = first.interleaving;
}
