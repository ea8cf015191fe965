//! Tiny subjects with known behaviour. All share one shape: cells that ops work on.

use racehunt_core::id::Id;
use racehunt_core::ledger::Ledger;
use racehunt_core::plan::Params;
use racehunt_core::subject::{
    Actor, Call, Env, Instance, OpError, OpKind, Opener, ParamSpec, Subject, SubjectError, Variant,
};
use racehunt_sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a subject does, by variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Each op takes the list, adds an id and puts it back, in two steps: what another put in between is lost.
    Racy,
    /// The same in one step.
    Correct,
    /// Every second op answers with an error.
    Erring,
    /// Every op panics.
    Panicking,
    /// `ab` locks a, then b; `ba` the other way round.
    Deadlocking,
    /// The first op takes 50 ms.
    SlowOnce,
    /// The drain panics.
    PanicsAtRest,
}

pub(crate) struct Cells(pub(crate) Act);

pub(crate) const OPS: [OpKind; 2] =
    [OpKind { name: "ab", about: "puts one id" }, OpKind { name: "ba", about: "puts one id" }];

impl Subject for Cells {
    fn name(&self) -> &'static str {
        "cells"
    }
    fn about(&self) -> &'static str {
        "Cells that ids are put into."
    }
    fn variants(&self) -> &'static [Variant] {
        &[Variant { name: "only", about: "" }]
    }
    fn ops(&self) -> &'static [OpKind] {
        &OPS
    }
    fn params(&self) -> Vec<ParamSpec> {
        Vec::new()
    }
    fn open(&self, _: &str, _: &Params, _: &Env) -> Result<Opener, SubjectError> {
        let act = self.0;
        Ok(Box::new(move || Arc::new(Cell::new(act))))
    }
}

struct Cell {
    act: Act,
    calls: AtomicU64,
    /// The last id put in, plus one, with a link to the one before: enough to lose one by a lost update.
    count: AtomicU64,
    ids: Mutex<Vec<Id>>,
    a: Mutex<()>,
    b: Mutex<()>,
}

impl Cell {
    fn new(act: Act) -> Self {
        let (calls, count) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { act, calls, count, ids: Mutex::default(), a: Mutex::default(), b: Mutex::default() }
    }

    fn put(&self, id: Id) {
        self.ids.lock().unwrap().push(id);
        match self.act {
            Act::Racy => {
                let seen = self.count.load(Ordering::SeqCst);
                self.count.store(seen + 1, Ordering::SeqCst);
            }
            _ => _ = self.count.fetch_add(1, Ordering::SeqCst),
        }
    }
}

impl Instance for Cell {
    fn apply(&self, call: Call, actor: &mut Actor) -> Result<(), OpError> {
        let id = actor.next_id();
        let number = self.calls.fetch_add(1, Ordering::SeqCst);
        match self.act {
            Act::Erring if number % 2 == 1 => {
                actor.ledger.rejected.push(id);
                return Err(OpError { kind: "odd", message: format!("call {number} is odd") });
            }
            Act::Panicking => panic!("no cell"),
            Act::Deadlocking => {
                let (first, second) = if call.op == 0 { (&self.a, &self.b) } else { (&self.b, &self.a) };
                let _first = first.lock().unwrap();
                std::thread::sleep(Duration::from_millis(1));
                let _second = second.lock().unwrap();
            }
            Act::SlowOnce if number == 0 => std::thread::sleep(Duration::from_millis(50)),
            _ => {}
        }
        self.put(id);
        actor.ledger.accepted.push(id);
        Ok(())
    }

    fn rest(&self, ledger: &mut Ledger) {
        assert!(self.act != Act::PanicsAtRest, "no rest");
        let ids = self.ids.lock().unwrap();
        // A lost update is a lost id: as many come out as were counted.
        let kept = usize::try_from(self.count.load(Ordering::SeqCst)).unwrap().min(ids.len());
        ledger.retained.extend_from_slice(&ids[..kept]);
    }
}
