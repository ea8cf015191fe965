//! Where actors wait for each other: between the phases of a batch, and before each object of it.
//!
//! A kernel barrier wakes its waiters microseconds apart (5 µs measured), which is coarser than a race window;
//! waiters that spin leave within tens of nanoseconds of each other. They spin only for a while: with fewer CPUs
//! than actors the one waited for cannot run before a waiter gives its CPU away.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Spins before a waiter yields, if every actor has a CPU of its own.
const SPINS: u32 = 2_000;
/// The same if actors share CPUs: longer than the gap between two actors that run, far shorter than a time slice.
const SPINS_SHARED: u32 = 50;

/// A value on a cache line of its own (two lines: the adjacent one is prefetched with it).
#[derive(Debug, Default)]
#[repr(align(128))]
pub(super) struct Padded<T>(pub(super) T);

/// How long to spin before yielding.
pub(super) fn spins(threads: usize, cpus: usize) -> u32 {
    if threads <= cpus { SPINS } else { SPINS_SHARED }
}

/// A spinning barrier and the lock step, for a fixed number of actors.
#[derive(Debug)]
pub(super) struct Gate {
    spins: u32,
    arrived: Padded<AtomicUsize>,
    generation: Padded<AtomicUsize>,
    abandoned: AtomicBool,
    positions: Box<[Padded<AtomicUsize>]>,
}

impl Gate {
    /// A gate for `threads` actors that spin `spins` times before they yield.
    pub(super) fn new(threads: usize, spins: u32) -> Self {
        Self {
            spins,
            arrived: Padded::default(),
            generation: Padded::default(),
            abandoned: AtomicBool::new(false),
            positions: (0..threads).map(|_| Padded::default()).collect(),
        }
    }

    /// Lets every waiter go, for good: an actor is stuck, and nobody will wait for it.
    pub(super) fn abandon(&self) {
        self.abandoned.store(true, Ordering::Release);
    }

    /// True once the gate was abandoned.
    pub(super) fn abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Relaxed)
    }

    /// Waits for all actors. The last one runs `lead` before any of them goes on. False if abandoned.
    pub(super) fn wait(&self, lead: impl FnOnce()) -> bool {
        let generation = self.generation.0.load(Ordering::Acquire);
        if self.arrived.0.fetch_add(1, Ordering::AcqRel) + 1 == self.positions.len() {
            lead();
            self.arrived.0.store(0, Ordering::Relaxed);
            self.generation.0.store(generation + 1, Ordering::Release);
            return !self.abandoned();
        }
        self.until(|| self.generation.0.load(Ordering::Acquire) != generation)
    }

    /// Lock step: says that actor `me` reached object `number` (ascending, from 1) and waits until all have.
    /// False if abandoned.
    #[inline]
    pub(super) fn meet(&self, me: usize, number: usize) -> bool {
        self.positions[me].0.store(number, Ordering::Release);
        self.positions.iter().all(|p| self.until(|| p.0.load(Ordering::Acquire) >= number))
    }

    #[inline]
    fn until(&self, done: impl Fn() -> bool) -> bool {
        let mut spun = 0;
        while !done() {
            if spun < self.spins {
                spun += 1;
                std::hint::spin_loop();
            } else if self.abandoned() {
                return false;
            } else {
                // Never a sleep: who sleeps here is not there when the last one arrives and starts.
                std::thread::yield_now();
            }
        }
        true
    }
}

/// Lets `n` hints to the CPU pass.
#[inline]
pub(super) fn spin(n: u32) {
    for _ in 0..n {
        std::hint::spin_loop();
    }
}

/// A small generator for decisions of the engine itself, apart from the draws that subjects see.
#[derive(Debug)]
pub(super) struct Dice(u64);

impl Dice {
    /// A generator of its own for each thread of a trial.
    pub(super) fn new(seed: u64, thread: usize) -> Self {
        let mixed =
            (seed ^ 0x5bf0_3635_d1c2_56e9).wrapping_add((thread as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        Self(mixed | 1)
    }

    /// The next 64 bits.
    #[inline]
    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `bound`; 0 if `bound` is 0.
    #[inline]
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        ((u64::from(bound) * (self.next() >> 32)) >> 32) as u32
    }

    /// A number above 0 and at most 1.
    pub(super) fn unit(&mut self) -> f64 {
        ((self.next() >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn the_barrier_has_one_leader_a_generation() {
        let gate = Arc::new(Gate::new(3, SPINS_SHARED));
        let led = Arc::new(AtomicUsize::new(0));
        let threads: Vec<_> = (0..3)
            .map(|_| {
                let (gate, led) = (Arc::clone(&gate), Arc::clone(&led));
                std::thread::spawn(move || {
                    for round in 0..500 {
                        assert!(gate.wait(|| {
                            led.fetch_add(1, Ordering::Relaxed);
                        }));
                        assert!(led.load(Ordering::Relaxed) > round);
                    }
                })
            })
            .collect();
        for t in threads {
            t.join().unwrap();
        }
        assert_eq!(led.load(Ordering::Relaxed), 500);
    }

    #[test]
    fn an_abandoned_gate_lets_go() {
        let gate = Arc::new(Gate::new(2, SPINS_SHARED));
        let waiter = {
            let gate = Arc::clone(&gate);
            std::thread::spawn(move || gate.meet(0, 1) || gate.wait(|| ()))
        };
        gate.abandon();
        assert!(!waiter.join().unwrap());
    }

    #[test]
    fn dice_keep_their_bounds() {
        let mut dice = Dice::new(0, 0);
        assert!((0..1000).all(|_| dice.below(16) < 16));
        assert!((0..1000).map(|_| dice.unit()).all(|u| u > 0.0 && u <= 1.0));
        assert_eq!(dice.below(0), 0);
    }
}
