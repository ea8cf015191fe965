//! How many different interleavings were seen, and how likely the next one is new.

use racehunt_core::discovery::{Curve, Discovery, Sampling, good_turing};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Different fingerprints that are kept, in some 36 MB. What comes after them is not told apart any more.
const MOST: usize = 1 << 20;

/// Fingerprints with how often each was seen.
///
/// Once there are more than are kept, all figures stay as they are: the count is then a least one, and the chance of something
/// new is that of a moment before, which more executions can only have made smaller.
#[derive(Debug)]
pub struct Distinct {
    seen: HashMap<u64, u32, BuildHasherDefault<Identity>>,
    most: usize,
    full: bool,
    once: u64,
    /// Executions that were told apart.
    total: u64,
    curve: Curve,
}

impl Default for Distinct {
    fn default() -> Self {
        Self::keeping(MOST)
    }
}

impl Distinct {
    /// Keeps at most this many fingerprints.
    #[must_use]
    pub fn keeping(most: usize) -> Self {
        Self { seen: HashMap::default(), most, full: false, once: 0, total: 0, curve: Curve::default() }
    }

    /// Counts one execution; true if it is unlike those before (and still told apart from them).
    pub fn add(&mut self, fingerprint: u64) -> bool {
        self.full |= self.seen.len() == self.most && !self.seen.contains_key(&fingerprint);
        if self.full {
            return false;
        }
        self.total += 1;
        let times = self.seen.entry(fingerprint).or_insert(0);
        *times = times.saturating_add(1);
        match times {
            1 => self.once += 1,
            2 => self.once -= 1,
            _ => {}
        }
        let fresh = *times == 1;
        self.curve.note(self.total, self.count());
        fresh
    }

    /// Adds what another one counted. What does not fit as a whole is left out, as what comes after too many.
    pub fn absorb(&mut self, other: Self) {
        self.full |= other.full || self.seen.len() + other.seen.len() > self.most;
        if self.full {
            return;
        }
        self.total += other.total;
        for (fingerprint, more) in other.seen {
            let times = self.seen.entry(fingerprint).or_insert(0);
            let before = *times == 1;
            *times = times.saturating_add(more);
            self.once = self.once + u64::from(*times == 1) - u64::from(before);
        }
        self.curve.note(self.total, self.count());
    }

    /// How the search met new interleavings.
    #[must_use]
    pub fn discovery(&self, sampling: Sampling) -> Discovery {
        Discovery {
            executions: self.total,
            distinct: self.count(),
            at_least: self.full,
            curve: self.curve.until(self.total, self.count()),
            unseen: sampling.unseen(self.once, self.total),
            pct: None,
        }
    }

    /// Different fingerprints, or as many as are kept.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.seen.len() as u64
    }

    /// Good–Turing estimate of the chance that the next execution is one not seen yet: the share of executions seen
    /// exactly once. 1 if nothing was seen.
    #[must_use]
    pub fn unseen(&self) -> f64 {
        good_turing(self.once, self.total)
    }

    /// Why a clean search would not count: the actors shared nothing that the engine can see (they use other types than
    /// the facade's, or have no shared state), so there was only one interleaving to look at.
    #[must_use]
    pub fn doubt(&self) -> Option<String> {
        (self.count() == 1)
            .then(|| format!("no concurrency: each object was touched in one order only (executions: {})", self.total))
    }
}

/// Fingerprints are hashes already; no random state may decide anything here.
#[derive(Debug, Default)]
pub struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for b in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*b);
        }
    }

    fn write_u64(&mut self, n: u64) {
        self.0 = n;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use racehunt_core::discovery::Reached;

    #[test]
    fn the_estimate_is_the_share_of_singletons() {
        let mut d = Distinct::default();
        assert!((d.unseen() - 1.0).abs() < f64::EPSILON);
        d.add(1);
        d.add(1);
        assert!(d.doubt().is_some_and(|d| d.contains("executions: 2")));
        let mut d = Distinct::default();
        for f in [1, 2, 2, 3, 3, 3, 4, 1] {
            d.add(f);
        }
        assert_eq!((d.count(), d.doubt()), (4, None));
        assert!((d.unseen() - 1.0 / 8.0).abs() < 1e-9, "only 4 was seen once");
    }

    #[test]
    fn the_discovery_is_what_was_counted() {
        let mut d = Distinct::default();
        for f in [7, 7, 8, 9, 9] {
            d.add(f);
        }
        let told = d.discovery(Sampling::Independent);
        let point = |executions, distinct| Reached { executions, distinct };
        assert_eq!(told.curve, [point(1, 1), point(2, 1), point(4, 3), point(5, 3)]);
        assert_eq!((told.executions, told.distinct, told.at_least), (5, 3, false));
        assert_eq!(told.unseen, Sampling::Independent.unseen(1, 5));
    }

    #[test]
    fn what_is_kept_is_bounded_and_then_it_says_at_least() {
        let mut d = Distinct::keeping(4);
        for f in [1, 2, 3, 4, 4] {
            d.add(f);
        }
        let full = d.discovery(Sampling::Independent);
        assert!(!full.at_least, "four are kept, and there were four");
        for f in 5..100_000 {
            assert!(!d.add(f), "nobody knows any more");
            assert!(!d.add(1));
        }
        let after = d.discovery(Sampling::Independent);
        assert!(after.at_least && d.seen.len() == 4);
        assert_eq!((after.distinct, after.executions, &after.unseen), (4, 5, &full.unseen));
        assert_eq!(after.curve, full.curve);
    }

    #[test]
    fn ten_million_fingerprints_are_no_more_memory_than_a_million() {
        let mut d = Distinct::default();
        let mut fingerprint = 0_u64;
        for _ in 0..2 * MOST {
            fingerprint = fingerprint.wrapping_add(0x9e37_79b9_7f4a_7c15);
            d.add(fingerprint);
        }
        assert_eq!((d.count(), d.seen.len()), (MOST as u64, MOST));
        assert!(d.seen.capacity() <= 2 * MOST, "{}", d.seen.capacity());
        assert!(d.discovery(Sampling::Learns).curve.len() <= 40);
    }
}
