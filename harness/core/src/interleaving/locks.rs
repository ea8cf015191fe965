//! Who held what, and who waited for it.

use super::{Hold, Step, Told, Waited};

/// The holds, worked out from the steps that take and give up, from what was told to be released, and from the kills.
pub(super) fn holds(steps: &[Step], told: &Told) -> Vec<Hold> {
    let mut holds: Vec<Hold> = Vec::new();
    let end = |holds: &mut Vec<Hold>, at: usize, is: &dyn Fn(&Hold) -> bool, all: bool| {
        let open = holds.iter_mut().rev().filter(|h| h.to.is_none() && is(h));
        open.take(if all { usize::MAX } else { 1 }).for_each(|h| h.to = Some(at));
    };
    for at in 0..=steps.len() {
        for (_, actor, object) in told.released.iter().filter(|r| r.0 == at) {
            end(&mut holds, at, &|h| (h.actor, h.object_id) == (*actor, *object), false);
        }
        for (_, actor) in told.killed.iter().filter(|k| k.0 == at) {
            end(&mut holds, at, &|h| h.actor == *actor, true);
        }
        let Some(step) = steps.get(at).filter(|s| s.object_id != 0) else { continue };
        if let Some(shared) = step.takes() {
            holds.push(Hold { actor: step.actor, object_id: step.object_id, shared, from: at, to: None });
        } else if step.releases() {
            end(&mut holds, at, &|h| (h.actor, h.object_id) == (step.actor, step.object_id), false);
        }
    }
    holds
}

/// The waits: for locks as the holds show them, for the rest as told, and those that never ended.
pub(super) fn waits(steps: &[Step], holds: &[Hold], told: &Told) -> Vec<Waited> {
    let mut waits: Vec<Waited> = Vec::new();
    for (at, step) in steps.iter().enumerate().filter(|(_, s)| !s.is_note()) {
        let before = steps[..at].iter().rposition(|s| s.actor == step.actor);
        // The remark before a call's first step is written with that step: when the call came nobody knows.
        let inside = before.filter(|i| !steps[*i].is_note());
        let earliest = before.map_or(0, |i| i + 1);
        let said = told.waits.iter().find(|w| w.1 == step.actor && (earliest..=at).contains(&w.0)).map(|w| w.0);
        let blocked = match (step.takes(), inside) {
            (Some(shared), Some(i)) => blocked(holds, step.actor, step.object_id, shared, i + 1, at),
            _ => None,
        };
        let Some(from) = said.into_iter().chain(blocked.as_ref().map(|b| b.0)).min().filter(|from| *from < at) else {
            continue;
        };
        waits.push(Waited {
            actor: step.actor,
            kind: step.kind.clone(),
            object: step.object.clone(),
            object_id: step.object_id,
            site: step.site.clone(),
            from,
            to: Some(at),
            on: blocked.map(|b| b.1).unwrap_or_default(),
        });
    }
    waits.extend(told.stuck.iter().map(|stuck| for_ever(stuck, steps, holds, told)));
    waits.sort_by_key(|w| w.from);
    waits
}

/// The first moment in `from..to` at which `actor` could not have the lock, and who had it then.
fn blocked(holds: &[Hold], actor: u32, object: u32, shared: bool, from: usize, to: usize) -> Option<(usize, Vec<u32>)> {
    let against = |h: &&Hold| h.object_id == object && h.actor != actor && !(shared && h.shared);
    // Between two steps the lock is held from behind the one that takes it up to the one that gives it up.
    let during = |h: &&Hold| h.from < to && h.to.is_none_or(|end| end >= from);
    let of: Vec<&Hold> = holds.iter().filter(against).filter(during).collect();
    let at = of.iter().map(|h| (h.from + 1).max(from)).min()?;
    let mut on: Vec<u32> =
        of.iter().filter(|h| h.from < at && h.to.is_none_or(|end| end >= at)).map(|h| h.actor).collect();
    on.sort_unstable();
    on.dedup();
    (at < to).then_some((at, on))
}

/// A wait that did not end: since when, and for whom.
fn for_ever(stuck: &Waited, steps: &[Step], holds: &[Hold], told: &Told) -> Waited {
    let end = steps.len();
    let earliest = steps.iter().rposition(|s| s.actor == stuck.actor).map_or(0, |i| i + 1);
    let said = told.waits.iter().find(|w| w.1 == stuck.actor && w.0 >= earliest).map(|w| w.0);
    let shared = matches!(stuck.kind.as_str(), "read-lock");
    let blocked = match stuck.kind.as_str() {
        "lock" | "read-lock" => blocked(holds, stuck.actor, stuck.object_id, shared, earliest, end + 1),
        _ => None,
    };
    let from = said.into_iter().chain(blocked.as_ref().map(|b| b.0)).min().unwrap_or(earliest);
    let mut one = Waited { from, to: None, ..stuck.clone() };
    if let Some((_, on)) = blocked.filter(|_| one.on.is_empty()) {
        one.on = on;
    }
    one
}
