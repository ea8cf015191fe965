//! What a stall is: the wait-for graph of the facade says who waits for whom, and whether for ever.

use super::watch::Beat;
use crate::model::describe;
use crate::panics::site;
use racehunt_core::check;
use racehunt_core::observation::{Violation, Wait};
use racehunt_core::protocol::Waits;
use racehunt_sync::hook::Object;
use racehunt_sync::waits::{Group, Holder, Waiting};
use std::time::{Duration, Instant};

/// Time between two looks: far longer than a thread that was woken takes to run on a busy machine.
const PAUSE: Duration = Duration::from_millis(100);

/// Looks at the group twice. `beats` are those of its actors; `rests` is true if an actor between two ops makes no call
/// before the others go on. Takes a moment.
pub(super) fn look(group: &Group, beats: &[Beat], rests: bool) -> Waits {
    let earlier = group.look();
    std::thread::sleep(PAUSE);
    let later = group.look();
    let report = later.report(&earlier, |actor| rests && beats.get(actor).is_some_and(Beat::is_idle));
    let now = Instant::now();
    Waits { deadlock: report.deadlock, waits: report.waits.into_iter().map(|w| wait(w, now)).collect() }
}

fn wait(waiting: Waiting, now: Instant) -> Wait {
    let held = |Holder { name, site: at, .. }| (name, site(at));
    Wait {
        actor: waiting.name,
        waits: waiting.kind.word().to_owned(),
        object: waiting.object.as_ref().map(|object: &Object| describe(object)).unwrap_or_default(),
        site: site(waiting.site),
        holders: waiting.holders.into_iter().map(held).collect(),
        for_ms: Some(u64::try_from(now.duration_since(waiting.since).as_millis()).unwrap_or(u64::MAX)),
    }
}

/// What a stall with these waits is.
pub(super) fn explain(mut stall: Violation, found: &Waits) -> Violation {
    if found.deadlock {
        return check::deadlock(&found.waits);
    }
    if !found.waits.is_empty() {
        stall.message = format!("{}; {}", stall.message, check::tell(&found.waits));
    }
    stall
}
