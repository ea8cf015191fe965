//! The seed of a trial.

use super::rng::finish;

/// Seed of the trial `id` in a run with `seed`: FNV-1a over both, finished as in splitmix64.
///
/// The standard library's hasher is not used: its result may change with the toolchain, and seeds stand in
/// reports. FNV alone would leave ids that differ in the last letter with seeds that differ in few bits.
#[must_use]
pub fn trial_seed(seed: u64, id: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in seed.to_le_bytes().into_iter().chain(id.bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    finish(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_values() {
        // If one of these changes, every seed in every old report means something else.
        assert_eq!(trial_seed(0, ""), GOLDEN[0]);
        assert_eq!(trial_seed(1, "metrics-buffer/published-fix/shuttle/random"), GOLDEN[1]);
    }

    #[test]
    fn seed_and_id_both_count() {
        let base = trial_seed(1, "a/b/shuttle/pct:3");
        let near = [trial_seed(1, "a/b/shuttle/pct:4"), trial_seed(2, "a/b/shuttle/pct:3")];
        assert!(near.iter().all(|other| (base ^ other).count_ones() > 12));
    }

    const GOLDEN: [u64; 2] = [9_313_164_154_874_788_883, 6_431_290_387_670_452_131];
}
