//! What one execution emits, before any judgement.

use crate::finding::FindingKind;
use crate::history::Event;
use crate::id::Id;
use crate::ledger::Ledger;
use serde::{Deserialize, Serialize};

/// Everything one execution emitted.
#[derive(Clone, Debug, Default)]
pub struct Observation {
    /// All actors' ledgers and what the instance knew at rest.
    pub ledger: Ledger,
    /// Calls that answered with an error.
    pub failures: Vec<OpFailure>,
    /// Actors that panicked.
    pub panics: Vec<Panic>,
    /// The wait-for graph, if all actors that were left waited.
    pub deadlock: Option<Vec<Wait>>,
    /// True if the bound on steps was hit before rest.
    pub livelock: bool,
    /// True if the instance came to rest, so that the ledger can be settled.
    pub at_rest: bool,
    /// Invariants of the subject alone, and the engine's own (a data race).
    pub violations: Vec<Violation>,
    /// What the actors' calls did and when, for subjects that tell; those of one actor in order.
    pub history: Vec<Event>,
    /// What was seen of the component from outside.
    pub seen: Seen,
    /// Processes that were killed.
    pub crashes: u32,
}

/// What was seen of a component from outside of its calls: sampled on real processes, at every step under a model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Seen {
    /// Quantities with a bound, each at its worst.
    pub gauges: Vec<Gauge>,
    /// Items that stood where all can see them and did not parse: a name and what is wrong, the first ones.
    pub unreadable: Vec<String>,
    /// Everything that arrived at the far end, in order of arrival. The subject itself says in its ledger which of
    /// these are deliveries: a far end that knows an idempotency key takes it once.
    pub sends: Vec<Sent>,
}

/// A quantity that has a bound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gauge {
    /// What is counted: `files`.
    pub name: String,
    /// The most there were at once.
    pub peak: u64,
    /// The most there may be; `None` if it is only of interest.
    pub bound: Option<u64>,
}

/// One arrival at the far end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sent {
    /// The item.
    pub id: Id,
    /// The idempotency key that came with it.
    pub key: Option<String>,
}

impl Observation {
    /// Forgets everything and keeps the memory.
    pub fn clear(&mut self) {
        self.ledger.clear();
        self.failures.clear();
        self.panics.clear();
        self.deadlock = None;
        self.livelock = false;
        self.at_rest = false;
        self.violations.clear();
        self.history.clear();
        self.seen = Seen::default();
        self.crashes = 0;
    }
}

/// A call that answered with an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpFailure {
    /// Number of the actor.
    pub actor: u32,
    /// Name of the op.
    pub op: String,
    /// Stable name of the error.
    pub kind: String,
    /// The component's own words.
    pub message: String,
}

/// A panic of an actor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panic {
    /// The actor's name.
    pub actor: String,
    /// The payload as text.
    pub message: String,
    /// `file:line` where it began, if known.
    pub site: String,
}

/// One edge bundle of a wait-for graph: who waits, where, and for whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// The waiting actor's name.
    pub actor: String,
    /// What it waits to do: `lock`, `wait`, `join`, `recv`, `park`.
    pub waits: String,
    /// The object, by type and place: `Mutex (buffer.rs:31)`; empty for none.
    pub object: String,
    /// Where it waits, `file:line`.
    pub site: String,
    /// Who holds the object: name and `file:line` where it was taken. Of a join the threads, and where they were started.
    pub holders: Vec<(String, String)>,
    /// For how long it has waited, in milliseconds; `None` in a model, where no time passes.
    pub for_ms: Option<u64>,
}

/// One broken invariant in one execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Violation {
    /// Which checker says so.
    pub kind: FindingKind,
    /// What tells this failure from another of the same kind, in words that do not move with the code or the
    /// schedule (an error's name, the sites of a wait cycle). Part of the fingerprint.
    pub detail: String,
    /// For people.
    pub message: String,
    /// The ids concerned, first ones first.
    pub ids: Vec<Id>,
}
