//! Yields and pauses injected natively where an operation of the facade begins.
//!
//! Blind stress phase-locks; a yield at a synchronisation point is also what still works on one CPU. Off until
//! [`set`] is called on the thread; while no thread has set it, an operation pays one relaxed load of a static.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};

static ARMED: AtomicBool = AtomicBool::new(false);

/// How one thread is perturbed. Chances are out of 65,536 at each operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Perturb {
    /// Chance of a yield.
    pub yield_chance: u32,
    /// Chance of a pause.
    pub pause_chance: u32,
    /// Longest pause, in spins of about a nanosecond each; the length is uniform from 0.
    pub pause_spins: u32,
    /// State of the generator that decides; never 0.
    pub seed: u64,
}

thread_local! {
    static HERE: Cell<Perturb> = const { Cell::new(Perturb { yield_chance: 0, pause_chance: 0, pause_spins: 0, seed: 1 }) };
}

/// Perturbs this thread from now on.
pub fn set(perturb: Perturb) {
    HERE.set(Perturb { seed: perturb.seed | 1, ..perturb });
    if perturb.yield_chance > 0 || perturb.pause_chance > 0 {
        ARMED.store(true, Ordering::Relaxed);
    }
}

/// The start of a native operation.
#[inline]
pub(crate) fn point() {
    if ARMED.load(Ordering::Relaxed) {
        decide();
    }
}

#[cold]
fn decide() {
    let mut here = HERE.get();
    if here.yield_chance == 0 && here.pause_chance == 0 {
        return;
    }
    here.seed ^= here.seed << 13;
    here.seed ^= here.seed >> 7;
    here.seed ^= here.seed << 17;
    HERE.set(here);
    let draw = (here.seed >> 24) as u32 & 0xffff;
    if draw < here.yield_chance {
        std::thread::yield_now();
    } else if draw < here.yield_chance + here.pause_chance && here.pause_spins > 0 {
        for _ in 0..(here.seed >> 40) as u32 % here.pause_spins {
            std::hint::spin_loop();
        }
    }
}
