//! The steps of one execution, laid out by actor.

use serde::{Deserialize, Serialize};

/// The recorded steps of one execution.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Interleaving {
    /// The actors' names, by number.
    pub actors: Vec<String>,
    /// What the first actor did before it started the others, to set the scene.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub setup: Vec<Step>,
    /// The steps in the order in which they happened.
    pub steps: Vec<Step>,
    /// What the harness did after all actors had ended, to see what is still inside.
    pub drain: Vec<Step>,
    /// Context switches among them that were not forced by an actor's end or wait.
    pub switches: u32,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Number of the actor.
    pub actor: u32,
    /// `lock`, `load`, `write`, …; `note` for a remark (the call of an op, its return).
    pub kind: String,
    /// What is done, in words: `map.get a`, `increment(0) called`.
    pub label: String,
    /// The object, by type and place of creation: `Mutex (locked.rs:31)`; empty for none.
    pub object: String,
    /// Number of the object in the execution; 0 for none.
    pub object_id: u32,
    /// Value read or written, where there is one to show.
    pub value: Option<u64>,
    /// Where in the source: `locked.rs:48`, path from the package's root.
    pub site: String,
}
