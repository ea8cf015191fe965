//! The panel, and all checkers over simulated components: a correct one is accepted, each mutation rejected.

use super::*;
use crate::id::Id;
use crate::ledger::Ledger;
use crate::observation::{Gauge, Seen, Sent};
use script::{clear, ids, list, put};

mod simulated;

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
