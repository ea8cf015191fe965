//! Time: real natively, virtual under a model.
//!
//! What virtual time guarantees: it starts at 0 in each execution, never goes back, and moves only when a sleep or a
//! timeout ends, to that timer's deadline. Timers fire in the order of their deadlines. When the earliest one fires is
//! the schedule's choice, since what happens between two operations may take any time: a sleeper may wake before
//! anything else happens and after everything else has.

pub use std::time::Duration;

/// What the time of a model can be told: of one execution, set after its start, forgotten at its end.
pub mod model {
    /// Timers fire only when no actor can do anything else, as if the code between two operations took no time: for
    /// components that promise to do something *in* a time. Off by default. An actor that spins can go on for ever, so
    /// the clock does not move for it.
    pub fn set_prompt(on: bool) {
        crate::model::prompt::set(on && crate::engine::current().is_model());
    }
}

use std::ops::{Add, AddAssign, Sub, SubAssign};

use crate::engine;
use crate::model::clock;

/// [`std::time::Instant`], of the virtual clock if made under a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Inner);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Inner {
    Native(std::time::Instant),
    /// Time since the start of the execution.
    Model(Duration),
}

impl Instant {
    /// Now. No operation: it is no scheduling point under a model.
    #[must_use]
    pub fn now() -> Self {
        Self(if engine::current().is_model() {
            Inner::Model(Duration::from_nanos(clock::now()))
        } else {
            Inner::Native(std::time::Instant::now())
        })
    }

    /// Time from `earlier` to this instant; zero if that is later, or of another engine.
    #[must_use]
    pub fn duration_since(&self, earlier: Self) -> Duration {
        self.checked_duration_since(earlier).unwrap_or_default()
    }

    /// Time from `earlier` to this instant, if that is not later and of the same engine.
    #[must_use]
    pub fn checked_duration_since(&self, earlier: Self) -> Option<Duration> {
        match (self.0, earlier.0) {
            (Inner::Native(a), Inner::Native(b)) => a.checked_duration_since(b),
            (Inner::Model(a), Inner::Model(b)) => a.checked_sub(b),
            _ => None,
        }
    }

    /// As [`Instant::duration_since`].
    #[must_use]
    pub fn saturating_duration_since(&self, earlier: Self) -> Duration {
        self.duration_since(earlier)
    }

    /// Time since this instant.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        Self::now().duration_since(*self)
    }

    /// The instant `duration` later, if it can be told.
    #[must_use]
    pub fn checked_add(&self, duration: Duration) -> Option<Self> {
        Some(Self(match self.0 {
            Inner::Native(i) => Inner::Native(i.checked_add(duration)?),
            Inner::Model(d) => Inner::Model(d.checked_add(duration)?),
        }))
    }

    /// The instant `duration` earlier, if there is one.
    #[must_use]
    pub fn checked_sub(&self, duration: Duration) -> Option<Self> {
        Some(Self(match self.0 {
            Inner::Native(i) => Inner::Native(i.checked_sub(duration)?),
            Inner::Model(d) => Inner::Model(d.checked_sub(duration)?),
        }))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;
    fn add(self, duration: Duration) -> Self {
        self.checked_add(duration).expect("overflow when adding duration to instant")
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

impl Sub<Duration> for Instant {
    type Output = Self;
    fn sub(self, duration: Duration) -> Self {
        self.checked_sub(duration).expect("overflow when subtracting duration from instant")
    }
}

impl SubAssign<Duration> for Instant {
    fn sub_assign(&mut self, duration: Duration) {
        *self = *self - duration;
    }
}

impl Sub for Instant {
    type Output = Duration;
    fn sub(self, earlier: Self) -> Duration {
        self.duration_since(earlier)
    }
}
