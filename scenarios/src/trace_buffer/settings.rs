//! What a buffer is made with.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// Made by the caller, clock and ids included, so that a harness can freeze the one and stub the other.
#[derive(Clone)]
pub struct Settings {
    /// The directory, which all processes share; it is made if it is not there.
    pub dir: PathBuf,
    /// The most files to keep; looked at in each store.
    pub cap: usize,
    /// The time of the wall clock in milliseconds since the epoch; asked in each store, claim and scan.
    pub now_ms: Arc<dyn Fn() -> u64 + Send + Sync>,
    /// 128 bits that no other call gets; asked in each store and claim. The first eight hexadecimal digits (the highest
    /// 32 bits) are all that as-shipped uses.
    pub uuid: Arc<dyn Fn() -> u128 + Send + Sync>,
    /// Whether a trace is synced to the disk before the store answers: without it a crash of the machine, not of the
    /// process, may take traces along. The package never does; hardened should.
    pub sync: bool,
    /// How long a claim of hardened's replay holds, in milliseconds; [`Settings::LEASE_MS`] is a good choice. A send that
    /// takes longer may be repeated by another replay, with the same idempotency key.
    pub lease_ms: u64,
}

impl Settings {
    /// A lease that is longer than a client's usual timeouts, in milliseconds.
    pub const LEASE_MS: u64 = 30_000;
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { dir, cap, now_ms: _, uuid: _, sync, lease_ms } = self;
        f.debug_struct("Settings")
            .field("dir", dir)
            .field("cap", cap)
            .field("sync", sync)
            .field("lease_ms", lease_ms)
            .finish_non_exhaustive()
    }
}
