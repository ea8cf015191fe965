//! What one execution emits, before any judgement.

use crate::finding::FindingKind;
use crate::history::Event;
use crate::id::Id;
use crate::ledger::sketch::Sketch;
use crate::ledger::{Ledger, LedgerTotals, Marks, Settlement};
use serde::{Deserialize, Serialize};

/// Everything one execution emitted.
#[derive(Clone, Debug, Default)]
pub struct Observation {
    /// All actors' ledgers and what the instance knew at rest.
    pub ledger: Ledger,
    /// What is not in the ledger any more, because it was too much to keep id by id; both are settled together.
    pub sketch: Option<Box<Sketch>>,
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
    /// The audit log at rest, oldest first, if the component keeps one: the order in which it says events happened.
    pub audit: Option<Vec<Id>>,
    /// What the component took for the content of something, at rest and after the time its contract allows.
    pub views: Vec<View>,
    /// What a failure detector said, beside what was true.
    pub health: Option<Health>,
}

/// What a component took for the content of something outside of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct View {
    /// Of what: `ideas`.
    pub name: String,
    /// What the component shows.
    pub shown: String,
    /// What is there.
    pub there: String,
}

/// What a failure detector said of the workers it watches, beside what was true of them. All times are nanoseconds of
/// one clock: the virtual one under a model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// What it promises.
    pub contract: Detection,
    /// What was wrong, and when.
    pub outages: Vec<Outage>,
    /// Every look of the detector. A worker that is declared failed is taken to be replaced: what follows is about the
    /// next generation.
    pub looks: Vec<Look>,
    /// When a worker was entitled to be left alone.
    pub leases: Vec<Lease>,
    /// When the detector's last look could have been: nothing is known of the time after it.
    pub until_ns: u64,
}

/// The promise of a failure detector that reads what workers write of themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detection {
    /// A worker that is well writes at least this often.
    pub beat_ns: u64,
    /// What is older than this is a failure.
    pub stale_ns: u64,
    /// The detector looks this often.
    pub check_ns: u64,
    /// A backlog of which nothing is completed for this long is a failure; `None` if nobody promises to notice it, and
    /// then nothing is judged.
    pub backlog_ns: Option<u64>,
    /// By how much a machine may be late on all of these; 0 under a virtual clock.
    pub slack_ns: u64,
}

/// Something that was wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outage {
    /// The worker's generation.
    pub worker: u32,
    /// What of it.
    pub of: Part,
    /// Since when; of an item, since the last progress before: another was completed, this one was taken up, or the
    /// backlog began.
    pub from_ns: u64,
    /// Until when: the worker went on, or was ended; `None` if neither.
    pub to_ns: Option<u64>,
}

/// What of a worker may fail by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The whole process is gone or stopped.
    Process,
    /// Its event loop does not go round, and no item is being worked off.
    Loop,
    /// The loop goes round and an item will never be completed.
    Item,
}

/// One look of a failure detector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// The generation it was about.
    pub worker: u32,
    /// When it decided.
    pub at_ns: u64,
    /// True if it declared the worker failed.
    pub failed: bool,
}

/// A stretch of time in which a worker was entitled to be left alone, as written before its first moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lease {
    /// The generation.
    pub worker: u32,
    /// From when.
    pub from_ns: u64,
    /// Until when, this moment included.
    pub until_ns: u64,
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
    /// The ledger and the sketch settled, once nothing happens any more.
    pub(crate) fn settle(&self, marks: &mut Marks) -> Option<Settlement> {
        self.at_rest.then(|| match &self.sketch {
            Some(sketch) => sketch.settle(&self.ledger),
            None => self.ledger.settle_with(marks),
        })
    }

    /// How many entries of each fate there are, settled or not.
    pub(crate) fn totals(&self) -> LedgerTotals {
        let mut totals = self.ledger.totals();
        self.sketch.iter().for_each(|sketch| totals.add(sketch.totals()));
        totals
    }

    /// Forgets everything and keeps the memory.
    pub fn clear(&mut self) {
        self.ledger.clear();
        self.sketch = None;
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
