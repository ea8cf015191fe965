//! The panel, and all checkers over simulated components: a correct one is accepted, each mutation rejected.

use super::*;
use crate::id::Id;
use crate::ledger::Ledger;
use crate::observation::{Gauge, Health, Look, Outage, Part, Seen, Sent, View};
use script::{clear, emit, handle, ids, list, put, subscribe, unsubscribe};

mod simulated;
mod simulated_bus;

fn judged(panel: &Panel, kind: FindingKind) -> Option<u64> {
    panel.counts().into_iter().find(|count| count.checker == kind).map(|count| count.judged)
}

#[test]
fn what_most_subjects_do_not_tell_has_no_row_until_it_was_judged() {
    let mut panel = Panel::default();
    let plain = Observation { at_rest: true, ..Observation::default() };
    panel.judge(&plain);
    let rows: Vec<FindingKind> = panel.counts().iter().map(|count| count.checker).collect();
    use FindingKind::{Deadlock, Duplicated, Error, Livelock, Lost, Missed, OverDelivered, Panic, Phantom};
    assert_eq!(rows, [Lost, Duplicated, Phantom, OverDelivered, Error, Panic, Deadlock, Livelock]);
    let history = vec![put(1, 2, 7), list(3, 4, &[7]), clear(5, 6, 1, &[7])];
    panel.judge(&Observation { history, ..plain });
    assert_eq!([judged(&panel, Missed), judged(&panel, FindingKind::Miscount)], [Some(1), Some(1)]);
    assert_eq!([judged(&panel, FindingKind::OverBound), judged(&panel, Lost)], [None, Some(2)]);
}

#[test]
fn a_bus_a_view_and_a_detector_have_rows_once_they_were_judged() {
    use FindingKind::{FalseAlarm, LateCall, Misordered, Missed, Stale, Undetected};
    let kinds = [Missed, Misordered, LateCall, Stale, Undetected, FalseAlarm];
    let mut panel = Panel::default();
    let plain = Observation { at_rest: true, ..Observation::default() };
    panel.judge(&plain);
    assert_eq!(kinds.map(|kind| judged(&panel, kind)), [None; 6]);
    let history = vec![subscribe(1, 2, 50, 0), emit(0, 3, 5, 7), handle(4, 50, 7), unsubscribe(8, 9, 50)];
    let ledger = Ledger { accepted: ids(&[7]), retained: ids(&[7]), ..Ledger::default() };
    let views = vec![View { name: "ideas".into(), shown: "1".into(), there: "1".into() }];
    let outages = vec![Outage { worker: 0, of: Part::Loop, from_ns: 1, to_ns: None }];
    let looks = vec![Look { worker: 0, at_ns: 1, failed: true }];
    let health = Some(Health { outages, looks, until_ns: 9, ..Health::default() });
    let seen = Seen { audit: Some(ids(&[7])), views, health, ..Seen::default() };
    let (violations, _) = panel.judge(&Observation { history, ledger, seen, ..plain });
    assert_eq!(violations, []);
    assert_eq!(kinds.map(|kind| judged(&panel, kind)), [Some(1); 6]);
}

#[test]
fn an_execution_that_two_checkers_of_a_kind_judge_counts_once() {
    let mut panel = Panel::default();
    let sends = vec![Sent { id: Id(7), key: None }, Sent { id: Id(7), key: None }];
    let ledger = Ledger { accepted: ids(&[7, 8]), delivered: ids(&[7, 7]), ..Ledger::default() };
    let seen = Seen { sends, gauges: vec![Gauge { name: "files".into(), peak: 1, bound: None }], ..Seen::default() };
    let (violations, _) = panel.judge(&Observation { ledger, seen, at_rest: true, ..Observation::default() });
    let details: Vec<&str> = violations.iter().map(|violation| violation.detail.as_str()).collect();
    assert_eq!(details, ["ids", "ids", "sends"]);
    assert_eq!(judged(&panel, FindingKind::Duplicated), Some(1));
}

#[test]
fn a_kind_is_where_it_says_in_the_list_of_all() {
    for (number, kind) in FindingKind::ALL.into_iter().enumerate() {
        assert_eq!(kind as usize, number);
    }
}
