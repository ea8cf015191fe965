//! Tests of what is worked out from the steps.

use super::*;
use proptest::prelude::*;

fn step(actor: u32, kind: &str, object_id: u32) -> Step {
    let object = match (object_id, kind) {
        (0, _) => String::new(),
        (id, "lock" | "unlock" | "read-lock" | "read-unlock") => format!("Mutex (a.rs:{})", id % 2),
        (id, _) => format!("map{id} (b.rs:1)"),
    };
    Step { actor, kind: kind.into(), label: String::new(), object, object_id, value: None, site: "c.rs:1".into() }
}

fn note(actor: u32, label: &str) -> Step {
    Step { label: label.into(), ..step(actor, "note", 0) }
}

fn explained(steps: Vec<Step>, told: &Told) -> Interleaving {
    Interleaving { steps, switches: 1, ..Interleaving::default() }.explain(told)
}

fn plain(steps: &[(u32, &str, u32)]) -> Interleaving {
    explained(steps.iter().map(|(actor, kind, object)| step(*actor, kind, *object)).collect(), &Told::default())
}

fn pairs(of: &Interleaving) -> Vec<(usize, usize, usize)> {
    of.racing.iter().map(|r| (r.opens, r.first, r.second)).collect()
}

#[test]
fn a_write_between_a_read_and_a_write_is_the_race() {
    let lost = plain(&[(1, "read", 5), (2, "read", 5), (2, "write", 5), (1, "write", 5)]);
    assert_eq!((pairs(&lost), lost.preempted.as_slice()), (vec![(0, 2, 3)], &[0][..]));
    assert!(lost.racing[0].is_simple());
    // Reads change nothing, another object is none of its business, and before or after all of it nothing came between.
    for steps in [
        [(1, "read", 5), (2, "read", 5), (2, "read", 5), (1, "read", 5)],
        [(1, "read", 5), (2, "read", 6), (2, "write", 6), (1, "write", 5)],
        [(2, "read", 5), (2, "write", 5), (1, "read", 5), (1, "write", 5)],
    ] {
        assert_eq!(pairs(&plain(&steps)), [], "{steps:?}");
    }
}

#[test]
fn two_objects_that_belong_together_are_a_race_too() {
    let late = plain(&[(1, "read", 5), (2, "write", 5), (2, "write", 6), (1, "write", 6)]);
    assert_eq!(late.racing, [Race { opens: 0, entered: 1, first: 2, second: 3, object_id: 6 }]);
    // Without the first conflict the second one could have been an honest "after".
    assert_eq!(pairs(&plain(&[(1, "read", 4), (2, "write", 5), (2, "write", 6), (1, "write", 6)])), []);
}

#[test]
fn files_are_told_apart_by_their_names() {
    let of = |steps: &[(u32, &str)]| {
        let file = |(actor, label): &(u32, &str)| {
            let reads = ["list", "open", "read", "stat"].iter().any(|verb| label.starts_with(verb));
            let object = "files (a.rs:1)".into();
            Step { label: (*label).into(), object, ..step(*actor, if reads { "read" } else { "write" }, 5) }
        };
        pairs(&explained(steps.iter().map(file).collect(), &Told::default()))
    };
    let undone = |read: &str, name: &str| {
        let mine = format!("rename .tmp-1 -> {name}");
        of(&[(1, read), (2, "create .tmp-2"), (2, "rename .tmp-2 -> a"), (1, "create .tmp-1"), (1, &mine)])
    };
    assert_eq!(undone("open a", "a"), [(0, 2, 4)], "another's change is undone, whatever it was called before");
    assert_eq!(undone("open a", "b"), []);
    assert_eq!(undone("open b", "b"), []);
    assert_eq!(of(&[(1, "list d"), (2, "unlink a"), (1, "unlink a: not found")]), [(0, 1, 2)]);
    assert_eq!(of(&[(1, "list d"), (2, "write a 8 bytes"), (1, "write a 8 bytes")]), [], "a listing tells no contents");
    assert_eq!(of(&[(1, "list d"), (2, "create a"), (2, "list d"), (1, "create b")]), [(0, 2, 3)]);
    assert_eq!(
        of(&[(1, "whatever"), (2, "write a 8 bytes"), (1, "write a 8 bytes")]),
        [(0, 1, 2)],
        "not known: may be"
    );
}

#[test]
fn acting_on_what_was_seen_says_more_than_looking_again() {
    let steps = [(1, "read", 5), (2, "write", 5), (1, "read", 5), (1, "write", 5)];
    assert_eq!(pairs(&plain(&steps)), [(0, 1, 3)]);
    assert_eq!(pairs(&plain(&steps[..3])), [(0, 1, 2)]);
}

#[test]
fn what_the_program_orders_is_no_race() {
    let asked = [(1, "write", 5), (1, "send", 9), (2, "recv", 9), (2, "write", 5), (1, "read", 5)];
    assert_eq!(pairs(&plain(&asked)), [], "the second write was asked for by a message");
    let not = [(1, "write", 5), (1, "send", 9), (2, "write", 5), (1, "read", 5)];
    assert_eq!(pairs(&plain(&not)), [(0, 2, 3)]);
}

#[test]
fn two_critical_sections_are_a_race_only_if_there_is_no_better_one() {
    let locks = [(1, "lock", 7), (1, "unlock", 7), (2, "lock", 7), (2, "unlock", 7), (1, "lock", 7), (1, "unlock", 7)];
    assert_eq!(pairs(&plain(&locks)), [(0, 2, 4)]);
    let mut with_data = vec![(1, "read", 5)];
    with_data.extend(&locks[..2]);
    with_data.extend([(2, "write", 5), (2, "lock", 7), (2, "unlock", 7), (1, "lock", 7), (1, "write", 5)]);
    assert_eq!(pairs(&plain(&with_data)), [(0, 3, 7)]);
}

#[test]
fn between_calls_and_without_a_switch_there_is_no_race() {
    let mut steps = vec![note(1, "put called"), step(1, "read", 5), note(1, "put returned")];
    steps.extend([step(2, "write", 5), note(1, "put called"), step(1, "write", 5), note(1, "put returned")]);
    let calls = explained(steps.clone(), &Told::default());
    assert!(calls.racing.is_empty() && calls.preempted.is_empty());
    steps.remove(4);
    steps.remove(2);
    assert_eq!(pairs(&explained(steps.clone(), &Told::default())), [(1, 2, 3)]);
    let forced = Interleaving { steps, ..Interleaving::default() }.explain(&Told::default());
    assert!(forced.racing.is_empty(), "the schedule has no switch");
}

#[test]
fn a_new_actors_first_step_is_no_switch() {
    let one = plain(&[(1, "spawn", 0), (2, "start", 0), (1, "read", 5), (2, "read", 5), (1, "read", 5)]);
    assert_eq!(one.preempted, [2]);
}

#[test]
fn a_lock_is_held_and_waited_for() {
    let one = plain(&[(1, "lock", 7), (2, "read", 5), (1, "write", 5), (1, "unlock", 7), (2, "lock", 7)]);
    let hold = |actor, from, to| Hold { actor, object_id: 7, shared: false, from, to };
    assert_eq!(one.holds, [hold(1, 0, Some(3)), hold(2, 4, None)]);
    let wait = &one.waits[0];
    assert_eq!((one.waits.len(), wait.actor, wait.from, wait.to, wait.on.as_slice()), (1, 2, 2, Some(4), &[1][..]));
    // Two readers do not wait for each other, and whoever comes when the lock is free does not wait.
    assert!(plain(&[(1, "read-lock", 7), (2, "read", 5), (1, "read", 5), (2, "read-lock", 7)]).waits.is_empty());
    assert!(plain(&[(1, "lock", 7), (1, "unlock", 7), (2, "read", 5), (2, "lock", 7)]).waits.is_empty());
}

#[test]
fn a_call_that_begins_with_a_lock_did_not_wait_before_it_came() {
    let steps = [(1, "lock", 7), (1, "write", 5), (1, "unlock", 7)].map(|(a, k, o)| step(a, k, o));
    let steps: Vec<Step> = steps.into_iter().chain([note(2, "put called"), step(2, "lock", 7)]).collect();
    assert!(explained(steps, &Told::default()).waits.is_empty());
}

#[test]
fn the_stuck_wait_for_those_who_hold() {
    let stuck = |actor, object_id| Waited {
        actor,
        kind: "lock".into(),
        object: format!("Mutex (a.rs:{})", object_id % 2),
        object_id,
        site: "c.rs:2".into(),
        from: 0,
        to: None,
        on: Vec::new(),
    };
    let steps = [(1, "lock", 7), (2, "lock", 8)].map(|(a, k, o)| step(a, k, o)).to_vec();
    let told = Told { stuck: vec![stuck(1, 8), stuck(2, 7)], ..Told::default() };
    let one = explained(steps.clone(), &told);
    let seen: Vec<_> = one.waits.iter().map(|w| (w.actor, w.from, w.to, w.on.clone())).collect();
    assert_eq!(seen, [(1, 2, None, vec![2]), (2, 2, None, vec![1])]);
    // A condvar's wait gave its mutex up, and a killed actor holds nothing.
    let gave_up = Told { released: vec![(2, 1, 7)], killed: vec![(2, 2)], ..Told::default() };
    let ends: Vec<_> = explained(steps, &gave_up).holds.iter().map(|h| h.to).collect();
    assert_eq!(ends, [Some(2), Some(2)]);
}

#[test]
fn objects_of_one_name_have_their_numbers() {
    let one = plain(&[(1, "lock", 7), (1, "lock", 8), (1, "read", 5)]);
    let names: Vec<_> = one.objects.iter().map(|o| (o.id, o.name.as_str(), o.made.as_str())).collect();
    assert_eq!(names, [(5, "map5", "b.rs:1"), (7, "Mutex#7", "a.rs:1"), (8, "Mutex#8", "a.rs:0")]);
}

#[test]
fn a_spin_loop_is_folded_and_what_is_marked_is_not() {
    let mut steps = vec![(1, "load", 5); 6];
    steps.extend([(1, "read", 6), (1, "write", 6), (1, "read", 6), (1, "write", 6)]);
    assert_eq!(plain(&steps).folds, [Fold { from: 0, len: 1, times: 6 }, Fold { from: 6, len: 2, times: 2 }]);
    assert!(plain(&[(1, "load", 5), (1, "load", 5)]).folds.is_empty(), "a fold of two is no shorter");
    let mut raced = vec![(1, "read", 5); 4];
    raced.extend([(2, "write", 5), (1, "read", 5)]);
    let raced = plain(&raced);
    assert_eq!((pairs(&raced), raced.folds.as_slice()), (vec![(3, 4, 5)], &[Fold { from: 0, len: 1, times: 3 }][..]));
}

#[test]
fn a_report_of_before_is_still_read_and_a_plain_one_is_written_as_before() {
    let old = r#"{"actors":["A"],"steps":[],"drain":[],"switches":0}"#;
    let read: Interleaving = serde_json::from_str(old).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), old);
}

fn any_steps() -> impl Strategy<Value = Vec<Step>> {
    let kinds = prop::sample::select(vec![
        "lock",
        "unlock",
        "read-lock",
        "read-unlock",
        "read",
        "write",
        "load",
        "rmw",
        "send",
        "recv",
        "sleep",
        "note",
    ]);
    prop::collection::vec((0..3u32, kinds, 1..4u32).prop_map(|(actor, kind, object)| step(actor, kind, object)), 0..40)
}

proptest! {
    #[test]
    fn what_is_marked_is_what_the_words_say(steps in any_steps()) {
        let one = explained(steps.clone(), &Told::default());
        for r in &one.racing {
            let at = |i: usize| &steps[i];
            prop_assert!(r.opens < r.entered && r.opens < r.first && r.first < r.second);
            prop_assert!(race::conflict(at(r.opens), at(r.entered)) && race::conflict(at(r.first), at(r.second)));
            prop_assert_eq!((at(r.opens).actor, at(r.entered).actor), (at(r.second).actor, at(r.first).actor));
            let left = |p: &usize| r.opens <= *p && *p < r.first && at(*p).actor == at(r.opens).actor;
            prop_assert!(one.preempted.iter().any(left));
        }
        for h in &one.holds {
            prop_assert!(h.to.is_none_or(|to| h.from < to) && steps[h.from].takes() == Some(h.shared));
        }
        for w in &one.waits {
            let to = w.to.unwrap();
            prop_assert!(w.from < to && steps[to].actor == w.actor);
            prop_assert!(steps[w.from..to].iter().all(|s| s.actor != w.actor), "who waits does nothing");
        }
    }

    #[test]
    fn unfolded_every_step_is_there_once(steps in any_steps(), times in 1..5usize) {
        let steps: Vec<Step> = std::iter::repeat_n(steps, times).flatten().collect();
        let one = explained(steps.clone(), &Told::default());
        let (mut unfolded, mut at) = (Vec::new(), 0);
        for f in &one.folds {
            prop_assert!(f.from >= at && f.times > 1 && f.end() <= steps.len());
            unfolded.extend_from_slice(&steps[at..f.from]);
            for _ in 0..f.times {
                unfolded.extend_from_slice(&steps[f.from..f.from + f.len]);
            }
            at = f.end();
            for r in &one.racing {
                prop_assert!([r.opens, r.entered, r.first, r.second].iter().all(|m| !(f.from..f.end()).contains(m)));
            }
        }
        unfolded.extend_from_slice(&steps[at..]);
        prop_assert_eq!(unfolded, steps);
    }
}
