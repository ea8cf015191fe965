//! The steps of one execution, laid out by actor, with what they mean: who held and waited, and where the race is.
//!
//! The steps alone are the record that a replay is held against. All the rest is worked out from them
//! ([`Interleaving::explain`]) and from the little that no step says ([`Told`]); it may get better without making old
//! recordings wrong.

mod files;
mod fold;
mod locks;
mod names;
mod race;

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
    /// The objects of the steps, by number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<Named>,
    /// The steps that race.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub racing: Vec<Race>,
    /// The locks that were held, in the order in which they were taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<Hold>,
    /// The waits of actors that were inside of a call, in the order in which they began.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waits: Vec<Waited>,
    /// Actors whose process was killed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub killed: Vec<Killed>,
    /// Steps that left an actor which could have gone on: index of the last step before another actor's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub preempted: Vec<usize>,
    /// Repetitions that a view may fold, in order and without overlap.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub folds: Vec<Fold>,
}

/// What only the engine knows of an execution. Moments are given as the number of steps before them.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Moments at which an actor began to wait inside of its next step.
    pub waits: Vec<(usize, u32)>,
    /// Moments at which an actor gave up an object by a step of another kind: a condvar's wait and its mutex.
    pub released: Vec<(usize, u32, u32)>,
    /// Actors whose process was killed, with the moment.
    pub killed: Vec<(usize, u32)>,
    /// What actors waited for when all were stuck. `from` and `on` are filled in here where they are not known.
    pub stuck: Vec<Waited>,
}

impl Interleaving {
    /// Fills in all that follows from the steps and from what was `told`.
    #[must_use]
    pub fn explain(mut self, told: &Told) -> Self {
        self.killed = told.killed.iter().map(|(step, actor)| Killed { actor: *actor, step: *step }).collect();
        self.holds = locks::holds(&self.steps, told);
        self.waits = locks::waits(&self.steps, &self.holds, told);
        self.objects = names::objects(&self.steps, &self.waits);
        self.preempted = race::preempted(&self.steps, &self.waits);
        self.racing = if self.switches == 0 { Vec::new() } else { race::races(&self.steps, &self.preempted) };
        self.folds = fold::folds(&self.steps, &self.racing);
        self
    }
}

impl Race {
    /// Whether all four steps use one object: the plain read-and-write window.
    #[must_use]
    pub fn is_simple(&self) -> bool {
        self.entered == self.first
    }
}

/// An object under a name of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// Number of the object in the execution.
    pub id: u32,
    /// `counters`, `Mutex`; `Mutex#3` where the interleaving has several.
    pub name: String,
    /// Where it was made: `locked.rs:31`, path from the package's root.
    pub made: String,
}

/// Two steps that race: had they come the other way round, another thing would have happened.
///
/// An actor was left in the middle of a call although it could have gone on ([`Interleaving::preempted`]). In between
/// another actor did `entered`, which conflicts with the first one's step `opens` before, and `first`, which conflicts
/// with its step `second` after: what the first actor did is not the same as if it had done it without the other one in
/// between, nor as if the other one had come before or after all of it. (Two steps conflict if different actors do them
/// to one object and at least one of them changes it; taking a lock counts as changing what it guards; names tell files
/// apart. Neither conflict may be one whose order the program enforces by a start, a join, a notification or a message:
/// these orders are followed with vector clocks. That a lock went from one actor to the other enforces nothing: it may go
/// the other way round.) Such a cycle of conflicts is what makes a schedule not serialisable; see Flanagan, Freund and Yi,
/// "Velodrome", PLDI 2008.
///
/// Where a switch has several such cycles, the one told is, in this order: of one object that is no lock, of objects
/// that are no lock, of locks; then one whose `second` changes the object, then the earliest `second`. It is the race
/// of the *schedule*: that it broke what was checked is likely at the minimum of switches, and not proven.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Race {
    /// Index in `steps` of the step after which the window is open.
    pub opens: usize,
    /// Index of the other actor's step that conflicts with it; the same as `first` if one object is all there is to it.
    pub entered: usize,
    /// Index of the other actor's step, the first of the racing pair.
    pub first: usize,
    /// Index of the step that came too late, the second of the pair.
    pub second: usize,
    /// Number of the object that the pair races for.
    pub object_id: u32,
}

/// A lock and who held it for how long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// Number of the actor.
    pub actor: u32,
    /// Number of the lock.
    pub object_id: u32,
    /// True if others may hold it too: a read lock.
    pub shared: bool,
    /// Index in `steps` of the step that took it.
    pub from: usize,
    /// Index of the step with which, or before which, it was given up; `None` if that never happened.
    pub to: Option<usize>,
}

/// A wait. An actor that waits for a lock does so while another one holds it and this one stands before its step
/// inside of a call; of the other waits the facade says when they begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Waited {
    /// Number of the actor.
    pub actor: u32,
    /// The kind of the step that waited, as in `steps`.
    pub kind: String,
    /// What it waited for, as in `steps`; empty for no object.
    pub object: String,
    /// Its number; 0 for none.
    pub object_id: u32,
    /// Where in the source.
    pub site: String,
    /// Index in `steps` of the first step during which it waited.
    pub from: usize,
    /// Index of the step with which the wait was over; `None` if it never was.
    pub to: Option<usize>,
    /// The actors that it waited for: holders of the lock, or the one joined; empty if that is not known.
    pub on: Vec<u32>,
}

/// An actor of a process that was killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Killed {
    /// Number of the actor.
    pub actor: u32,
    /// Index in `steps` of the kill.
    pub step: usize,
}

/// The `len` steps at `from` stand there `times` times, one right after the other, equal in everything. A step of a
/// racing pair is in no fold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fold {
    /// Index in `steps` of the first one.
    pub from: usize,
    /// Steps in one repetition.
    pub len: usize,
    /// Repetitions, the first one included.
    pub times: usize,
}

impl Fold {
    /// Index behind the last repetition.
    #[must_use]
    pub fn end(&self) -> usize {
        self.from + self.len * self.times
    }
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

impl Step {
    /// A remark, and nothing that was done.
    #[must_use]
    pub fn is_note(&self) -> bool {
        self.kind == "note"
    }

    /// The kind of hold that the step takes, if it takes one: true for one shared with others.
    #[must_use]
    pub fn takes(&self) -> Option<bool> {
        match (self.kind.as_str(), self.value) {
            ("lock", _) | ("try-lock", Some(1)) => Some(false),
            ("read-lock", _) | ("try-read-lock", Some(1)) => Some(true),
            _ => None,
        }
    }

    /// Whether the step gives a hold up.
    #[must_use]
    pub fn releases(&self) -> bool {
        matches!(self.kind.as_str(), "unlock" | "read-unlock")
    }
}

#[cfg(test)]
mod tests;
