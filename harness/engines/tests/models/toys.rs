//! Small subjects with one known fault each.

use racehunt_core::ledger::Ledger;
use racehunt_core::plan::Params;
use racehunt_core::subject::{
    Actor, Call, Env, Instance, OpError, OpKind, Opener, ParamSpec, Subject, SubjectError, Variant,
};
use racehunt_sync::atomic::{AtomicU64, Ordering};
use racehunt_sync::{Mutex, PoisonError, hint};
use std::sync::Arc;

/// A box of ids as a 64-bit mask, added to in different ways; one variant for each fault.
pub(crate) struct Toys;

const VARIANTS: &[Variant] = &[
    Variant { name: "split", about: "load, then store" },
    Variant { name: "relaxed", about: "a lock whose release is relaxed" },
    Variant { name: "released", about: "the same lock, released" },
    Variant { name: "locked", about: "a mutex" },
    Variant { name: "ab-ba", about: "two mutexes in both orders" },
    Variant { name: "panics", about: "panics when it finds the box not empty" },
    Variant { name: "errs", about: "answers with an error when it finds the box not empty" },
    Variant { name: "spins", about: "waits for ever for a flag that the other sets only first" },
    Variant { name: "private", about: "no shared state at all" },
];

impl Subject for Toys {
    fn name(&self) -> &'static str {
        "toys"
    }

    fn about(&self) -> &'static str {
        "One fault each."
    }

    fn variants(&self) -> &'static [Variant] {
        VARIANTS
    }

    fn ops(&self) -> &'static [OpKind] {
        &[OpKind { name: "add", about: "adds an id" }]
    }

    fn params(&self) -> Vec<ParamSpec> {
        Vec::new()
    }

    fn open(&self, variant: &str, _: &Params, _: &Env) -> Result<Opener, SubjectError> {
        let variant = variant.to_owned();
        Ok(Box::new(move || Arc::new(Toy::new(&variant))))
    }
}

struct Toy {
    variant: String,
    bits: AtomicU64,
    busy: AtomicU64,
    left: Mutex<u64>,
    right: Mutex<u64>,
}

impl Toy {
    fn new(variant: &str) -> Self {
        Self {
            variant: variant.to_owned(),
            bits: AtomicU64::new(0),
            busy: AtomicU64::new(0),
            left: Mutex::new(0),
            right: Mutex::new(0),
        }
    }

    fn under_bit_lock(&self, bit: u64, release: Ordering) -> bool {
        if self.busy.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed).is_err() {
            return false;
        }
        let now = self.bits.load(Ordering::Relaxed);
        self.bits.store(now | bit, Ordering::Relaxed);
        self.busy.store(0, release);
        true
    }
}

impl Instance for Toy {
    fn apply(&self, _: Call, actor: &mut Actor) -> Result<(), OpError> {
        let id = actor.next_id();
        let bit = 1 << (actor.number * 8 + id.serial() as u32);
        match self.variant.as_str() {
            "split" => {
                let now = self.bits.load(Ordering::SeqCst);
                self.bits.store(now | bit, Ordering::SeqCst);
            }
            "relaxed" | "released" => {
                let release = if self.variant == "relaxed" { Ordering::Relaxed } else { Ordering::Release };
                if !self.under_bit_lock(bit, release) {
                    actor.ledger.rejected.push(id);
                    return Ok(());
                }
            }
            "ab-ba" => {
                let (first, second) =
                    if actor.number == 0 { (&self.left, &self.right) } else { (&self.right, &self.left) };
                let _first = first.lock().unwrap_or_else(PoisonError::into_inner);
                *second.lock().unwrap_or_else(PoisonError::into_inner) |= bit;
                self.bits.fetch_or(bit, Ordering::SeqCst);
            }
            "panics" => {
                let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
                assert!(*left == 0 || actor.number == 1, "the box is not empty");
                *left |= bit;
                self.bits.fetch_or(bit, Ordering::SeqCst);
            }
            "errs" => {
                if self.bits.fetch_or(bit, Ordering::SeqCst) != 0 && actor.number == 0 {
                    actor.ledger.uncertain.push(id);
                    return Err(OpError { kind: "not-empty", message: "the box is not empty".into() });
                }
            }
            "spins" => {
                let before = self.bits.fetch_or(bit, Ordering::SeqCst);
                if actor.number == 0 && before != 0 {
                    loop {
                        hint::spin_loop();
                    }
                }
            }
            "private" => {
                actor.ledger.accepted.push(id);
                actor.ledger.delivered.push(id);
                return Ok(());
            }
            _ => *self.left.lock().unwrap_or_else(PoisonError::into_inner) |= bit,
        }
        actor.ledger.accepted.push(id);
        Ok(())
    }

    fn rest(&self, ledger: &mut Ledger) {
        let bits = self.bits.load(Ordering::SeqCst) | *self.left.lock().unwrap_or_else(PoisonError::into_inner);
        for actor in 0..4 {
            for serial in 0..8 {
                if bits & (1 << (actor * 8 + serial)) != 0 {
                    ledger.delivered.push(racehunt_core::id::Id::new(actor, u64::from(serial)));
                }
            }
        }
    }
}
