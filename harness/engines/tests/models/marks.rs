//! What recorded findings say and mark.

use racehunt_core::finding::{Finding, Size};

pub(crate) fn size(actors: u32, ops: u32) -> Size {
    Size { actors, ops, kills: 0 }
}

/// The racing pair is the two stores, and the window opened with the load before them.
pub(crate) fn a_store_came_between(finding: &Finding) {
    let shown = finding.interleaving.as_ref().expect("a model's");
    let steps =
        |r: &racehunt_core::interleaving::Race| [r.opens, r.first, r.second].map(|i| shown.steps[i].kind.as_str());
    assert_eq!(shown.racing.iter().map(steps).collect::<Vec<_>>(), [["load", "store", "store"]], "{shown:?}");
}

/// The actors 1 and 2 wait for ever, each for the other, who holds to the end what it wants; no steps race.
pub(crate) fn each_waits_for_the_other(finding: &Finding) {
    for (waits, holds) in [("D", "A"), ("A", "D")] {
        let said = [format!("{waits} waits to lock Mutex"), format!("held by {holds} since")];
        assert!(said.iter().all(|part| finding.message.contains(part)), "{}", finding.message);
    }
    let shown = finding.interleaving.as_ref().expect("a model's");
    let stuck = shown.waits.iter().filter(|w| w.to.is_none());
    let mut stuck: Vec<_> = stuck.map(|w| (w.actor, w.on.clone())).collect();
    stuck.sort_unstable();
    assert_eq!(stuck, [(1, vec![2]), (2, vec![1])], "{shown:?}");
    assert_eq!((shown.holds.iter().filter(|h| h.to.is_none()).count(), shown.racing.len()), (2, 0), "{shown:?}");
}
