//! A subject of two processes that share a shelf, and of which one is killed.

use racehunt_core::finding::FindingKind;
use racehunt_core::history::{Answer, What};
use racehunt_core::id::Id;
use racehunt_core::ledger::Ledger;
use racehunt_core::observation::Violation;
use racehunt_core::plan::Params;
use racehunt_core::subject::{
    Actor, Call, Env, Instance, OpError, OpKind, Opener, ParamSpec, Subject, SubjectError, Variant,
};
use racehunt_sync::shared::Shared;
use racehunt_sync::{Condvar, Mutex, PoisonError};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// What the executions left on the shelf: finished and half-finished items.
pub(crate) type Left = BTreeSet<(Vec<Id>, Vec<Id>)>;

/// The subject; it keeps every outcome it ever came to as it was opened first. (It is opened for parts of the program
/// later on, to shrink what was found.)
#[derive(Default)]
pub(crate) struct Till {
    pub(crate) left: Arc<std::sync::Mutex<Left>>,
    opened: AtomicBool,
}

impl Subject for Till {
    fn name(&self) -> &'static str {
        "till"
    }

    fn about(&self) -> &'static str {
        "Puts items on a shelf."
    }

    fn variants(&self) -> &'static [Variant] {
        &[
            Variant { name: "one-step", about: "puts an item in one step" },
            Variant { name: "two-steps", about: "puts half of an item, then the other half" },
            Variant { name: "guarded", about: "two steps under a lock in the process's memory" },
            Variant { name: "waits", about: "one step, then waits until another actor of the process did one" },
        ]
    }

    fn ops(&self) -> &'static [OpKind] {
        &[OpKind { name: "put", about: "puts an item" }]
    }

    fn params(&self) -> Vec<ParamSpec> {
        Vec::new()
    }

    fn open(&self, variant: &str, _: &Params, env: &Env) -> Result<Opener, SubjectError> {
        let left = if self.opened.swap(true, Relaxed) { Arc::default() } else { Arc::clone(&self.left) };
        let (variant, processes) = (variant.to_owned(), env.processes);
        Ok(Box::new(move || {
            Arc::new(Shop {
                variant: variant.clone(),
                left: Arc::clone(&left),
                shelf: Shared::new("shelf", Shelf::default()),
                memory: (0..processes).map(|_| (Mutex::new(0), Condvar::new())).collect(),
            })
        }))
    }
}

#[derive(Clone, Default)]
struct Shelf {
    whole: Vec<Id>,
    half: Vec<Id>,
}

struct Shop {
    variant: String,
    left: Arc<std::sync::Mutex<Left>>,
    /// Outside of the processes.
    shelf: Shared<Shelf>,
    /// One for each process.
    memory: Vec<(Mutex<u32>, Condvar)>,
}

impl Shop {
    fn in_two_steps(&self, id: Id) {
        self.shelf.write("half", |shelf| shelf.half.push(id));
        self.shelf.write("other half", |shelf| {
            shelf.half.retain(|h| *h != id);
            shelf.whole.push(id);
        });
    }
}

impl Instance for Shop {
    fn apply(&self, _: Call, actor: &mut Actor) -> Result<(), OpError> {
        let from = actor.now();
        let id = actor.offer();
        let (lock, done) = &self.memory[actor.process as usize];
        match self.variant.as_str() {
            "two-steps" => self.in_two_steps(id),
            "guarded" => {
                let mut count = lock.lock().unwrap_or_else(PoisonError::into_inner);
                self.in_two_steps(id);
                *count += 1;
            }
            "waits" => {
                self.shelf.write("put", |shelf| shelf.whole.push(id));
                let mut count = lock.lock().unwrap_or_else(PoisonError::into_inner);
                *count += 1;
                done.notify_all();
                while *count < 2 {
                    count = done.wait(count).unwrap_or_else(PoisonError::into_inner);
                }
            }
            _ => self.shelf.write("put", |shelf| shelf.whole.push(id)),
        }
        actor.note(from, What::Put { id, answer: Answer::Yes, evicted: Vec::new() });
        Ok(())
    }

    fn rest(&self, ledger: &mut Ledger) {
        let Shelf { mut whole, mut half } = self.shelf.read("what is there", Clone::clone);
        ledger.retained.extend(whole.iter().chain(&half));
        whole.sort_unstable();
        half.sort_unstable();
        self.left.lock().unwrap().insert((whole, half));
    }

    fn violations(&self) -> Vec<Violation> {
        let half = self.shelf.read("what is half there", |shelf| shelf.half.clone());
        if half.is_empty() {
            return Vec::new();
        }
        let (kind, detail) = (FindingKind::Invariant, "half".to_owned());
        vec![Violation { kind, detail, message: format!("{} items are half there", half.len()), ids: half }]
    }
}
