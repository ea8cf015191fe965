//! From the hook's tables to the interleaving and the wait-for graph of a finding.

use crate::panics::site;
use racehunt_core::interleaving::{Interleaving, Step, Told, Waited};
use racehunt_core::observation::Wait;
use racehunt_sync::hook::{self, Kind, Mark, Marked, Object};

/// The first actor's remark before it drains the instance.
pub(super) const REST: &str = "rest";

/// Where the harness starts actors.
const FILES: [&str; 2] = [super::FILE, super::closure::FILE];

/// The recorded events of the execution that ended, laid out. `switches` as counted by the schedule, or counted here
/// where the engine has none.
#[must_use]
pub fn interleaving(switches: Option<u32>) -> Interleaving {
    let objects = hook::objects();
    let step = |e: &hook::Event| {
        let object = (e.object as usize).checked_sub(1).and_then(|i| objects.get(i));
        Step {
            actor: e.actor,
            kind: e.kind.map_or("note", Kind::word).to_owned(),
            label: e.label.clone(),
            object: object.map(describe).unwrap_or_default(),
            object_id: e.object,
            value: e.value,
            site: if e.kind.is_some() { site(e.site) } else { String::new() },
        }
    };
    let events = hook::take_events();
    let rest = events.iter().position(|e| e.actor == 0 && e.kind.is_none() && e.label == REST);
    let (before, drain) = events.split_at(rest.unwrap_or(events.len()));
    let started = before.iter().position(is_ours).unwrap_or(0);
    let (setup, between) = before.split_at(started);
    let told = told(started, between);
    let setup: Vec<Step> = setup.iter().map(step).collect();
    let steps: Vec<Step> = between.iter().filter(|e| !is_ours(e)).map(step).collect();
    let drain: Vec<Step> = drain.iter().skip(1).map(step).collect();
    let switches = switches.unwrap_or_else(|| count_switches(&steps));
    Interleaving { actors: hook::names(), setup, steps, drain, switches, ..Interleaving::default() }.explain(&told)
}

/// What the marks and the tables say beside the steps, of which `between` are the events from number `started` on.
fn told(started: usize, between: &[hook::Event]) -> Told {
    let marks = hook::take_marks();
    let kept = |at: usize| {
        let at = at.checked_sub(started).filter(|at| *at <= between.len())?;
        Some(between[..at].iter().filter(|e| !is_ours(e)).count())
    };
    let mut told = Told::default();
    for Marked { at, actor, mark } in &marks {
        let Some(step) = kept(*at) else { continue };
        match mark {
            Mark::Waits => told.waits.push((step, *actor)),
            Mark::GivesUp(object) => told.released.push((step, *actor, *object)),
            Mark::Dies => told.killed.push((step, *actor)),
        }
    }
    let waits_now = |b: &hook::Blocked| {
        let last = between.iter().rposition(|e| e.actor == b.actor).map_or(0, |i| started + i + 1);
        let marked = marks.iter().any(|m| m.actor == b.actor && m.mark == Mark::Waits && m.at >= last);
        marked
            || b.waits.kind == Kind::Join
            || (matches!(b.waits.kind, Kind::Lock | Kind::ReadLock) && !b.holders.is_empty())
    };
    told.stuck = blocked().iter().filter(|b| waits_now(b)).map(stuck).collect();
    told
}

fn stuck(b: &hook::Blocked) -> Waited {
    Waited {
        actor: b.actor,
        kind: b.waits.kind.word().to_owned(),
        object: b.object.as_ref().map(describe).unwrap_or_default(),
        object_id: b.waits.object,
        site: site(b.waits.site),
        from: 0,
        to: None,
        on: if b.waits.kind == Kind::Join { hook::joined(b.actor).into_iter().collect() } else { Vec::new() },
    }
}

/// Actors that announced a step and have not done it. That the harness waits for the actors' ends is no part of it.
fn blocked() -> Vec<hook::Blocked> {
    let ours = |b: &hook::Blocked| b.waits.kind == Kind::Join && FILES.contains(&b.waits.site.file());
    hook::blocked().into_iter().filter(|b| !ours(b)).collect()
}

/// That the harness starts the actors and waits for them is no part of the program.
fn is_ours(event: &hook::Event) -> bool {
    matches!(event.kind, Some(Kind::Spawn | Kind::Start | Kind::Join)) && FILES.contains(&event.site.file())
}

/// Places where an actor was left that still had something to do and did not wait.
fn count_switches(steps: &[Step]) -> u32 {
    let real: Vec<&Step> = steps.iter().filter(|s| s.kind != "note").collect();
    let waits =
        |s: &Step| matches!(s.kind.as_str(), "join" | "wait" | "recv" | "park" | "sleep" | "lock" | "read-lock");
    let left = |i: &usize| {
        real[*i].actor != real[i + 1].actor
            && real[i + 1..].iter().find(|s| s.actor == real[*i].actor).is_some_and(|next| !waits(next))
    };
    (0..real.len().saturating_sub(1)).filter(left).count() as u32
}

/// Who waits for whom, after a deadlock.
#[must_use]
pub fn waits() -> Vec<Wait> {
    let wait = |b: hook::Blocked| Wait {
        actor: b.name,
        waits: b.waits.kind.word().to_owned(),
        object: b.object.as_ref().map(describe).unwrap_or_default(),
        site: site(b.waits.site),
        holders: b.holders.into_iter().map(|(name, at)| (name, site(at))).collect(),
        for_ms: None,
    };
    blocked().into_iter().map(wait).collect()
}

/// An object in findings: its type, and where it was made.
pub(crate) fn describe(object: &Object) -> String {
    format!("{} ({})", object.type_name, site(object.site))
}
