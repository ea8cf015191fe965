//! Each edge by hand, and a detector that does everything right beside some that do not.

use super::*;
use crate::observation::{Observation, Seen};

mod simulated;

/// U = 10, S = 50, C = 5, T = 100.
const CONTRACT: Detection = Detection { beat_ns: 10, stale_ns: 50, check_ns: 5, backlog_ns: Some(100), slack_ns: 0 };

fn judge(checker: &dyn Checker, health: &Health) -> Judgement {
    let seen = Seen { health: Some(health.clone()), ..Seen::default() };
    let observation = Observation { seen, at_rest: true, ..Observation::default() };
    checker.judge(&Evidence::new(&observation, Some(observation.ledger.settle())))
}

fn outage(of: Part, from_ns: u64, to_ns: Option<u64>) -> Outage {
    Outage { worker: 1, of, from_ns, to_ns }
}

fn lease(from_ns: u64, until_ns: u64) -> Lease {
    Lease { worker: 1, from_ns, until_ns }
}

/// One look that found the worker well, and alarms at these moments.
fn watched(contract: Detection, outages: &[Outage], leases: &[Lease], alarms: &[u64]) -> Health {
    let look = |at_ns, failed| Look { worker: 1, at_ns, failed };
    let looks = [look(0, false)].into_iter().chain(alarms.iter().map(|at| look(*at, true))).collect();
    Health { contract, outages: outages.to_vec(), looks, leases: leases.to_vec(), until_ns: 10_000 }
}

/// Holds or not, and where it does not the detail and the message.
fn says(checker: &dyn Checker, health: &Health) -> Option<(String, String)> {
    match judge(checker, health) {
        Judgement::Holds => None,
        Judgement::Broken(violations) => {
            let [only] = <[_; 1]>::try_from(violations).expect("one violation");
            Some((only.detail, only.message))
        }
        Judgement::NotJudged(why) => panic!("{why}"),
    }
}

fn idle(checker: &dyn Checker, health: &Health) -> bool {
    matches!(judge(checker, health), Judgement::NotJudged(_))
}

#[test]
fn without_a_detector_nothing_is_judged() {
    let nothing = Observation { at_rest: true, ..Observation::default() };
    for checker in [&Undetected as &dyn Checker, &FalseAlarm] {
        assert!(matches!(checker.judge(&Evidence::new(&nothing, None)), Judgement::NotJudged(_)));
    }
    assert!(idle(&Undetected, &watched(CONTRACT, &[], &[], &[])));
    assert!(idle(&FalseAlarm, &Health { contract: CONTRACT, until_ns: 9, ..Health::default() }));
    assert_eq!(says(&FalseAlarm, &watched(CONTRACT, &[], &[], &[])), None);
}

#[test]
fn an_outage_is_declared_in_its_middle_and_both_edges_belong_to_it() {
    let slack = Detection { slack_ns: 3, ..CONTRACT };
    for (of, contract, first, last) in [
        (Part::Loop, CONTRACT, 1040, 1055),
        (Part::Process, CONTRACT, 1040, 1055),
        (Part::Item, CONTRACT, 1100, 1105),
        (Part::Loop, slack, 1037, 1058),
        (Part::Item, slack, 1097, 1108),
    ] {
        let at = |alarm| watched(contract, &[outage(of, 1000, None)], &[], &[alarm]);
        for alarm in [first, last] {
            assert_eq!([says(&Undetected, &at(alarm)), says(&FalseAlarm, &at(alarm))], [None, None]);
        }
        let early = says(&FalseAlarm, &at(first - 1)).unwrap();
        let why = format!("only {}ns after its {} went out (1 of 1 alarm so)", first - 1001, word(of));
        assert_eq!(early, ("healthy".into(), format!("worker 1 was declared failed {why}")));
        let late = says(&Undetected, &at(last + 1)).unwrap();
        let (within, after) = (last - 1000, last - 999);
        let when =
            format!("had to be declared failed within {within}ns and was after {after}ns (1 of 1 such outage so)");
        assert_eq!(late, (word(of).into(), format!("worker 1: {} out, {when}", word(of))));
        // Each edge is the business of one of them.
        assert_eq!([says(&Undetected, &at(first - 1)), says(&FalseAlarm, &at(last + 1))], [None, None]);
        let never = says(&Undetected, &watched(contract, &[outage(of, 1000, None)], &[], &[])).unwrap();
        assert!(never.1.contains("and never was in "), "{never:?}");
    }
}

#[test]
fn an_outage_that_ends_or_is_not_seen_to_its_last_moment_obliges_nobody() {
    let until = |to| watched(CONTRACT, &[outage(Part::Loop, 1000, to)], &[], &[]);
    assert!(idle(&Undetected, &until(Some(1055))));
    assert!(says(&Undetected, &until(Some(1056))).is_some());
    assert!(idle(&Undetected, &Health { until_ns: 1054, ..until(None) }));
    assert!(says(&Undetected, &Health { until_ns: 1055, ..until(None) }).is_some());
}

#[test]
fn the_next_beat_after_an_outage_may_take_its_time() {
    let at = |alarm| watched(CONTRACT, &[outage(Part::Loop, 1000, Some(1045))], &[], &[alarm]);
    assert_eq!(says(&FalseAlarm, &at(1055)), None);
    assert!(says(&FalseAlarm, &at(1056)).unwrap().1.contains("and was well"));
    let slack = Detection { slack_ns: 3, ..CONTRACT };
    assert_eq!(says(&FalseAlarm, &Health { contract: slack, ..at(1058) }), None);
    assert!(says(&FalseAlarm, &Health { contract: slack, ..at(1059) }).is_some());
}

#[test]
fn a_backlog_that_nobody_promised_to_notice_is_not_judged() {
    let silent = Detection { backlog_ns: None, ..CONTRACT };
    let health = |alarms: &[u64]| watched(silent, &[outage(Part::Item, 1000, None)], &[], alarms);
    assert!(idle(&Undetected, &health(&[])));
    assert_eq!(says(&FalseAlarm, &health(&[1000])), None);
    assert!(says(&FalseAlarm, &health(&[999])).is_some());
}

#[test]
fn an_alarm_too_early_for_one_outage_may_be_right_for_another() {
    let both = [outage(Part::Loop, 1000, None), outage(Part::Item, 990, None)];
    let health = watched(CONTRACT, &both, &[], &[1045]);
    assert_eq!([says(&Undetected, &health), says(&FalseAlarm, &health)], [None, None]);
    // What befalls a worker that was replaced is nobody's business, nor is a second alarm.
    let health = watched(CONTRACT, &[both[0].clone(), outage(Part::Loop, 3000, None)], &[], &[1045, 9000]);
    assert_eq!([says(&Undetected, &health), says(&FalseAlarm, &health)], [None, None]);
    // Another worker's outage covers nothing.
    let other = watched(CONTRACT, &[Outage { worker: 2, ..both[0].clone() }], &[], &[1045]);
    assert_eq!(says(&FalseAlarm, &other).unwrap().0, "healthy");
    assert_eq!(says(&Undetected, &other).unwrap().0, "loop");
}

#[test]
fn no_alarm_within_a_valid_lease_unless_the_process_is_out() {
    let at = |of, from, until, alarm| watched(CONTRACT, &[outage(of, 1000, None)], &[lease(from, until)], &[alarm]);
    for of in [Part::Loop, Part::Item] {
        let (_, message) = says(&FalseAlarm, &at(of, 900, 1104, 1104)).unwrap();
        let why = "204ns into its lease, of which 0ns were left (1 of 1 alarm so)";
        assert_eq!(message, format!("worker 1 was declared failed {why}"));
        assert_eq!(says(&FalseAlarm, &at(of, 900, 1103, 1104)), None);
        assert!(says(&FalseAlarm, &at(of, 1104, 2000, 1104)).is_some());
        assert_eq!(says(&FalseAlarm, &at(of, 1105, 2000, 1104)), None);
    }
    assert_eq!(says(&FalseAlarm, &at(Part::Process, 900, 1104, 1050)), None);
    // Too early for the process, so the lease counts.
    assert_eq!(says(&FalseAlarm, &at(Part::Process, 900, 1104, 1039)).unwrap().0, "lease");
    let slack = Health { contract: Detection { slack_ns: 3, ..CONTRACT }, ..at(Part::Loop, 1048, 2000, 1050) };
    assert_eq!(says(&FalseAlarm, &slack), None, "written too late to have been read");
}

#[test]
fn a_lease_puts_off_what_must_be_noticed() {
    let by = |leases: &[Lease], alarm| {
        says(&Undetected, &watched(CONTRACT, &[outage(Part::Loop, 1000, None)], leases, &[alarm]))
    };
    for (leases, last) in [
        (vec![lease(900, 1050)], 1055),
        (vec![lease(900, 1051)], 1056),
        (vec![lease(1055, 1200)], 1205),
        (vec![lease(1056, 1200)], 1055),
        // One after the other, in any order, without room for a look between them.
        (vec![lease(1085, 1100), lease(900, 1080)], 1105),
        (vec![lease(1086, 1100), lease(900, 1080)], 1085),
    ] {
        assert_eq!(by(&leases, last), None, "{leases:?}");
        assert!(by(&leases, last + 1).is_some(), "{leases:?}");
    }
    let others =
        watched(CONTRACT, &[outage(Part::Loop, 1000, None)], &[Lease { worker: 2, ..lease(900, 5000) }], &[1056]);
    assert!(says(&Undetected, &others).is_some());
}

#[test]
fn each_part_is_a_finding_of_its_own() {
    let outages = [(1, Part::Loop), (2, Part::Item), (3, Part::Loop)];
    let outages = outages.map(|(worker, of)| Outage { worker, ..outage(of, 1000, None) });
    let Judgement::Broken(violations) = judge(&Undetected, &watched(CONTRACT, &outages, &[], &[])) else {
        panic!("not rejected")
    };
    let says: Vec<_> = violations.iter().map(|one| (one.detail.as_str(), one.message.as_str())).collect();
    let [looped, item] = <[_; 2]>::try_from(says).unwrap();
    assert!(looped.0 == "loop" && looped.1.ends_with("(2 of 2 such outages so)"), "{looped:?}");
    assert!(item.0 == "item" && item.1.starts_with("worker 2: item out"), "{item:?}");
}
