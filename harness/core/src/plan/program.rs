//! What the actors of a trial do.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rng::SplitMix64;
use crate::scenario::{ActorProgram, OpCall, Workload};

/// What the actors of a trial do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Program {
    /// One program for each actor.
    Actors(Vec<ActorProgram>),
    /// Weights of op kinds, by name.
    Mix(Vec<(String, u32)>),
}

impl Program {
    /// The program of a workload.
    #[must_use]
    pub fn of(workload: &Workload) -> Self {
        match workload {
            Workload::Actors(actors) => Self::Actors(actors.clone()),
            Workload::Mix(mix) => Self::Mix(mix.iter().map(|(kind, weight)| (kind.clone(), *weight)).collect()),
        }
    }

    /// The programs of `threads` actors. The same arguments give the same programs on every machine.
    ///
    /// Of a mix, each kind with a weight above zero is dealt at least once if there is room, the rarest
    /// first (ties by name): with few slots a draw by weight would leave out just the op that closes, flushes
    /// or rotates, and with it the race. The other slots are drawn by weight, and all are shuffled over the
    /// actors, which are called `A`, `B`, … `Z`, `AA`, ….
    ///
    /// With actors, `ops_per_thread` and `seed` are not looked at: thread `i` gets actor `i` modulo their
    /// number, and from the second time on its name tells which: `A#2`.
    #[must_use]
    pub fn deal(&self, threads: usize, ops_per_thread: usize, seed: u64) -> Vec<ActorProgram> {
        match self {
            Self::Actors(actors) if actors.is_empty() => Vec::new(),
            Self::Actors(actors) => (0..threads).map(|thread| repeated(actors, thread)).collect(),
            Self::Mix(mix) => deal_mix(mix, threads, ops_per_thread, seed),
        }
    }

    /// The programs of `processes` processes of `threads` threads each, with the numbers that the actors have over all.
    ///
    /// Without names of processes, thread `t` of process `p` gets program `p × threads + t` of [`Program::deal`] for all
    /// threads. Where actors name processes there are as many as that, whatever `processes` says, in the order of their
    /// first actors. Each runs its own actors, and with `threads` a multiple of the largest process each of them more
    /// than once; a process with fewer actors than the largest has fewer threads.
    #[must_use]
    pub fn deal_processes(
        &self,
        processes: usize,
        threads: usize,
        ops_per_thread: usize,
        seed: u64,
    ) -> Vec<Vec<(u32, ActorProgram)>> {
        let mut next = 0..;
        let mut number = |program: ActorProgram| (next.next().unwrap_or(u32::MAX), program);
        match self {
            Self::Actors(actors) if actors.iter().any(|actor| actor.process.is_some()) => {
                let groups = ActorProgram::by_process(actors);
                let largest = groups.iter().map(Vec::len).max().unwrap_or(1);
                let slot = |own: &[&ActorProgram], slot: usize| Some(again(own.get(slot % largest)?, slot / largest));
                let slots =
                    |own: Vec<&ActorProgram>| (0..threads).filter_map(|s| slot(&own, s)).map(&mut number).collect();
                groups.into_iter().map(slots).collect()
            }
            _ => {
                let all = self.deal(processes.saturating_mul(threads), ops_per_thread, seed);
                all.chunks(threads.max(1)).map(|own| own.iter().cloned().map(&mut number).collect()).collect()
            }
        }
    }

    /// A source of ops by weight, for paces without rounds; `None` with actors.
    #[must_use]
    pub fn draw(&self) -> Option<Draw<'_>> {
        match self {
            Self::Actors(_) => None,
            Self::Mix(mix) => Some(Draw::new(mix)),
        }
    }
}

fn repeated(actors: &[ActorProgram], thread: usize) -> ActorProgram {
    again(&actors[thread % actors.len()], thread / actors.len())
}

fn again(actor: &ActorProgram, times: usize) -> ActorProgram {
    match times {
        0 => actor.clone(),
        // `#` is in no name that a scenario can give, so the new one is free.
        times => ActorProgram { name: format!("{}#{}", actor.name, times + 1), ..actor.clone() },
    }
}

fn deal_mix(mix: &[(String, u32)], threads: usize, ops_per_thread: usize, seed: u64) -> Vec<ActorProgram> {
    let mut rng = SplitMix64::new(seed);
    let draw = Draw::new(mix);
    let slots = if draw.is_empty() { 0 } else { threads.saturating_mul(ops_per_thread) };
    let mut rarest: Vec<&(String, u32)> = mix.iter().filter(|(_, weight)| *weight > 0).collect();
    rarest.sort_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
    let mut kinds: Vec<&str> = rarest.iter().take(slots).map(|(kind, _)| kind.as_str()).collect();
    while kinds.len() < slots {
        kinds.push(draw.next(&mut rng));
    }
    rng.shuffle(&mut kinds);
    let mut ops = kinds.into_iter().map(OpCall::plain);
    (0..threads)
        .map(|thread| ActorProgram {
            name: letters(thread),
            ops: ops.by_ref().take(ops_per_thread).collect(),
            process: None,
        })
        .collect()
}

/// `A` to `Z`, then `AA`: as columns of a table, which is what they head.
fn letters(mut index: usize) -> String {
    let mut name = Vec::new();
    loop {
        name.push(b'A' + (index % 26) as u8);
        if index < 26 {
            break;
        }
        index = index / 26 - 1;
    }
    name.iter().rev().map(|letter| char::from(*letter)).collect()
}

/// A source of op kinds by weight.
#[derive(Debug, Clone)]
pub struct Draw<'m> {
    mix: &'m [(String, u32)],
    total: u64,
}

impl<'m> Draw<'m> {
    /// A source over a mix.
    #[must_use]
    pub fn new(mix: &'m [(String, u32)]) -> Self {
        Self { mix, total: mix.iter().map(|(_, weight)| u64::from(*weight)).sum() }
    }

    /// True if no kind has a weight above zero: then there is nothing to draw.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// The next kind; the empty text if there is nothing to draw.
    pub fn next(&self, rng: &mut SplitMix64) -> &'m str {
        let mut at = rng.below(self.total);
        for (kind, weight) in self.mix {
            match at.checked_sub(u64::from(*weight)) {
                Some(rest) => at = rest,
                None => return kind,
            }
        }
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn mix() -> Program {
        Program::Mix(vec![("flush".into(), 1), ("increment".into(), 800), ("never".into(), 0), ("timing".into(), 2)])
    }

    fn kinds(actors: &[ActorProgram]) -> BTreeSet<&str> {
        actors.iter().flat_map(|actor| &actor.ops).map(|op| op.kind.as_str()).collect()
    }

    #[test]
    fn every_kind_is_dealt_and_the_rarest_first() {
        for seed in 0..50 {
            assert_eq!(kinds(&mix().deal(3, 1, seed)), BTreeSet::from(["flush", "increment", "timing"]));
            assert_eq!(kinds(&mix().deal(1, 2, seed)), BTreeSet::from(["flush", "timing"]));
            assert_eq!(kinds(&mix().deal(1, 1, seed)), BTreeSet::from(["flush"]));
        }
    }

    #[test]
    fn a_deal_is_the_same_for_ever() {
        let dealt: Vec<String> =
            mix().deal(2, 3, 7).iter().map(|actor| serde_json::to_string(actor).unwrap()).collect();
        insta::assert_snapshot!(dealt.join("\n"), @r#"
        {"name":"A","ops":["increment","increment","timing"]}
        {"name":"B","ops":["flush","increment","increment"]}
        "#);
        assert_ne!(mix().deal(2, 3, 8), mix().deal(2, 3, 7));
    }

    #[test]
    fn actors_come_round_again_under_new_names() {
        let actor =
            |name: &str, op: &str| ActorProgram { name: name.into(), ops: vec![OpCall::plain(op)], process: None };
        let program = Program::Actors(vec![actor("D", "flush"), actor("A", "increment")]);
        let dealt = program.deal(5, 99, 1);
        let names: Vec<&str> = dealt.iter().map(|actor| actor.name.as_str()).collect();
        assert_eq!(names, ["D", "A", "D#2", "A#2", "D#3"]);
        assert_eq!(dealt[3].ops, [OpCall::plain("increment")]);
        assert!(Program::Actors(vec![]).deal(5, 1, 1).is_empty());
    }

    #[test]
    fn a_process_runs_its_own_actors() {
        let actor = |name: &str, process: Option<&str>| ActorProgram {
            name: name.into(),
            ops: vec![OpCall::plain("flush")],
            process: process.map(str::to_owned),
        };
        let dealt = |actors: &[ActorProgram], processes, threads| -> Vec<Vec<String>> {
            let name = |(number, actor): &(u32, ActorProgram)| {
                format!(
                    "{number}:{}{}",
                    actor.name,
                    actor.process.as_ref().map_or_else(String::new, |p| format!("@{p}"))
                )
            };
            let program = Program::Actors(actors.to_vec());
            program.deal_processes(processes, threads, 1, 1).iter().map(|own| own.iter().map(name).collect()).collect()
        };
        let named = [actor("A", Some("P")), actor("B", Some("Q")), actor("C", Some("P")), actor("D", None)];
        assert_eq!(ActorProgram::processes(&named), [Some("P"), Some("Q"), None]);
        assert_eq!(ActorProgram::by_process(&named), [vec![&named[0], &named[2]], vec![&named[1]], vec![&named[3]]]);
        assert_eq!(dealt(&named, 3, 2), [vec!["0:A@P", "1:C@P"], vec!["2:B@Q"], vec!["3:D"]]);
        let twice = dealt(&named, 3, 4);
        assert_eq!(twice[0], ["0:A@P", "1:C@P", "2:A#2@P", "3:C#2@P"]);
        assert_eq!(twice[1..], [["4:B@Q", "5:B#2@Q"], ["6:D", "7:D#2"]]);
        let nameless = [actor("A", None), actor("B", None), actor("C", None)];
        assert_eq!(dealt(&nameless, 2, 2), [["0:A", "1:B"], ["2:C", "3:A#2"]]);
        assert_eq!(mix().deal_processes(2, 2, 3, 7).concat().len(), 4);
        let flat: Vec<ActorProgram> = mix().deal_processes(2, 2, 3, 7).concat().into_iter().map(|own| own.1).collect();
        assert_eq!(flat, mix().deal(4, 3, 7));
    }

    #[test]
    fn names_go_on_after_z() {
        assert_eq!([0, 25, 26, 27, 51, 52, 701, 702].map(letters), ["A", "Z", "AA", "AB", "AZ", "BA", "ZZ", "AAA"]);
    }

    #[test]
    fn draws_follow_the_weights() {
        let mix = vec![("a".to_owned(), 1), ("b".to_owned(), 0), ("c".to_owned(), 3)];
        let draw = Draw::new(&mix);
        let mut rng = SplitMix64::new(3);
        let drawn: Vec<&str> = (0..4000).map(|_| draw.next(&mut rng)).collect();
        let rare = drawn.iter().filter(|kind| **kind == "a").count();
        assert!((900..1100).contains(&rare), "{rare}");
        assert!(!drawn.contains(&"b"));
    }

    proptest! {
        #[test]
        fn every_slot_is_filled(threads in 0..9_usize, ops in 0..9_usize, seed: u64, weights in prop::collection::vec(0..5_u32, 0..5)) {
            let empty = weights.iter().all(|weight| *weight == 0);
            let mix = weights.iter().enumerate().map(|(i, weight)| (format!("op{i}"), *weight)).collect();
            let dealt = Program::Mix(mix).deal(threads, ops, seed);
            prop_assert_eq!(dealt.len(), threads);
            for actor in &dealt {
                prop_assert_eq!(actor.ops.len(), if empty { 0 } else { ops });
                prop_assert!(actor.ops.iter().all(|op| !op.kind.is_empty()));
            }
        }
    }
}
