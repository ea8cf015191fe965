//! `[workload]`: what the actors do.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::op::{OpCall, is_kind};
use super::text::quoted;
use super::walk::Node;

/// What the actors do: ops drawn from a mix, or one program for each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Workload {
    /// Weights of op kinds, 1 to 1,000,000. The number of actors and of ops is each engine's.
    Mix(BTreeMap<String, u32>),
    /// The actors, each with its ops in order. Misses every interleaving that needs other ops.
    Actors(Vec<ActorProgram>),
}

/// One actor and what it does.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActorProgram {
    /// Its name in interleavings; no two have the same.
    pub name: String,
    /// Its ops in order, at least one.
    #[schemars(length(min = 1))]
    pub ops: Vec<OpCall>,
    /// The process it belongs to. Default: all that name none share one. Under `[stress]` each name is a process of its
    /// own; under a model it is a group of actors with its own pid, file locks and end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<String>,
}

impl ActorProgram {
    /// The processes that actors belong to, in the order of their first actors: a process's number is its place here,
    /// for every engine. Those that name none share one, so without any name there is one process.
    #[must_use]
    pub fn processes(actors: &[Self]) -> Vec<Option<&str>> {
        let mut processes = Vec::new();
        for process in actors.iter().map(|actor| actor.process.as_deref()) {
            if !processes.contains(&process) {
                processes.push(process);
            }
        }
        processes
    }

    /// The actors of each of [`ActorProgram::processes`].
    #[must_use]
    pub fn by_process(actors: &[Self]) -> Vec<Vec<&Self>> {
        let of = |process: &Option<&str>| actors.iter().filter(|actor| actor.process.as_deref() == *process).collect();
        Self::processes(actors).iter().map(of).collect()
    }
}

impl Workload {
    /// The number of actors, if the workload says it.
    #[must_use]
    pub fn actors(&self) -> Option<usize> {
        match self {
            Self::Mix(_) => None,
            Self::Actors(actors) => Some(actors.len()),
        }
    }

    /// The names of processes that actors give, in the order of the actors, each once.
    #[must_use]
    pub fn process_names(&self) -> Vec<&str> {
        match self {
            Self::Actors(actors) => ActorProgram::processes(actors).into_iter().flatten().collect(),
            Self::Mix(_) => Vec::new(),
        }
    }

    /// How many actors each process has, if actors name processes.
    #[must_use]
    pub fn process_sizes(&self) -> Option<Vec<usize>> {
        match self {
            Self::Actors(actors) if actors.iter().any(|actor| actor.process.is_some()) => {
                Some(ActorProgram::by_process(actors).iter().map(Vec::len).collect())
            }
            _ => None,
        }
    }

    /// The op kinds that may run, sorted, each once.
    #[must_use]
    pub fn kinds(&self) -> Vec<&str> {
        let mut kinds: Vec<&str> = match self {
            Self::Mix(mix) => mix.keys().map(String::as_str).collect(),
            Self::Actors(actors) => actors.iter().flat_map(|actor| &actor.ops).map(|op| op.kind.as_str()).collect(),
        };
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }

    pub(super) fn read(node: &Node<'_>) -> Option<Self> {
        let mut section = node.section()?;
        let mix = section.get("mix", read_mix);
        let actors = section.get("actors", read_actors);
        let workload = match (section.has("mix"), section.has("actors")) {
            (true, true) => {
                section.forbid(
                    "mix",
                    "cannot stand beside `actors`",
                    "keep one: ops are drawn, or the actors say them",
                );
                None
            }
            (false, false) => {
                section.fail(
                    "missing key `mix` or `actors` in `[workload]`",
                    "add `mix = { increment = 8, flush = 1 }`, or `actors = [{ name = \"A\", ops = [\"flush\"] }]`",
                );
                None
            }
            (true, false) => mix.map(Self::Mix),
            (false, true) => actors.map(Self::Actors),
        };
        section.finish();
        workload
    }
}

fn read_mix(node: &Node<'_>) -> Option<BTreeMap<String, u32>> {
    let mut mix = BTreeMap::new();
    let mut whole = true;
    for (kind, weight) in node.entries("weights such as { increment = 8, flush = 1 }")? {
        if !is_kind(&kind) {
            let help = if kind.contains('(') {
                "a mix has kinds only; arguments need `actors`"
            } else {
                "a name such as \"flush\""
            };
            weight.fail_key(format!("{} is no op kind", quoted(&kind)), help);
            whole = false;
        }
        match weight.count(1..=1_000_000).and_then(|weight| u32::try_from(weight).ok()) {
            Some(weight) => _ = mix.insert(kind, weight),
            None => whole = false,
        }
    }
    whole.then_some(mix)
}

fn read_actors(node: &Node<'_>) -> Option<Vec<ActorProgram>> {
    let mut names: Vec<String> = Vec::new();
    let mut actors = Vec::new();
    let nodes = node.items("a list of actors such as [{ name = \"A\", ops = [\"flush\"] }]")?;
    let count = nodes.len();
    for node in nodes {
        let Some(mut section) = node.section() else {
            continue;
        };
        let name = section.require("name", "name = \"A\"", |node| read_actor_name(node, &names));
        let ops = section.require("ops", "ops = [\"flush\"]", |node| {
            node.each("a list of ops such as [\"flush\"]", Node::element::<OpCall>)
        });
        let process = section.get("process", |node| super::subject::read_name(node, "a process's name such as \"P\""));
        let nameless = process.is_none() && section.has("process");
        section.finish();
        if let (Some(name), Some(ops), false) = (name, ops, nameless) {
            names.push(name.clone());
            actors.push(ActorProgram { name, ops, process });
        }
    }
    (actors.len() == count).then_some(actors)
}

fn read_actor_name(node: &Node<'_>, taken: &[String]) -> Option<String> {
    let name = super::subject::read_name(node, "an actor's name such as \"A\"")?;
    if taken.contains(&name) {
        node.fail(
            format!("two actors are called {}", quoted(&name)),
            "each needs a name of its own: it heads a column",
        );
        return None;
    }
    Some(name)
}
