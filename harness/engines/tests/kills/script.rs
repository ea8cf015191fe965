//! Random scripts of two processes, one of which is killed: what can be left, by enumeration.

use racehunt_core::ledger::Ledger;
use racehunt_core::plan::{Params, SplitMix64};
use racehunt_core::subject::{
    Actor, Call, Env, Instance, OpError, OpKind, Opener, ParamSpec, Subject, SubjectError, Variant,
};
use racehunt_sync::shared::Shared;
use std::collections::BTreeSet;
use std::sync::Arc;

/// For each of two logs, who wrote to it, in order.
pub(crate) type Logs = [Vec<u32>; 2];

/// One actor: the index of its process, and the log that each of its steps writes to.
pub(crate) type Part = (u32, Vec<usize>);

/// A script of two or three actors of the processes 0 and 1, with one to three steps each.
pub(crate) fn draw(seed: u64) -> Vec<Part> {
    let mut rng = SplitMix64::new(seed);
    let actors = 2 + rng.below(2) as u32;
    // Both processes have an actor.
    let process = |actor: u32, rng: &mut SplitMix64| if actor < 2 { actor } else { rng.below(2) as u32 };
    (0..actors)
        .map(|actor| {
            let steps = if actors == 2 { 1 + rng.below(3) } else { 1 + rng.below(2) };
            (process(actor, &mut rng), (0..steps).map(|_| rng.below(2) as usize).collect())
        })
        .collect()
}

/// Everything that can be left when process 0 is killed once, at any moment.
pub(crate) fn outcomes(script: &[Part]) -> BTreeSet<Logs> {
    let mut all = BTreeSet::new();
    go(script, &mut vec![0; script.len()], false, &mut Logs::default(), &mut all);
    all
}

fn go(script: &[Part], at: &mut Vec<usize>, killed: bool, logs: &mut Logs, all: &mut BTreeSet<Logs>) {
    let mut rest = true;
    for actor in 0..script.len() {
        let (process, steps) = &script[actor];
        if at[actor] == steps.len() || (killed && *process == 0) {
            continue;
        }
        rest = false;
        let log = steps[at[actor]];
        logs[log].push(actor as u32);
        at[actor] += 1;
        go(script, at, killed, logs, all);
        at[actor] -= 1;
        logs[log].pop();
    }
    if !killed {
        go(script, at, true, logs, all);
    } else if rest {
        all.insert(logs.clone());
    }
}

/// The subject that plays scripts and keeps what they left.
#[derive(Default)]
pub(crate) struct Player {
    pub(crate) left: Arc<std::sync::Mutex<BTreeSet<Logs>>>,
}

impl Subject for Player {
    fn name(&self) -> &'static str {
        "till"
    }

    fn about(&self) -> &'static str {
        "Plays scripts."
    }

    fn variants(&self) -> &'static [Variant] {
        &[Variant { name: "script", about: "writes to two logs" }]
    }

    fn ops(&self) -> &'static [OpKind] {
        &[OpKind { name: "put", about: "writes to log put(n)" }]
    }

    fn params(&self) -> Vec<ParamSpec> {
        Vec::new()
    }

    fn open(&self, _: &str, _: &Params, _: &Env) -> Result<Opener, SubjectError> {
        let left = Arc::clone(&self.left);
        Ok(Box::new(move || {
            let logs = [Shared::new("log", Vec::new()), Shared::new("log", Vec::new())];
            Arc::new(Played { left: Arc::clone(&left), logs })
        }))
    }
}

struct Played {
    left: Arc<std::sync::Mutex<BTreeSet<Logs>>>,
    logs: [Shared<Vec<u32>>; 2],
}

impl Instance for Played {
    fn apply(&self, call: Call, actor: &mut Actor) -> Result<(), OpError> {
        let me = actor.number;
        self.logs[call.arg as usize].write("write", |log| log.push(me));
        Ok(())
    }

    fn rest(&self, _: &mut Ledger) {
        let [a, b] = &self.logs;
        let logs = [a.read("read", Clone::clone), b.read("read", Clone::clone)];
        self.left.lock().unwrap().insert(logs);
    }
}
