//! Synthetic failures whose minimum is known.

use super::toy::Toy;
use super::*;
use crate::plan::{ActorProgram, OpCall};
use proptest::prelude::*;

fn bare(d: &[u32]) -> Made {
    let switches = d.iter().filter(|d| **d != 0).count() as u32;
    Made { decisions: d.to_vec(), switches, ..Made::default() }
}

/// Of an engine that tells no choices: what is played is what was asked for.
fn shrink_bare(found: &[u32], fails: impl Fn(&[u32]) -> bool) -> Least {
    shrink(bare(found), 100, &mut |d| Some(Played { made: bare(d), shows: fails(d) }))
}

#[test]
fn what_the_failure_needs_is_kept_and_the_rest_goes() {
    let noisy: Vec<u32> = (0..60).map(|i| [3, 0, 1, 2][i % 4]).collect();
    let out = shrink_bare(&noisy, |d| d.get(8).is_some_and(|v| *v >= 1) && d.get(30) == Some(&1));
    let mut want = vec![0; 31];
    (want[8], want[30]) = (1, 1);
    assert_eq!(out.made.decisions, want);
    assert!(!out.fewest, "what the choices were is not known, so neither is that all were tried");
}

#[test]
fn a_failure_without_a_switch_ends_empty() {
    let out = shrink_bare(&[1, 2, 3], |_| true);
    assert_eq!((out.made.decisions, out.fewest, out.over), (vec![], true, false));
}

#[test]
fn nothing_is_kept_that_does_not_fail() {
    let out = shrink_bare(&[1, 0, 2], |_| false);
    assert_eq!(out.made.decisions, vec![1, 0, 2]);
}

#[test]
fn two_switches_become_one_in_between_and_the_last_comes_early() {
    // 20 does for 10 and 30; and what fails there fails from 12 on.
    let out = shrink_bare(&(0..40).map(|i| u32::from(i == 10 || i == 30)).collect::<Vec<_>>(), |d| {
        matches!(d.iter().rposition(|d| *d != 0), Some(12..=20)) || (d.get(10), d.get(30)) == (Some(&1), Some(&1))
    });
    assert_eq!(out.made.trimmed(), [vec![0; 12], vec![1]].concat());
}

/// Shrinks a schedule of `toy`, with so many plays.
fn shrink_toy(toy: &Toy, list: &[u32], budget: u32, fails: &dyn Fn(&[u32]) -> bool) -> (Least, u32) {
    let mut plays = 0;
    let out = shrink(toy.play(list).1, 10_000, &mut |list| {
        if plays == budget {
            return None;
        }
        plays += 1;
        let (order, made) = toy.play(list);
        Some(Played { made, shows: fails(&order) })
    });
    (out, plays)
}

/// Where the n-th step of an actor is, both from 0.
fn place(order: &[u32], actor: u32, n: usize) -> usize {
    order.iter().enumerate().filter(|(_, a)| **a == actor).nth(n).map_or(usize::MAX, |(i, _)| i)
}

#[test]
fn no_switch_is_left_that_lowering_alone_cannot_take() {
    // Either 0 is left twice, as found, or 1 begins and is left once: no step of the passes leads from one to the other.
    let inside =
        |o: &[u32], a: u32, b: u32, n: usize| place(o, a, n) < place(o, b, 0) && place(o, b, 3) < place(o, a, n + 1);
    let twice = |o: &[u32]| {
        place(o, 0, 0) < place(o, 1, 0)
            && place(o, 1, 1) < place(o, 0, 1)
            && place(o, 0, 2) < place(o, 1, 2)
            && place(o, 1, 3) < place(o, 0, 3)
    };
    let toy = Toy(vec![4, 4]);
    let found = [0, 1, 0, 1, 0, 1, 0];
    let fails = |o: &[u32]| twice(o) || inside(o, 1, 0, 1);
    assert!(fails(&toy.play(&found).0) && toy.play(&found).1.switches == 3);
    let (out, _) = shrink_toy(&toy, &found, 10_000, &fails);
    assert_eq!((out.made.switches, out.fewest, out.over), (1, true, false));
    assert!(fails(&toy.play(&out.made.decisions).0));
}

#[test]
fn the_budget_holds_and_its_end_is_told() {
    let toy = Toy(vec![9, 9, 9]);
    let found: Vec<u32> = (0..27).map(|i| i % 3).collect();
    for budget in [0, 1, 20] {
        let (out, plays) = shrink_toy(&toy, &found, budget, &|_| false);
        assert_eq!((plays, out.over, out.fewest), (budget, true, false));
        assert_eq!(out.made, toy.play(&found).1);
    }
}

proptest! {
    #[test]
    fn a_schedule_ends_at_its_minimum(
        lengths in prop::collection::vec(1..4_usize, 2..4),
        found in prop::collection::vec(0..3_u32, 12),
        needs in prop::collection::vec(((0..3_u32, 0..3_usize), (0..3_u32, 0..3_usize)), 1..4),
        budget in prop_oneof![Just(100_000_u32), 1..60_u32],
    ) {
        let toy = Toy(lengths);
        // What the found schedule has of these orders of two steps is the failure.
        let before = |o: &[u32], need: &((u32, usize), (u32, usize))| place(o, need.0.0, need.0.1) < place(o, need.1.0, need.1.1);
        let order = toy.play(&found).0;
        let needs: Vec<_> = needs.into_iter().filter(|need| before(&order, need)).collect();
        let fails = |o: &[u32]| needs.iter().all(|need| before(o, need));

        let (out, plays) = shrink_toy(&toy, &found, budget, &fails);
        prop_assert!(plays <= budget);
        let (order, made) = toy.play(&out.made.decisions);
        prop_assert!(fails(&order));
        prop_assert_eq!(&made, &out.made);
        prop_assert!(made.cost() <= toy.play(&found).1.cost());
        prop_assert_eq!(&shrink_toy(&toy, &found, budget, &fails).0, &out);
        let (again, _) = shrink_toy(&toy, &made.decisions, 100_000, &fails);
        prop_assert!(again.made.cost() <= made.cost());
        if out.fewest {
            prop_assert_eq!(again.made.switches, made.switches);
        }
        if !out.over {
            prop_assert!(out.fewest);
            prop_assert_eq!(again.made, made);
        }
    }
}

fn actor(name: &str, ops: &[&str]) -> ActorProgram {
    let ops = ops.iter().map(|op| op.parse().expect("an op")).collect();
    ActorProgram { name: name.into(), ops, process: Some(format!("of-{name}")) }
}

fn show(case: &Case) -> String {
    let ops = |actor: &ActorProgram| actor.ops.iter().map(OpCall::to_string).collect::<Vec<_>>().join(" ");
    let actors: Vec<String> = case.program.iter().map(|a| format!("{}: {}", a.name, ops(a))).collect();
    format!("{} spared {:?}", actors.join(", "), case.spared)
}

#[test]
fn a_program_keeps_what_the_failure_needs_and_the_names_of_who_is_left() {
    let found = [actor("A", &["x", "y(7)", "x", "z"]), actor("B", &["x", "x"]), actor("C", &["w(3)", "y(1)"])];
    let kills = ["of-A".to_owned(), "of-C".to_owned()];
    let mut asked = Vec::new();
    let (least, done) = shrink_program(Case::whole(&found), &kills, &mut |case, _| {
        assert!(case.is_part_of(&found) && !asked.contains(case), "{}", show(case));
        asked.push(case.clone());
        let has = |name: &str, kind: &str| {
            let actor = case.program.iter().find(|a| a.name == name);
            actor.is_some_and(|a| a.ops.iter().any(|o| o.kind == kind))
        };
        Some(has("A", "y") && has("C", "w") && !case.spared.contains(&"of-C".to_owned()))
    });
    assert!(done);
    assert_eq!(show(&least), r#"A: y(7), C: w(3) spared ["of-A"]"#);
}

#[test]
fn a_program_is_not_shrunk_past_what_can_run() {
    let found = [actor("A", &["x", "x", "x"]), actor("B", &["x"])];
    let (least, done) = shrink_program(Case::whole(&found), &["of-B".to_owned()], &mut |case, _| {
        assert!(case.program.iter().all(|a| !a.ops.is_empty()));
        Some(case.spared.is_empty())
    });
    assert_eq!(
        (show(&least).as_str(), done),
        ("B: x spared []", true),
        "its process is killed: that needs an actor of it"
    );
    let (least, _) = shrink_program(Case::whole(&found), &[], &mut |_, _| Some(true));
    assert_eq!(show(&least), "A: x spared []");
}

#[test]
fn the_end_of_the_budget_keeps_the_best_so_far() {
    let found = [actor("A", &["x", "x", "x", "x"]), actor("B", &["x"])];
    let mut left = 2;
    let (least, done) = shrink_program(Case::whole(&found), &[], &mut |_, _| {
        left -= 1;
        (left >= 0).then_some(true)
    });
    assert_eq!((show(&least).as_str(), done), ("A: x x spared []", false));
}

#[test]
fn a_part_is_told_from_another_program() {
    let whole = [actor("A", &["x", "y(2)"]), actor("B", &["x"])];
    let part = |program: &[ActorProgram]| Case::whole(program).is_part_of(&whole);
    assert!(part(&whole) && part(&whole[1..]) && part(&[actor("A", &["y(2)"])]) && part(&[]));
    for other in [actor("A", &["y(1)"]), actor("A", &["y"]), actor("A", &["y(2)", "x"]), actor("C", &["x"])] {
        assert!(!part(std::slice::from_ref(&other)), "{other:?}");
    }
    let renamed = ActorProgram { process: None, ..actor("A", &["x"]) };
    assert!(!part(&[renamed]) && !part(&[whole[1].clone(), whole[0].clone()]));
}

proptest! {
    #[test]
    fn a_program_ends_at_what_is_needed(
        ops in prop::collection::vec(prop::collection::vec((0..3_usize, 0..3_u32, any::<bool>()), 1..6), 1..5),
        budget in prop_oneof![Just(1_000_000_u32), 0..30_u32],
    ) {
        let kinds = ["a", "b", "c"];
        let name = |i: usize| format!("N{i}");
        let pick = |wanted: bool| -> Vec<ActorProgram> {
            ops.iter().enumerate().map(|(i, ops)| {
                let ops = ops.iter().filter(|o| o.2 || !wanted);
                let ops = ops.map(|o| OpCall { kind: kinds[o.0].into(), arg: Some(o.1) }).collect();
                ActorProgram { name: name(i), ops, process: None }
            }).collect()
        };
        let (whole, mut needed) = (pick(false), pick(true));
        needed.retain(|a| !a.ops.is_empty());
        prop_assume!(!needed.is_empty());
        let fails = |case: &Case| Case::whole(&needed).is_part_of(&case.program);
        let run = |from: Case, budget: u32| {
            let mut asked = 0;
            shrink_program(from, &[], &mut |case, _| {
                asked += 1;
                (asked <= budget).then(|| fails(case))
            })
        };
        let (least, done) = run(Case::whole(&whole), budget);
        prop_assert!(fails(&least) && least.is_part_of(&whole));
        prop_assert_eq!(&run(Case::whole(&whole), budget), &(least.clone(), done));
        if done {
            prop_assert_eq!(&least.program, &needed);
            prop_assert_eq!(run(least.clone(), 1_000_000), (least, true));
        }
    }
}
