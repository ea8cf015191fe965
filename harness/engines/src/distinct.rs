//! How many different interleavings were seen, and how likely the next one is new.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Fingerprints with how often each was seen.
#[derive(Debug, Default)]
pub struct Distinct {
    seen: HashMap<u64, u32, BuildHasherDefault<Identity>>,
    once: u64,
    total: u64,
}

impl Distinct {
    /// Counts one execution; true if it is unlike those before.
    pub fn add(&mut self, fingerprint: u64) -> bool {
        self.total += 1;
        let times = self.seen.entry(fingerprint).or_insert(0);
        *times = times.saturating_add(1);
        match times {
            1 => self.once += 1,
            2 => self.once -= 1,
            _ => {}
        }
        *times == 1
    }

    /// Adds what another one counted.
    pub fn absorb(&mut self, other: Self) {
        self.total += other.total;
        for (fingerprint, more) in other.seen {
            let times = self.seen.entry(fingerprint).or_insert(0);
            let before = *times == 1;
            *times = times.saturating_add(more);
            self.once = self.once + u64::from(*times == 1) - u64::from(before);
        }
    }

    /// Different fingerprints.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.seen.len() as u64
    }

    /// Good–Turing estimate of the chance that the next execution is one not seen yet: the share of executions seen
    /// exactly once. 1 if nothing was seen.
    #[must_use]
    pub fn unseen(&self) -> f64 {
        if self.total == 0 { 1.0 } else { self.once as f64 / self.total as f64 }
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
    use super::Distinct;

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
}
