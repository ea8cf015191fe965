//! From the hook's tables to the interleaving and the wait-for graph of a finding.

use crate::panics::site;
use racehunt_core::interleaving::{Interleaving, Step};
use racehunt_core::observation::Wait;
use racehunt_sync::hook::{self, Kind, Object};

/// The first actor's remark before it drains the instance.
pub(super) const REST: &str = "rest";

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
    let setup: Vec<Step> = setup.iter().map(step).collect();
    let steps: Vec<Step> = between.iter().filter(|e| !is_ours(e)).map(step).collect();
    let drain: Vec<Step> = drain.iter().skip(1).map(step).collect();
    let switches = switches.unwrap_or_else(|| count_switches(&steps));
    Interleaving { actors: hook::names(), setup, steps, drain, switches }
}

/// That the harness starts the actors and waits for them is no part of the program.
fn is_ours(event: &hook::Event) -> bool {
    matches!(event.kind, Some(Kind::Spawn | Kind::Start | Kind::Join)) && event.site.file() == super::FILE
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

/// Who waits for whom, after a deadlock. That the harness waits for the actors' ends is no part of it.
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
    let ours = |b: &hook::Blocked| b.waits.kind == Kind::Join && b.waits.site.file() == super::FILE;
    hook::blocked().into_iter().filter(|b| !ours(b)).map(wait).collect()
}

/// An object in findings: its type, and where it was made.
pub(crate) fn describe(object: &Object) -> String {
    format!("{} ({})", object.type_name, site(object.site))
}
