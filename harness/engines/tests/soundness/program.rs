//! Small random concurrent programs, and what an execution of one shows.

use rand::Rng;
use rand_pcg::Pcg64Mcg;
use std::fmt;
use std::sync::atomic::Ordering;

/// One step of an actor. Numbers choose the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Waits for the mutex; logs its value, then appends itself to that.
    Lock(usize),
    /// As `Lock`, but logs 0 if the mutex is not free.
    TryLock(usize),
    /// Gives the mutex up if it is held.
    Unlock(usize),
    Read,
    TryRead,
    Write,
    TryWrite,
    /// Gives the rwlock up if it is held.
    Release,
    Load(usize, Ordering),
    Store(usize, u32, Ordering),
    Add(usize, Ordering),
    Cas(usize, u32, u32),
    /// Logs what the shared object holds.
    Look,
    /// Appends itself to what the shared object holds.
    Touch,
    /// Waits on the condvar if mutex 0 is held.
    Wait,
    NotifyOne,
    NotifyAll,
    /// Of the first actor only.
    Park,
    /// Of the others only.
    Unpark,
    /// Of the others only, as long as they have their sender.
    Send,
    /// Of the first actor only: logs the message, or that there is none, or that there will be none.
    Recv,
    TryRecv,
    /// Lets go of the sender, or of the receiver.
    Hang,
    /// Stores into atomic 0 in a one-time initialisation.
    Once,
    /// Logs whether that is over.
    Done,
    /// Logs the number of this moment.
    Tick,
    /// Waits at a barrier for two.
    Meet,
    /// Two actors in a scope add to the atomics, one to each.
    Scope,
    /// Of the others only, as long as they have their sender: sends to a channel that holds one message.
    Put,
    /// Waits for a while, of virtual time.
    Sleep(u64),
    /// As `Wait`, but not for ever; logs if it was in vain.
    WaitFor(u64),
    /// Panics if the atomic is not 0; what it held is given up.
    Fail(usize),
    /// Logs whether mutex 0 is poisoned.
    Poisoned,
}

/// The actors of a program; the first one starts and joins the others.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Program(pub(crate) Vec<Vec<Step>>);

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for actor in &self.0 {
            writeln!(f, "  {actor:?}")?;
        }
        Ok(())
    }
}

/// What an execution shows: what each actor saw in order, and how it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Outcome {
    pub(crate) logs: Vec<Vec<u32>>,
    /// Empty after a deadlock.
    pub(crate) last: Vec<u32>,
}

impl Step {
    /// True for a plain load.
    pub(crate) fn is_load(&self) -> bool {
        matches!(self, Self::Load(..))
    }
}

impl Outcome {
    /// True after a deadlock.
    pub(crate) fn is_stuck(&self) -> bool {
        self.last.is_empty()
    }
}

/// Which steps a generator deals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deck {
    /// Mutexes, the rwlock and sequentially consistent atomics, without try.
    Locks,
    /// The same with try.
    Tries,
    /// Condvar, park, shared object, mutexes, atomics.
    Waits,
    /// A channel, a one-time initialisation, atomics.
    Channel,
    /// Atomics of all orderings.
    Relaxed,
    /// Barrier, scopes, a channel with a bound, mutexes, panics.
    Meets,
    /// Moments, mutexes, atomics.
    Times,
    /// Sleeps and waits with a timeout, mutexes, atomics.
    Timeouts,
}

const SC: Ordering = Ordering::SeqCst;

impl Program {
    /// A program of `actors` × `steps`.
    pub(crate) fn deal(deck: Deck, actors: usize, steps: usize, rng: &mut Pcg64Mcg) -> Self {
        Self((0..actors).map(|a| (0..steps).map(|_| step(deck, a, rng)).collect()).collect())
    }

    /// True if only the facade runs it.
    pub(crate) fn is_extra(&self) -> bool {
        self.has(|s| {
            matches!(
                s,
                Step::Tick
                    | Step::Meet
                    | Step::Scope
                    | Step::Put
                    | Step::Sleep(_)
                    | Step::WaitFor(_)
                    | Step::Fail(_)
                    | Step::Poisoned
            )
        })
    }

    /// True if a lock is tried.
    pub(crate) fn tries(&self) -> bool {
        self.has(|s| matches!(s, Step::TryLock(_) | Step::TryRead | Step::TryWrite))
    }

    /// True if some step is of that kind.
    pub(crate) fn has(&self, f: impl Fn(&Step) -> bool) -> bool {
        self.0.iter().flatten().any(f)
    }
}

fn step(deck: Deck, actor: usize, rng: &mut Pcg64Mcg) -> Step {
    let object = rng.random_range(0..2);
    let atomic = |rng: &mut Pcg64Mcg| match rng.random_range(0..4) {
        0 => Step::Load(object, SC),
        1 => Step::Store(object, rng.random_range(1..4), SC),
        2 => Step::Add(object, SC),
        _ => Step::Cas(object, rng.random_range(0..2), rng.random_range(2..5)),
    };
    match deck {
        Deck::Locks => match rng.random_range(0..10) {
            0..3 => Step::Lock(object),
            3..5 => Step::Unlock(object),
            5 => Step::Read,
            6 => Step::Write,
            7 => Step::Release,
            _ => atomic(rng),
        },
        Deck::Tries => match rng.random_range(0..14) {
            0..3 => Step::Lock(object),
            3..5 => Step::TryLock(object),
            5..7 => Step::Unlock(object),
            7 => Step::Read,
            8 => Step::Write,
            9 => Step::TryRead,
            10 => Step::TryWrite,
            11 => Step::Release,
            _ => atomic(rng),
        },
        Deck::Waits => match rng.random_range(0..13) {
            0..3 => Step::Lock(0),
            3..5 => Step::Unlock(0),
            5..7 => Step::Wait,
            7 => Step::NotifyOne,
            8 => Step::NotifyAll,
            9 if actor == 0 => Step::Park,
            9 => Step::Unpark,
            10 => Step::Look,
            11 => Step::Touch,
            _ => atomic(rng),
        },
        Deck::Channel => match rng.random_range(0..12) {
            0..3 if actor > 0 => Step::Send,
            0..2 => Step::TryRecv,
            2 => Step::Recv,
            3 => Step::Hang,
            4 | 5 => Step::Once,
            6 => Step::Done,
            _ => atomic(rng),
        },
        Deck::Relaxed => relaxed(object, rng),
        Deck::Meets | Deck::Times | Deck::Timeouts => rest(deck, actor, object, rng).unwrap_or_else(|| atomic(rng)),
    }
}

fn rest(deck: Deck, actor: usize, object: usize, rng: &mut Pcg64Mcg) -> Option<Step> {
    Some(match (deck, rng.random_range(0..12)) {
        (Deck::Meets, 0) => Step::Meet,
        (Deck::Meets, 1) => Step::Scope,
        (Deck::Meets, 2..5) if actor > 0 => Step::Put,
        (Deck::Meets, 2) => Step::Recv,
        (Deck::Meets, 3) => Step::TryRecv,
        (Deck::Meets, 5) => Step::Hang,
        (Deck::Meets, 6) => Step::Fail(object),
        (Deck::Meets, 7) => Step::Poisoned,
        (Deck::Meets, 8) | (Deck::Timeouts, 3 | 4) => Step::Lock(0),
        (Deck::Meets, 9) | (Deck::Timeouts, 5) => Step::Unlock(0),
        (Deck::Times, 0..3) => Step::Tick,
        (Deck::Times, 3..5) => Step::Lock(object),
        (Deck::Times, 5 | 6) => Step::Unlock(object),
        (Deck::Timeouts, 0) => Step::Sleep(rng.random_range(1..3)),
        (Deck::Timeouts, 1 | 2) => Step::WaitFor(rng.random_range(1..3)),
        (Deck::Timeouts, 6) => Step::NotifyOne,
        (Deck::Timeouts, 7) => Step::NotifyAll,
        _ => return None,
    })
}

fn relaxed(object: usize, rng: &mut Pcg64Mcg) -> Step {
    let pick = |rng: &mut Pcg64Mcg, of: [Ordering; 2]| of[rng.random_range(0..2usize)];
    match rng.random_range(0..5) {
        0 | 1 => Step::Load(object, pick(rng, [Ordering::Relaxed, Ordering::Acquire])),
        2 | 3 => Step::Store(object, rng.random_range(1..3), pick(rng, [Ordering::Relaxed, Ordering::Release])),
        _ => Step::Add(object, pick(rng, [Ordering::Relaxed, Ordering::AcqRel])),
    }
}

impl Program {
    /// The smallest program got by leaving out steps for which `fails` still holds.
    pub(crate) fn shrink(mut self, fails: impl Fn(&Self) -> bool) -> Self {
        loop {
            let spots: Vec<_> = (0..self.0.len()).flat_map(|a| (0..self.0[a].len()).map(move |s| (a, s))).collect();
            let smaller = spots.into_iter().find_map(|(a, s)| {
                let mut program = self.clone();
                program.0[a].remove(s);
                fails(&program).then_some(program)
            });
            match smaller {
                Some(program) => self = program,
                None => return self,
            }
        }
    }
}
